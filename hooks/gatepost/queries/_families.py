"""Tell types that PostgreSQL compares from those that it does not: ``uuid = text`` is no operator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlglot import exp

from gatepost.queries._facts import GONE, OK, UNSURE, Fact
from gatepost.queries._scope import From, Scope
from gatepost.sql.types import normal_type

if TYPE_CHECKING:
    from gatepost.queries._resolve import Resolver

_FAMILIES = {
    "smallint": "number",
    "integer": "number",
    "bigint": "number",
    "numeric": "number",
    "real": "number",
    "double precision": "number",
    "text": "text",
    "varchar": "text",
    "char": "text",
    "uuid": "uuid",
    "boolean": "boolean",
    "json": "json",
    "jsonb": "jsonb",
    "bytea": "bytes",
    "date": "time",
    "timestamp": "time",
    "timestamptz": "time",
}
_OPERATORS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)


def family(kind: str) -> str:
    """Give the family of a type, "" where nobody knows."""
    return "" if kind.endswith("[]") else _FAMILIES.get(kind.partition("(")[0].strip(), "")


def compared(resolver: Resolver, node: Any, scope: Scope) -> None:
    """Note whether both sides of a comparison fit each other."""
    if resolver.dialect != "postgresql" or not isinstance(node, _OPERATORS):
        return
    left, place = _of(resolver, node.this, scope)
    right, other = _of(resolver, node.expression, scope)
    named = [one for one in (place, other) if one is not None]
    if left and right and named:
        shown = " with ".join(f"{table}.{name}" for table, name in named)
        state = OK if left == right else GONE
        resolver.facts.note(node, Fact(state, "comparison", *named[0], f"the comparison of {shown}"))


def assigned(resolver: Resolver, name: str, value: Any, target: From) -> None:
    """Note whether a value with a type of its own fits the column that it goes into; everything fits into text."""
    column = target.table.columns.get(name) if target.table else None
    if resolver.dialect != "postgresql" or column is None or not isinstance(value, exp.Cast):
        return
    into, given = family(column.type), family(_cast(value))
    state = UNSURE if not into or not given else OK if into in (given, "text") else GONE
    table = target.table.name if target.table else ""
    resolver.facts.note(value, Fact(state, "comparison", table, name, f"the value for {table}.{name}"))


def _cast(node: Any) -> str:
    return normal_type(node.args["to"].sql(dialect="postgres").lower(), "postgresql")


def _of(resolver: Resolver, node: Any, scope: Scope) -> tuple[str, tuple[str, str] | None]:
    """Give the family of an operand, and where it is a column of a table, that."""
    while isinstance(node, exp.Paren):
        node = node.this
    if isinstance(node, exp.Cast):
        return family(_cast(node)), None
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        hit, name = resolver.look_up(node, scope)
        column = hit.column(name)
        if column is not None and hit.source and hit.source.table:
            return family(column.type), (hit.source.table.name, name)
    return "", None
