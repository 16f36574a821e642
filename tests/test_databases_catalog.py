"""Every change that a migration can make to PostgreSQL is seen, and what changes nothing is not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from _cluster import Cluster, cluster
from gatepost.databases import Connection, Failed, Unable
from gatepost.databases._differences import differences, fingerprint
from gatepost.databases._postgresql_address import address
from gatepost.databases._postgresql_catalog import facts, inspect, major, read
from gatepost.databases._postgresql_catalog_names import Catalog, query
from gatepost.databases._postgresql_catalog_tables import _column, _Parts
from gatepost.databases._postgresql_connection import open_wire
from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.reader import read as read_sql
from gatepost.sql.replay import replay
from gatepost.sql.schema import Schema
from gatepost.sql.store import dump, load

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with cluster() as made:
        (made.directory / "elsewhere").mkdir()
        if os.geteuid() == 0:
            import shutil

            shutil.chown(made.directory / "elsewhere", "nobody")
        yield made


@pytest.fixture(scope="module")
def connection(server: Cluster) -> Iterator[Connection]:
    wire = open_wire(address(server.url, {}), 10)
    there = {name for (name,) in wire.rows("SELECT name FROM pg_available_extensions")}
    if not there >= {"btree_gist", "citext", "pg_trgm"}:
        pytest.skip("PostgreSQL's contrib modules are not installed")
    wire.rows(f"CREATE TABLESPACE elsewhere LOCATION '{server.directory}/elsewhere'")
    for statement in ("CREATE ROLE app", "CREATE ROLE reader", "CREATE DATABASE catalog"):
        wire.rows(statement)
    wire.close()
    wire = open_wire(address(server.url.replace("/postgres?", "/catalog?"), {}), 10)
    wire.rows("SET client_min_messages = error")
    wire.rows((DATA / "postgresql_base.sql").read_text())
    yield wire
    wire.close()


@pytest.fixture(scope="module")
def base(connection: Connection) -> Schema:
    return inspect(connection)


def changes() -> list[tuple[str, str]]:
    text = (DATA / "postgresql_changes.sql").read_text()
    parts = re.split(r"^-- ([\w ]+: .*)$", text, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def changed(connection: Connection, sql: str) -> Schema:
    """Give the schema as it is with a change, which is not kept."""
    connection.rows("BEGIN")
    try:
        connection.rows(sql)
        return read(connection)
    finally:
        connection.rows("ROLLBACK")


def test_there_are_enough_changes() -> None:
    names = [name for name, _ in changes()]
    assert len(names) == len(set(names))
    assert sum(not name.startswith("no change") for name in names) >= 103
    assert sum(name.startswith("no change") for name in names) >= 5


@pytest.mark.parametrize(("name", "sql"), [pytest.param(*change, id=change[0]) for change in changes()])
def test_change_is_seen(connection: Connection, base: Schema, name: str, sql: str) -> None:
    try:
        after = changed(connection, sql)
    except Failed as error:
        if major(connection.version) >= 15 or error.code not in ("42601", "42P13", "22023"):
            raise
        pytest.skip("this server is too old for it")
    found = differences(base, after)
    if name.startswith("no change"):
        assert not found
        assert fingerprint(after) == fingerprint(base)
        return
    assert any(item.grade == "hard" for item in found)
    assert fingerprint(after) != fingerprint(base)
    assert all(item.text and item.before != item.after for item in found)


def test_facts(connection: Connection) -> None:
    found = facts(connection)
    assert found.version == connection.version
    assert {"pg_trgm", "btree_gist"} <= set(found.extensions)
    assert found.sizes["users"][1] > 0
    assert found.sizes["audit.log"] == (0, 8192)
    assert found.index_use["posts_user_idx"] == 0


def test_schema_survives_being_kept(base: Schema) -> None:
    assert not differences(base, load(dump(base)))
    assert fingerprint(load(dump(base))) == fingerprint(base)


def test_what_extensions_own_is_left_out(base: Schema) -> None:
    assert {kind for kind, _ in base.objects} >= {"operator", "cast", "collation", "server", "extension"}
    assert [name for kind, name in base.objects if kind == "operator"] == ["=== (public.pair, public.pair)"]
    assert not [name for _, name in base.objects if "gbt" in name or "trgm_ops" in name]


def test_names_are_as_the_static_model_has_them(base: Schema) -> None:
    users = base.table("users")
    assert users is not None
    assert [column.type for column in users.columns.values() if column][:4] == [
        "integer",
        "varchar(50)",
        "text",
        "mood",
    ]
    assert users.columns["id"] == Column("id", "integer", nullable=False, identity="serial")
    assert users.columns["twice"] is not None
    assert users.columns["twice"].generated == "(balance * (2)::numeric) stored"
    posts = base.table("posts")
    assert posts is not None
    assert posts.constraints["posts_user_fkey"] == Constraint(
        "foreign key", ("user_id",), "posts_user_fkey", target="users", target_columns=("id",), on_delete="cascade"
    )
    assert posts.indexes["posts_pair_idx"] == Index(
        ("user_id", "title desc nulls last"),
        "posts_pair_idx",
        unique=True,
        include=("room",),
        options=(("with", "fillfactor = 80"),),
    )
    assert base.objects["trigger", "users_touch on users"] is not None
    assert base.objects["function", "add(integer, integer)"] is not None


def test_the_static_model_agrees(base: Schema) -> None:
    model = replay(Schema("postgresql"), read_sql((DATA / "postgresql_base.sql").read_text(), "postgresql"))
    for table in [table for table in model.tables.values() if table and table.complete]:
        real = base.table(table.name)
        assert real is not None
        assert list(real.columns) == list(table.columns)
        for column in [column for column in table.columns.values() if column]:
            twin = real.columns[column.name]
            assert twin is not None
            assert (twin.type, twin.nullable, twin.identity) == (column.type, column.nullable, column.identity)
            assert twin.collation == column.collation
        assert set(real.constraints) == set(table.constraints)
        assert set(real.indexes) == set(table.indexes)
    kinds = ("enum", "view", "materialized view", "function", "procedure", "aggregate", "trigger", "policy", "domain")
    for kind in kinds:
        places = [{place for place in side.objects if place[0] == kind} for side in (model, base)]
        assert places[0] == places[1]


def test_the_session_is_as_it_was(connection: Connection) -> None:
    before = connection.rows("SHOW search_path")
    inspect(connection)
    connection.rows("BEGIN")
    read(connection)
    assert connection.rows("SHOW search_path") == before
    connection.rows("ROLLBACK")
    assert connection.rows("SHOW search_path") == before


class Changing:
    version = "15.18"

    def __init__(self, code: str) -> None:
        self.code = code
        self.asked: list[str] = []

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        self.asked.append(sql)
        if "json_agg" in sql:
            raise Failed("cache lookup failed for relation 16399", self.code)
        return [("public", "")]

    def close(self) -> None: ...


def test_a_schema_that_changes_meanwhile_is_not_judged() -> None:
    with pytest.raises(Unable, match="changed while it was read"):
        inspect(changing := Changing("XX000"))
    assert changing.asked[-1] == "ROLLBACK"
    with pytest.raises(Failed):
        inspect(Changing("42501"))


def test_odd_names(connection: Connection) -> None:
    sql = """CREATE SCHEMA "Odd ""Space"; CREATE TYPE "Odd ""Space"."Mood" AS ENUM ('it''s', '"', 'ü');
    CREATE TABLE "Odd ""Space"."T a" ("Id" serial PRIMARY KEY, "sélect" "Odd ""Space"."Mood"[], "a.b" int UNIQUE);
    CREATE INDEX "I x" ON "Odd ""Space"."T a" ("a.b" DESC, lower("a.b"::text));
    GRANT SELECT ON "Odd ""Space"."T a" TO "a=b/c"; COMMENT ON COLUMN "Odd ""Space"."T a"."a.b" IS 'ünï "x"'"""
    found = changed(connection, 'CREATE ROLE "a=b/c";' + sql)
    table = found.table('Odd "Space.T a')
    assert table is not None
    assert table.columns["Id"] == Column("Id", "integer", nullable=False, identity="serial")
    assert table.columns["sélect"] is not None
    assert table.columns["sélect"].type == '"Odd ""Space"."Mood"[]'
    assert table.indexes["I x"] is not None
    assert table.indexes["I x"].columns == ('"a.b" desc', 'lower(("a.b")::text)')
    assert table.options["", "grants"] == "a=b/c: select"
    assert table.options["a.b", "comment"] == 'ünï "x"'
    enum = found.objects["enum", 'Odd "Space.Mood']
    assert enum is not None
    assert enum.values == ("it's", '"', "ü")


def test_a_role_that_may_nothing_sees_the_same(connection: Connection, base: Schema) -> None:
    connection.rows("BEGIN; SET LOCAL ROLE reader")
    assert not differences(base, read(connection))
    connection.rows("ROLLBACK")


def test_copies_of_a_trigger_on_partitions_are_no_objects(connection: Connection) -> None:
    found = changed(connection, "CREATE TRIGGER t AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch()")
    assert [name for kind, name in found.objects if kind == "trigger" and "event" in name] == ["t on events"]


@pytest.mark.parametrize(("version", "identity"), [(16, "always"), (17, None)])
def test_identity_of_a_partition_is_inherited_since_17(version: int, identity: str | None) -> None:
    row = {"name": "id", "type": "bigint", "filled": True, "value": None, "identity": "a", "generated": "",
           "part": True, "relation": "1", "number": 1, "collation": None}  # fmt: skip
    parts = _Parts({}, {}, {}, {}, {}, {})
    assert _column(Catalog(version), row, parts).identity == identity


@pytest.mark.parametrize(
    ("sql", "old", "new"),
    [
        ("SELECT {14+ a ?: b}", "SELECT b", "SELECT a"),
        ("SELECT {17+ a ?: {15+ c || d ?: b}}", "SELECT b", "SELECT c || d"),
    ],
)
def test_queries_of_each_major(sql: str, old: str, new: str) -> None:
    assert f"({old})" in query(sql, 13)
    assert f"({new})" in query(sql, 16)


@pytest.mark.parametrize(
    ("text", "number"), [("15.18 (Debian 15.18-1)", 15), ("18beta2", 18), ("9.6.24", 9), ("", 0), ("odd", 0)]
)
def test_major(text: str, number: int) -> None:
    assert major(text) == number
