"""What is pushed may be hostile, broken or huge: it is said, it is never a traceback, and it never takes for ever."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from conftest import Builder, Content, Repo
from gatepost.cli import main
from gatepost.gate import evaluate, read_policy
from gatepost.git import Change
from gatepost.model import Report

UP: dict[str, Content] = {
    "db/migrations/0001_a.up.sql": "CREATE TABLE users (id serial primary key, email text not null, name text);\n",
    "db/migrations/0001_a.down.sql": "DROP TABLE users;\n",
}
NEXT: dict[str, Content] = {
    "db/migrations/0002_b.up.sql": "ALTER TABLE users DROP COLUMN name;\n",
    "db/migrations/0002_b.down.sql": "ALTER TABLE users ADD COLUMN name text;\n",
}
SQL = "SELECT name FROM users"


def report(change: Change) -> Report:
    policy, invalid = read_policy(change)
    return evaluate(change, policy, only=("queries",), extra=invalid)


def said(found: Report) -> str:
    return " ".join(skip.reason for skip in found.skipped if skip.check == "queries")


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("a.py", f"x = '{SQL}'\n" + "(" * 3000, "Python"),
        ("a.py", "x = " + "-" * 20_000 + f"1\ny = '{SQL}'\n", ""),
        ("a.py", f"# -*- coding: utf-7 -*-\nx = '{SQL}'\n", "utf-7"),
        ("a.go", f"package a\nvar x = `{SQL}`\n" + "var y = " + "(" * 30_000, ""),
        ("a.go", f"package a\nvar x = `{SQL}`\n" + "// " + "x" * (3 * 1024 * 1024), "bytes"),
        ("a.ts", f"const x = `{SQL}`;\n" + "[" * 20_000, ""),
        ("a.rb", f'x = "{SQL}"\n' + "if x\n" * 5_000, ""),
        ("q.sql", f"{SQL};".encode("utf-16"), ""),
        ("q.sql", b"-- name\n" + SQL.encode() + b"\xff;\n", "UTF-8"),
        ("q.sql", f"{SQL} WHERE '", ""),
        ("q.sql", "-- name: A :one\n" * 20_000 + SQL, ""),
        (".sqlx/query-1.json", '{"query": "SELECT name FROM users"', "JSON"),
        (".sqlx/query-1.json", "[" * 50_000 + SQL, "JSON"),
        (".sqlx/query-1.json", '["SELECT name FROM users"]', ""),
        ("models/m.sql", "{{ config( }} " + "{{" * 5000 + SQL, ""),
        ("q.sql", ("120000", SQL.encode()), ""),
        ("q.sql", "SELECT name FROM users WHERE " + "(" * 20_000, ""),
        ("pg_stat_statements.csv", f'query\n"{SQL}', ""),
    ],
)
def test_files(two_sides: Builder, path: str, content: Content, reason: str) -> None:
    started = time.process_time()
    found = report(two_sides({**UP, path: content}, NEXT))
    assert time.process_time() - started < 10
    assert not any(skip.fatal for skip in found.skipped)
    assert reason in said(found)


def test_what_there_is_no_time_for_is_said(two_sides: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {**UP, "a.sql": SQL, "b.sql": SQL}
    monkeypatch.setattr("gatepost.queries._gather.SECONDS", 0.0)
    assert "too much to read" in said(report(two_sides(files, NEXT)))


def test_what_is_too_much_to_judge_is_said(two_sides: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatepost.queries._judge.SECONDS", 0.0)
    assert "too many to judge" in said(report(two_sides({**UP, "a.sql": SQL}, NEXT)))


@pytest.mark.parametrize("name", ['"--help"', '"a\nb"', '"-e"', '".*"', '"ü"', '"' + "x" * 5000 + '"', "insert"])
def test_odd_names(two_sides: Builder, name: str) -> None:
    base = f"CREATE TABLE users (id int, {name} text);"
    files = {**UP, "db/migrations/0001_a.up.sql": base, "q.sql": f"SELECT {name} FROM users;"}
    found = report(two_sides(files, {**NEXT, "db/migrations/0002_b.up.sql": f"ALTER TABLE users DROP COLUMN {name};"}))
    assert not any(skip.fatal for skip in found.skipped)
    seen = "insert" not in name and len(name) < 60  # PostgreSQL cuts a name after 63 bytes
    assert len(found.findings) == (1 if seen else 0)


def test_a_thousand_dropped_columns_and_queries(two_sides: Builder) -> None:
    columns = [f"c{number}" for number in range(1000)]
    base = f"CREATE TABLE users ({', '.join(f'{column} int' for column in columns)});"
    up = "".join(f"ALTER TABLE users DROP COLUMN {column};\n" for column in columns)
    queries = "".join(f"-- name: Q{column} :one\nSELECT {column} FROM users;\n" for column in columns)
    change = two_sides(
        {**UP, "db/migrations/0001_a.up.sql": base, "q.sql": queries}, {**NEXT, "db/migrations/0002_b.up.sql": up}
    )
    started = time.process_time()
    found = report(change)
    assert time.process_time() - started < 20
    assert len(found.sections["queries"]["broken"]) + ("too many" in said(found)) * 1000 >= 1000


def test_rehearse_tries_the_queries_and_the_check_hears_it(
    repo: Repo, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    policy = '[[migrations]]\npath = "db"\nframework = "golang-migrate"\ndialect = "sqlite"\n'
    first = {
        "gatepost.toml": policy,
        "db/1_a.up.sql": "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX t_a ON t (a);",
        "db/1_a.down.sql": "DROP TABLE t;",
        "q.sql": "-- name: ByA :many\nSELECT id FROM t WHERE a = ?;\n",
    }
    base = repo.commit(first)
    head = repo.commit({"db/2_b.up.sql": "DROP INDEX t_a;", "db/2_b.down.sql": "CREATE INDEX t_a ON t (a);"})
    assert main(["rehearse", f"{base}..{head}", "--repo", str(repo.path)]) == 0
    capsys.readouterr()
    change = repo.change(base, head)
    found = report(change)
    change.repo.close()
    assert [finding.rule.id for finding in found.findings] == ["query/loses-index"]
    assert found.sections["queries"]["prepared"] == 1
