"""Which tables to seed, and which before which."""

from __future__ import annotations

from collections.abc import Iterable

from gatepost.rehearsals._shape import Ref, Shapes, Tab

MOST = 80  # of what the wanted tables refer to; references that may be NULL stay empty beyond it


def closure(wanted: Iterable[str], shapes: Shapes) -> list[str]:
    """Give the wanted tables and those that they refer to, what has to be there first of all."""
    found = list(dict.fromkeys(name for name in wanted if name in shapes.tables))
    for required in (True, False):
        at = 0
        while at < len(found):
            for ref in shapes.tables[found[at]].refs:
                counts = needed(shapes.tables[found[at]], ref) if required else len(found) < MOST
                if counts and ref.target in shapes.tables and ref.target not in found:
                    found.append(ref.target)
            at += 1
    return found


def needed(tab: Tab, ref: Ref) -> bool:
    """Tell whether a reference may not be NULL."""
    return all((column := tab.column(name)) is not None and not column.nullable for name in ref.columns)


def ordered(names: list[str], shapes: Shapes) -> list[str]:
    """Order tables so that what is referred to comes first; in a cycle what may be NULL does not count."""
    left, done = list(names), list[str]()
    while left:
        ready = _ready(left, done, shapes, every=True) or _ready(left, done, shapes, every=False) or left[:1]
        done += ready
        left = [name for name in left if name not in ready]
    return done


def _ready(left: list[str], done: list[str], shapes: Shapes, *, every: bool) -> list[str]:
    waiting = set(left).difference(done)
    found = []
    for name in left:
        tab = shapes.tables[name]
        targets = {ref.target for ref in tab.refs if (every or needed(tab, ref)) and ref.target != name}
        if not targets & waiting:
            found.append(name)
            if not every:
                break
    return found
