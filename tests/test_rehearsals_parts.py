"""The parts of a rehearsal by themselves: seeding, rows, what needs a newer server, interruption, a dying server."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest

from _rehearsals import POLICY, files, rehearsal
from conftest import Repo
from gatepost.databases import Connection, Failed, Unable
from gatepost.rehearsals import _bodies, _newer, _rows, stage
from gatepost.rehearsals._order import ordered
from gatepost.rehearsals._rows import Rows, Snapshot
from gatepost.rehearsals._shape import Col, Ref, Shapes, Tab, members
from gatepost.rehearsals._shape_sqlite import read as read_sqlite
from gatepost.rehearsals._values import literal


@pytest.mark.parametrize(
    ("code", "statement", "version", "wanted"),
    [
        ("42601", "ALTER TABLE t ADD CONSTRAINT c NOT NULL a", "15.18", "PostgreSQL 18"),
        ("42601", "ALTER TABLE t ADD CONSTRAINT c NOT NULL a", "18.1", ""),
        ("42883", "SELECT uuidv7()", "17.2", "PostgreSQL 18"),
        ("42601", "ALTER TABLE t ALTER COLUMN a SET EXPRESSION AS (b + 1)", "16.1", "PostgreSQL 17"),
        ("42601", "ALTER TALBE t ADD a int", "15.18", ""),
        ("42P01", "SELECT uuidv7() FROM missing", "15.18", ""),
        ("42601", "SELECT 1", "devel", ""),
    ],
)
def test_what_needs_a_newer_server(code: str, statement: str, version: str, wanted: str) -> None:
    assert _newer.needed(Failed("x", code, statement), "postgresql", version) == wanted


def test_mariadb_may_not_read_what_mysql_does() -> None:
    error = Failed("You have an error", "1064", "ALTER TABLE t …")
    assert _newer.needed(error, "mysql", "10.11.18-MariaDB").startswith("MySQL")
    assert _newer.needed(error, "mysql", "8.0.36") == ""


def sides(
    before: Sequence[tuple[Any, ...]], after: Sequence[tuple[Any, ...]], primary: tuple[str, ...] = ()
) -> _rows.Told:
    made = [Snapshot({"t": Rows(("id", "a", "b"), tuple(rows), primary)}) for rows in (before, after)]
    return _rows.compare(*made)


@pytest.mark.parametrize("primary", [(), ("id",)])
def test_rows_are_a_multiset(primary: tuple[str, ...]) -> None:
    rows = [(1, "x", "y"), (2, "x", "y"), (3, None, "z")]
    assert sides(rows, rows[::-1], primary) == _rows.Told()
    changed = [(1, "x", None), (2, "x", "y"), (3, None, "z")]
    (lost,) = sides(rows, changed, primary).lost
    assert (lost.table, lost.column, lost.rows) == ("t", "b", 1)
    (gone,) = sides(rows, rows[1:], primary).lost
    assert (gone.column, gone.rows) == ("", 1)
    filled = [(1, "x", "y"), (2, "x", "y"), (3, "new", "z")]
    told = sides(rows, filled, primary)
    assert told.lost == ()
    assert "t.a holds values where it had none" in told.notes[0]
    assert sides(rows, [*rows, (4, "q", "q")], primary).notes == ("t has 1 rows that were not there",)


def test_tables_come_after_what_they_refer_to() -> None:
    def tab(name: str, *to: tuple[str, bool]) -> Tab:
        columns = tuple(Col(target, "int", nullable=nullable) for target, nullable in to)
        return Tab(name, name, columns, refs=tuple(Ref((target,), target, ("id",)) for target, _ in to))

    shapes = Shapes(
        "sqlite", {t.name: t for t in (tab("c", ("b", False)), tab("b", ("a", False)), tab("a", ("c", True)))}
    )
    assert ordered(["c", "b", "a"], shapes) == ["a", "b", "c"]


def test_a_check_that_lists_values_is_an_enum() -> None:
    check = "kind_check\tCHECK (((kind)::text = ANY ((ARRAY['a'::character varying, 'it''s'::text])::text[])))"
    assert members((check,), "kind") == ("a", "it's")
    assert members((check,), "other") == ()
    assert members(("c\tkind IN ('a', 'b')",), "kind") == ("a", "b")
    assert members(("c\tother > 1 AND kind IN ('a')",), "kind") == ()


@pytest.mark.parametrize(
    ("column", "wide", "made"),
    [
        (Col("n", "number", size=5, scale=2), False, "1.10"),
        (Col("n", "number", size=5, scale=2), True, "101.10"),
        (Col("n", "number", size=2, scale=2), False, "0.10"),
        (Col("c", "text", size=3), True, "'c1 '"),
        (Col("c", "text", size=1), False, "'1'"),
        (Col("id", "int", "bigint"), True, "5000000001"),
        (Col("b", "bytes", size=2), False, "'\\x0001'"),
        (Col("e", "enum", labels=("a", "z")), True, "'z'"),
    ],
)
def test_values_fit(column: Col, wide: bool, made: str) -> None:
    assert literal(column, 0, "postgresql", wide=wide) == made


class Asked:
    """A connection that has plpgsql_check."""

    version = "15"

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        assert not values
        return {_bodies.AVAILABLE: [(1,)], _bodies.CHECK: [("f(integer)", 'column "x" does not exist')]}.get(sql, [])

    def close(self) -> None:
        pass


def test_bodies_of_functions_are_looked_at_where_that_can_be() -> None:
    assert _bodies.checked(Asked()) == {("f(integer)", 'column "x" does not exist')}


def test_a_server_that_dies_is_no_verdict(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(*_: object) -> float:
        raise Unable("the server died")

    monkeypatch.setattr(stage, "sql_sender", lambda _: dies)
    made = rehearsal(repo, "CREATE TABLE a (id INTEGER);", ("CREATE TABLE b (id INTEGER);", "DROP TABLE b;"))
    assert (made.whole, made.reason) == ("unknown", "the server died")
    assert [one.verdict for one in made.migrations] == ["unknown"]


def test_the_time_for_the_whole_is_held(repo: Repo) -> None:
    made = rehearsal(
        repo,
        "CREATE TABLE a (id INTEGER);",
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO a SELECT i FROM n;", "SELECT 1;"),
        asked=stage.Asked(seconds=3.0),
    )
    assert made.whole in ("unknown", "up-fails")
    assert made.elapsed_ms < 60_000


def test_an_interrupted_run_leaves_nothing(repo: Repo) -> None:
    base = repo.commit(
        {"gatepost.toml": POLICY.format(dialect="sqlite"), **files(1, "CREATE TABLE a (id INTEGER);", "")}
    )
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n;"
    repo.commit(files(2, endless, "SELECT 1;"))
    places = [place for place in (Path("/dev/shm"), Path("/tmp")) if place.is_dir()]
    command = [sys.executable, "-m", "gatepost", "rehearse", f"{base}..HEAD", "--repo", str(repo.path)]
    with subprocess.Popen(
        command, env=os.environ | {"PYTHONUNBUFFERED": "1"}, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if "up, down, up" in line:
                break
        mine = {path for place in places for path in place.glob("gatepost-sqlite-*")}
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        process.wait(30)
    assert process.returncode == 130
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and all(path.exists() for path in mine):
        time.sleep(0.1)
    assert not mine or not all(path.exists() for path in mine)


class Counting:
    """A connection that counts what it is asked."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection, self.asked = connection, 0

    def rows(self, query: str) -> list[tuple[object, ...]]:
        self.asked += 1
        return self.connection.execute(query).fetchall()


def test_the_tables_of_sqlite_are_read_with_four_queries() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            """
            CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT UNIQUE, y INT CHECK (y IN (1, 2)));
            CREATE UNIQUE INDEX u ON a (y, lower(x));
            CREATE TABLE "B b" (p INT, q INT, r INT REFERENCES A, PRIMARY KEY (q, p));
            CREATE TABLE c (f INT, g INT, h INT REFERENCES nowhere, FOREIGN KEY (f, g) REFERENCES "B b" (q, p));
            """
        )
        for number in range(40):
            connection.execute(
                f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, a INT REFERENCES a (id), b TEXT UNIQUE)"
            )
        counting = Counting(connection)
        tables = read_sqlite(cast("Connection", counting)).tables
    assert (counting.asked, len(tables)) == (4, 43)
    assert (tables["a"].keys, tables["a"].primary) == ((("id",), ("y",), ("x",)), ("id",))
    assert tables["B b"].refs == (Ref(("r",), "a", ("id",)),)
    assert tables["B b"].primary == ("q", "p")
    assert set(tables["c"].refs) == {Ref(("f", "g"), "B b", ("q", "p")), Ref(("h",), "nowhere", ())}
