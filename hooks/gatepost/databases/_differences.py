"""Compare two schemas that were read from databases, object by object, and give a schema a fingerprint.

``before`` is what should be there, ``after`` what is. Grades: ``hard``; ``soft`` for text that differs only in white
space, case or needless parentheses; ``note`` for the order of columns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from gatepost.databases._differences_left_out import USUAL, Leave, trimmed
from gatepost.databases._differences_texts import alike, alike_views
from gatepost.sql import describe
from gatepost.sql.operations import Column, Constraint, Index, Operation
from gatepost.sql.schema import Object, Schema, Table

Grade = Literal["hard", "soft", "note"]
__all__ = ["USUAL", "Difference", "Leave", "differences", "fingerprint"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs.

    ``kind`` is table, column, constraint, index, option or an object's kind; ``facet`` says what about it (type,
    nullable, default, definition, owner, …), "" that it is there on one side only: then ``before`` or ``after`` is
    None. ``renamed`` is the other name of what an operation has renamed.
    """

    kind: str
    table: str
    object: str
    facet: str
    before: str | None
    after: str | None
    text: str
    grade: Grade = "hard"
    renamed: str = ""


def differences(
    before: Schema, after: Schema, *, operations: Iterable[Operation] = (), leave: Leave = USUAL
) -> list[Difference]:
    """Give what differs. Renames are believed only where one of the operations says so."""
    from gatepost.databases._differences_renamed import followed

    one, other = trimmed(before, leave), trimmed(after, leave)
    found: list[Difference] = []
    for renamed in followed(one, other, operations):
        text = f"{renamed.kind} {_of(renamed.name, renamed.table)} is renamed to {renamed.to}"
        found.append(
            Difference(
                renamed.kind, renamed.table, renamed.name, "name", renamed.name, renamed.to, text, "hard", renamed.to
            )
        )
    for name in _union(one.tables, other.tables):
        found += _tables(one.tables.get(name), other.tables.get(name), one.dialect)
    gone = {n for n in _union(one.tables, other.tables) if not (one.tables.get(n) and other.tables.get(n))}
    for place in _union(one.objects, other.objects):
        found += _objects(one.objects.get(place), other.objects.get(place), one, gone)
    return found


