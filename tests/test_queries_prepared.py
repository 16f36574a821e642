"""Known queries on a scratch database, before and after the migrations."""

from __future__ import annotations

from pathlib import Path

import pytest

from _cluster import programs
from conftest import Builder
from gatepost.databases import Unable
from gatepost.gate import evaluate, read_policy
from gatepost.git import Change
from gatepost.model import Report
from gatepost.queries import _recorded
from gatepost.queries._prepared import beside, compared, single
from gatepost.queries._prober import Answer
from gatepost.queries._recorded import Tried
from gatepost.rehearsals import recorded, runner
from gatepost.rehearsals.stage import Asked

BASE = {
    "db/migrations/0001_a.up.sql": """
CREATE TABLE users (id integer PRIMARY KEY, email text NOT NULL, name text, age integer);
CREATE INDEX users_email ON users (email);
CREATE INDEX users_name ON users (name);
""",
    "db/migrations/0001_a.down.sql": "DROP TABLE users;",
    "go.mod": "module x\nrequire github.com/lib/pq v1\n",
}
QUERIES = """
-- name: ByEmail :one
SELECT id FROM users WHERE email = $1;
-- name: ByName :many
SELECT id FROM users WHERE name = $1;
-- name: ByAge :many
SELECT id FROM users WHERE age = $1;
-- name: All :many
SELECT * FROM users;
"""


def change(two_sides: Builder, up: str, queries: str = QUERIES, base: str = "") -> Change:
    files = {**BASE, "q.sql": queries}
    if base:
        files["db/migrations/0001_a.up.sql"] = base
    return two_sides(
        files,
        {"db/migrations/0002_b.up.sql": up, "db/migrations/0002_b.down.sql": '-- gatepost: irreversible reason="x"'},
    )


def tried(made: Change, tmp_path: Path) -> list[Tried]:
    """Rehearse, keep what is said of queries, and give it."""
    policy, _ = read_policy(made)
    asked = Asked(cache=tmp_path / "templates", beside=beside(made, policy, recorded.REFS))
    for rehearsal in runner.rehearse(made, policy, asked):
        assert rehearsal.whole != "unknown", rehearsal.reason
    return list(made.shared(_recorded.Fresh).made.values())


def report(made: Change) -> Report:
    policy, invalid = read_policy(made)
    return evaluate(made, policy, only=("queries",), extra=invalid)


needs_postgresql = pytest.mark.skipif(programs() is None, reason="PostgreSQL's initdb is not installed")


@needs_postgresql
def test_the_server_adds_what_the_model_does_not_see(two_sides: Builder, tmp_path: Path) -> None:
    up = "ALTER TABLE users ALTER COLUMN age TYPE text;"
    queries = "-- name: Older :many\nSELECT id FROM users WHERE age + 1 > $1;\n"
    made = change(two_sides, up, queries)
    (one,) = tried(made, tmp_path)
    assert len(one.refused) == 1
    (finding,) = report(made).findings
    assert "set-type users.age breaks query Older" in finding.message
    assert "operator does not exist" in finding.message
    assert finding.data["how"] == "prepared"


@needs_postgresql
def test_the_server_overrules_what_the_model_supposes(two_sides: Builder, tmp_path: Path) -> None:
    up = """ALTER TABLE users DROP COLUMN name;
DO $$ BEGIN EXECUTE 'ALTER TABLE users ADD COLUMN name varchar'; END $$;"""
    made = change(two_sides, up)
    assert [finding.data["query"] for finding in report(made).findings] == ["ByName"]
    tried(made, tmp_path)
    made._shared.clear()
    assert [finding.rule.id for finding in report(made).findings] == ["query/loses-index"]


