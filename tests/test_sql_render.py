"""A schema is printed in one normal form, as SQL and as JSON."""

from __future__ import annotations

import json

import pytest

from conftest import Repo
from gatepost.cli import main
from gatepost.sql.reader import read
from gatepost.sql.render import as_json, as_sql
from gatepost.sql.replay import replay
from gatepost.sql.schema import Schema

FIRST = """
CREATE TABLE b (id serial PRIMARY KEY, "Name" text);
CREATE TABLE a (id bigserial PRIMARY KEY, n varchar(20) NOT NULL DEFAULT 'x', r int REFERENCES b);
CREATE UNIQUE INDEX a_n ON a (lower(n)) WHERE n <> 'y';
CREATE TYPE mood AS ENUM ('sad', 'ok');
ALTER TABLE a ADD COLUMN how mood;
"""
SECOND = """
create type public.mood as enum ('sad','ok');
create table B ( id serial primary key ); alter table b add column "Name" TEXT;
create table a (id BIGSERIAL, n character varying(20) default 'x'::varchar not null, r integer, how mood,
  primary key (id));
create unique index a_n on a using btree ((lower(n))) where (n <> 'y');
alter table only public.a add foreign key (r) references public.b (id);
"""
SQL = """-- postgresql, as the migrations produce it

create type mood as enum ('sad', 'ok');

create table a (
  id bigint not null serial,
  n varchar(20) not null default 'x',
  r integer,
  how mood,
  constraint a_pkey primary key (id),
  constraint a_r_fkey foreign key (r) references b(id)
);

create unique index a_n on a (lower(n)) where n <> 'y';

create table b (
  id integer not null serial,
  "Name" text,
  constraint b_pkey primary key (id)
);
"""


def schema(text: str) -> Schema:
    return replay(Schema(), read(text, "postgresql"))


def test_two_ways_to_one_schema_print_alike() -> None:
    assert as_sql(schema(FIRST)) == SQL
    assert as_sql(schema(SECOND)) == SQL
    assert as_json(schema(FIRST)) == as_json(schema(SECOND))


def test_the_verb_prints_what_the_migrations_produce(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit({"db/migrations/0001_a.up.sql": FIRST, "db/migrations/0001_a.down.sql": "DROP TABLE a; DROP TABLE b;"})
    assert main(["schema", "dump", "--repo", str(repo.path)]) == 0
    assert capsys.readouterr().out == "-- golang-migrate, db/migrations\n" + SQL
    assert main(["schema", "dump", "--repo", str(repo.path), "--format", "json"]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert [table["name"] for table in answer["tables"]] == ["a", "b"]
    assert answer["objects"] == [
        {"kind": "enum", "name": "mood", "on": None, "values": ["sad", "ok"], "definition": None, "options": []}
    ]


def test_no_migrations_is_said(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.commit({"README": "x"})
    assert main(["schema", "dump", "--repo", str(repo.path)]) == 2
    assert "no migrations are there" in capsys.readouterr().err
