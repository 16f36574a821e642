"""Follow what becomes of types, views, routines, triggers, sequences and the like."""

from __future__ import annotations

from dataclasses import replace

from gatepost.sql import operations as ops
from gatepost.sql.operations import UNKNOWN, Column
from gatepost.sql.replay_parts import Steps, column_replaced, place_of, problem
from gatepost.sql.replay_tables import rename_table
from gatepost.sql.schema import Object, Schema, mentions, renamed, without_column


def _create_object(schema: Schema, op: ops.CreateObject) -> None:
    place = place_of(schema, op.kind, op.name, op.on)
    known = schema.objects.get(place)
    if known and op.if_not_exists:
        return
    if known and not op.replace and op.kind not in ("function", "procedure", "aggregate"):
        problem(schema, op, f"{op.kind} {op.name} exists already")
    schema.objects[place] = Object(op.kind, op.name, op.definition, op.on, op.values, op.uses)
    if op.kind.endswith("view") and schema.tables.get(schema.key(op.name), UNKNOWN) is None:
        del schema.tables[schema.key(op.name)]


def _drop_object(schema: Schema, op: ops.DropObject) -> None:
    place = place_of(schema, op.kind, op.name, op.on)
    if schema.objects.get(place, UNKNOWN) is None and not op.if_exists:
        problem(schema, op, f"{op.kind} {op.name} does not exist")
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
    place = place_of(schema, op.kind, op.name, op.on)
    found = schema.objects.get(place)
    if place not in schema.objects and schema.table(op.name):  # ALTER VIEW and ALTER SEQUENCE take tables too
        rename_table(schema, ops.RenameTable(op.name, op.to))
        return
    schema.objects[place] = None
    made = replace(found, name=op.to) if found else Object(place[0], op.to, UNKNOWN, on=op.on)
    schema.objects[place_of(schema, made.kind, op.to, made.on)] = made
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
    place = place_of(schema, op.kind, op.name, op.on)
    found = schema.objects.get(place) or Object(place[0], op.name, UNKNOWN, on=op.on)
    if op.key == "definition":
        schema.objects[place] = replace(found, definition=op.value or "")
        return
    options = tuple((k, v) for k, v in found.options if k != op.key)
    options += ((op.key, op.value),) if op.value is not None else ()
    schema.objects[place] = replace(found, options=tuple(sorted(options)))


def _add_enum_value(schema: Schema, op: ops.AddEnumValue) -> None:
    place = place_of(schema, "type", op.name)
    found = schema.objects.get(place) or Object("enum", op.name, UNKNOWN)
    if op.value in found.values:
        if not op.if_not_exists:
            problem(schema, op, f"enum {op.name} has {op.value!r} already")
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
    place = place_of(schema, "type", op.name)
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
                table = column_replaced(schema, table, column.name, default=f"'{op.to}'")
                schema.put(table)


STEPS: Steps = {
    ops.CreateObject: _create_object,
    ops.DropObject: _drop_object,
    ops.RenameObject: _rename_object,
    ops.AlterObject: _alter_object,
    ops.AddEnumValue: _add_enum_value,
    ops.RenameEnumValue: _rename_enum_value,
}