@needs_postgresql
def test_on_conflict_is_seen_by_explain(two_sides: Builder, tmp_path: Path) -> None:
    base = "CREATE TABLE t (id integer PRIMARY KEY, a integer); CREATE UNIQUE INDEX t_a ON t ((a + 1));"
    queries = "-- name: Put :exec\nINSERT INTO t (id, a) VALUES ($1, $2) ON CONFLICT ((a + 1)) DO NOTHING;"
    made = change(two_sides, "DROP INDEX t_a;", queries, base)
    (one,) = tried(made, tmp_path)
    assert [refused.how for refused in one.refused.values()] == ["explained"]


@needs_postgresql
def test_a_required_column_stays_with_the_model(two_sides: Builder, tmp_path: Path) -> None:
    queries = "-- name: Add :exec\nINSERT INTO users (id, email) VALUES ($1, $2);"
    made = change(two_sides, "ALTER TABLE users ADD COLUMN org integer NOT NULL;", queries)
    tried(made, tmp_path)
    (finding,) = report(made).findings
    assert finding.data["kind"] == "required-column"


@needs_postgresql
def test_a_query_that_loses_its_index(two_sides: Builder, tmp_path: Path) -> None:
    made = change(two_sides, "DROP INDEX users_email;")
    tried(made, tmp_path)
    (finding,) = report(made).findings
    assert finding.rule.id == "query/loses-index"
    assert finding.effective_level == "warning"
    assert "drop-index users.users_email leaves query ByEmail at q.sql:3 without an index on users" in finding.message
    assert report(made).sections["queries"]["loses_index"][0]["query"] == "ByEmail"


@needs_postgresql
def test_another_index_that_serves_the_query_is_enough(two_sides: Builder, tmp_path: Path) -> None:
    up = "CREATE INDEX other ON users (email, id); DROP INDEX users_email; "
    made = change(two_sides, up)
    tried(made, tmp_path)
    assert report(made).findings == ()


def test_on_sqlite(two_sides: Builder, tmp_path: Path) -> None:
    files = {
        **BASE,
        "go.mod": "module x\nrequire github.com/mattn/go-sqlite3 v1\n",
        "q.sql": QUERIES.replace("FROM users WHERE email", "FROM users u WHERE email"),
    }
    files["db/migrations/0001_a.up.sql"] += "CREATE TABLE log (id integer PRIMARY KEY AUTOINCREMENT);"
    made = two_sides(
        files,
        {"db/migrations/0002_b.up.sql": "DROP INDEX users_email; ALTER TABLE users DROP COLUMN age;",
         "db/migrations/0002_b.down.sql": "-- gatepost: irreversible reason=\"x\""},
    )  # fmt: skip
    (one,) = tried(made, tmp_path)
    assert (len(one.refused), len(one.lost)) == (1, 1)
    found = {(finding.rule.id, finding.data["query"]) for finding in report(made).findings}
    assert found == {("query/breaks", "ByAge"), ("query/loses-index", "ByEmail")}


def test_another_way_to_the_rows_is_no_loss_where_no_index_went() -> None:
    before = {"q": Answer(found=(("t", True), ("u", True)))}
    after = {"q": Answer(found=(("t", False), ("u", False)))}
    tried = compared(Tried("k", "15"), frozenset(("u",)), before, after)
    assert list(tried.lost.values()) == [("u",)]


def test_what_a_server_refuses_for_reasons_of_its_own_is_not_told() -> None:
    late = Answer("canceling statement due to statement timeout", unsure=True)
    assert compared(Tried("k", "15"), frozenset(), {"q": Answer()}, {"q": late}) == Tried("k", "15")
    assert compared(Tried("k", "15"), frozenset(), {"q": Answer("no")}, {"q": Answer("no")}) == Tried("k", "15")


