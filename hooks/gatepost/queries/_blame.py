"""Find the operation that took away what a query needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gatepost.queries._facts import Fact
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.schema import Schema

_TABLES = (ops.DropTable, ops.RenameTable, ops.DropObject, ops.RenameObject)
_COLUMNS = (ops.DropColumn, ops.RenameColumn, ops.RedefineColumn, ops.DropTable, ops.RenameTable, ops.DropObject)
_REQUIRED = (ops.AddColumn, ops.SetNullable, ops.SetDefault, ops.SetIdentity, ops.RedefineColumn, ops.AddConstraint)
_KEYS = (ops.DropConstraint, ops.RenameConstraint, ops.DropIndex, ops.RenameIndex, ops.DropColumn, ops.DropTable)
_INDEXES = (ops.DropIndex, ops.DropConstraint)
_TAKING = (*_TABLES, *_COLUMNS, *_KEYS, ops.CreateObject, ops.SetType, ops.RenameEnumValue, ops.AddColumn, ops.Opaque)
_KINDS: dict[str, tuple[type[ops.Operation], ...]] = {
    "table": _TABLES,
    "column": _COLUMNS,
    "ambiguous": (ops.AddColumn, ops.RenameColumn),
    "required-column": _REQUIRED,
    "constraint": _KEYS,
    "function": (ops.DropObject, ops.RenameObject, ops.CreateObject),
    "comparison": (ops.SetType, ops.RedefineColumn, ops.DropColumn, ops.AddColumn),
    "type": (ops.DropObject, ops.RenameObject),
    "enum-value": (ops.RenameEnumValue, ops.DropObject, ops.RenameObject, ops.CreateObject, ops.SetType),
}


def blame(kind: str, fact: Fact, changes: Sequence[SchemaChange], schema: Schema) -> SchemaChange | None:
    """Give the operation, the one that names most of it; None where none fits."""
    kinds = _KINDS.get(kind, ())
    fitting = [change for change in changes if isinstance(change.operation, kinds)]
    scored = [(_score(change, kind, fact, schema), change) for change in fitting]
    best = max((score for score, _ in scored), default=0)
    return next((change for score, change in scored if score == best and best > 0), None)


def by_message(message: str, text: str, changes: Sequence[SchemaChange]) -> SchemaChange | None:
    """Give the operation that a refusal is about: the one whose names the message, then the query, holds most of."""
    best, found = 0, None
    message, text = message.lower(), text.lower()
    for change in changes:
        if isinstance(change.operation, _TAKING):
            words = {word.lower().rpartition(".")[2] for word in _words(change.operation) if len(word) > 1}
            score = sum(4 * (word in message) + (word in text) for word in words)
            if score > best:
                best, found = score, change
    return found


def of_index(table: str, changes: Sequence[SchemaChange], schema_key: Callable[[str], str]) -> SchemaChange | None:
    """Give the operation that took an index of a table."""
    for kinds in (_INDEXES, (ops.SetType, ops.RedefineColumn, ops.DropColumn)):
        for change in changes:
            if isinstance(change.operation, kinds) and schema_key(change.table) == schema_key(table):
                return change
    return None


def _score(change: SchemaChange, kind: str, fact: Fact, schema: Schema) -> int:
    """Count what of the fact an operation names: the table, and the thing itself."""
    operation = change.operation
    table = bool(fact.table) and schema.key(change.table or str(getattr(operation, "table", ""))) == schema.key(
        fact.table
    )
    words = {schema.key(word) for word in _words(operation)}
    if kind == "table":
        return 2 if schema.key(fact.table) in words else 0
    named = schema.key(fact.name) in words
    if kind == "enum-value":
        return 2 * (fact.name in words) + (schema.key(fact.table) in words)
    if kind == "constraint":
        return 2 * table + any(word in words for word in fact.name.split(", "))
    if kind == "comparison":
        return int(f"{change.table}.{change.object} " in f"{fact.text} ")
    if kind == "ambiguous":
        return int(named)
    whole = table and isinstance(operation, (ops.DropTable, ops.RenameTable))
    if fact.table and not table and not isinstance(operation, (ops.DropObject, ops.RenameObject, ops.CreateObject)):
        return 0
    cascade = isinstance(operation, ops.DropObject) and operation.cascade and not named
    return 3 * named + table if named else 2 * whole + cascade


def _words(operation: ops.Operation) -> set[str]:
    held = operation.held()
    words = {str(held[name]) for name in ("table", "column", "name", "value") if isinstance(held.get(name), str)}
    column, constraint = held.get("column"), held.get("constraint")
    words |= {column.name} if isinstance(column, ops.Column) else set()
    words |= set(constraint.columns) if isinstance(constraint, ops.Constraint) else set()
    words |= {word.partition("(")[0] for word in words}
    return words | set(held.get("columns") or ()) if isinstance(held.get("columns"), tuple) else words
