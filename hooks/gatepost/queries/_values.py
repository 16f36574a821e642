"""What a query needs beside tables and columns: functions, types, values of enums, unique keys, required columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from gatepost.queries import _families
from gatepost.queries._facts import GONE, OK, UNSURE, Fact, required
from gatepost.queries._scope import From, Scope
from gatepost.sql.schema import Table

if TYPE_CHECKING:
    from gatepost.queries._resolve import Outputs, Resolver

_COMPARED = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.NullSafeNEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Coalesce)


def look(resolver: Resolver, node: Any, scope: Scope) -> None:
    """Note what an expression needs, beside the names of columns."""
    if isinstance(node, exp.Dot) and isinstance(node.expression, exp.Anonymous):
        space = node.this.name if isinstance(node.this, exp.Identifier) else ""
        _routine(resolver, node.expression, space)
    elif isinstance(node, exp.Anonymous):
        _routine(resolver, node)
    elif isinstance(node, exp.Cast):
        _cast(resolver, node)
    elif isinstance(node, exp.In):
        _compared(resolver, node.this, node.expressions, scope)
    elif isinstance(node, _COMPARED):
        _families.compared(resolver, node, scope)
        left, right = node.this, node.args.get("expression")
        rest = [right] if right is not None else node.expressions
        _compared(resolver, left, rest, scope)
        if right is not None:
            _compared(resolver, right, [left], scope)


def _routine(resolver: Resolver, node: Any, space: str = "") -> None:
    name = resolver.names.of(node.this)
    shown = f"{space}.{name}" if space and space != "public" else name
    given = [each for each in node.expressions if not isinstance(each, exp.Star)]
    state = resolver.names.routine(shown, len(given))
    resolver.facts.note(node, Fact(state, "function", "", shown, f"function {shown}() with {len(given)} arguments"))


def _cast(resolver: Resolver, node: Any) -> None:
    kind = node.args.get("to")
    for part in kind.find_all(exp.DataType) if isinstance(kind, exp.DataType) else ():
        written = part.args.get("kind")
        if part.this == exp.DataType.Type.USERDEFINED and written is not None:
            name = _type_name(resolver, written)
            resolver.facts.note(part, Fact(resolver.names.type(name), "type", "", name, f"type {name}"))
            if part is kind:
                _literals(resolver, name, [node.this])


def _type_name(resolver: Resolver, node: Any) -> str:
    if isinstance(node, exp.Dot):
        space, last = resolver.names.of(node.this), resolver.names.of(node.expression)
        return last if space == "public" else f"{space}.{last}"
    return resolver.names.of(node)


def _compared(resolver: Resolver, node: Any, others: Sequence[Any], scope: Scope) -> None:
    """Look at literals that are compared with a column of an enum type."""
    if not isinstance(node, exp.Column) or not any(True for _ in _strings(others)):
        return
    if not isinstance(node.this, exp.Identifier):
        return
    hit, name = resolver.look_up(node, scope)
    column = hit.column(name)
    if column is not None:
        _literals(resolver, column.type, others)


def _strings(nodes: Sequence[Any]) -> Iterator[Any]:
    for node in nodes:
        if isinstance(node, exp.Literal) and node.is_string:
            yield node
        elif isinstance(node, (exp.Paren, exp.Tuple)):
            yield from _strings([node.this] if isinstance(node, exp.Paren) else node.expressions)


def _literals(resolver: Resolver, kind: str, nodes: Sequence[Any]) -> None:
    kind = kind.strip('"')
    values = resolver.names.enum(kind) if kind else None
    for node in _strings(nodes):
        value = str(node.this)
        state = UNSURE if values is None else OK if value in values else GONE
        resolver.facts.note(node, Fact(state, "enum-value", kind, value, f"value '{value}' of {kind}"))


def assigned(resolver: Resolver, left: Any, right: Any, target: From) -> None:
    """Look at a value that a column is set to."""
    if isinstance(left, exp.Column) and target.table is not None:
        column = target.table.columns.get(resolver.names.of(left.this))
        _families.assigned(resolver, resolver.names.of(left.this), right, target)
        if column is not None:
            _literals(resolver, column.type, [right])


def inserted(resolver: Resolver, node: Any, target: From, listed: Sequence[str], outputs: Outputs) -> None:
    """Look at what an INSERT gives, and at the columns that it does not give."""
    table = target.table
    if table is None:
        return
    rows = node.args.get("expression")
    names = list(listed) or list(target.columns)
    if isinstance(rows, exp.Values):
        for row in rows.expressions:
            _row(resolver, target, names, row)
    if resolver.dialect == "mysql" and node.args.get("ignore"):
        return
    given = set(listed)
    if not listed:
        if outputs is None and rows is not None:
            return
        given = set(names[: len(outputs or ())])
    safe = not _filled_by_trigger(resolver, table)
    for name, column in table.columns.items():
        if column is not None and name not in given and required(column):
            text = f"column {table.name}.{name} has to be given"
            resolver.facts.note(node, Fact(GONE, "required-column", table.name, name, text, safe), name)


def _row(resolver: Resolver, target: From, names: Sequence[str], row: Any) -> None:
    values = row.expressions if isinstance(row, exp.Tuple) else [row]
    for name, value in zip(names, values, strict=False):
        column = target.table.columns.get(name) if target.table else None
        _families.assigned(resolver, name, value, target)
        if column is not None:
            _literals(resolver, column.type, [value])


def _filled_by_trigger(resolver: Resolver, table: Table) -> bool:
    wanted = resolver.schema.key(table.name)
    return any(
        found is not None and found.kind == "trigger" and resolver.schema.key(found.on) == wanted
        for found in resolver.schema.objects.values()
    )


def conflict(resolver: Resolver, node: Any, target: From) -> None:
    """Look whether the unique key is there that ON CONFLICT names."""
    table = target.table
    if table is None or resolver.dialect == "mysql":
        return
    named = node.args.get("constraint")
    if named is not None:
        _constraint(resolver, node, table, resolver.names.of(named))
        return
    keys = [key.this if isinstance(key, exp.Ordered) else key for key in node.args.get("conflict_keys") or ()]
    if not keys or not all(isinstance(key, exp.Column) for key in keys):
        return
    wanted = {resolver.names.of(key.this) for key in keys}
    fits = any(set(found) == wanted for found in _unique(resolver, table))
    state = OK if fits else GONE if table.complete else UNSURE
    shown = ", ".join(sorted(wanted))
    resolver.facts.note(
        node, Fact(state, "constraint", table.name, shown, f"unique key ({shown}) of {table.name} for ON CONFLICT")
    )


def _constraint(resolver: Resolver, node: Any, table: Table, name: str) -> None:
    held = table.constraints.get(name) or table.indexes.get(name)
    known = name in table.constraints or name in table.indexes or table.complete
    state = OK if held else GONE if known else UNSURE
    resolver.facts.note(node, Fact(state, "constraint", table.name, name, f"constraint {name} of {table.name}"))


def _unique(resolver: Resolver, table: Table) -> Iterator[list[str]]:
    for made in table.constraints.values():
        if made and made.kind in ("primary key", "unique", "exclude"):
            yield [resolver.schema.key(column) for column in made.columns]
    for index in table.indexes.values():
        if index and index.unique:
            yield [resolver.schema.key(column) for column in index.columns]
