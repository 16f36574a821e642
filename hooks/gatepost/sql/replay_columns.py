"""Follow what adds, drops, renames and alters columns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gatepost.sql import operations as ops
from gatepost.sql.operations import Constraint
from gatepost.sql.replay_parts import (
    Steps,
    column_replaced,
    drop_owned,
    expect_column,
    problem,
    refers,
    table_of,
    with_constraint,
)
from gatepost.sql.schema import Schema, Table, mentions, with_column_renamed, without_column


def _add_column(schema: Schema, op: ops.AddColumn) -> None:
    table = table_of(schema, op)
    if table.column(op.column.name, schema.dialect):
        if op.if_not_exists:
            return
        problem(schema, op, f"column {op.table}.{op.column.name} exists already")
    table = replace(table, columns={**table.columns, schema.key(op.column.name): op.column})
    for made in op.constraints:
        table = with_constraint(schema, table, made)
    schema.put(table)


def _drop_column(schema: Schema, op: ops.DropColumn) -> None:
    table = table_of(schema, op)
    expect_column(schema, op, table, op.column, op.if_exists)
    schema.put(without_column(table, op.column, schema.dialect))
    drop_owned(schema, op.table, op.column)
    for other in schema.referring(op.table):
        if any(_refers_column(made, op, schema) for made in other.constraints.values()):
            left = {k: None if _refers_column(made, op, schema) else made for k, made in other.constraints.items()}
            schema.put(replace(other, constraints=left))


def _refers_column(made: Constraint | None, op: ops.DropColumn, schema: Schema) -> bool:
    names = [schema.key(name) for name in made.target_columns] if made else []
    return refers(made, op.table, schema) and schema.key(op.column) in names


def _rename_column(schema: Schema, op: ops.RenameColumn) -> None:
    table = table_of(schema, op)
    expect_column(schema, op, table, op.column)
    if schema.key(op.column) != schema.key(op.to) and table.column(op.to, schema.dialect):
        problem(schema, op, f"column {op.table}.{op.to} exists already")
    schema.put(with_column_renamed(table, op.column, op.to, schema.dialect))
    for other in schema.referring(op.table):
        moved = {k: _target_renamed(made, op, schema) for k, made in other.constraints.items()}
        schema.put(replace(other, constraints=moved))


def _target_renamed(made: Constraint | None, op: ops.RenameColumn, schema: Schema) -> Constraint | None:
    if made is None or not refers(made, op.table, schema):
        return made
    names = tuple(op.to if schema.key(name) == schema.key(op.column) else name for name in made.target_columns)
    return replace(made, target_columns=names)


def _set_type(schema: Schema, op: ops.SetType) -> None:
    table = table_of(schema, op)
    expect_column(schema, op, table, op.column)
    if schema.casts and schema.dialect == "postgresql":
        table = _with_casts(table, op)
    schema.put(column_replaced(schema, table, op.column, type=op.type, collation=op.collation))


def _with_casts(table: Table, op: ops.SetType) -> Table:
    """Put the casts into expressions that PostgreSQL writes when a column beside others changes its type.

    ``coalesce(a, b)`` becomes ``coalesce((a)::bigint, b)`` when b becomes bigint, and stays so when b goes back:
    queries on the plain expression do not match the index any more.
    """
    others = [c.name for c in table.columns.values() if c and c.type != op.type and c.name != op.column]

    def cast(part: str) -> str:
        if part == op.column or not mentions(part, op.column):
            return part
        beside = [name for name in others if mentions(part, name)]
        return f"{part} with {', '.join(beside)} as {op.type}" if beside else part

    indexes = {k: i and replace(i, columns=tuple(cast(part) for part in i.columns)) for k, i in table.indexes.items()}
    return replace(table, indexes=indexes) if indexes != table.indexes else table


def _column_step(values: Callable[[Any], dict[str, Any]]) -> Callable[[Schema, Any], None]:
    def step(schema: Schema, op: Any) -> None:
        table = table_of(schema, op)
        expect_column(schema, op, table, op.column)
        schema.put(column_replaced(schema, table, op.column, **values(op)))

    return step


def _identity_values(op: ops.SetIdentity) -> dict[str, Any]:
    return {"identity": op.identity, "generated": op.generated}


def _redefine(schema: Schema, op: ops.RedefineColumn) -> None:
    table = table_of(schema, op)
    expect_column(schema, op, table, op.column)
    schema.put(replace(table, columns={**table.columns, schema.key(op.column): op.new}))


STEPS: Steps = {
    ops.AddColumn: _add_column,
    ops.DropColumn: _drop_column,
    ops.RenameColumn: _rename_column,
    ops.SetType: _set_type,
    ops.SetNullable: _column_step(lambda op: {"nullable": op.nullable}),
    ops.SetDefault: _column_step(lambda op: {"default": op.default}),
    ops.SetIdentity: _column_step(_identity_values),
    ops.RedefineColumn: _redefine,
}
