"""popx: pairs of .up.sql and .down.sql, each of which may exist once for a database and once for all others."""

from __future__ import annotations

import re

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Place, _files, _order
from gatepost.migrations._look import Look
from gatepost.paths import parent

DATABASES = ("postgres", "postgresql", "cockroach", "mysql", "mariadb", "sqlite3", "sqlite")
NAME = re.compile(
    rf"(?P<version>\d{{1,20}})_(?P<name>.*?)(?:\.(?P<database>{'|'.join(DATABASES)}))?"
    r"(?P<auto>\.autocommit)?\.(?P<direction>up|down)\.sql",
    re.DOTALL,
)
SAME = {"sqlite3": "sqlite", "postgresql": "postgres", "mariadb": "mysql"}


def root(path: str) -> str | None:
    """Give the directory of a pair of files."""
    return parent(path) if NAME.fullmatch(path.rpartition("/")[2]) else None


def detect(look: Look, directory: str) -> int:
    """Score by names that bear a database, or by the module."""
    names = [found for entry in look.files(directory, ".sql") if (found := NAME.fullmatch(entry.name))]
    if not names:
        return 0
    if any(found["database"] or found["auto"] for found in names):
        return 82
    return 82 if look.mentions(directory, ("go.mod",), "gobuffalo/pop", "ory/pop", "popx") else 0


def variants(look: Look, directory: str) -> tuple[str, ...]:
    """Give the databases that the names bear."""
    found = {
        SAME.get(match["database"], match["database"])
        for entry in look.files(directory, ".sql")
        if (match := NAME.fullmatch(entry.name)) and match["database"]
    }
    return tuple(sorted(found))


def listing(look: Look, place: Place) -> Listing:
    """Give the migrations of one database: its own files, and the general ones where it has none."""
    sides: dict[tuple[str, str], dict[tuple[str, bool], Entry]] = {}
    outside = set()
    for entry in look.files(place.root, ".sql"):
        found = NAME.fullmatch(entry.name)
        if not found:
            continue
        database = SAME.get(found["database"], found["database"])
        if database is None or database == place.variant:
            key = (found["version"], found["name"])
            sides.setdefault(key, {})[found["direction"], database is not None] = entry
            if found["auto"]:
                outside.add(entry.path)
    return _order.listing(
        _files.migration(
            look,
            place,
            up,
            down,
            version=version,
            name=name,
            order=_order.number(version),
            transaction=not (up and up.path in outside),
        )
        for (version, name), files in sides.items()
        for up, down in [(_chosen(files, "up"), _chosen(files, "down"))]
        if up or down
    )


def _chosen(files: dict[tuple[str, bool], Entry], direction: str) -> Entry | None:
    return files.get((direction, True)) or files.get((direction, False))


FRAMEWORK = Framework(
    "popx",
    "pairs of .up.sql and .down.sql, with a fallback for each database",
    root,
    detect,
    listing,
    order="loose",
    silent=True,
    remedy="write {directory}/{version}_{name}.down.sql",
    variants=variants,
)
