"""Known queries, from the files of a tree to findings."""

from __future__ import annotations

from typing import Any

import pytest

from conftest import Builder, Repo
from gatepost.gate import evaluate, read_policy
from gatepost.git import Change
from gatepost.model import Finding, Report
from gatepost.queries import sources

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


def places(change: Change) -> list[tuple[str, int]]:
    return [(entry["path"], entry["line"]) for entry in section(change)["broken"]]


def section(change: Change) -> Any:
    return report(change).sections["queries"]


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("q.sql", "-- name: One :one\nSELECT id FROM users;\n-- name: Two :many\nSELECT name FROM users;\n", [4]),
        ("q.sql", "-- :name two :? :*\nSELECT name\nFROM users WHERE id = :id;\n", [2]),
        ("q.sql", "SELECT id FROM users;\n\nSELECT name FROM users;\n", [3]),
        ("models/m.sql", "{{ config(x=1) }}\nselect name from {{ ref('users') }}\n", [1]),
        ("models/m.sql", "select name from {{ source('app', 'users') }} {% if x %} where 1 {% endif %}\n", []),
        (".sqlx/query-1.json", '{"db_name": "PostgreSQL", "query": "SELECT name FROM users"}', [1]),
        (".sqlx/query-1.json", '{"db_name": "SQLite", "query": "SELECT name FROM users"}', []),
        ("sqlx-data.json", '{"db": "PostgreSQL", "abc": {"query": "SELECT name FROM users"}}', [1]),
        ("a.py", 'x = 1\nc.execute("SELECT name FROM users WHERE id = %s", (1,))\n', [2]),
        ("a.py", 'q = ("SELECT name "\n     "FROM users")\n', [1]),
        ("a.py", 'q = "SELECT name " + "FROM users"\n', [1]),
        ("a.py", 'q = "SELECT name FROM users WHERE " + x\n', []),
        ("a.py", 'q = f"SELECT name FROM users WHERE id = {x}"\n', []),
        ("a.py", 'q = "SELECT name FROM users WHERE id = {}".format(x)\n', []),
        ("a.py", 'def f():\n    """SELECT name FROM users"""\n', []),
        ("a.py", 'label = "Select name from users"\n', []),
        ("a.py", "def (:\n", []),
        ("a.go", "package a\n\nvar q = `SELECT name\nFROM users` + \" WHERE id = $1\"\n", [3]),
        ("a.go", 'package a\nvar q = "SELECT name FROM users WHERE " + x\n', []),
        ("a.ts", "const a = sql`SELECT name FROM users WHERE id = ${id}`;\n", [1]),
        ("a.ts", "const a = `SELECT name FROM users WHERE id = ${id}`;\n", []),
        ("a.js", "const a = 'SELECT name ' +\n  'FROM users';\n", [1]),
        ("a.rb", 'x = "SELECT name FROM users"\n', [1]),
        ("a.rb", 'x = "SELECT name FROM users #{y}"\n', []),
        ("a.rb", "x = <<~SQL\n  SELECT name\n  FROM users\nSQL\n", [1]),
        ("tests/a.py", 'q = "SELECT name FROM users"\n', []),
        ("a_test.go", 'package a\nvar q = "SELECT name FROM users"\n', []),
        ("node_modules/a/b.js", "const a = 'SELECT name FROM users';\n", []),
    ],
)  # fmt: skip
def test_sources(two_sides: Builder, path: str, text: str, lines: list[int]) -> None:
    change = two_sides({**UP, path: text}, NEXT)
    assert places(change) == [(path, line) for line in lines]


def test_every_source_has_a_name_and_a_summary() -> None:
    found = sources()
    assert len({source.name for source in found}) == len(found)
    assert all(source.summary for source in found)


def finding(change: Change) -> Finding:
    (found,) = report(change).findings
    return found


def test_a_finding_names_query_place_operation_and_whether_the_code_has_changed(two_sides: Builder) -> None:
    old = "-- name: GetUser :one\nSELECT id, name FROM users WHERE email = @email;\n"
    change = two_sides({**UP, "q.sql": old}, {**NEXT, "q.sql": old.replace(", name", "")})
    found = finding(change)
    assert (found.path, found.line) == ("db/migrations/0002_b.up.sql", 1)
    assert "drop-column users.name breaks query GetUser at q.sql:2" in found.message
    assert "the pushed code has the new form" in found.message
    assert f"the running version {change.base_oid[:12] if change.base_oid else ''} breaks" in found.message
    assert "contract in a later deploy" in found.fix
    assert found.effective_level == "error"


