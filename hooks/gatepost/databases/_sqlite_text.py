"""Read from the text of a CREATE TABLE what SQLite's pragmas leave out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from gatepost.sql.cursor import Cursor, Unread, commas
from gatepost.sql.expressions import canonical, default
from gatepost.sql.operations import Column, Constraint, CreateIndex, CreateObject, CreateTable, Operation
from gatepost.sql.reader import read
from gatepost.sql.tokens import Token, tokens

KEPT = 1024
LONGEST = 500_000  # characters of one CREATE; reading more takes seconds
_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")


@dataclass(frozen=True, slots=True)
class Text:
    """What a text says: columns by key, checks, names, what is done on a conflict.

    ``primary`` is the name of the primary key, ``uniques`` maps columns to the name of a unique constraint, ``keys``
    columns and target to the name and the deferral of a foreign key. ``module`` is that of a virtual table.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    checks: tuple[Constraint, ...] = ()
    primary: str | None = None
    uniques: Mapping[tuple[str, ...], str | None] = field(default_factory=dict)
    keys: Mapping[tuple[tuple[str, ...], str], tuple[str | None, str]] = field(default_factory=dict)
    options: Mapping[tuple[str, str], str] = field(default_factory=dict)
    module: str = ""


@lru_cache(maxsize=KEPT)
def read_table(sql: str) -> Text:
    """Read the text of a CREATE TABLE as sqlite_master has it; a rehearsal reads most of them many times."""
    if len(sql) > LONGEST:
        return Text(options={("", "definition"): hashlib.sha256(sql.encode("utf-8", "surrogateescape")).hexdigest()})
    made = next((op for op in read(sql, "sqlite") if isinstance(op, CreateTable)), None)
    if made is None:
        return Text(options={("", "definition"): canonical(list(tokens(sql, "sqlite")), "sqlite")})
    options = {("", key): value for key, value in made.options}
    if made.source == "virtual":
        module = dict(made.options).get("using", "").partition("(")[0].removeprefix("using ").strip()
        return Text(options=options, module=module)
    found = Text(
        {column.name.lower(): column for column in made.columns},
        tuple(replace(one, columns=()) for one in made.constraints if one.kind == "check"),
        next((one.name for one in made.constraints if one.kind == "primary key"), None),
        {_keys(one.columns): one.name for one in made.constraints if one.kind == "unique"},
        {
            (_keys(one.columns), str(one.target).lower()): (one.name, one.deferrable.strip())
            for one in made.constraints
            if one.kind == "foreign key"
        },
        options,
    )
    return replace(found, options={**options, **_beside(sql)})


def _keys(columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(column.lower() for column in columns)


def _beside(sql: str) -> dict[tuple[str, str], str]:
    """Give what the model of operations does not keep: AUTOINCREMENT, and what is done on a conflict."""
    cursor = Cursor(list(tokens(sql, "sqlite")), "sqlite")
    found: dict[tuple[str, str], str] = {}
    try:
        cursor.until("(")
        elements = list(commas(cursor.group()))
    except Unread:
        return found
    for element in elements:
        found.update(_element(element))
    return found


def _element(element: Sequence[Token]) -> list[tuple[tuple[str, str], str]]:
    words = [token.value for token in element]
    found: list[tuple[tuple[str, str], str]] = []
    own = words[:1] and words[0] in _CONSTRAINTS and element[0].kind == "word"
    start = 2 if own and words[0] == "CONSTRAINT" else 0
    place = "" if own else Cursor(list(element), "sqlite").name().lower()
    if "AUTOINCREMENT" in words:
        found.append((("", "autoincrement"), "on"))
    for at, word in enumerate(words[:-2]):
        if word == "ON" and words[at + 1] == "CONFLICT" and words[at + 2] != "ABORT":
            what = canonical(element[start:at], "sqlite") if own else f"{place} {_before(words, at)}"
            found.append(((what.lower(), "on conflict"), words[at + 2].lower()))
    return found


def _before(words: Sequence[str], at: int) -> str:
    """Name the constraint of a column that a conflict clause follows."""
    for kind in ("UNIQUE", "NULL"):
        if words[at - 1] == kind:
            return "unique" if kind == "UNIQUE" else "not null"
    return "primary key"


def defaulted(text: str | None) -> str | None:
    """Give a default in the canonical form."""
    return None if text is None else default(list(tokens(text, "sqlite")), "sqlite")


@lru_cache(maxsize=KEPT)
def read_operation(sql: str) -> Operation | None:
    """Read the text of an index, a view or a trigger; None where it is not understood."""
    return next((op for op in read(sql, "sqlite") if isinstance(op, (CreateIndex, CreateObject))), None)
