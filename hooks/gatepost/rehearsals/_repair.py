"""Change a row that the engine has refused: by what it says, and by what stands in the check that it names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import combinations, islice, product
from typing import Literal

from gatepost.databases import Failed
from gatepost.rehearsals._shape import Col, Tab, text
from gatepost.rehearsals._values import LONGEST, literal

Trouble = Literal["check", "unique", "null", "partition", "value"]
TRIES = 300
_STRING = re.compile(r"'((?:[^']|'')*)'")
_NUMBER = re.compile(r"(?<![\w.'])-?\d{1,12}(?:\.\d{1,6})?(?![\w'])")
_MESSAGES: tuple[tuple[str, Trouble], ...] = (
    ("no partition of relation", "partition"),
    ("partition constraint", "partition"),
    ("unique constraint failed", "unique"),
    ("not null constraint failed", "null"),
    ("check constraint", "check"),
    ("constraint failed: ", "check"),
    ("unique", "unique"),
    ("duplicate", "unique"),
    ("exclusion constraint", "unique"),
    ("not-null", "null"),
    ("cannot be null", "null"),
    ("doesn't have a default", "null"),
)
_CODES: dict[str, Trouble] = {
    "23514": "check",
    "23505": "unique",
    "23P01": "unique",
    "23502": "null",
    "3819": "check",
    "4025": "check",
    "1062": "unique",
    "1048": "null",
}


def trouble(error: Failed) -> Trouble:
    """Say what kind of refusal it is."""
    said = error.message.lower()
    found: Trouble = next((kind for words, kind in _MESSAGES if words in said), "value")
    return found if found == "partition" else _CODES.get(error.code) or found


def moved_on(before: Failed, after: Failed, tab: Tab) -> bool:
    """Tell a row that passed the check it was refused for, and is refused for another one now."""
    if trouble(before) != "check" or trouble(after) != "check":
        return False
    names = [label for check in tab.checks if (label := check.partition("\t")[0])]
    named = [{name for name in names if f'"{name}"' in error.message} for error in (before, after)]
    return bool(named[0] and named[1]) and not named[0] & named[1]


def variants(tab: Tab, cells: dict[str, str], error: Failed, dialect: str, number: int) -> Iterator[dict[str, str]]:
    """Give changes of a row, the most likely first, at most some hundred."""
    kind = trouble(error)
    if kind == "partition":
        yield within(tab)
    elif kind == "null":
        yield from _filled(tab, cells, error, dialect, number)
    yield from islice(_checked(tab, cells, error, dialect), TRIES)
    yield from islice(_plainer(tab, cells, dialect), TRIES // 10)


def _filled(tab: Tab, cells: dict[str, str], error: Failed, dialect: str, number: int) -> Iterator[dict[str, str]]:
    """Give the column that may not be NULL after all (a domain, a trigger) a value."""
    named = [column for column in tab.columns if re.search(rf"\b{re.escape(column.name)}\b", error.message)]
    yield {column.name: literal(column, number, dialect) for column in named}
    empty = [column for column in tab.columns if cells.get(column.name) in ("NULL", "") and not column.generated]
    yield {column.name: literal(column, number, dialect) for column in empty if not column.filled}


def _checked(tab: Tab, cells: dict[str, str], error: Failed, dialect: str) -> Iterator[dict[str, str]]:
    checks = [*tab.checks, *(check for column in tab.columns for check in column.checks)]
    named = [check for check in checks if (label := check.partition("\t")[0]) and label in error.message] or checks
    for check in named:
        expression = check.partition("\t")[2]
        used = [column for column in tab.columns if check in column.checks or _mentions(expression, column.name)]
        used = [column for column in used if not column.generated]
        choices = {column.name: list(_candidates(column, expression, used, cells, dialect)) for column in used[:6]}
        for many in range(1, len(choices) + 1):
            for names in combinations(choices, many):
                for values in product(*(choices[name] for name in names)):
                    yield dict(zip(names, values, strict=True))


def _mentions(expression: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", expression) is not None


def _candidates(column: Col, expression: str, used: list[Col], cells: dict[str, str], dialect: str) -> Iterator[str]:
    """Give values for a column of a check: what stands in it, what is next to that, nothing, lengths."""
    yield from (f"'{found}'" for found in dict.fromkeys(_STRING.findall(expression)) if len(found) <= LONGEST)
    numbers = [found for found in dict.fromkeys(_NUMBER.findall(expression)) if len(found) < 13][:8]
    if column.kind in ("int", "number", "year"):
        yield from (f"({found}{step})" for found in numbers for step in ("", " + 1", " - 1"))
        yield from ("0", "1", "-1", "10")
    elif column.kind == "bool":
        yield from (literal(column, 0, dialect), literal(column, 1, dialect))
    else:
        yield from _lengths(column, numbers, dialect)
    yield from (made for other in used if other is not column and (made := cells.get(other.name)))
    if cells.get(column.name) == "NULL":
        yield literal(column, 0, dialect)
    elif column.nullable:
        yield "NULL"


def _lengths(column: Col, numbers: Iterable[str], dialect: str) -> Iterator[str]:
    sizes = [int(found) for found in numbers if found.isdigit() and 0 < int(found) <= LONGEST]
    if column.kind == "bytes":
        yield from (literal(Col(column.name, "bytes", size=size), 0, dialect) for size in sizes)
    elif column.kind == "text":
        yield from (text("a" * size, dialect) for size in sizes)
        yield from (
            text(word, dialect) for word in ("a", "", "A", "1", "a1", "/a", "a-b", "en", "1.0.0", "a@b.example")
        )
        yield from (text("0" * size, dialect) for size in sizes)


def _plainer(tab: Tab, cells: dict[str, str], dialect: str) -> Iterator[dict[str, str]]:
    """Leave out whatever may be left out, then give odd types one plain value after the other."""
    spare = {
        column.name: "NULL" if column.nullable else ""
        for column in tab.columns
        if (column.nullable or column.default) and not column.filled and not column.generated
    }
    yield {name: made for name, made in spare.items() if name not in tab.primary}
    odd = [column for column in tab.columns if column.kind == "other" and cells.get(column.name) not in ("", "NULL")]
    for value in ("", "0", "{}", "()", "1", "a", "[1,2]"):
        if odd:
            yield spare | {column.name: text(value, dialect) for column in odd}


_BOUND = re.compile(r"\(([^()]*)\)")


def within(tab: Tab) -> dict[str, str]:
    """Give the partition key a value that one of the partitions takes."""
    key = _BOUND.search(tab.partition)
    names = [name.strip().strip('"') for name in key[1].split(",")] if key else []
    columns = [name for name in names if tab.column(name)]
    if not columns or any(bound.upper() == "DEFAULT" for bound in tab.bounds):
        return {}
    for bound in tab.bounds:
        found = _BOUND.search(bound)
        if not found or "WITH" in bound.upper():
            continue
        values = [part.strip() for part in found[1].split(",")]
        if "IN" in bound.upper().partition("(")[0]:
            values = values[:1]
        pairs = zip(columns, values, strict=False)
        return {name: value for name, value in pairs if value.upper() not in ("MINVALUE", "MAXVALUE", "NULL")}
    return {}
