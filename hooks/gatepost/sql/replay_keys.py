"""Follow what becomes of constraints, indexes and options."""

from __future__ import annotations

from dataclasses import replace

from gatepost.sql import operations as ops
from gatepost.sql.operations import UNKNOWN, Constraint, Index
from gatepost.sql.replay_parts import Steps, expect_column, problem, same_names, table_of, with_constraint, with_index
from gatepost.sql.schema import Schema, Table, constraint_name, index_name


def _set_option(schema: Schema, op: ops.SetOption) -> None:
    table = table_of(schema, op)
    made = table.constraints.get(schema.key(op.object)) if op.key == "constraint" else None
    if made and (deferred := _DEFERRED.get(" ".join((op.value or "").split()))) is not None:
        made = replace(made, deferrable=deferred)
        schema.put(replace(table, constraints={**table.constraints, schema.key(op.object): made}))
        return
    place = (schema.key(op.object), op.key)
    schema.put(replace(table, options={**table.options, place: op.value}))


# What ALTER CONSTRAINT may say of it; whether it is checked at once is forgotten where it is not said.
_DEFERRED = {
    "deferrable": "deferrable",
    "initially deferred": "deferrable initially deferred",
    "initially immediate": "",
    "deferrable initially deferred": "deferrable initially deferred",
    "initially deferred deferrable": "deferrable initially deferred",
    "deferrable initially immediate": "deferrable",
    "initially immediate deferrable": "deferrable",
    "not deferrable": "",
    "not deferrable initially immediate": "",
}


def _add_constraint(schema: Schema, op: ops.AddConstraint) -> None:
    table = table_of(schema, op)
    name = op.constraint.name
    if name and table.constraints.get(schema.key(name)):
        problem(schema, op, f"constraint {name} of {op.table} exists already")
    for column in op.constraint.columns if op.constraint.kind != "check" else ():
        expect_column(schema, op, table, column)
    schema.put(with_constraint(schema, table, op.constraint))


def _drop_constraint(schema: Schema, op: ops.DropConstraint) -> None:
    table = table_of(schema, op)
    name = op.name or _by_shape(schema, table, op)
    wanted = _constraint_key(schema, table, name) if name else None
    if wanted is not None and table.indexes.get(wanted) and not table.constraints.get(wanted):
        if schema.dialect == "postgresql":
            problem(schema, op, f"{name} of {op.table} is an index and no constraint")
        schema.put(replace(table, indexes={**table.indexes, wanted: None}))  # MySQL: a unique key is an index
        return
    if wanted is None:
        if table.complete and not op.if_exists:
            problem(schema, op, f"{op.table} has no {op.kind} to drop")
        return
    if table.complete and not table.constraints.get(wanted) and not op.if_exists and not wanted.endswith("_not_null"):
        problem(schema, op, f"constraint {name} of {op.table} does not exist")
    schema.put(replace(table, constraints={**table.constraints, wanted: None}))


def _constraint_key(schema: Schema, table: Table, name: str) -> str:
    """Give the key of a constraint; SQLite's are kept by what they say, and a framework may name one all the same."""
    if schema.dialect == "sqlite":
        for place, made in table.constraints.items():
            if made and made.name and schema.key(made.name) == schema.key(name):
                return place
    return schema.key(name)


def _by_shape(schema: Schema, table: Table, op: ops.DropConstraint) -> str | None:
    for made in reversed(list(table.constraints.values())):  # the newest: a down drops what its up has added
        if made and made.kind == op.kind and (not op.columns or same_names(made.columns, op.columns, schema)):
            return made.name
    for index in table.indexes.values():
        if index and op.kind == "unique" and index.unique and same_names(index.columns, op.columns, schema):
            return index.name
    if op.kind and not table.complete:
        return constraint_name(Table(table.name), Constraint(op.kind, op.columns), schema.dialect)
    return None


