"""Name what a change of a schema takes away, in words that a query which uses it must hold.

Files and queries are searched for these words before anything is parsed: it is quick, and what is not named cannot
raise an alarm.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gatepost.queries._facts import required
from gatepost.sql.schema import Object, Schema, Table
from gatepost.sql.store import Packed

Words = frozenset[str]


def touched(before: Schema, after: Schema, *, plans: bool = False) -> frozenset[Words]:
    """Give sets of words in lower case: a query that breaks holds all words of one of the sets.

    With ``plans`` also those of queries that run as before, and may have lost an index.
    """
    found: set[Words] = set()
    for _, was, now in _moved(before.tables, after.tables):
        if isinstance(was, Table):
            found |= {frozenset((_last(was.name), *more)) for more in _of_table(was, now, plans)}
    for (kind, _), was, now in _moved(before.objects, after.objects):
        found |= {frozenset(words) for words in _of_object(kind, was, now)}
        if kind == "enum":
            found |= {frozenset(words) for words in _of_enum(before, was, now)}
    return frozenset(frozenset(word.lower() for word in words if word) for words in found if any(words))


def _moved(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Give what differs; a table that is still packed as it was read from the cache is the very same object."""
    held = dict(dict.items(before)) if isinstance(before, dict) else dict(before)
    later = dict(dict.items(after)) if isinstance(after, dict) else dict(after)
    for name, raw in held.items():
        if raw is not None and later.get(name) is not raw:
            yield name, before[name], after.get(name)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _of_table(was: Table, now: Table | None, plans: bool) -> Iterator[tuple[str, ...]]:
    if now is None:
        yield ()
        return
    for name in {*was.columns, *now.columns}:
        old, new = was.columns.get(name), now.columns.get(name)
        if old == new:
            continue
        if new is not None and required(new) and not (old is not None and required(old)):
            yield ("insert",)
        if old is not None and (new is None or old.type != new.type):
            yield (old.name,)
        elif old is None and new is not None:  # a name that may mean two columns now
            yield (new.name,)
    if _fewer(was, now):
        yield () if plans else ("conflict",)


def losing(before: Schema, after: Schema) -> frozenset[str]:
    """Name the tables that have lost an index or a key, or a column of another type with one on it.

    On an empty table the planner may go another way for a reason as small as one more partition.
    """
    return frozenset(
        _last(was.name)
        for _, was, now in _moved(before.tables, after.tables)
        if isinstance(was, Table) and isinstance(now, Table) and (_fewer(was, now) or _retyped(was, now))
    )


def _fewer(was: Table, now: Table) -> bool:
    return _loses(was.constraints, now.constraints) or _loses(was.indexes, now.indexes)


def _retyped(was: Table, now: Table) -> bool:
    pairs = ((column, now.columns.get(name)) for name, column in was.columns.items())
    return any(old and new and old.type != new.type for old, new in pairs)


def _loses(before: Mapping[str, object], after: Mapping[str, object]) -> bool:
    return any(held and after.get(name) != held for name, held in before.items())


def _of_object(kind: str, was: Object, now: Object | None) -> Iterator[tuple[str, ...]]:
    if kind in ("trigger", "index", "policy", "rule", "extension", "comment"):
        return
    if kind != "enum" or now is None:
        yield (_last(was.name.partition("(")[0]),)


def _of_enum(before: Schema, was: Object, now: Object | None) -> Iterator[tuple[str, ...]]:
    """Give the values that are gone, each beside the type, or beside a table that has a column of it."""
    gone = [value for value in was.values if now is None or value not in now.values]
    tables = [_last(table.name) for table in _using(before, was.name)] if gone else []
    for value in gone:
        yield from ((name, value) for name in (_last(was.name), *tables))


def _using(schema: Schema, name: str) -> Iterator[Table]:
    """Give the tables with a column of a type; those that are packed and do not name it stay unread."""
    raw: Iterable[tuple[str, Any]] = dict.items(schema.tables)
    for place, held in list(raw):
        if held is None or (isinstance(held, Packed) and not held.may_say(name)):
            continue
        table = schema.tables[place]
        if table and any(column and name in column.type for column in table.columns.values()):
            yield table


def held(text: str, touches: Iterable[Words]) -> bool:
    """Tell whether a text holds all words of one of the sets."""
    lower = text.lower()
    return any(all(word in lower for word in words) for words in touches)


def rarest(touches: Iterable[Words]) -> list[str]:
    """Give one word of each set to search for: the longest, which is found in the fewest files."""
    return sorted({max(words - {"insert", "conflict"} or words, key=len) for words in touches})
