"""Compare what queries need on two schemas: what was there before and is not after."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatepost.queries import Broken, Query
from gatepost.queries._blame import blame
from gatepost.queries._facts import AMBIGUOUS, GONE, OK, Fact, Facts
from gatepost.queries._parse import parsed
from gatepost.queries._placeholders import normal
from gatepost.sql.changes import SchemaChange
from gatepost.sql.operations import CreateObject
from gatepost.sql.schema import Schema

SECONDS = 8.0
LACKS = ("required-column",)  # a fact that is only there when something is missing
_ORDER = ("table", "column", "function", "type", "enum-value", "constraint", "comparison", "required-column")


@dataclass(slots=True)
class Judged:
    """What came out: the broken queries, how many were judged, and those that could not be read."""

    broken: list[Broken] = field(default_factory=list)
    judged: int = 0
    unread: list[Query] = field(default_factory=list)
    late: int = 0


def judge(queries: Iterable[Query], before: Schema, after: Schema, changes: Sequence[SchemaChange] = ()) -> Judged:
    """Judge queries one by one, for as long as ``SECONDS``; those that are left are counted."""
    judged, stop = Judged(), time.monotonic() + SECONDS
    optional = _optional(changes, before)
    kept: dict[str, list[tuple[Fact, str]] | None] = {}
    for query in queries:
        if time.monotonic() > stop:
            judged.late += 1
            continue
        text = normal(query.text, before.dialect, query.style) or ""
        if text not in kept:
            kept[text] = missing(text, before, after, optional) if text else None
        found = kept[text]
        if found is None:
            judged.unread.append(query)
            continue
        judged.judged += 1
        judged.broken += [_broken(query, fact, word, changes, before) for fact, word in found[:1]]
    return judged


def _optional(changes: Sequence[SchemaChange], schema: Schema) -> dict[str, int]:
    made = [change.operation for change in changes if isinstance(change.operation, CreateObject)]
    return {schema.key(one.name): one.optional for one in made}


def missing(
    text: str, before: Schema, after: Schema, optional: Mapping[str, int] | None = None
) -> list[tuple[Fact, str]] | None:
    """Give what a query found before and does not find after, the gravest first; None where it cannot be read."""
    from gatepost.queries._resolve import resolve

    tree = parsed(text, before.dialect)
    if tree is None:
        return None
    try:
        first, second = resolve(tree, before), resolve(tree, after, optional)
    except RecursionError:
        return None
    found = list(_differences(first, second))
    return sorted(found, key=lambda pair: (not pair[0].certain, _ORDER.index(pair[0].kind), not pair[0].table))


def _differences(first: Facts, second: Facts) -> Iterator[tuple[Fact, str]]:
    targets = {fact.table for fact in first.found.values() if fact.kind == "table" and fact.state == OK}
    for place, now in second.found.items():
        if now.state not in (GONE, AMBIGUOUS):
            continue
        was = first.found.get(place)
        if now.kind in LACKS:
            if was is None and now.table in targets:
                yield now, now.text
        elif was is not None and was.state == OK:
            yield was, _said(was, now)


def _said(was: Fact, now: Fact) -> str:
    if now.state == AMBIGUOUS:
        return f"{was.text} means more than one"
    if now.kind == "comparison":
        return f"{was.text} has types that do not fit any more"
    return f"{was.text} is not there any more"


def _broken(query: Query, fact: Fact, text: str, changes: Sequence[SchemaChange], before: Schema) -> Broken:
    kind = "ambiguous" if text.endswith("more than one") else fact.kind
    found: Any = blame(kind, fact, changes, before)
    certain = query.certain and fact.certain
    table, name = (found.table, found.object) if kind == "comparison" and found else (fact.table, fact.name)
    return Broken(query, kind, table, name, text, "static", certain, found)
