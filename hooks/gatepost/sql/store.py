"""Write a Schema as plain JSON values and read it back, so that a replayed history can be kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.schema import Object, Schema, Table

FORMAT = 1
T = TypeVar("T")


def dump(schema: Schema) -> dict[str, Any]:
    """Give a schema as JSON values."""
    return {
        "format": FORMAT,
        "dialect": schema.dialect,
        "tables": {name: table and _table(table) for name, table in schema.tables.items()},
        "objects": [[*place, found and _values(found)] for place, found in schema.objects.items()],
        "doubts": schema.doubts,
    }


def load(data: Any) -> Schema:
    """Read what ``dump`` wrote; raises ValueError, KeyError or TypeError where it is anything else."""
    if data["format"] != FORMAT:
        raise ValueError("another format")
    schema = Schema(str(data["dialect"]))
    schema.tables = {str(name): _read_table(table) if table else None for name, table in data["tables"].items()}
    schema.objects = {(str(kind), str(name)): _read(Object, found) for kind, name, found in data["objects"]}
    schema.doubts = [str(text) for text in data["doubts"]]
    return schema


def _values(given: Any) -> list[Any]:
    return [getattr(given, item.name) for item in fields(given)]


def _table(table: Table) -> list[Any]:
    return [
        table.name,
        *({name: part and _values(part) for name, part in parts.items()} for parts in _parts(table)),
        [[*place, value] for place, value in table.options.items()],
        table.complete,
    ]


def _parts(table: Table) -> tuple[Mapping[str, Any], ...]:
    return table.columns, table.constraints, table.indexes


def _read_table(data: Any) -> Table:
    name, columns, constraints, indexes, options, complete = data
    return Table(
        str(name),
        _all(Column, columns),
        _all(Constraint, constraints),
        _all(Index, indexes),
        {(str(part), str(what)): value for part, what, value in options},
        bool(complete),
    )


def _all(kind: Callable[..., T], parts: Any) -> dict[str, T | None]:
    return {str(name): _read(kind, part) for name, part in parts.items()}


def _read(kind: Callable[..., T], values: Any) -> T | None:
    return kind(*(_tuples(value) for value in values)) if values else None


def _tuples(value: Any) -> Any:
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value
