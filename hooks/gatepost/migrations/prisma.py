"""Prisma: ``<timestamp>_<name>/migration.sql``; no downs, but a ``down.sql`` beside it is read as one."""

from __future__ import annotations

import re

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, _files, _order
from gatepost.migrations._look import Look
from gatepost.paths import join, parent

NAME = re.compile(r"(?P<version>\d{1,20})_(?P<name>.*)", re.DOTALL)


def root(path: str) -> str | None:
    """Give the directory that holds the directories of the migrations."""
    directory, _, name = path.rpartition("/")
    if name not in ("migration.sql", "down.sql"):
        return None
    return parent(directory) if NAME.fullmatch(directory.rpartition("/")[2]) else None


def detect(look: Look, directory: str) -> int:
    """Score by Prisma's lock and schema, else by the shape."""
    if not any(look.exists(entry.path, "migration.sql") for entry in look.directories(directory)[-4:]):
        return 0
    if look.exists(directory, "migration_lock.toml") or look.nearby(directory, "schema.prisma", "prisma.config.ts"):
        return 85
    return 60


def listing(look: Look, place: Place) -> Listing:
    """Give the directories that hold a migration."""
    return _order.listing(
        _migration(look, place, entry, found)
        for entry in look.directories(place.root)
        if (found := NAME.fullmatch(entry.name)) and look.exists(join(entry.path, "migration.sql"))
    )


def _migration(look: Look, place: Place, entry: Entry, found: re.Match[str]) -> Migration:
    by_name = {file.name: file for file in look.files(entry.path)}
    return _files.migration(
        look,
        place,
        by_name.get("migration.sql"),
        by_name.get("down.sql"),
        version=found["version"],
        name=found["name"],
        order=(*_order.number(found["version"]), (1, 0, found["name"])),
        transaction=False,
    )


FRAMEWORK = Framework(
    "prisma",
    "directories with migration.sql; no downs, a down.sql beside it counts as one",
    root,
    detect,
    listing,
    order="loose",
    downs="none",
    remedy="write {directory}/down.sql (prisma migrate diff gives a draft)",
)
