"""Follow what makes, drops and renames tables."""

from __future__ import annotations

from dataclasses import replace

from gatepost.sql import operations as ops
from gatepost.sql.operations import UNKNOWN, Constraint
from gatepost.sql.replay_parts import (
    Steps,
    drop_owned,
    place_of,
    problem,
    refers,
    table_of,
    with_constraint,
    with_index,
)
from gatepost.sql.schema import Schema, Table


def _create_table(schema: Schema, op: ops.CreateTable) -> None:
    if op.temporary:
        schema.tables[schema.key(op.table)] = Table(op.table, complete=False, options={("", "temporary"): "yes"})
        return
    if op.if_not_exists and schema.table(op.table):
        return
    if schema.table(op.table):
        problem(schema, op, f"table {op.table} exists already")
    like = [part.removeprefix("like ").split()[0] for part in op.source.split("; ") if part.startswith("like ")]
    table = Table(op.table, complete=not op.source or (bool(like) and op.source.count(";") < len(like)))
    for name in like:
        table = _like(schema, table, name, "including all" in op.source)
    columns = {schema.key(column.name): column for column in op.columns}
    options: dict[tuple[str, str], str | None] = {("", k): v for k, v in op.options}
    parents = [part.removeprefix("partition of ") for part in op.source.split("; ") if part.startswith("partition of ")]
    if parents:
        options["", "partition of"] = parents[0]
    table = replace(table, columns={**table.columns, **columns}, options=options)
    for made in _once(schema, op) if schema.dialect != "mysql" else op.constraints:
        table = with_constraint(schema, table, made)
    for index in op.indexes:
        table = with_index(schema, table, index)
    schema.put(table)
    if "as" in op.source.split("; "):
        schema.doubts.append(f"line {op.line}: CREATE TABLE {op.table} AS takes its columns from a query")


def _once(schema: Schema, op: ops.CreateTable) -> list[Constraint]:
    """Leave out a unique constraint on the columns of the primary key: one index is made for both.

    SQLite makes two where the key is the rowid.
    """
    made = list(op.constraints)
    rowid = [(column.name,) for column in op.columns if schema.dialect == "sqlite" and column.type == "integer"]
    keys = [one.columns for one in made if one.kind == "primary key" and one.columns not in rowid]
    return [one for one in made if one.kind != "unique" or one.columns not in keys or one.deferrable]


def _like(schema: Schema, table: Table, name: str, everything: bool) -> Table:
    source = schema.table(name)
    if source is None:
        return replace(table, complete=False)
    columns = {k: column for k, column in source.columns.items() if column}
    if not everything and schema.dialect == "postgresql":
        columns = {k: replace(column, default=None, generated=None, identity=None) for k, column in columns.items()}
    table = replace(table, columns={**table.columns, **columns}, complete=source.complete)
    if everything or schema.dialect == "mysql":
        for index in source.indexes.values():
            table = with_index(schema, table, replace(index, name=None)) if index else table
    return table


def _drop_table(schema: Schema, op: ops.DropTable) -> None:
    known = schema.tables.get(schema.key(op.table), UNKNOWN)
    if known is None and not op.if_exists:
        problem(schema, op, f"table {op.table} does not exist")
    if schema.dialect == "postgresql" and not op.cascade:
        others = {op.table, *op.beside}
        users = [table.name for table in schema.referring(op.table) if table.name not in others]
        if users:
            problem(schema, op, f"table {op.table} cannot be dropped, {users[0]} refers to it")
    schema.tables[schema.key(op.table)] = None
    for place, found in schema.objects.items():
        if found and found.kind in ("trigger", "policy", "rule") and schema.key(found.on) == schema.key(op.table):
            schema.objects[place] = None
    drop_owned(schema, op.table)
    for other in schema.referring(op.table) if schema.dialect == "postgresql" else ():
        left = {k: None if refers(made, op.table, schema) else made for k, made in other.constraints.items()}
        schema.put(replace(other, constraints=left))


def rename_table(schema: Schema, op: ops.RenameTable) -> None:
    """Rename a table, with all that names it."""
    table = table_of(schema, op)
    schema.tables[schema.key(op.table)] = None
    if isinstance(schema.tables.get(schema.key(op.to)), Table):
        problem(schema, op, f"table {op.to} exists already")
    schema.put(replace(table, name=op.to))
    for other in schema.referring(op.table):
        moved = {
            k: replace(made, target=op.to) if made and refers(made, op.table, schema) else made
            for k, made in other.constraints.items()
        }
        schema.put(replace(other, constraints=moved))
    for place, found in list(schema.objects.items()):
        if found and found.on and schema.key(found.on) == schema.key(op.table):
            schema.objects[place] = None
            schema.objects[place_of(schema, found.kind, found.name, op.to)] = replace(found, on=op.to)


STEPS: Steps = {
    ops.CreateTable: _create_table,
    ops.DropTable: _drop_table,
    ops.RenameTable: rename_table,
}
