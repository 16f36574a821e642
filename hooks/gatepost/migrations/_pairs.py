"""Pair ``<version>_<name>.up.sql`` with its ``.down.sql``, as several tools do."""

from __future__ import annotations

import re
from collections.abc import Callable

from gatepost.git import Entry
from gatepost.migrations import Listing, Migration, Place, Script, Scripts, _order, _sqltext
from gatepost.migrations._look import Look


def present(look: Look, directory: str, name: re.Pattern[str]) -> bool:
    """Tell whether a directory holds a file of such a name."""
    return any(name.fullmatch(entry.name) for entry in look.files(directory))


def listing(look: Look, place: Place, name: re.Pattern[str], transaction: bool = True) -> Listing:
    """Pair the files of a place whose names have the groups ``version``, ``name`` and ``direction``."""
    groups: dict[tuple[str, str], dict[str, list[Entry]]] = {}
    for entry in look.files(place.root):
        found = name.fullmatch(entry.name)
        if found:
            key = (found["version"], found["name"])
            groups.setdefault(key, {}).setdefault(found["direction"], []).append(entry)
    made = [
        migration(look, place, version, title, sides, transaction=transaction)
        for (version, title), sides in _joined(groups).items()
    ]
    return _order.listing(made)


def _joined(groups: dict[tuple[str, str], dict[str, list[Entry]]]) -> dict[tuple[str, str], dict[str, list[Entry]]]:
    """Join an up and a down of one version whose names differ: the tools pair them by the number."""
    lone: dict[int, list[tuple[str, str]]] = {}
    for key, sides in groups.items():
        if len(sides) == 1:
            lone.setdefault(int(key[0]), []).append(key)
    joined = dict(groups)
    for keys in lone.values():
        ups = [key for key in keys if "up" in groups[key]]
        downs = [key for key in keys if "down" in groups[key]]
        if len(ups) == 1 and len(downs) == 1:
            joined[ups[0]] = {**groups[ups[0]], **joined.pop(downs[0])}
    return joined


def migration(
    look: Look,
    place: Place,
    version: str,
    title: str,
    sides: dict[str, list[Entry]],
    *,
    transaction: bool = True,
    loader: Callable[[], Scripts] | None = None,
) -> Migration:
    """Make the Migration of one version from its files by direction."""
    files = {entry.path: entry.oid for entries in sides.values() for entry in entries}
    up, down = (next((e.path for e in sides.get(side, ())), None) for side in ("up", "down"))

    def load() -> Scripts:
        return scripts(look, place, up, down, transaction)

    return Migration(
        framework=place.framework,
        version=version,
        name=title,
        path=up or down or "",
        files=files,
        order=_order.number(version),
        load=loader or load,
        dialect=place.dialect,
    )


def scripts(look: Look, place: Place, up: str | None, down: str | None, transaction: bool = True) -> Scripts:
    """Read both files; an up that is not there is an empty script."""
    first = _sqltext.from_file(look, up, place.dialect, transaction) if up else Script(down or "", state="empty")
    second = _sqltext.from_file(look, down, place.dialect, transaction) if down else None
    return Scripts(first, second, _sqltext.marker_of(first, second))