def test_code_that_still_needs_what_goes_is_told_apart(two_sides: Builder) -> None:
    change = two_sides({**UP, "q.sql": "SELECT name FROM users;"}, NEXT)
    assert "the pushed code still has it" in finding(change).message


def test_queries_of_the_deployed_revision_count(repo: Repo) -> None:
    deployed = repo.commit({**UP, "q.sql": "SELECT name FROM users;"})
    repo.git("update-ref", "refs/deployed/production", deployed)
    base = repo.commit({"q.sql": "SELECT id FROM users;"})
    change = repo.change(base, repo.commit(NEXT))
    assert deployed[:12] in finding(change).message
    repo.git("update-ref", "refs/deployed/production", base)
    assert report(change).findings != ()  # what was worked out for a change is kept
    change.repo.close()
    again = repo.change(base, "main")
    assert report(again).findings == ()
    again.repo.close()


def test_what_deploy_mark_has_said_counts(repo: Repo) -> None:
    live = repo.commit({**UP, "q.sql": "SELECT name FROM users;"})
    base = repo.commit({"q.sql": "SELECT id FROM users;"})
    repo.git("update-ref", "refs/gatepost/deployed/heads/main", live)
    change = repo.change(base, repo.commit(NEXT))
    assert live[:12] in finding(change).message
    change.repo.close()


def test_a_table_of_the_same_name_of_another_service_is_another_table(two_sides: Builder) -> None:
    ours = {f"services/a/{path}": text for path, text in UP.items()}
    theirs = {f"services/b/{path}": text for path, text in UP.items()}
    queries = {f"services/{name}/q.sql": "SELECT name FROM users;" for name in "abc"}
    change = two_sides({**ours, **theirs, **queries}, {f"services/a/{path}": text for path, text in NEXT.items()})
    assert places(change) == [("services/a/q.sql", 1), ("services/c/q.sql", 1)]


def test_an_ignore_at_the_statement_is_heard(two_sides: Builder) -> None:
    up = '-- gatepost: ignore query/breaks reason="the service stands still"\nALTER TABLE users DROP COLUMN name;\n'
    change = two_sides({**UP, "q.sql": "SELECT name FROM users;"}, {**NEXT, "db/migrations/0002_b.up.sql": up})
    assert finding(change).suppressed == "the service stands still"


def test_many_queries_of_one_statement_are_summed_up(two_sides: Builder) -> None:
    many = "".join(f"-- name: Q{number} :one\nSELECT name FROM users WHERE id = {number};\n" for number in range(40))
    found = report(two_sides({**UP, "q.sql": many}, NEXT))
    assert len(found.findings) == 13
    assert any("28 more" in each.message for each in found.findings)
    assert len(found.sections["queries"]["broken"]) == 40


def test_nothing_is_searched_where_nothing_is_taken_away(two_sides: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    grow = {
        "db/migrations/0002_b.up.sql": "CREATE TABLE posts (id int);",
        "db/migrations/0002_b.down.sql": "DROP TABLE posts;",
    }
    change = two_sides({**UP, "q.sql": "SELECT name FROM users;"}, grow)
    monkeypatch.delattr("gatepost.git.Repository.grep")
    assert section(change)["judged"] == 0


def test_the_policy_names_files_that_do_not_count(two_sides: Builder) -> None:
    policy = '[queries]\nignore = ["legacy/**"]\n'
    change = two_sides({**UP, "gatepost.toml": policy, "legacy/q.sql": "SELECT name FROM users;"}, NEXT)
    assert places(change) == []


def test_grep_searches_the_whole_tree_from_any_directory(repo: Repo) -> None:
    tip = repo.commit({"a/x.py": "Hello", "b/y.py": "hello wörld", "c.bin": b"hello\0"})
    (repo.path / "a").mkdir()
    change = repo.change(None, tip)
    assert change.repo.grep(change.head.tree, ["HELLO"]) == ["a/x.py", "b/y.py"]
    assert change.repo.grep(change.head.tree, ["wörld", "nothing"]) == ["b/y.py"]
    assert change.repo.grep(change.head.tree, ["nothing"]) == []
    assert change.repo.grep(change.head.tree, ["a\nb", ""]) == []
    change.repo.close()