def _rename_constraint(schema: Schema, op: ops.RenameConstraint) -> None:
    table = table_of(schema, op)
    made = table.constraints.get(schema.key(op.name))
    if made is None and table.complete and not table.indexes.get(schema.key(op.name)):
        problem(schema, op, f"constraint {op.name} of {op.table} does not exist")
    unknown = Constraint("check", name=op.to, expression=UNKNOWN)
    moved = replace(made, name=op.to) if made else unknown
    schema.put(replace(table, constraints={**table.constraints, schema.key(op.name): None, schema.key(op.to): moved}))


def _validate(schema: Schema, op: ops.ValidateConstraint) -> None:
    table = table_of(schema, op)
    made = table.constraints.get(schema.key(op.name))
    if made:
        schema.put(replace(table, constraints={**table.constraints, schema.key(op.name): replace(made, valid=True)}))


def _create_index(schema: Schema, op: ops.CreateIndex) -> None:
    table = table_of(schema, op)
    name = (op.index.name or "").rpartition(".")[2]
    if name and table.indexes.get(schema.key(name)):
        if op.if_not_exists:
            return
        problem(schema, op, f"index {name} exists already")
    schema.put(with_index(schema, table, op.index))


def _drop_index(schema: Schema, op: ops.DropIndex) -> None:
    owner = schema.table(op.table) if op.table else None
    owner = owner or (schema.owner(op.name) if op.name else None)
    if owner is None and not op.table:
        schema.objects[("index", schema.key((op.name or "").rpartition(".")[2]))] = None  # of a table nobody knows
        return
    owner = owner or Table(op.table, complete=False)
    name = (op.name or _index_by_columns(schema, owner, op.columns) or "").rpartition(".")[2]
    wanted = schema.key(name)
    if owner.constraints.get(wanted):
        schema.put(replace(owner, constraints={**owner.constraints, wanted: None}))
        return
    if owner.complete and not owner.indexes.get(wanted) and not op.if_exists:
        problem(schema, op, f"index {name} of {owner.name} does not exist")
    gone = owner.indexes.get(wanted)
    schema.put(replace(owner, indexes={**owner.indexes, wanted: None}))
    if gone and ("", "partition by") in owner.options:
        _drop_attached(schema, owner, gone)


def _drop_attached(schema: Schema, parent: Table, gone: Index) -> None:
    """Drop the indexes of partitions that PostgreSQL attached to one of their parent: those that are alike."""
    for table in list(schema.tables.values()):
        if table and schema.key(table.options.get(("", "partition of")) or "") == schema.key(parent.name):
            alike = {
                k: None if i and (i.columns, i.unique) == (gone.columns, gone.unique) else i
                for k, i in table.indexes.items()
            }
            schema.put(replace(table, indexes=alike))


def _index_by_columns(schema: Schema, table: Table, columns: tuple[str, ...]) -> str | None:
    for index in table.indexes.values():
        if index and same_names(index.columns, columns, schema):
            return index.name
    return index_name(Table(table.name), Index(columns), schema.dialect)


def _rename_index(schema: Schema, op: ops.RenameIndex) -> None:
    owner = (schema.table(op.table) if op.table else None) or schema.owner(op.name)
    if owner is None and (op.if_exists or not op.table):
        return
    owner = owner or Table(op.table, complete=False)
    old, new = schema.key(op.name.rpartition(".")[2]), schema.key(op.to.rpartition(".")[2])
    to = op.to.rpartition(".")[2]
    if made := owner.constraints.get(old):
        schema.put(replace(owner, constraints={**owner.constraints, old: None, new: replace(made, name=to)}))
        return
    index = owner.indexes.get(old)
    if index is None and owner.complete:
        problem(schema, op, f"index {op.name} of {owner.name} does not exist")
    moved = replace(index, name=to) if index else Index((UNKNOWN,), to)
    schema.put(replace(owner, indexes={**owner.indexes, old: None, new: moved}))


STEPS: Steps = {
    ops.SetOption: _set_option,
    ops.AddConstraint: _add_constraint,
    ops.DropConstraint: _drop_constraint,
    ops.RenameConstraint: _rename_constraint,
    ops.ValidateConstraint: _validate,
    ops.CreateIndex: _create_index,
    ops.DropIndex: _drop_index,
    ops.RenameIndex: _rename_index,
}
