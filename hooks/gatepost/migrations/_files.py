"""Make migrations whose two directions are files of their own."""

from __future__ import annotations

from typing import Any

from gatepost.git import Entry
from gatepost.migrations import Kind, Migration, Place, Script, Scripts, _sqltext
from gatepost.migrations._look import Look


def migration(
    look: Look,
    place: Place,
    up: Entry | None,
    down: Entry | None,
    *,
    version: str,
    name: str,
    order: tuple[Any, ...],
    kind: Kind = "versioned",
    transaction: bool = True,
    parents: tuple[str, ...] = (),
    extra: tuple[Entry, ...] = (),
) -> Migration:
    """Make a Migration of an up file and a down file, either of which may be missing, each SQL as a whole."""
    there = tuple(entry for entry in (up, down, *extra) if entry)

    def load() -> Scripts:
        first = (
            _sqltext.from_file(look, up.path, place.dialect, transaction)
            if up
            else Script(there[0].path, (), place.dialect, state="empty", reason="there is no way up")
        )
        second = _sqltext.from_file(look, down.path, place.dialect, transaction) if down else None
        return Scripts(first, second, _sqltext.marker_of(first, second))

    return Migration(
        framework=place.framework,
        version=version,
        name=name,
        path=there[0].path,
        files={entry.path: entry.oid for entry in there},
        order=order,
        load=load,
        dialect=place.dialect,
        parents=parents,
        kind=kind,
    )
