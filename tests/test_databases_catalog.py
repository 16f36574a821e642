"""Every change that a migration can make to PostgreSQL is seen, and what changes nothing is not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from _cluster import Cluster, cluster
from gatepost.databases import Connection
from gatepost.databases._differences import differences, fingerprint
from gatepost.databases._postgresql_address import address
from gatepost.databases._postgresql_catalog import facts, inspect, major, read
from gatepost.databases._postgresql_connection import open_wire
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
    wire.rows(f"CREATE TABLESPACE elsewhere LOCATION '{server.directory}/elsewhere'")
    for statement in ("CREATE ROLE app", "CREATE ROLE reader", "CREATE DATABASE catalog"):
        wire.rows(statement)
    wire.close()
    wire = open_wire(address(server.url.replace("/postgres?", "/catalog?"), {}), 10)
    wire.rows("SET client_min_messages = error; SET allow_system_table_mods = on")
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
    if major(connection.version) < 15 and re.search("COMPRESSION|NULLS NOT DISTINCT|PUBLICATION changes", sql):
        pytest.skip("this server is too old for it")
    found = differences(base, after := changed(connection, sql))
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
