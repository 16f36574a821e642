"""Queries that a server publishes, and those that its schema holds."""

from __future__ import annotations

import json
import time

import pytest

from conftest import Builder, Repo
from gatepost.gate import evaluate, read_policy
from gatepost.git import Change
from gatepost.migrations._look import Unreadable
from gatepost.model import Report
from gatepost.queries._digest import statements, without_values
from gatepost.queries._inside import inside
from gatepost.sql.reader import read
from gatepost.sql.replay import replay
from gatepost.sql.schema import Schema

UP = {
    "db/migrations/0001_a.up.sql": "CREATE TABLE users (id serial primary key, email text not null, name text);\n",
    "db/migrations/0001_a.down.sql": "DROP TABLE users;\n",
}
NEXT = {
    "db/migrations/0002_b.up.sql": "ALTER TABLE users DROP COLUMN name;\n",
    "db/migrations/0002_b.down.sql": "ALTER TABLE users ADD COLUMN name text;\n",
}


def report(change: Change) -> Report:
    policy, invalid = read_policy(change)
    return evaluate(change, policy, only=("queries",), extra=invalid)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('userid,calls,query\n10,7,"SELECT name FROM users WHERE id = $1"\n',
         [("SELECT name FROM users WHERE id = $1", 7)]),
        ("query;calls\nSELECT name FROM users;3\nBEGIN;9\n", [("SELECT name FROM users", 3)]),
        ('"DIGEST_TEXT"\t"COUNT_STAR"\n"SELECT `name` FROM `users` WHERE `id` IN (...)"\t12\n',
         [("SELECT `name` FROM `users` WHERE `id` IN (?)", 12)]),
        ('[{"query": "SELECT name FROM users", "calls": 2}, {"query": "SELECT name FROM users", "calls": "3"}, 7]',
         [("SELECT name FROM users", 5)]),
        ('{"rows": [{"Query": "select id from users", "Calls": 2}]}', [("select id from users", 2)]),
        ('{"query": "select id from users", "calls": 1}\n{"query": "select name from users", "calls": 4}\n',
         [("select name from users", 4), ("select id from users", 1)]),
        ("LOG:  statement: SELECT name FROM users\n\tWHERE email = 'ada@example.org'\nLOG:  done\n",
         [("SELECT name FROM users\n\tWHERE email = ?", 1)]),
        ("LOG:  execute <unnamed>: SELECT name FROM users WHERE id = 12\n" * 3,
         [("SELECT name FROM users WHERE id = ?", 3)]),
        ("2026-11-22\t   12 Query\tSELECT name FROM users LIMIT 5\n", [("SELECT name FROM users LIMIT ?", 1)]),
        ("SELECT name FROM users WHERE id = 1\nSELECT name FROM users WHERE id = 2\nhello\n",
         [("SELECT name FROM users WHERE id = ?", 2)]),
        ("query,calls\nSELECT name FROM users WHERE...,3\n", []),
        ("", []),
        ("{}", []),
        ("[[], null]", []),
    ],
)  # fmt: skip
def test_formats(text: str, wanted: list[tuple[str, int]]) -> None:
    assert [(query.text, query.calls) for query in statements(text.encode(), "x")] == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("select 'a', b from t where c = 5", "select ?, b from t where c = ?"),
        ("select now() - interval '1 day', d::numeric(10,2)", "select now() - interval '1 day', d::numeric(10,2)"),
        ("select e'it\\'s', $1", "select ?, $1"),
    ],
)
def test_values_are_taken_out(text: str, wanted: str) -> None:
    assert without_values(text, numbers=True) == wanted


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[" * 100_000, "nested"),
        (b'{"a": 1}\n{', "JSON"),
        (b"\xff\xfeq\0u\0", "NUL"),
        (b'query,calls\n"' + b"x" * 2_000_000, "CSV"),
    ],
)
def test_what_cannot_be_read_is_said(raw: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        list(statements(raw, "x"))


def test_a_hundred_thousand_statements_are_read_and_judged_in_time(two_sides: Builder) -> None:
    query = "SELECT c{n}, u.name FROM users u JOIN t{n} t ON t.id = u.id WHERE t.x = $1"
    rows = "".join(f'{n},"{query.format(n=n)}"\n' for n in range(100_000))
    change = two_sides({**UP, "ops/pg_stat_statements.csv": "calls,query\n" + rows}, NEXT)
    started = time.process_time()
    section = report(change).sections["queries"]
    assert time.process_time() - started < 15
    assert section["judged"] == 1000
    assert section["broken"][0]["calls"] > 90_000


def test_statistics_named_by_the_policy(two_sides: Builder) -> None:
    policy = '[queries]\ndigests = ["ops/top.txt"]\ntop = 1\n'
    log = "SELECT id FROM users\n" * 2 + "SELECT name FROM users\n"
    files: dict[str, str | None] = {**UP, "gatepost.toml": policy, "ops/top.txt": log}
    assert report(two_sides(files, NEXT)).findings == ()
    files |= {"gatepost.toml": policy.replace("top = 1", "top = 2"), **dict.fromkeys(NEXT)}
    (finding,) = report(two_sides(files, NEXT)).findings
    assert "the query at ops/top.txt:3, called 1 times" in finding.message
    assert "it is called now" in finding.message


def test_statistics_below_a_ref(repo: Repo) -> None:
    base = repo.commit({**UP, "gatepost.toml": '[queries]\ndigests = ["refs/gatepost-queries/production"]\n'})
    blob = repo.git("hash-object", "-w", "--stdin", stdin=b"query,calls\nSELECT name FROM users,9\n")
    repo.git("update-ref", "refs/gatepost-queries/production", blob)
    change = repo.change(base, repo.commit(NEXT))
    (finding,) = report(change).findings
    assert "called 9 times" in finding.message
    change.repo.close()


def both(base: str, up: str, dialect: str) -> tuple[Schema, Schema]:
    after = replay(Schema(dialect), read(base, dialect))
    before = after.copy()
    return before, replay(after, read(up, dialect))


def test_the_bodies_of_functions_are_read() -> None:
    base = """
CREATE TABLE users (id int, name text);
CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  PERFORM name FROM users;
  IF EXISTS (SELECT 1 FROM users) THEN
    UPDATE users SET name = 'x';
  END IF;
  FOR r IN SELECT id FROM users LOOP
    DELETE FROM users WHERE id = r.id;
  END LOOP;
  RETURN QUERY SELECT name FROM users;
END $$;
CREATE FUNCTION g() RETURNS text LANGUAGE sql AS $$ SELECT name FROM users; $$;
CREATE VIEW v AS SELECT name FROM users;
"""
    before, after = both(base, "SELECT 1", "postgresql")
    found = [" ".join(query.text.split()) for query in inside(before, after)]
    assert "SELECT name FROM users" in found
    assert "UPDATE users SET name = 'x'" in found
    assert not any("FROM v" in text for text in found)
    assert not any(query.certain for query in inside(before, after))


def test_a_function_that_the_migration_forgets(two_sides: Builder) -> None:
    body = "CREATE FUNCTION g() RETURNS text LANGUAGE sql AS $$ SELECT name FROM users; $$;"
    files = {**UP, "db/migrations/0001_a.up.sql": UP["db/migrations/0001_a.up.sql"] + body}
    (finding,) = report(two_sides(files, NEXT)).findings
    assert "breaks function g() in the schema" in finding.message
    assert finding.effective_level == "warning"
    mended = NEXT["db/migrations/0002_b.up.sql"] + body.replace("name", "email").replace("CREATE", "CREATE OR REPLACE")
    again = {**NEXT, "db/migrations/0002_b.up.sql": mended}
    assert report(two_sides({**files, **dict.fromkeys(NEXT)}, again)).findings == ()


def test_views_of_mysql_are_judged() -> None:
    base = "CREATE TABLE `users` (`id` int, `name` text); CREATE VIEW `v` AS SELECT `name` FROM `users`;"
    before, after = both(base, "ALTER TABLE `users` DROP COLUMN `name`", "mysql")
    assert [query.name for query in inside(before, after)] == ["view v"]


def test_a_digest_of_json_is_known_by_its_name(two_sides: Builder) -> None:
    rows = json.dumps([{"query": "SELECT name FROM users", "calls": 3}])
    assert len(report(two_sides({**UP, "ops/pg-stat-statements-eu.json": rows}, NEXT)).findings) == 1
