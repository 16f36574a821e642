"""Write a Schema as plain JSON values and read it back, so that a replayed history can be kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.schema import Object, Schema, Table

FORMAT = 1
T = TypeVar("T")


def dump(schema: Schema) -> str:
    """Give a schema as text: a line of JSON for what is no table, then a line for each table."""
    head = {
        "format": FORMAT,
        "dialect": schema.dialect,
        "objects": [[*place, found and _values(found)] for place, found in schema.objects.items()],
        "doubts": schema.doubts,
    }
    lines = [_json(head)]
    for name, table in dict.items(schema.tables):
        text = table.text if isinstance(table, Packed) else _json(table and _table(table))
        lines.append(f"{_json(name)}\t{text}")
    return "\n".join(lines)


def load(text: str) -> Schema:
    """Read what ``dump`` wrote; raises ValueError, KeyError or TypeError where it is anything else."""
    head, *lines = text.split("\n")
    data = json.loads(head)
    if data["format"] != FORMAT:
        raise ValueError("another format")
    schema = Schema(str(data["dialect"]))
    pairs = (line.partition("\t") for line in lines)
    schema.tables = Tables({json.loads(name): Packed(held) if held != "null" else None for name, _, held in pairs})
    schema.objects = {(str(kind), str(name)): _read(Object, found) for kind, name, found in data["objects"]}
    schema.doubts = [str(doubt) for doubt in data["doubts"]]
    return schema


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


class Packed:
    """A table as a line of JSON, not yet read."""

    __slots__ = ("_table", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._table: Table | None = None

    @property
    def table(self) -> Table:
        """The table, read once for all copies of the schema that hold it."""
        if self._table is None:
            self._table = _read_table(json.loads(self.text))
        return self._table

    def may_say(self, name: str) -> bool:
        """Tell whether a name stands in the table at all, without reading it."""
        return _json(name).lower() in self.text.lower()


class Tables(dict[str, "Table | None"]):
    """Tables that are read when they are asked for: a commit touches two of some hundred.

    Copying does not read, and ``raw`` gives what is held as it is.
    """

    def __init__(self, held: Mapping[str, Any]) -> None:
        super().__init__(held)

    def __getitem__(self, name: str) -> Table | None:
        found: Any = super().__getitem__(name)
        if type(found) is Packed:
            found = found.table
            super().__setitem__(name, found)
        return found  # type: ignore[no-any-return]  # a Table by now

    def get(self, name: str, default: Any = None) -> Any:
        """Give a table, read."""
        try:
            return self[name]
        except KeyError:
            return default

    def referring(self, name: str) -> list[Table]:
        """Give the tables with a foreign key that may lead to a table; the others stay unread."""
        found: list[Any] = list(dict.values(self))
        packed = [one.table for one in found if type(one) is Packed and one.may_say(name)]
        return packed + [one for one in found if type(one) is Table]

    def with_name(self, name: str) -> list[Table]:
        """Give the tables that may have an index or a constraint of that name; the others stay unread."""
        found: list[Any] = list(dict.values(self))
        return [one.table for one in found if type(one) is Packed and one.may_say(name)] + [
            one for one in found if type(one) is Table
        ]

    def values(self) -> Any:
        """Give every table, read."""
        return [self[name] for name in self]

    def items(self) -> Any:
        """Give every name and table, read."""
        return [(name, self[name]) for name in self]

    def copy(self) -> Tables:
        """Give a copy without reading anything."""
        return Tables(dict(dict.items(self)))


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
