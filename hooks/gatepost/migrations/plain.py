"""Numbered SQL files of no known tool: directories ``up`` and ``down``, endings ``_up`` and ``_down``, or neither."""

from __future__ import annotations

import re
from dataclasses import replace

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Place, _files, _order
from gatepost.migrations._look import Look

NUMBERED = re.compile(r"(?P<version>\d{1,20})(?:[_.\-]+(?P<name>.*))?\.sql", re.DOTALL | re.IGNORECASE)
NAME = re.compile(
    r"(?P<version>\d{1,20})(?:[_.\-]+(?P<name>.*?))??(?:[_.\-]+(?P<direction>up|down|rollback|undo|revert))?\.sql",
    re.DOTALL | re.IGNORECASE,
)
UPS = ("up", "ups", "upgrade", "deploy", "do")
DOWNS = ("down", "downs", "downgrade", "rollback", "rollbacks", "revert", "undo")
PLACES = ("migration", "migrations", "migrate", "schema_migrations", "db-migrations", "dbmigrations", "sql-migrations")


def root(path: str) -> str | None:
    """Give the directory of a numbered file; of its parent where that is named for a direction."""
    directory, _, name = path.rpartition("/")
    if not NUMBERED.fullmatch(name):
        return None
    above, _, last = directory.rpartition("/")
    if last.lower() in (*UPS, *DOWNS):
        return above
    return directory


def detect(look: Look, directory: str) -> int:
    """Score by directories or suffixes for both directions, else faintly by the directory's name."""
    folders = [entry.name.lower() for entry in look.directories(directory)]
    if any(name in UPS for name in folders) and any(name in DOWNS for name in folders):
        return 55
    found = [match for entry in look.files(directory, ".sql") if (match := NAME.fullmatch(entry.name))]
    if any((match["direction"] or "").lower() in DOWNS for match in found):
        return 45
    return 20 if found and directory.rpartition("/")[2].lower() in PLACES else 0


def listing(look: Look, place: Place) -> Listing:
    """Pair the files by their numbers and names; without a single down none are meant to be there."""
    sides: dict[tuple[int, str], dict[str, tuple[Entry, str]]] = {}
    for entry, direction in _entries(look, place):
        found = NAME.fullmatch(entry.name)
        if found:
            side = direction or ("down" if (found["direction"] or "").lower() in DOWNS else "up")
            key = (int(found["version"]), found["name"] or "")
            sides.setdefault(key, {}).setdefault(side, (entry, found["version"]))
    made = []
    for (_, name), files in sides.items():
        up, down = files.get("up"), files.get("down")
        version = (up or down or ("", ""))[1]
        made.append(
            _files.migration(
                look,
                place,
                up[0] if up else None,
                down[0] if down else None,
                version=version,
                name=name,
                order=_order.number(version),
            )
        )
    listed = _order.listing(made)
    return listed if any("down" in files for files in sides.values()) else replace(listed, downs="none")


def _entries(look: Look, place: Place) -> list[tuple[Entry, str]]:
    found = [(entry, "") for entry in look.files(place.root, ".sql")]
    for folder in look.directories(place.root):
        side = "up" if folder.name.lower() in UPS else "down" if folder.name.lower() in DOWNS else ""
        if side:
            found += [(entry, side) for entry in look.files(folder.path, ".sql")]
    return found


FRAMEWORK = Framework(
    "plain",
    "numbered SQL files, with up and down directories or suffixes",
    root,
    detect,
    listing,
    order="loose",
    remedy="write the down beside it, as the other migrations of {directory} have it",
)
