"""A replayed history is kept under the git directory, found again, and rebuilt where it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import Builder, Files
from gatepost.git import Change
from gatepost.migrations import collect
from gatepost.migrations._produced import FOLDER, base_schema
from gatepost.policy import Policy
from gatepost.sql.reader import read
from gatepost.sql.replay import replay
from gatepost.sql.schema import Schema
from gatepost.sql.store import dump, load

SQL = """
CREATE TABLE b (id serial PRIMARY KEY);
CREATE TABLE a (id bigserial PRIMARY KEY, n varchar(20) NOT NULL DEFAULT 'x', r int REFERENCES b, CHECK (n <> ''));
CREATE INDEX a_n ON a (lower(n)) WHERE n <> 'y';
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE VIEW v AS SELECT * FROM a;
COMMENT ON COLUMN a.n IS 'name';
DROP TABLE gone;
DO $$ BEGIN PERFORM 1; END $$;
"""
FILES: Files = {
    "db/migrations/0001_a.up.sql": SQL,
    "db/migrations/0001_a.down.sql": "DROP VIEW v; DROP TABLE a;",
    "db/migrations/0002_b.up.sql": "ALTER TABLE a ADD COLUMN z int;",
    "db/migrations/0002_b.down.sql": "ALTER TABLE a DROP COLUMN z;",
}
HEAD: Files = {
    "db/migrations/0003_c.up.sql": "DROP TABLE b CASCADE;",
    "db/migrations/0003_c.down.sql": "CREATE TABLE b (id serial PRIMARY KEY);",
}


def test_a_schema_survives_being_written() -> None:
    schema = replay(Schema(), read(SQL, "postgresql"))
    again = load(dump(schema))
    assert dump(again) == dump(schema)
    assert again.table("a") == schema.table("a")
    assert [table.name for table in again.referring("b")] == ["a"]
    assert again.owner("a_n") == schema.table("a")
    replay(again, read("DROP TABLE b CASCADE", "postgresql"))
    replay(schema, read("DROP TABLE b CASCADE", "postgresql"))
    assert dump(again) == dump(schema)


def schema_of(change: Change) -> Schema:
    (history,) = collect(change, Policy()).histories
    return base_schema(change, history)


def cache(change: Change) -> Path:
    return change.repo.directory() / FOLDER


def test_the_cache_is_written_and_read(two_sides: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    change = two_sides(FILES, HEAD)
    first = schema_of(change)
    assert first.table("a")
    assert len(list(cache(change).glob("*.json"))) == 1
    monkeypatch.setattr("gatepost.migrations._produced.operations", lambda *_: pytest.fail("nothing is left to read"))
    again = Change(**{**vars(change), "_shared": {}})
    assert dump(schema_of(again)) == dump(first)


@pytest.mark.parametrize("damage", [b"", b"{}", b"x" * 64 + b"\n{}", b"\xff\x00"])
def test_a_damaged_cache_is_rebuilt(two_sides: Builder, damage: bytes) -> None:
    change = two_sides(FILES, HEAD)
    first = schema_of(change)
    (file,) = cache(change).glob("*.json")
    right = file.read_bytes()
    file.write_bytes(damage or right[: len(right) // 2])
    again = Change(**{**vars(change), "_shared": {}})
    assert dump(schema_of(again)) == dump(first)
    assert file.read_bytes() == right


def test_a_cache_that_cannot_be_written_is_none(two_sides: Builder) -> None:
    change = two_sides(FILES, HEAD)
    folder = cache(change)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder belongs")
    assert schema_of(change).table("a")
