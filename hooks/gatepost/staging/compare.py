"""Compare what staging runs with what the migrations should have made of it, by the model alone.

The model knows no server's way of writing an expression, so only what is the same in any writing is compared: which
tables, columns, named indexes and enum values there are, and the types and NULLs of columns. Nothing is concluded
where the model has doubts. ``gatepost schema diff`` compares everything, with both sides on a server.
"""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.sql.compare import Difference
from gatepost.sql.operations import Column
from gatepost.sql.schema import Object, Schema, Table


def differences(expected: Schema, found: Schema) -> Iterator[Difference]:
    """Give where ``found`` (introspected) is not as ``expected`` (replayed); ``before`` is what was expected."""
    for name in sorted({*expected.tables, *found.tables}):
        here, there = expected.tables.get(name), found.tables.get(name)
        if here and _temporary(here):
            continue
        if here and there:
            yield from _table(here, there, found.dialect)
        elif here:
            yield Difference("table", here.name, here.name, "there", None, f"table {here.name} is not there")
        elif there and ("", "partition of") not in there.options:
            yield Difference(
                "table", there.name, there.name, None, "there", f"table {there.name} is made by no migration"
            )
    yield from _enums(expected, found)


def _temporary(table: Table) -> bool:
    return ("", "temporary") in table.options


def _table(here: Table, there: Table, dialect: str) -> Iterator[Difference]:
    for name in sorted({*here.columns, *there.columns}):
        wanted, real = here.columns.get(name), there.columns.get(name)
        if wanted and real:
            yield from _column(here.name, wanted, real)
        elif wanted:
            text = f"column {wanted.name} of {here.name} is not there"
            yield Difference("column", here.name, wanted.name, wanted.type or "there", None, text)
        elif real and here.complete:
            text = f"column {real.name} of {here.name} is made by no migration"
            yield Difference("column", here.name, real.name, None, real.type, text)
    yield from _indexes(here, there, dialect)


def _column(table: str, wanted: Column, real: Column) -> Iterator[Difference]:
    if wanted.type and real.type and wanted.type != real.type and wanted.identity == real.identity:
        text = f"column {real.name} of {table} has type {real.type} instead of {wanted.type}"
        yield Difference("column", table, real.name, wanted.type, real.type, text)
    if wanted.nullable is not None and real.nullable is not None and wanted.nullable != real.nullable:
        does = "allows" if real.nullable else "does not allow"
        text = f"column {real.name} of {table} {does} NULL"
        before, after = ("NULL", "NOT NULL") if wanted.nullable else ("NOT NULL", "NULL")
        yield Difference("column", table, real.name, before, after, text)


def _indexes(here: Table, there: Table, dialect: str) -> Iterator[Difference]:
    if not here.complete or dialect == "mysql":  # MySQL makes and drops indexes beside foreign keys by itself
        return
    wanted = {name for name, index in here.indexes.items() if index and index.name}
    real = {name for name, index in there.indexes.items() if index and index.name}
    kept = {name for name, made in (*here.constraints.items(), *there.constraints.items()) if made}
    for name in sorted((wanted ^ real) - kept):
        if name in wanted:
            text = f"index {name} of {here.name} is not there"
            yield Difference("index", here.name, name, "there", None, text)
        elif not name.startswith("sqlite_autoindex"):
            text = f"index {name} of {here.name} is made by no migration"
            yield Difference("index", here.name, name, None, "there", text)


def _enums(expected: Schema, found: Schema) -> Iterator[Difference]:
    for place, wanted in sorted(expected.objects.items()):
        real = found.objects.get(place)
        if place[0] != "enum" or not isinstance(wanted, Object):
            continue
        if real is None:
            yield Difference("enum", "", wanted.name, "there", None, f"enum {wanted.name} is not there")
        elif set(real.values) != set(wanted.values):
            one = ", ".join(f"'{value}'" for value in sorted(set(wanted.values) - set(real.values)))
            other = ", ".join(f"'{value}'" for value in sorted(set(real.values) - set(wanted.values)))
            said = "; ".join(
                part for part in (f"lacks {one}" if one else "", f"also has {other}" if other else "") if part
            )
            before, after = ", ".join(wanted.values), ", ".join(real.values)
            yield Difference("enum", "", wanted.name, before, after, f"enum {wanted.name} {said}")
