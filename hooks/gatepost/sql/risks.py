"""Say of operations which values they destroy, and which of them can fail only because there are rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatepost.sql import operations as ops
from gatepost.sql.changes import Fresh, already_there
from gatepost.sql.rebuild import Rebuild, rebuilds
from gatepost.sql.replay import apply
from gatepost.sql.schema import Schema
from gatepost.sql.types import drops_values, narrows


@dataclass(frozen=True, slots=True)
class Risk:
    """What may be lost, or fail, and where."""

    text: str
    line: int = 0
    table: str = ""
    object: str = ""
    small: bool = False


def lossy(up: Sequence[ops.Operation], down: Sequence[ops.Operation], state: Schema, fresh: Fresh) -> Iterator[Risk]:
    """Give the values that an up destroys although its down makes their place anew. Moves ``state`` along."""
    for at, operation in enumerate(up):
        risk = _loss(operation, up, at, state, fresh)
        if risk and not (risk.small and _restores(down, risk)):
            yield risk
        if not already_there(operation, state):
            fresh.follow(operation)
        apply(state, operation)


def _loss(operation: ops.Operation, up: Sequence[ops.Operation], at: int, state: Schema, fresh: Fresh) -> Risk | None:
    table = getattr(operation, "table", "")
    if not table or fresh.has(table):
        return None
    if isinstance(operation, ops.DropTable):
        around = next((found for found in rebuilds(up, state.dialect) if found.at == at), None)
        return _dropped(operation, around, state)
    if isinstance(operation, ops.DropColumn) and not fresh.has_column(table, operation.column):
        return Risk(
            f"the values of {table}.{operation.column} cannot come back", operation.line, table, operation.column
        )
    if isinstance(operation, ops.Truncate) or (isinstance(operation, ops.Data) and operation.verb == "delete"):
        return Risk(
            f"the rows that are deleted from {table} cannot come back",
            operation.line,
            table,
            small=isinstance(operation, ops.Data),
        )
    if isinstance(operation, ops.SetType):
        found = state.table(table)
        column = found.column(operation.column, state.dialect) if found else None
        if column and drops_values(column.type, operation.type, state.dialect):
            text = f"{table}.{operation.column} loses part of its values: {column.type} to {operation.type}"
            return Risk(text, operation.line, table, operation.column)
    if isinstance(operation, ops.Data) and operation.verb == "update":
        old = [name for name in operation.columns if not fresh.has_column(table, name)]
        if old:
            return Risk(
                f"the old values of {table}.{', '.join(old)} cannot come back",
                operation.line,
                table,
                old[0],
                small=True,
            )
    return None


def _dropped(operation: ops.DropTable, around: Rebuild | None, state: Schema) -> Risk | None:
    """Say what goes with a table: all of it, or in a rebuild the columns that the new one lacks."""
    if around is None:
        return Risk(f"the rows of {operation.table} cannot come back", operation.line, operation.table)
    old, new = state.table(around.old), state.table(around.new)
    lost = [c.name for k, c in old.columns.items() if c and not new.columns.get(k)] if old and new else []
    if not lost:
        return None
    text = f"the values of {around.table}.{', '.join(lost)} cannot come back"
    return Risk(text, operation.line, around.table, lost[0])


def _restores(down: Sequence[ops.Operation], risk: Risk) -> bool:
    """Tell whether a down changes rows of the same table: it may well bring them back."""
    return any(isinstance(op, ops.Data) and op.table == risk.table for op in down)


def data_dependent(down: Sequence[ops.Operation], state: Schema, before: Schema) -> Iterator[Risk]:
    """Give the operations of a down that fail on rows which the up allows. Moves ``state`` along."""
    fresh = Fresh(state.dialect)
    for at, operation in enumerate(down):
        text = _obstacle(operation, state, fresh)
        if text and not _prepared(down[:at], operation, fresh):
            yield Risk(text, operation.line, getattr(operation, "table", ""), _object(operation))
        fresh.follow(operation)
        apply(state, operation)
    state.problems.clear()
    del before


def _object(operation: ops.Operation) -> str:
    column = getattr(operation, "column", "")
    return column if isinstance(column, str) else str(getattr(column, "name", ""))


def _prepared(earlier: Sequence[ops.Operation], operation: ops.Operation, fresh: Fresh) -> bool:
    """Tell whether the rows were seen to first, or there are none because the table is new."""
    table = getattr(operation, "table", "")
    if fresh.has(table):
        return True
    return any(isinstance(op, (ops.Data, ops.Truncate)) and op.table == table for op in earlier)


def _obstacle(operation: ops.Operation, state: Schema, fresh: Fresh) -> str:
    table = getattr(operation, "table", "")
    if isinstance(operation, ops.AddColumn):
        return _required(operation, state)
    if isinstance(operation, (ops.SetNullable, ops.SetType, ops.RedefineColumn)):
        return _tightened(operation, state, fresh)
    if isinstance(operation, ops.AddConstraint):
        made = operation.constraint
        new = bool(made.columns) and all(fresh.has_column(table, name) for name in made.columns)
        if made.kind in ("unique", "primary key", "exclude") and not new and not made.using_index:
            return f"{made.kind} ({', '.join(made.columns)}) on {table} fails on rows that the up allows"
        if made.kind in ("foreign key", "check") and made.valid and not new:
            return f"{made.kind} {made.name or ''} on {table} fails on rows that the up allows".replace("  ", " ")
    if isinstance(operation, ops.CreateIndex) and operation.index.unique:
        index = operation.index
        if not all(fresh.has_column(table, name) for name in index.columns):
            return f"unique index {index.name or ''} on {table} fails on duplicates that the up allows".replace(
                "  ", " "
            )
    return ""


def _required(operation: ops.AddColumn, state: Schema) -> str:
    column = operation.column
    free = column.nullable is not False or column.default is not None or column.generated or column.identity
    if free or state.dialect == "mysql":
        return ""
    return f"{operation.table}.{column.name} NOT NULL without a default fails if {operation.table} has rows"


def _tightened(operation: ops.SetNullable | ops.SetType | ops.RedefineColumn, state: Schema, fresh: Fresh) -> str:
    table = state.table(operation.table)
    was = table.column(operation.column, state.dialect) if table else None
    name = f"{operation.table}.{operation.column}"
    forbids = isinstance(operation, ops.SetNullable) and not operation.nullable
    if isinstance(operation, ops.RedefineColumn):
        forbids = operation.new.nullable is False and was is not None and was.nullable is not False
    if forbids and (was is None or was.nullable is not False):
        if fresh.has_column(operation.table, operation.column) and was and was.default is not None:
            return ""
        return f"SET NOT NULL on {name} fails on rows with NULL, which the up allows"
    kind = (
        operation.type if isinstance(operation, ops.SetType) else getattr(getattr(operation, "new", None), "type", "")
    )
    if (
        kind
        and was
        and narrows(was.type, kind, state.dialect)
        and not fresh.has_column(operation.table, operation.column)
    ):
        return f"{name} from {was.type} to {kind} fails on values that the up allows"
    return ""
