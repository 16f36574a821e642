"""Every change that a migration can make to SQLite is seen, and what changes nothing is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from _changes import base, changes, with_change
from gatepost.databases import Limits, Needs, Scratch, Statement, engine
from gatepost.databases._differences import differences, fingerprint
from gatepost.sql.schema import Schema
from gatepost.sql.splitter import split
from gatepost.sql.store import dump, load

QUIET = ("no change", "not seen")
BASE, CHANGES = base("sqlite"), changes("sqlite")


@pytest.fixture(scope="module")
def scratch() -> Iterator[Scratch]:
    with engine("sqlite").scratch(Needs(), Limits()) as made:
        yield made


def produced(scratch: Scratch, sql: str) -> Schema:
    database = scratch.empty()
    try:
        database.run([Statement(found.text, found.line) for found in split(sql, "sqlite")], transaction=False)
        return database.schema()
    finally:
        database.drop()


@pytest.fixture(scope="module")
def before(scratch: Scratch) -> Schema:
    return produced(scratch, BASE)


def test_there_are_enough_changes() -> None:
    names = [name for name, _ in CHANGES]
    assert len(names) == len(set(names))
    assert sum(not name.startswith(QUIET) for name in names) >= 75
    assert sum(name.startswith("no change") for name in names) >= 10
    assert sum(name.startswith("not seen") for name in names) <= 2


@pytest.mark.parametrize(("name", "block"), [pytest.param(*change, id=change[0]) for change in CHANGES])
def test_change_is_seen(scratch: Scratch, before: Schema, name: str, block: str) -> None:
    after = produced(scratch, with_change(BASE, block))
    found = differences(before, after)
    if name.startswith(QUIET):
        assert [item.text for item in found if item.grade == "hard"] == []
        return
    assert any(item.grade == "hard" for item in found)
    assert fingerprint(after) != fingerprint(before)


def test_a_schema_is_understood_whole(before: Schema) -> None:
    assert before.doubts == []
    assert set(before.tables) == {"users", "posts", "tags", "settings", "plain", "search"}


def test_a_schema_survives_being_kept(before: Schema) -> None:
    assert not differences(before, load(dump(before)))
    assert fingerprint(load(dump(before))) == fingerprint(before)
