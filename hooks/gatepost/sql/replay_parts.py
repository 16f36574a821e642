"""What the steps of a replay have in common: finding a table, putting keys and indexes into it, names of objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gatepost.sql import operations as ops
from gatepost.sql.operations import UNKNOWN, Column, Constraint, Index
from gatepost.sql.schema import Schema, Table, constraint_name, index_name

# What an operation of each class does to a schema.
Steps = dict[type[ops.Operation], Callable[[Schema, Any], None]]


def problem(schema: Schema, operation: ops.Operation, text: str) -> None:
    """Note what cannot be right, with its line."""
    schema.problems.append((operation.line, text))


def table_of(schema: Schema, operation: Any) -> Table:
    """Give the table that an operation works on; one that nobody knows is begun as an incomplete one."""
    name = str(operation.table)
    found = schema.tables.get(schema.key(name), UNKNOWN)
    if isinstance(found, Table):
        return found
    if found is None:
        problem(schema, operation, f"table {name} does not exist")
    return Table(name, complete=False)


def with_constraint(schema: Schema, table: Table, made: Constraint) -> Table:
    """Give a table with a constraint, and with what it does to columns and indexes."""
    dialect = schema.dialect
    if made.kind == "not null":
        return column_replaced(schema, table, made.columns[0], nullable=False)
    if made.using_index and (index := table.indexes.get(schema.key(made.using_index))):
        made = replace(made, columns=index.columns, name=made.name or index.name, using_index=None)
        indexes = {k: i for k, i in table.indexes.items() if k != schema.key(str(index.name))}
        table = replace(table, indexes={**indexes, schema.key(str(index.name)): None})
    if made.kind == "primary key" and dialect != "sqlite":
        for column in made.columns:
            if table.column(column, dialect):
                table = column_replaced(schema, table, column, nullable=False)
    if made.kind == "unique" and dialect == "mysql":
        return with_index(schema, table, Index(made.columns, made.name, unique=True))
    made = _with_target(schema, table, made)
    place = constraint_name(table, made, dialect)
    if dialect != "sqlite":  # which has no way to name one later
        place = made.name or place
        made = replace(made, name=place)
    return replace(table, constraints={**table.constraints, schema.key(place): made})


def _with_target(schema: Schema, table: Table, made: Constraint) -> Constraint:
    """Fill in what REFERENCES leaves out: the primary key of the table that it names."""
    if made.kind != "foreign key" or made.target_columns or not made.target:
        return made
    target = table if schema.key(made.target) == schema.key(table.name) else schema.table(made.target)
    keys = [c for c in target.constraints.values() if c and c.kind == "primary key"] if target else []
    return replace(made, target_columns=keys[0].columns) if keys else made


def with_index(schema: Schema, table: Table, index: Index) -> Table:
    """Give a table with an index, named as the database would name it."""
    index = replace(index, name=(index.name or index_name(table, index, schema.dialect)).rpartition(".")[2])
    return replace(table, indexes={**table.indexes, schema.key(str(index.name)): index})


def column_replaced(schema: Schema, table: Table, name: str, **values: Any) -> Table:
    """Give a table with other values of one column; one that nobody has seen is begun."""
    column = table.column(name, schema.dialect) or Column(name, nullable=None, default=UNKNOWN)
    return replace(table, columns={**table.columns, schema.key(name): replace(column, **values)})


def drop_owned(schema: Schema, table: str, column: str = "") -> None:
    """Drop the sequences that a table, or one of its columns, owns."""
    for place, found in schema.objects.items():
        if place[0] != "sequence":
            continue
        owner = dict(found.options).get("owned by", "") if found else ""
        if owner and schema.key(owner.rpartition(".")[0] if not column else owner) == schema.key(
            f"{table}.{column}".rstrip(".")
        ):
            schema.objects[place] = None


def refers(made: Constraint | None, table: str, schema: Schema) -> bool:
    """Tell whether a constraint refers to a table."""
    return bool(made and made.target and schema.key(made.target) == schema.key(table))


def expect_column(schema: Schema, op: ops.Operation, table: Table, name: str, absent_is_fine: bool = False) -> None:
    """Note a column that is not there, where that is known."""
    known = table.columns.get(schema.key(name), UNKNOWN)
    if not absent_is_fine and (known is None or (known == UNKNOWN and table.complete)):
        problem(schema, op, f"column {table.name}.{name} does not exist")


def same_names(one: tuple[str, ...], other: tuple[str, ...], schema: Schema) -> bool:
    """Tell whether two lists name the same columns."""
    return [schema.key(name) for name in one] == [schema.key(name) for name in other]


# What ALTER and DROP may call by another name than CREATE did.
_FAMILY = {
    "type": ("enum", "type", "domain"),
    "routine": ("function", "procedure"),
    "view": ("view", "materialized view"),
}


def place_of(schema: Schema, kind: str, name: str, on: str = "") -> tuple[str, str]:
    """Give the place of an object, by the name that it may go by in another statement."""
    name = schema.key(name) + (f" on {schema.key(on)}" if kind in ("trigger", "policy", "rule") and on else "")
    for candidate in _FAMILY.get(kind, (kind,)):
        if (candidate, name) in schema.objects:
            return candidate, name
    if kind in ("trigger", "policy", "rule") and not on:
        return next(
            (p for p, o in schema.objects.items() if o and o.kind == kind and schema.key(o.name) == name), (kind, name)
        )
    if kind in ("function", "procedure", "routine", "aggregate") and "(" not in name:
        kinds = _FAMILY.get(kind, (kind,))
        same = [p for p in schema.objects if p[0] in kinds and p[1].partition("(")[0] == name and schema.objects[p]]
        return same[0] if len(same) == 1 else (kind, name)
    return kind, name