def fingerprint(schema: Schema, leave: Leave = USUAL) -> str:
    """Give the SHA-256 of a schema, the same for any two without a difference but the order of columns."""
    kept = trimmed(schema, leave)
    tables = [_table_values(table) for table in kept.tables.values() if table]
    objects = [_object_values(found) for found in kept.objects.values() if found]
    text = json.dumps([schema.dialect, sorted(tables, key=str), sorted(objects, key=str)], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _table_values(table: Table) -> list[Any]:
    parts = (table.columns, table.constraints, table.indexes)
    return [
        table.name,
        *([[name, repr(part[name])] for name in sorted(part) if part[name]] for part in parts),
        [[*place, value] for place, value in sorted(table.options.items())],
    ]


def _object_values(found: Object) -> list[Any]:
    return [found.kind, found.name, found.on, found.definition, list(found.values), sorted(found.options)]


def _union(*sides: Mapping[Any, Any]) -> list[Any]:
    names: dict[Any, None] = {}
    for side in sides:
        names.update(dict.fromkeys(side))
    return list(names)


def _of(name: str, table: str) -> str:
    return f"{name} of {table}" if table and name != table else name


def _tables(before: Table | None, after: Table | None, dialect: str) -> Iterator[Difference]:
    known = before or after
    if known is None:
        return
    if (before is None or after is None) and (known.columns or known.complete):
        old, new = (_columns(side) if side else None for side in (before, after))
        yield Difference("table", known.name, "", "", old, new, f"table {known.name} {_there(before)}")
        return
    none = Table(known.name, complete=False)
    yield from _within(before or none, after or none, dialect)


def _columns(table: Table) -> str:
    return ", ".join(table.columns)[:200] or table.name


def _there(before: object) -> str:
    return "is new" if before is None else "is gone"


def _within(before: Table, after: Table, dialect: str) -> Iterator[Difference]:
    name = after.name
    yield from _parts("column", name, before.columns, after.columns, dialect, _column)
    yield from _order(before, after)
    yield from _parts("constraint", name, before.constraints, after.constraints, dialect, _constraint)
    yield from _parts("index", name, before.indexes, after.indexes, dialect, _index)
    for place in _union(before.options, after.options):
        one, other = before.options.get(place), after.options.get(place)
        if one != other and _both(place[0], before, after):
            soft = alike(one, other, dialect) and place[1] not in ("comment", "index comment", "constraint comment")
            kind = "option" if place[0] else "table"
            yield _facet(kind, name, place[0], place[1], one, other, "soft" if soft else "hard")


def _both(part: str, before: Table, after: Table) -> bool:
    """Tell whether what an option belongs to is there on both sides, so that the option is news of its own."""
    kinds = ((t.columns.get(part), t.constraints.get(part), t.indexes.get(part)) for t in (before, after))
    one, other = kinds
    known = any(one) or any(other)
    return not part or not known or any(old and new for old, new in zip(one, other, strict=True))


def _order(before: Table, after: Table) -> Iterator[Difference]:
    one = [name for name, column in before.columns.items() if column and after.columns.get(name)]
    other = [name for name, column in after.columns.items() if column and before.columns.get(name)]
    if one != other:
        text = f"columns of {after.name} stand in another order"
        yield Difference("table", after.name, "", "order", ", ".join(one), ", ".join(other), text, "note")


def _parts(
    kind: str,
    table: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    dialect: str,
    differ: Callable[[str, Any, Any, str], Iterable[Difference]],
) -> Iterator[Difference]:
    for name in _union(before, after):
        one: Any = before.get(name)
        other: Any = after.get(name)
        if one and other:
            yield from differ(table, one, other, dialect) if one != other else ()
        elif one or other:
            called = (one or other).name or describe.part(one or other)
            old, new = (describe.part(side) if side else None for side in (one, other))
            yield Difference(kind, table, called, "", old, new, f"{kind} {called} of {table} {_there(one)}")


def _facet(
    kind: str, table: str, name: str, facet: str, before: str | None, after: str | None, grade: Grade = "hard"
) -> Difference:
    of = _of(name, table) if name else table
    what = f"{kind} {of}" if kind != "option" else of
    if facet == "nullable":
        said = f"{what} {'allows NULL' if after == 'nullable' else 'does not allow NULL'}"
    else:
        said = f"{what} has {facet} {_short(after)} instead of {_short(before)}"
    return Difference(kind, table, name, facet, before, after, said, grade)


def _short(value: str | None) -> str:
    if value is None:
        return "none"
    text = " ".join(value.split())
    return text if len(text) <= 120 else text[:119] + "…"


def _column(table: str, before: Column, after: Column, dialect: str) -> Iterator[Difference]:
    for facet in ("type", "collation", "default", "generated", "identity"):
        one, other = getattr(before, facet), getattr(after, facet)
        if one != other:
            soft = facet in ("default", "generated") and (alike(one, other, dialect) or _no_default(one, other))
            yield _facet("column", table, after.name, facet, one, other, "soft" if soft else "hard")
    if before.nullable != after.nullable:
        old, new = (describe.nullable(bool(side.nullable)) for side in (before, after))
        yield _facet("column", table, after.name, "nullable", old, new)
    yield from _options("column", table, after.name, before.options, after.options)


def _no_default(one: str | None, other: str | None) -> bool:
    """Tell whether neither is a default: PostgreSQL keeps some that say NULL."""
    return all(side is None or side.upper().partition("::")[0] == "NULL" for side in (one, other))


def _options(kind: str, table: str, name: str, before: Any, after: Any) -> Iterator[Difference]:
    one, other = dict(before), dict(after)
    for key in sorted(one.keys() | other.keys()):
        if one.get(key) != other.get(key):
            yield _facet(kind, table, name, key, one.get(key), other.get(key))


def _constraint(table: str, before: Constraint, after: Constraint, dialect: str) -> Iterator[Difference]:
    name = after.name or describe.part(after)
    one, other = (describe.constraint(side).removesuffix(" not valid") for side in (before, after))
    if one != other:
        yield _defined("constraint", table, name, (one, other), dialect)
    if before.valid != after.valid:
        old, new = ("valid" if side.valid else "not valid" for side in (before, after))
        yield Difference("constraint", table, name, "valid", old, new, f"constraint {name} of {table} is {new}")


def _index(table: str, before: Index, after: Index, dialect: str) -> Iterator[Difference]:
    one, other = describe.index(before), describe.index(after)
    if one != other:
        yield _defined("index", table, after.name or other, (one, other), dialect)


def _defined(kind: str, table: str, name: str, sides: tuple[str, str], dialect: str) -> Difference:
    before, after = sides
    text = f"{kind} {_of(name, table)} is {_short(after)} instead of {_short(before)}"
    grade: Grade = "soft" if alike(before, after, dialect) else "hard"
    return Difference(kind, table, name, "definition", before, after, text, grade)


def _objects(before: Object | None, after: Object | None, schema: Schema, gone: set[str]) -> Iterator[Difference]:
    known = after or before
    if known is None or before == after:
        return
    if before is None or after is None:
        owner = dict(known.options).get("owned by", "").rpartition(".")[0]
        if schema.key(known.on) in gone or schema.key(owner) in gone:
            return  # said with its table
        text = f"{known.kind} {_of(known.name, known.on)} {_there(before)}"
        old, new = ((side.definition or side.kind) if side else None for side in (before, after))
        yield Difference(known.kind, known.on, known.name, "", old, new, text)
        return
    yield from _values(before, after)
    if before.definition != after.definition or before.on != after.on:
        same = alike_views if after.kind.endswith("view") else alike
        yield _text(
            before, after, soft=before.on == after.on and same(before.definition, after.definition, schema.dialect)
        )
    yield from _options(after.kind, after.on, after.name, before.options, after.options)


def _text(before: Object, after: Object, *, soft: bool) -> Difference:
    said = "is written in another way" if soft else "has another definition"
    text = f"{after.kind} {_of(after.name, after.on)} {said}"
    sides = (before.definition, after.definition)
    return Difference(after.kind, after.on, after.name, "definition", *sides, text, "soft" if soft else "hard")


def _values(before: Object, after: Object) -> Iterator[Difference]:
    if before.values == after.values:
        return
    extra = [value for value in after.values if value not in before.values]
    lost = [value for value in before.values if value not in after.values]
    said = [f"also has the value {', '.join(map(repr, extra))}"] if extra else []
    said += [f"has no value {', '.join(map(repr, lost))}"] if lost else []
    text = f"{after.kind} {after.name} {' and '.join(said) or 'has its values in another order'}"
    old, new = (", ".join(side.values) for side in (before, after))
    yield Difference(after.kind, "", after.name, "values", old, new, text[:300])
