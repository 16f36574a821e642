"""Follow operations over a Schema, with the effects that a database adds without being asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from gatepost.sql import operations as ops
from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.schema import (
    Object,
    Schema,
    Table,
    constraint_name,
    index_name,
    mentions,
    renamed,
    with_column_renamed,
    without_column,
)

UNKNOWN = "?"  # a default that nobody has seen


def replay(schema: Schema, operations: Iterable[ops.Operation]) -> Schema:
    """Apply operations in order, to the schema itself."""
    for operation in operations:
        apply(schema, operation)
    return schema


def apply(schema: Schema, operation: ops.Operation) -> None:
    """Apply one operation. What cannot be right is noted in ``problems``, what is not followed in ``doubts``."""
    step = _STEPS.get(type(operation))
    if step:
        step(schema, operation)


def _problem(schema: Schema, operation: ops.Operation, text: str) -> None:
    schema.problems.append((operation.line, text))


def _table(schema: Schema, operation: Any, name: str | None = None) -> Table:
    """Give the table that an operation works on; one that nobody knows is begun as an incomplete one."""
    name = name if name is not None else operation.table
    found = schema.tables.get(schema.key(name), UNKNOWN)
    if isinstance(found, Table):
        return found
    if found is None:
        _problem(schema, operation, f"table {name} does not exist")
    return Table(name, complete=False)


def _create_table(schema: Schema, op: ops.CreateTable) -> None:
    if op.temporary:
        schema.tables[schema.key(op.table)] = Table(op.table, complete=False, options={("", "temporary"): "yes"})
        return
    if op.if_not_exists and schema.table(op.table):
        return
    if schema.table(op.table):
        _problem(schema, op, f"table {op.table} exists already")
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
        table = _with_constraint(schema, table, made)
    for index in op.indexes:
        table = _with_index(schema, table, index)
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
            table = _with_index(schema, table, replace(index, name=None)) if index else table
    return table


def _with_constraint(schema: Schema, table: Table, made: Constraint) -> Table:
    dialect = schema.dialect
    if made.kind == "not null":
        return _column_replaced(schema, table, made.columns[0], nullable=False)
    if made.using_index and (index := table.indexes.get(schema.key(made.using_index))):
        made = replace(made, columns=index.columns, name=made.name or index.name, using_index=None)
        indexes = {k: i for k, i in table.indexes.items() if k != schema.key(str(index.name))}
        table = replace(table, indexes={**indexes, schema.key(str(index.name)): None})
    if made.kind == "primary key" and dialect != "sqlite":
        for column in made.columns:
            if table.column(column, dialect):
                table = _column_replaced(schema, table, column, nullable=False)
    if made.kind == "unique" and dialect == "mysql":
        return _with_index(schema, table, Index(made.columns, made.name, unique=True))
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


def _with_index(schema: Schema, table: Table, index: Index) -> Table:
    index = replace(index, name=(index.name or index_name(table, index, schema.dialect)).rpartition(".")[2])
    return replace(table, indexes={**table.indexes, schema.key(str(index.name)): index})


def _column_replaced(schema: Schema, table: Table, name: str, **values: Any) -> Table:
    column = table.column(name, schema.dialect) or Column(name, nullable=None, default=UNKNOWN)
    return replace(table, columns={**table.columns, schema.key(name): replace(column, **values)})


def _drop_table(schema: Schema, op: ops.DropTable) -> None:
    known = schema.tables.get(schema.key(op.table), UNKNOWN)
    if known is None and not op.if_exists:
        _problem(schema, op, f"table {op.table} does not exist")
    if schema.dialect == "postgresql" and not op.cascade:
        others = {op.table, *op.beside}
        users = [table.name for table in schema.referring(op.table) if table.name not in others]
        if users:
            _problem(schema, op, f"table {op.table} cannot be dropped, {users[0]} refers to it")
    schema.tables[schema.key(op.table)] = None
    for place, found in schema.objects.items():
        if found and found.kind in ("trigger", "policy", "rule") and schema.key(found.on) == schema.key(op.table):
            schema.objects[place] = None
    _drop_owned(schema, op.table)
    for other in schema.referring(op.table) if schema.dialect == "postgresql" else ():
        left = {k: None if _refers(made, op.table, schema) else made for k, made in other.constraints.items()}
        schema.put(replace(other, constraints=left))


def _drop_owned(schema: Schema, table: str, column: str = "") -> None:
    """Drop the sequences that a table, or one of its columns, owns."""
    for place, found in schema.objects.items():
        if place[0] != "sequence":
            continue
        owner = dict(found.options).get("owned by", "") if found else ""
        if owner and schema.key(owner.rpartition(".")[0] if not column else owner) == schema.key(
            f"{table}.{column}".rstrip(".")
        ):
            schema.objects[place] = None


def _refers(made: Constraint | None, table: str, schema: Schema) -> bool:
    return bool(made and made.target and schema.key(made.target) == schema.key(table))


def _rename_table(schema: Schema, op: ops.RenameTable) -> None:
    table = _table(schema, op)
    schema.tables[schema.key(op.table)] = None
    if isinstance(schema.tables.get(schema.key(op.to)), Table):
        _problem(schema, op, f"table {op.to} exists already")
    schema.put(replace(table, name=op.to))
    for other in schema.referring(op.table):
        moved = {
            k: replace(made, target=op.to) if made and _refers(made, op.table, schema) else made
            for k, made in other.constraints.items()
        }
        schema.put(replace(other, constraints=moved))
    for place, found in list(schema.objects.items()):
        if found and found.on and schema.key(found.on) == schema.key(op.table):
            schema.objects[place] = None
            schema.objects[_place(schema, found.kind, found.name, op.to)] = replace(found, on=op.to)


def _add_column(schema: Schema, op: ops.AddColumn) -> None:
    table = _table(schema, op)
    if table.column(op.column.name, schema.dialect):
        if op.if_not_exists:
            return
        _problem(schema, op, f"column {op.table}.{op.column.name} exists already")
    table = replace(table, columns={**table.columns, schema.key(op.column.name): op.column})
    for made in op.constraints:
        table = _with_constraint(schema, table, made)
    schema.put(table)


def _drop_column(schema: Schema, op: ops.DropColumn) -> None:
    table = _table(schema, op)
    _expect_column(schema, op, table, op.column, op.if_exists)
    schema.put(without_column(table, op.column, schema.dialect))
    _drop_owned(schema, op.table, op.column)
    for other in schema.referring(op.table):
        if any(_refers_column(made, op, schema) for made in other.constraints.values()):
            left = {k: None if _refers_column(made, op, schema) else made for k, made in other.constraints.items()}
            schema.put(replace(other, constraints=left))


def _refers_column(made: Constraint | None, op: ops.DropColumn, schema: Schema) -> bool:
    names = [schema.key(name) for name in made.target_columns] if made else []
    return _refers(made, op.table, schema) and schema.key(op.column) in names


def _expect_column(schema: Schema, op: ops.Operation, table: Table, name: str, absent_is_fine: bool = False) -> None:
    known = table.columns.get(schema.key(name), UNKNOWN)
    if not absent_is_fine and (known is None or (known == UNKNOWN and table.complete)):
        _problem(schema, op, f"column {table.name}.{name} does not exist")


def _rename_column(schema: Schema, op: ops.RenameColumn) -> None:
    table = _table(schema, op)
    _expect_column(schema, op, table, op.column)
    if schema.key(op.column) != schema.key(op.to) and table.column(op.to, schema.dialect):
        _problem(schema, op, f"column {op.table}.{op.to} exists already")
    schema.put(with_column_renamed(table, op.column, op.to, schema.dialect))
    for other in schema.referring(op.table):
        moved = {k: _target_renamed(made, op, schema) for k, made in other.constraints.items()}
        schema.put(replace(other, constraints=moved))


def _target_renamed(made: Constraint | None, op: ops.RenameColumn, schema: Schema) -> Constraint | None:
    if made is None or not _refers(made, op.table, schema):
        return made
    names = tuple(op.to if schema.key(name) == schema.key(op.column) else name for name in made.target_columns)
    return replace(made, target_columns=names)


def _set_type(schema: Schema, op: ops.SetType) -> None:
    table = _table(schema, op)
    _expect_column(schema, op, table, op.column)
    if schema.casts and schema.dialect == "postgresql":
        table = _with_casts(table, op)
    schema.put(_column_replaced(schema, table, op.column, type=op.type, collation=op.collation))


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
        table = _table(schema, op)
        _expect_column(schema, op, table, op.column)
        schema.put(_column_replaced(schema, table, op.column, **values(op)))

    return step


def _identity_values(op: ops.SetIdentity) -> dict[str, Any]:
    return {"identity": op.identity, "generated": op.generated}


def _redefine(schema: Schema, op: ops.RedefineColumn) -> None:
    table = _table(schema, op)
    _expect_column(schema, op, table, op.column)
    schema.put(replace(table, columns={**table.columns, schema.key(op.column): op.new}))


def _set_option(schema: Schema, op: ops.SetOption) -> None:
    table = _table(schema, op)
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
    table = _table(schema, op)
    name = op.constraint.name
    if name and table.constraints.get(schema.key(name)):
        _problem(schema, op, f"constraint {name} of {op.table} exists already")
    for column in op.constraint.columns if op.constraint.kind != "check" else ():
        _expect_column(schema, op, table, column)
    schema.put(_with_constraint(schema, table, op.constraint))


def _drop_constraint(schema: Schema, op: ops.DropConstraint) -> None:
    table = _table(schema, op)
    name = op.name or _by_shape(schema, table, op)
    wanted = _constraint_key(schema, table, name) if name else None
    if wanted is not None and table.indexes.get(wanted) and not table.constraints.get(wanted):
        if schema.dialect == "postgresql":
            _problem(schema, op, f"{name} of {op.table} is an index and no constraint")
        schema.put(replace(table, indexes={**table.indexes, wanted: None}))  # MySQL: a unique key is an index
        return
    if wanted is None:
        if table.complete and not op.if_exists:
            _problem(schema, op, f"{op.table} has no {op.kind} to drop")
        return
    if table.complete and not table.constraints.get(wanted) and not op.if_exists and not wanted.endswith("_not_null"):
        _problem(schema, op, f"constraint {name} of {op.table} does not exist")
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
        if made and made.kind == op.kind and (not op.columns or _same_names(made.columns, op.columns, schema)):
            return made.name
    for index in table.indexes.values():
        if index and op.kind == "unique" and index.unique and _same_names(index.columns, op.columns, schema):
            return index.name
    if op.kind and not table.complete:
        return constraint_name(Table(table.name), Constraint(op.kind, op.columns), schema.dialect)
    return None


def _same_names(one: tuple[str, ...], other: tuple[str, ...], schema: Schema) -> bool:
    return [schema.key(name) for name in one] == [schema.key(name) for name in other]


def _rename_constraint(schema: Schema, op: ops.RenameConstraint) -> None:
    table = _table(schema, op)
    made = table.constraints.get(schema.key(op.name))
    if made is None and table.complete and not table.indexes.get(schema.key(op.name)):
        _problem(schema, op, f"constraint {op.name} of {op.table} does not exist")
    unknown = Constraint("check", name=op.to, expression=UNKNOWN)
    moved = replace(made, name=op.to) if made else unknown
    schema.put(replace(table, constraints={**table.constraints, schema.key(op.name): None, schema.key(op.to): moved}))


def _validate(schema: Schema, op: ops.ValidateConstraint) -> None:
    table = _table(schema, op)
    made = table.constraints.get(schema.key(op.name))
    if made:
        schema.put(replace(table, constraints={**table.constraints, schema.key(op.name): replace(made, valid=True)}))


def _create_index(schema: Schema, op: ops.CreateIndex) -> None:
    table = _table(schema, op)
    name = (op.index.name or "").rpartition(".")[2]
    if name and table.indexes.get(schema.key(name)):
        if op.if_not_exists:
            return
        _problem(schema, op, f"index {name} exists already")
    schema.put(_with_index(schema, table, op.index))


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
        _problem(schema, op, f"index {name} of {owner.name} does not exist")
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
        if index and _same_names(index.columns, columns, schema):
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
        _problem(schema, op, f"index {op.name} of {owner.name} does not exist")
    moved = replace(index, name=to) if index else Index((UNKNOWN,), to)
    schema.put(replace(owner, indexes={**owner.indexes, old: None, new: moved}))


# What ALTER and DROP may call by another name than CREATE did.
_FAMILY = {
    "type": ("enum", "type", "domain"),
    "routine": ("function", "procedure"),
    "view": ("view", "materialized view"),
}


def _place(schema: Schema, kind: str, name: str, on: str = "") -> tuple[str, str]:
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


def _create_object(schema: Schema, op: ops.CreateObject) -> None:
    place = _place(schema, op.kind, op.name, op.on)
    known = schema.objects.get(place)
    if known and op.if_not_exists:
        return
    if known and not op.replace and op.kind not in ("function", "procedure", "aggregate"):
        _problem(schema, op, f"{op.kind} {op.name} exists already")
    schema.objects[place] = Object(op.kind, op.name, op.definition, op.on, op.values, op.uses)
    if op.kind.endswith("view") and schema.tables.get(schema.key(op.name), UNKNOWN) is None:
        del schema.tables[schema.key(op.name)]


def _drop_object(schema: Schema, op: ops.DropObject) -> None:
    place = _place(schema, op.kind, op.name, op.on)
    if schema.objects.get(place, UNKNOWN) is None and not op.if_exists:
        _problem(schema, op, f"{op.kind} {op.name} does not exist")
    found = schema.objects.get(place)
    schema.objects[place] = None
    if op.kind == "materialized view" and schema.table(op.name):
        schema.tables[schema.key(op.name)] = None  # its indexes
    if op.kind == "schema":
        prefix = schema.key(op.name) + "."
        for name in [name for name in schema.tables if name.startswith(prefix)]:
            schema.tables[name] = None
        for other in [other for other in schema.objects if other[1].startswith(prefix)]:
            schema.objects[other] = None
    if op.cascade and found:
        _drop_users(schema, op, found)


def _drop_users(schema: Schema, op: ops.DropObject, gone: Object) -> None:
    """Drop what CASCADE takes along, as far as the model knows what uses what."""
    name = gone.name.partition("(")[0]
    if gone.kind in ("function", "procedure", "view", "materialized view"):
        kinds = ("trigger",) if gone.kind in ("function", "procedure") else ("view", "materialized view")
        for place, found in list(schema.objects.items()):
            if (
                found
                and found.kind in kinds
                and (name in found.uses or (found.on and mentions(found.definition, name)))
            ):
                schema.objects[place] = None
    elif gone.kind in ("enum", "type", "domain"):
        for table in list(schema.tables.values()):
            for column in list(table.columns.values()) if table else ():
                if column and table and _is_of(column, gone.name):
                    table = without_column(table, column.name, schema.dialect)
                    schema.put(table)
    else:
        schema.doubts.append(f"line {op.line}: DROP {op.kind.upper()} {op.name} CASCADE takes along what uses it")


def _rename_object(schema: Schema, op: ops.RenameObject) -> None:
    place = _place(schema, op.kind, op.name, op.on)
    found = schema.objects.get(place)
    if place not in schema.objects and schema.table(op.name):  # ALTER VIEW and ALTER SEQUENCE take tables too
        _rename_table(schema, ops.RenameTable(op.name, op.to))
        return
    schema.objects[place] = None
    made = replace(found, name=op.to) if found else Object(place[0], op.to, UNKNOWN, on=op.on)
    schema.objects[_place(schema, made.kind, op.to, made.on)] = made
    if made.kind in ("enum", "type", "domain"):
        _retype(schema, op.name, op.to)
    elif made.kind == "function":
        _recall(schema, op.name.partition("(")[0], op.to.partition("(")[0])


def _recall(schema: Schema, name: str, to: str) -> None:
    """Let the triggers that call a function call it by its new name."""
    for place, found in list(schema.objects.items()):
        if found and found.kind == "trigger" and mentions(found.definition, name):
            schema.objects[place] = replace(found, definition=str(renamed(found.definition, name, to)))


def _retype(schema: Schema, name: str, to: str) -> None:
    for table in list(schema.tables.values()):
        if table and any(c and _is_of(c, name) for c in table.columns.values()):
            columns = {
                k: replace(c, type=c.type.replace(name, to)) if c and _is_of(c, name) else c
                for k, c in table.columns.items()
            }
            schema.put(replace(table, columns=columns))


def _is_of(column: Column, name: str) -> bool:
    """Tell whether a column is of a type, or an array of it; a type with a name in quotes keeps them."""
    return column.type.removesuffix("[]") in (name, f'"{name}"')


def _alter_object(schema: Schema, op: ops.AlterObject) -> None:
    if op.kind in ("column", "table", "constraint", "index"):
        return
    place = _place(schema, op.kind, op.name, op.on)
    found = schema.objects.get(place) or Object(place[0], op.name, UNKNOWN, on=op.on)
    if op.key == "definition":
        schema.objects[place] = replace(found, definition=op.value or "")
        return
    options = tuple((k, v) for k, v in found.options if k != op.key)
    options += ((op.key, op.value),) if op.value is not None else ()
    schema.objects[place] = replace(found, options=tuple(sorted(options)))


def _add_enum_value(schema: Schema, op: ops.AddEnumValue) -> None:
    place = _place(schema, "type", op.name)
    found = schema.objects.get(place) or Object("enum", op.name, UNKNOWN)
    if op.value in found.values:
        if not op.if_not_exists:
            _problem(schema, op, f"enum {op.name} has {op.value!r} already")
        return
    place = ("enum", place[1]) if place not in schema.objects else place
    schema.objects[place] = replace(found, values=_placed(found.values, op))


def _placed(values: tuple[str, ...], op: ops.AddEnumValue) -> tuple[str, ...]:
    where, _, other = op.place.partition(" ")
    other = other.strip("'").replace("''", "'")
    if other in values:
        at = values.index(other) + (where == "after")
        return (*values[:at], op.value, *values[at:])
    return (*values, op.value)


def _rename_enum_value(schema: Schema, op: ops.RenameEnumValue) -> None:
    place = _place(schema, "type", op.name)
    found = schema.objects.get(place) or Object("enum", op.name, UNKNOWN, values=(op.value,))
    place = ("enum", place[1]) if place not in schema.objects else place
    schema.objects[place] = replace(found, values=tuple(op.to if v == op.value else v for v in found.values))
    for table in list(schema.tables.values()):
        for column in list(table.columns.values()) if table else ():
            if (
                table
                and column
                and schema.key(column.type) == schema.key(op.name)
                and column.default == f"'{op.value}'"
            ):
                table = _column_replaced(schema, table, column.name, default=f"'{op.to}'")
                schema.put(table)


def _opaque(schema: Schema, op: ops.Opaque) -> None:
    schema.doubts.append(f"line {op.line}: {op.reason}")
    table = schema.table(op.table) if op.table else None
    if table:
        schema.put(replace(table, complete=False))


def _nothing(schema: Schema, op: ops.Nothing) -> None:
    if not op.harmless:
        schema.doubts.append(f"line {op.line}: {op.verb} may change more than it says")


_STEPS: dict[type[ops.Operation], Callable[[Schema, Any], None]] = {
    ops.CreateTable: _create_table,
    ops.DropTable: _drop_table,
    ops.RenameTable: _rename_table,
    ops.AddColumn: _add_column,
    ops.DropColumn: _drop_column,
    ops.RenameColumn: _rename_column,
    ops.SetType: _set_type,
    ops.SetNullable: _column_step(lambda op: {"nullable": op.nullable}),
    ops.SetDefault: _column_step(lambda op: {"default": op.default}),
    ops.SetIdentity: _column_step(_identity_values),
    ops.RedefineColumn: _redefine,
    ops.SetOption: _set_option,
    ops.AddConstraint: _add_constraint,
    ops.DropConstraint: _drop_constraint,
    ops.RenameConstraint: _rename_constraint,
    ops.ValidateConstraint: _validate,
    ops.CreateIndex: _create_index,
    ops.DropIndex: _drop_index,
    ops.RenameIndex: _rename_index,
    ops.CreateObject: _create_object,
    ops.DropObject: _drop_object,
    ops.RenameObject: _rename_object,
    ops.AlterObject: _alter_object,
    ops.AddEnumValue: _add_enum_value,
    ops.RenameEnumValue: _rename_enum_value,
    ops.Opaque: _opaque,
    ops.Nothing: _nothing,
}
