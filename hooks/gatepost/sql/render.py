"""Print a Schema as normalised SQL or as JSON values, in the order of names, so that two of them can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.sql import describe
from gatepost.sql.operations import UNKNOWN, Column
from gatepost.sql.schema import Object, Schema, Table


def as_json(schema: Schema) -> dict[str, Any]:
    """Give a schema as JSON values: tables with all that belongs to them, objects, and what is in doubt."""
    return {
        "format": 1,
        "dialect": schema.dialect,
        "tables": [_table_json(table) for table in _tables(schema)],
        "objects": [_object_json(found) for found in _objects(schema)],
        "doubts": list(schema.doubts),
    }


def _tables(schema: Schema) -> list[Table]:
    found = [table for table in schema.tables.values() if table and ("", "temporary") not in table.options]
    return sorted(found, key=lambda table: table.name)


def _objects(schema: Schema) -> list[Object]:
    return sorted((found for found in schema.objects.values() if found), key=lambda found: (found.kind, found.name))


def _known(value: Any) -> Any:
    return None if value == UNKNOWN else value


def _table_json(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "complete": table.complete,
        "columns": [_column_json(column) for column in table.columns.values() if column],
        "constraints": [
            {"name": made.name, "kind": made.kind, "definition": describe.constraint(made)}
            for _, made in sorted(table.constraints.items())
            if made
        ],
        "indexes": [
            {"name": index.name, "unique": index.unique, "definition": describe.index(index)}
            for _, index in sorted(table.indexes.items())
            if index
        ],
        "options": [
            {"object": part, "key": key, "value": value}
            for (part, key), value in sorted(table.options.items())
            if value is not None
        ],
    }


def _column_json(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type or None,
        "nullable": column.nullable,
        "default": _known(column.default),
        "generated": column.generated,
        "identity": column.identity,
        "collation": column.collation,
    }


def _object_json(found: Object) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "name": found.name,
        "on": found.on or None,
        "values": list(found.values),
        "definition": _known(found.definition) or None,
        "options": [{"key": key, "value": value} for key, value in found.options],
    }


def as_sql(schema: Schema) -> str:
    """Give a schema as SQL, one statement a paragraph; for reading and comparing, not for running."""
    parts = [f"-- {schema.dialect}, as the migrations produce it"]
    parts += [f"-- in doubt: {' '.join(text.split())}" for text in schema.doubts]
    for found in _objects(schema):
        if found.kind not in ("trigger", "policy", "rule", "view", "materialized view"):
            parts.append(_object_sql(found))
    for table in _tables(schema):
        parts += _table_sql(table)
    for found in _objects(schema):
        if found.kind in ("trigger", "policy", "rule", "view", "materialized view"):
            parts.append(_object_sql(found))
    return "\n\n".join(parts) + "\n"


def _table_sql(table: Table) -> Iterator[str]:
    lines = [f"  {_name(column.name)} {describe.column(column)}" for column in table.columns.values() if column]
    lines += [
        f"  {'' if ' (' in str(made.name) else f'constraint {_name(str(made.name))} '}{describe.constraint(made)}"
        for _, made in sorted(table.constraints.items())
        if made
    ]
    note = "" if table.complete else "  -- only in part: its creation was not seen\n"
    yield f"create table {_name(table.name)} (\n{note}" + ",\n".join(lines) + "\n);"
    for _, index in sorted(table.indexes.items()):
        if index:
            unique = "unique " if index.unique else ""
            text = describe.index(index).removeprefix("unique ")
            yield f"create {unique}index {_name(str(index.name))} on {_name(table.name)} {text};"
    for (part, key), value in sorted(table.options.items()):
        if value is not None:
            yield f"-- {table.name}{'.' + part if part else ''}: {key} {value}"


def _object_sql(found: Object) -> str:
    on = f" on {_name(found.on)}" if found.on else ""
    values = f" as enum ({', '.join(repr(value) for value in found.values)})" if found.kind == "enum" else ""
    kind = "type" if found.kind == "enum" else found.kind
    text = f" {found.definition}" if found.definition not in ("", UNKNOWN) else ""
    return f"create {kind} {found.name}{on if found.kind != 'trigger' else ''}{values}{text};"


def _name(name: str) -> str:
    plain = all(part.isidentifier() and part.islower() for part in name.split("."))
    return name if plain else '"' + name.replace('"', '""') + '"'
