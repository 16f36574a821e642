"""Follow the renames that operations name, so that a table or column with a new name is compared with itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from gatepost.sql import operations as ops
from gatepost.sql.replay import apply
from gatepost.sql.schema import Schema


@dataclass(frozen=True, slots=True)
class Renamed:
    """One rename that is true: the old name was there before, the new one is there after."""

    kind: str
    name: str
    to: str
    table: str = ""


def followed(before: Schema, after: Schema, operations: Iterable[ops.Operation]) -> Iterator[Renamed]:
    """Give the names in ``before`` that ``after`` has changed, and change them there."""
    for operation in _settled(operations):
        follow = _FOLLOW.get(type(operation))
        found = follow(operation, before, after) if follow else None
        if found:
            apply(before, operation)
            _forget(before)
            yield found


def _settled(operations: Iterable[ops.Operation]) -> list[ops.Operation]:
    """Make one rename of several in a row; those of tables come first, and what is within goes by their last names."""
    made: list[Any] = []
    for operation in operations:
        old = _OLD.get(type(operation))
        if old is None:
            continue
        earlier = [at for at, one in enumerate(made) if _leads(one, operation, old)]
        if earlier:
            made[earlier[-1]] = _with(made[earlier[-1]], to=operation.to)  # type: ignore[attr-defined]  # all have it
        else:
            made.append(operation)
    tables = [one for one in made if isinstance(one, ops.RenameTable)]
    last = {one.table: one.to for one in tables}
    within = (one for one in made if not isinstance(one, ops.RenameTable))
    return [
        *tables,
        *(_with(one, table=last[one.table]) if getattr(one, "table", "") in last else one for one in within),
    ]


def _leads(one: Any, operation: Any, old: str) -> bool:
    if type(one) is not type(operation) or one.to != getattr(operation, old):
        return False
    return all(
        getattr(one, part, "") == getattr(operation, part, "") for part in ("table", "kind", "on") if part != old
    )


def _with(operation: Any, **values: str) -> Any:
    return type(operation)(**{**operation.held(), **values})


def _forget(schema: Schema) -> None:
    """Drop the marks that replay leaves for what has moved away."""
    for name, table in list(schema.tables.items()):
        if table is None:
            del schema.tables[name]
    for place, found in list(schema.objects.items()):
        if found is None:
            del schema.objects[place]
    schema.problems.clear()


def _table(op: Any, before: Schema, after: Schema) -> Renamed | None:
    known = before.table(op.table) and not after.table(op.table) and not before.table(op.to)
    return Renamed("table", op.table, op.to) if known and after.table(op.to) else None


def _within(kind: str, parts: str, old: str) -> Any:
    def follow(op: Any, before: Schema, after: Schema) -> Renamed | None:
        name, to = getattr(op, old), op.to.rpartition(".")[2]
        one = before.table(op.table) if op.table else before.owner(name)
        other = after.table(one.name) if one else None
        if one is None or other is None:
            return None
        name = name.rpartition(".")[2]
        held, holds = getattr(one, parts), getattr(other, parts)
        key = before.key
        moved = held.get(key(name)) and not holds.get(key(name)) and holds.get(key(to)) and not held.get(key(to))
        return Renamed(kind, name, to, one.name) if moved else None

    return follow


def _index(op: Any, before: Schema, after: Schema) -> Renamed | None:
    found: Renamed | None = _within("index", "indexes", "name")(op, before, after)
    return found or _within("constraint", "constraints", "name")(op, before, after)


def _object(op: Any, before: Schema, after: Schema) -> Renamed | None:
    kinds = {"type": ("enum", "type", "domain"), "routine": ("function", "procedure")}.get(op.kind, (op.kind,))
    end = f" on {op.on}" if op.on else ""
    for kind in kinds:
        old, new = (kind, before.key(op.name + end)), (kind, before.key(op.to + end))
        moved = before.objects.get(old) and not after.objects.get(old) and after.objects.get(new)
        if moved and not before.objects.get(new):
            return Renamed(kind, op.name, op.to, op.on)
    return None


def _value(op: Any, before: Schema, after: Schema) -> Renamed | None:
    place = ("enum", before.key(op.name))
    one, other = before.objects.get(place), after.objects.get(place)
    if one is None or other is None or op.value not in one.values or op.to in one.values or op.to not in other.values:
        return None
    return Renamed("enum value", op.value, op.to, op.name)


_FOLLOW: dict[type[ops.Operation], Any] = {
    ops.RenameTable: _table,
    ops.RenameColumn: _within("column", "columns", "column"),
    ops.RenameConstraint: _within("constraint", "constraints", "name"),
    ops.RenameIndex: _index,
    ops.RenameObject: _object,
    ops.RenameEnumValue: _value,
}
_SCOPE = ("table", "kind", "on", "name")
_OLD: dict[type[ops.Operation], str] = {
    ops.RenameTable: "table",
    ops.RenameColumn: "column",
    ops.RenameConstraint: "name",
    ops.RenameIndex: "name",
    ops.RenameObject: "name",
    ops.RenameEnumValue: "value",
}
