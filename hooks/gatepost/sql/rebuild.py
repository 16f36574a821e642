"""Recognise a table that is made anew and takes the old one's place: one change of that table, not a drop.

SQLite cannot alter much in place, so its tools create ``new``, copy the rows, drop the old table and rename; or
rename the old one away first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatepost.sql import operations as ops
from gatepost.sql.names import same
from gatepost.sql.operations import Column
from gatepost.sql.schema import Table


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A rebuild: at ``at``, where the old table is dropped, it is called ``old`` and the new one ``new``."""

    table: str
    at: int
    old: str
    new: str
    steps: frozenset[int]


def rebuilds(operations: Sequence[ops.Operation], dialect: str) -> list[Rebuild]:
    """Give the rebuilds within a script."""
    return [
        found
        for at, op in enumerate(operations)
        if isinstance(op, ops.DropTable)
        if (found := _rebuild(operations, at, dialect))
    ]


def _rebuild(operations: Sequence[ops.Operation], at: int, dialect: str) -> Rebuild | None:
    dropped = operations[at]
    assert isinstance(dropped, ops.DropTable)
    for made, create in enumerate(operations[:at]):
        if not isinstance(create, ops.CreateTable) or not _filled(operations[made:at], create, dialect):
            continue
        for place, rename in enumerate(operations):
            if not isinstance(rename, ops.RenameTable):
                continue
            steps = frozenset((made, at, place))
            if place > at and same(rename.table, create.table, dialect) and same(rename.to, dropped.table, dialect):
                return Rebuild(dropped.table, at, dropped.table, create.table, steps)
            if place < made and same(rename.table, create.table, dialect) and same(rename.to, dropped.table, dialect):
                return Rebuild(create.table, at, dropped.table, create.table, steps)
    return None


def _filled(between: Sequence[ops.Operation], create: ops.CreateTable, dialect: str) -> bool:
    """Tell whether rows are copied into the new table before the old one goes."""
    if "as" in create.source.split("; "):
        return True
    return any(
        isinstance(op, ops.Data) and op.verb in ("insert", "replace") and same(op.table, create.table, dialect)
        for op in between
    )


def differences(old: Table, new: Table, line: int, start: int, dialect: str) -> Iterator[ops.Operation]:
    """Give what a rebuild amounts to, as operations on the old table."""
    for name, before in old.columns.items():
        after = new.columns.get(name)
        if before and not after:
            yield ops.DropColumn(old.name, before.name, line=line, start=start)
        elif before and after:
            yield from _column(old.name, before, after, line, start)
    for name, column in new.columns.items():
        if column and not old.columns.get(name) and old.complete:
            yield ops.AddColumn(old.name, column, line=line, start=start)
    for name, made in new.constraints.items():
        if made and old.complete and not old.constraints.get(name) and made.kind != "primary key":
            yield ops.AddConstraint(old.name, made, line=line, start=start)
    del dialect


def _column(table: str, before: Column, after: Column, line: int, start: int) -> Iterator[ops.Operation]:
    if after.type != before.type:
        yield ops.SetType(table, before.name, after.type, line=line, start=start)
    if after.default != before.default:
        yield ops.SetDefault(table, before.name, after.default, line=line, start=start)
    if after.nullable != before.nullable and after.nullable is not None:
        yield ops.SetNullable(table, before.name, after.nullable, line=line, start=start)