def test_a_claim_on_a_server_takes_nothing_away(two_sides: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    made = change(two_sides, "ALTER TABLE users DROP COLUMN name;")
    policy, _ = read_policy(made)
    from gatepost.migrations import collect
    from gatepost.queries._placeholders import normal
    from gatepost.rehearsals._plan import courses

    (history,) = made.shared(collect, policy).histories
    (course,) = courses(history)
    text = normal("SELECT id FROM users WHERE name = $1", "postgresql") or ""
    _recorded.save(made.repo, Tried(recorded.key(course), "15.1", taken={_recorded.name(text)}))
    assert report(made).findings == ()
    made._shared.clear()
    monkeypatch.setenv("GIT_QUARANTINE_PATH", "/nowhere")
    assert len(report(made).findings) == 1


def test_a_record_that_is_none_is_none() -> None:
    kept = Tried("k", "15.1", frozenset((frozenset(("a", "b")),)), {"x"}, {}, {"y": ("t",)})
    assert _recorded.loads(_recorded.dumps(kept)) == kept
    for raw in ("", "[]", "{}", '{"format": 1}', _recorded.dumps(kept).replace('"words":[[', '"words":[[3,[')):
        assert _recorded.loads(raw) is None or raw.count("[") != raw.count("]")


@pytest.mark.parametrize(
    ("text", "alone"),
    [("SELECT a FROM t", True), ("SELECT a FROM t; DROP TABLE t", False), ("DROP TABLE users", False), ("", False)],
)
def test_only_single_statements_that_read_or_write_rows_are_sent(text: str, alone: bool) -> None:
    assert single(text, "postgresql") is alone


def test_without_a_server_nothing_is_said(two_sides: Builder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise Unable("no server")

    monkeypatch.setattr("gatepost.queries._prepared.try_out", refuse)
    made = change(two_sides, "ALTER TABLE users DROP COLUMN name;")
    policy, _ = read_policy(made)
    beside(made, policy, recorded.REFS)(None)  # type: ignore[arg-type]  # is not looked at
    assert made.shared(_recorded.Fresh).made == {}


def test_mysql_prepares(tmp_path: Path) -> None:
    from _mariadb import needed
    from gatepost.databases import Limits, Needs, Statement, engine
    from gatepost.queries._prober import prober

    needed()
    with engine("mysql").scratch(Needs(), Limits()) as scratch:
        database = scratch.empty()
        database.run([Statement("CREATE TABLE users (id int PRIMARY KEY, name text)")])
        connection = database.confined()
        ask = prober(connection, "mysql")
        assert not ask("SELECT name FROM users WHERE id = ? AND name <> 'it''s' AND name <> '\\\\'").error
        assert "mail" in ask("SELECT mail FROM users").error
        assert "nobody" in ask("INSERT INTO nobody (id) VALUES (?)").error
        assert not ask("UPDATE users SET name = ?").error
        connection.close()


def test_an_engine_that_nobody_knows_is_unable() -> None:
    from gatepost.queries._prober import prober

    with pytest.raises(Unable, match="oracle"):
        prober(None, "oracle")  # type: ignore[arg-type]  # is not looked at


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        ('[{"Plan": {"Node Type": "Seq Scan", "Relation Name": "t"}}]', [("t", False)]),
        ('[{"Plan": {"Node Type": "Index Scan", "Relation Name": "t", "Index Cond": "x"}}]', [("t", True)]),
        ('[{"Plan": {"Node Type": "Index Scan", "Relation Name": "t"}}]', [("t", False)]),
        (
            '[{"Plan": {"Relation Name": "t", "Plans": [{"Node Type": "BitmapOr", "Plans": [{"Index Cond": "x"}]}]}}]',
            [("t", True)],
        ),
        (
            '[{"Plan": {"Plans": [{"Relation Name": "a"}, {"Relation Name": "t", "Index Cond": "x"}]}}]',
            [("a", False), ("t", True)],
        ),
        ("[]", []),
        ("no plan", []),
    ],
)
def test_plans_of_postgresql(plan: str, found: list[tuple[str, bool]]) -> None:
    from gatepost.queries._prober import prober

    class Fake:
        version = "15"

        def rows(self, sql: str, values: object = ()) -> list[tuple[str]]:
            return [(plan,)] if sql.startswith("explain") else []

        def close(self) -> None:
            pass

    assert list(prober(Fake(), "postgresql")("select 1").found) == found
