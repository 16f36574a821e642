"""Ask a scratch database whether it takes a query, and by which way it would find the rows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.databases import Connection, Failed, Unable

_NUMBER = re.compile(r"\$(\d+)")
# What a server refuses for reasons of its own: rights, limits, features that it was built without.
_ASIDE = ("42501", "53", "54", "55", "57", "58", "0A", "XX", "40", "25")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says of a query: "" or its refusal; whether that is about the query; tables found by an index.

    ``found`` maps each table in the plan to whether a condition finds its rows by an index.
    """

    error: str = ""
    unsure: bool = False
    how: str = "prepared"
    found: tuple[tuple[str, bool], ...] = ()


Prober = Callable[[str], Answer]


def prober(connection: Connection, dialect: str) -> Prober:
    """Give what asks one database. Raises Unable where nobody can."""
    makers: Mapping[str, Callable[[Connection], Prober]] = {
        "postgresql": _postgresql,
        "sqlite": _sqlite,
        "mysql": _mysql,
    }
    if dialect not in makers:
        raise Unable(f"queries for {dialect or 'an unknown dialect'} cannot be prepared")
    return makers[dialect](connection)


def _postgresql(connection: Connection) -> Prober:
    for setting in ("plan_cache_mode = force_generic_plan", "enable_seqscan = off"):
        connection.rows(f"set {setting}")

    def ask(text: str) -> Answer:
        answer = _tried(connection, f"deallocate all; prepare gatepost as {text}", "prepared")
        if not answer.error:
            count = max((int(number) for number in _NUMBER.findall(text)), default=0)
            given = f"({', '.join(['null'] * count)})" if count else ""
            answer = _explained(connection, f"explain (format json, costs off) execute gatepost{given}")
        return answer

    return ask


def _explained(connection: Connection, sql: str) -> Answer:
    try:
        rows = connection.rows(sql)
    except Failed as error:
        return _refused(error, "explained")
    plan = rows[0][0] if rows else "[]"
    try:
        tree = json.loads(plan) if isinstance(plan, str) else plan
        found = tuple(_scans(tree[0]["Plan"]))
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        found = ()
    return Answer(how="explained", found=tuple(sorted(_merged(found).items())))


def _scans(node: Any) -> Iterator[tuple[str, bool]]:
    stack = [node]
    while stack:
        here = stack.pop()
        below = here.get("Plans") or ()
        name = here.get("Relation Name")
        if name:
            bitmaps = [one for one in below if str(one.get("Node Type", "")).startswith("Bitmap")]
            yield str(name), "Index Cond" in here or "TID Cond" in here or any(_conditional(one) for one in bitmaps)
        stack += below


def _conditional(node: Any) -> bool:
    stack = [node]
    while stack:
        here = stack.pop()
        if "Index Cond" in here:
            return True
        stack += here.get("Plans") or ()
    return False


def _merged(found: tuple[tuple[str, bool], ...]) -> dict[str, bool]:
    """Take a table as found by an index where each of its scans is."""
    merged: dict[str, bool] = {}
    for name, by_index in found:
        merged[name] = merged.get(name, True) and by_index
    return merged


def _sqlite(connection: Connection) -> Prober:
    def ask(text: str) -> Answer:
        values = [None] * _marks(text)
        answer = _tried(connection, f"explain {text}", "prepared", values)
        if answer.error:
            return answer
        try:
            rows = connection.rows(f"explain query plan {text}", values)
        except Failed:
            return answer
        return Answer(found=tuple(sorted(_merged(tuple(_details(str(row[-1]) for row in rows))).items())))

    return ask


_DETAIL = re.compile(r"(SCAN|SEARCH) (?:TABLE )?(\w+)")


def _details(lines: Iterator[str]) -> Iterator[tuple[str, bool]]:
    for line in lines:
        found = _DETAIL.match(line)
        if found and not line.startswith("SCAN CONSTANT"):
            yield found[2], found[1] == "SEARCH"


def _marks(text: str) -> int:
    from gatepost.sql.tokens import tokens

    return sum(token.kind == "op" and token.text == "?" for token in tokens(text, "sqlite"))


def _mysql(connection: Connection) -> Prober:
    def ask(text: str) -> Answer:
        quoted = text.replace("\\", "\\\\").replace("'", "\\'")
        answer = _tried(connection, f"prepare gatepost from '{quoted}'", "prepared")
        if not answer.error:
            _quietly(connection, "deallocate prepare gatepost")
        return answer

    return ask


def _tried(connection: Connection, sql: str, how: str, values: list[None] | None = None) -> Answer:
    try:
        connection.rows(sql, values or ())
    except Failed as error:
        return _refused(error, how)
    return Answer(how=how)


def _refused(error: Failed, how: str) -> Answer:
    return Answer(error.message or "refused", error.code.startswith(_ASIDE), how)


def _quietly(connection: Connection, sql: str) -> None:
    try:
        connection.rows(sql)
    except Failed:
        return
