"""Which of two settings is stricter: what a pushed policy may change at once, and what it loosens.

A field's metadata says the direction: ``LOWER`` (a limit, a share; of a Literal the earlier word, of
an array the shorter one) or ``HIGHER`` (of a Literal the later word). Without one, an array or a
table is stricter with more in it, and of two other values nobody can tell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import Any, Literal, NamedTuple, get_args, get_origin

from gatepost.paths import matches
from gatepost.policy import default_of, hints_of, identity

EMPTY: tuple[object, ...] = (None, "", (), {})


class Loosening(NamedTuple):
    """One key that is looser afterwards; ``certain`` is False where it differs and nobody can tell."""

    key: str
    before: Any
    after: Any
    certain: bool = True


def tightened(own: Any, pushed: Any) -> Any:
    """Merge two values of one settings class so that no field is looser than in ``own``.

    What ``own`` leaves empty is taken from ``pushed``; an entry of an array of tables may be added,
    not changed; where no direction is known ``own`` stays.
    """
    hints, changes = hints_of(type(own)), {}
    for item in fields(own):
        mine, theirs = getattr(own, item.name), getattr(pushed, item.name)
        if mine != theirs:
            changes[item.name] = _stricter(mine, theirs, hints[item.name], item.metadata.get("tighter"))
    return replace(own, **changes)


def _stricter(mine: Any, theirs: Any, hint: Any, direction: str | None) -> Any:
    if isinstance(mine, tuple):
        return tuple(v for v in mine if v in theirs) if direction == "lower" else with_added(mine, theirs)
    if direction:
        return theirs if _rank(theirs, hint, direction) > _rank(mine, hint, direction) else mine
    if isinstance(mine, Mapping):
        return {**theirs, **mine}
    if is_dataclass(mine) and type(mine) is type(theirs):
        return tightened(mine, theirs)
    return theirs if mine in EMPTY else mine


def with_added(own: tuple[Any, ...], pushed: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give the entries of both; an entry of tables is known by its first field and stays as it is.

    One that is added is no looser than the defaults: it may overrule what is detected without it.
    """
    known = by_name(own)
    return (*own, *(_no_looser(entry) for name, entry in by_name(pushed).items() if name not in known))


def by_name(entries: tuple[Any, ...]) -> dict[str, Any]:
    """Give entries by what names them: the first field of a table where no other has the same, else the whole."""
    names = [str(identity(entry)) if is_dataclass(entry) else "" for entry in entries]
    alone = {name for name, number in Counter(names).items() if name and number == 1}
    return {name if name in alone else repr(entry): entry for name, entry in zip(names, entries, strict=True)}


def _no_looser(entry: Any) -> Any:
    return tightened(bare(entry), entry) if is_dataclass(entry) else entry


def bare(entry: Any) -> Any:
    """Give an entry of the same name with the default of every field that has one."""
    needed = {item.name: getattr(entry, item.name) for item in fields(entry) if default_of(item) is MISSING}
    return type(entry)(**needed)


def _rank(value: Any, hint: Any, direction: str) -> float:
    """Order the values of a field with a direction: more is stricter; no limit at all is loosest."""
    if value is None:
        return float("-inf")
    words = _words(hint)
    place = float(words.index(value)) if value in words else float(value)
    return -place if direction == "lower" else place


def _words(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) is Literal:
        return get_args(hint)
    return next((get_args(arg) for arg in get_args(hint) if get_origin(arg) is Literal), ())


def loosened(before: Any, after: Any, key: str) -> Iterator[Loosening]:
    """Give what is looser in the second of two settings of one class."""
    hints = hints_of(type(before))
    for item in fields(before):
        old, new = getattr(before, item.name), getattr(after, item.name)
        if old != new:
            path = f"{key}.{item.name}" if key else item.name
            yield from _looser(old, new, path, hints[item.name], item.metadata.get("tighter"))


def _looser(old: Any, new: Any, key: str, hint: Any, direction: str | None) -> Iterator[Loosening]:
    if isinstance(old, tuple) and isinstance(new, tuple):
        yield from _looser_array(old, new, key, direction)
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for name, value in old.items():
            if new.get(name) != value:
                yield Loosening(f"{key}.{name}", value, new.get(name), name not in new)
    elif direction:
        if _rank(new, hint, direction) < _rank(old, hint, direction):
            yield Loosening(key, old, new)
    elif is_dataclass(old) and type(old) is type(new):
        yield from loosened(old, new, key)
    elif old not in EMPTY:
        yield Loosening(key, old, new, new in EMPTY)


def _looser_array(old: tuple[Any, ...], new: tuple[Any, ...], key: str, direction: str | None) -> Iterator[Loosening]:
    if direction == "lower":
        yield from (Loosening(key, None, entry) for entry in new if entry not in old)
    elif is_dataclass((*old, *new)[0]):
        yield from loosened_entries(old, new, key)
    else:
        gone = (entry for entry in old if entry not in new)
        yield from (Loosening(key, e, None) for e in gone if not (isinstance(e, str) and matches(e, *new)))


def loosened_entries(old: tuple[Any, ...], new: tuple[Any, ...], key: str) -> Iterator[Loosening]:
    """Give what is looser in the second of two arrays of tables: entries gone, changed, or new and lax."""
    before, after = by_name(old), by_name(new)
    for name, entry in before.items():
        if name not in after:
            yield Loosening(f"{key}[{identity(entry)}]", identity(entry), None)
    for name, entry in after.items():
        yield from loosened(before.get(name, bare(entry)), entry, f"{key}[{identity(entry)}]")
