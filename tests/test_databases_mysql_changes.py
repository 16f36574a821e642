"""Every change that a migration can make to MariaDB is seen, and what changes nothing is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from _changes import base, changes
from _mariadb import needed
from gatepost.databases import Database, Limits, Needs, Statement, engine
from gatepost.databases._differences import differences, fingerprint
from gatepost.sql.schema import Schema
from gatepost.sql.splitter import split
from gatepost.sql.store import dump, load

BASE, CHANGES = base("mysql"), changes("mysql")


def statements(sql: str) -> list[Statement]:
    return [Statement(found.text, found.line) for found in split(sql, "mysql")]


def build(database: Database) -> None:
    database.run(statements(BASE))


@pytest.fixture(scope="module")
def clone() -> Iterator[Callable[[], Database]]:
    needed()
    with engine("mysql").scratch(Needs(), Limits()) as made:
        yield made.template("base", build)


@pytest.fixture(scope="module")
def before(clone: Callable[[], Database]) -> Schema:
    return clone().schema()


def test_there_are_enough_changes() -> None:
    names = [name for name, _ in CHANGES]
    assert len(names) == len(set(names))
    assert sum(not name.startswith("no change") for name in names) >= 110
    assert sum(name.startswith("no change") for name in names) >= 11


@pytest.mark.parametrize(("name", "sql"), [pytest.param(*change, id=change[0]) for change in CHANGES])
def test_change_is_seen(clone: Callable[[], Database], before: Schema, name: str, sql: str) -> None:
    database = clone()
    database.run(statements(sql), transaction=False)
    after = database.schema()
    database.drop()
    found = differences(before, after)
    assert after.doubts == []
    if name.startswith("no change"):
        assert [item.text for item in found if item.grade == "hard"] == []
        return
    assert any(item.grade == "hard" for item in found)
    assert fingerprint(after) != fingerprint(before)


def test_a_schema_is_understood_whole(before: Schema) -> None:
    assert before.doubts == []
    assert set(before.tables) == {"users", "posts", "visits", "plain", "history", "cache"}


def test_a_schema_survives_being_kept(before: Schema) -> None:
    assert not differences(before, load(dump(before)))
    assert fingerprint(load(dump(before))) == fingerprint(before)
