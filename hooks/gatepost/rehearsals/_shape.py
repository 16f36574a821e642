"""What the seeder has to know of a table: columns and their kinds, keys, references, checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_QUOTED = re.compile(r"'((?:[^']|'')*)'")
_MEMBERS = re.compile(r"\bIN\s*\(|=\s*ANY\s*\(", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Col:
    """A column. ``kind`` is the family of its values, ``type`` the type as the engine writes it.

    ``filled`` tells that the engine makes the value itself (generated, identity, a sequence); ``default`` that it
    has one where nothing is given. ``size`` counts characters, bytes or digits, ``scale`` those behind the point.
    """

    name: str
    kind: str
    type: str = ""
    nullable: bool = True
    default: bool = False
    filled: bool = False
    generated: bool = False
    size: int = 0
    scale: int = 0
    labels: tuple[str, ...] = ()
    element: Col | None = None
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """A foreign key: its columns, the table and the columns that it leads to."""

    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tab:
    """A table: ``sql`` is its name as a statement needs it. ``bounds`` are those of its partitions.

    A check is its name, a tab, and its expression.
    """

    name: str
    sql: str
    columns: tuple[Col, ...]
    keys: tuple[tuple[str, ...], ...] = ()
    refs: tuple[Ref, ...] = ()
    checks: tuple[str, ...] = ()
    partition: str = ""
    bounds: tuple[str, ...] = ()
    primary: tuple[str, ...] = ()

    def column(self, name: str) -> Col | None:
        """Give a column by its name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The tables of a database, by the name that reports use."""

    dialect: str
    tables: Mapping[str, Tab] = field(default_factory=dict)

    def quoted(self, name: str) -> str:
        """Give a name as a statement needs it."""
        return quoted(name, self.dialect)


def quoted(name: str, dialect: str) -> str:
    """Quote one identifier."""
    if dialect == "mysql":
        return "`" + name.replace("`", "``") + "`"
    return '"' + name.replace('"', '""') + '"'


def text(value: str, dialect: str) -> str:
    """Quote a string."""
    if dialect == "mysql":
        value = value.replace("\\", "\\\\")
    return "'" + value.replace("'", "''") + "'"


def members(checks: Iterable[str], column: str) -> tuple[str, ...]:
    """Give the values that a check allows for a column, where it lists them."""
    for check in (made.partition("\t")[2] for made in checks):
        if _MEMBERS.search(check) and re.search(rf"(?<!\w){re.escape(column)}(?!\w)", check):
            before = check[: _MEMBERS.search(check).start()]  # type: ignore[union-attr]  # was found above
            if re.search(r"\b(?:AND|OR|NOT)\b", check, re.IGNORECASE) or "<>" in check:
                continue
            if re.search(rf"(?<!\w){re.escape(column)}(?!\w)", before):
                return tuple(found.replace("''", "'") for found in _QUOTED.findall(check))
    return ()
