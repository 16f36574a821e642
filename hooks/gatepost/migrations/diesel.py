"""Diesel: a directory for each migration with ``up.sql`` and ``down.sql``."""

from __future__ import annotations

import re

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Undo, _files, _order, _sqltext
from gatepost.migrations._look import Look
from gatepost.paths import join, parent

NAME = re.compile(r"(?P<version>\d[\d-]*)(?:_(?P<name>.*))?", re.DOTALL)
OUTSIDE = re.compile(r"^\s*run_in_transaction\s*=\s*false", re.MULTILINE)


def root(path: str) -> str | None:
    """Give the directory that holds the directories of the migrations."""
    directory, _, name = path.rpartition("/")
    if name not in ("up.sql", "down.sql", "metadata.toml"):
        return None
    return parent(directory) if NAME.fullmatch(directory.rpartition("/")[2]) else None


def detect(look: Look, directory: str) -> int:
    """Score by Diesel's own configuration, else by the shape."""
    if not any(NAME.fullmatch(entry.name) and _scripts(look, entry) for entry in look.directories(directory)[-4:]):
        return 0
    if look.nearby(directory, "diesel.toml") or look.mentions(directory, ("Cargo.toml",), "diesel"):
        return 85
    return 50


def _scripts(look: Look, entry: Entry) -> bool:
    return look.exists(entry.path, "up.sql") or look.exists(entry.path, "down.sql")


def listing(look: Look, place: Place) -> Listing:
    """Give the directories that hold an up or a down."""
    made = (
        _migration(look, place, entry, found)
        for entry in look.directories(place.root)
        if (found := NAME.fullmatch(entry.name)) and _scripts(look, entry)
    )
    return _sqltext.at_once(_order.listing(made))


def _migration(look: Look, place: Place, entry: Entry, found: re.Match[str]) -> Migration:
    by_name = {file.name: file for file in look.files(entry.path)}
    version = found["version"].strip("-")
    return _files.migration(
        look,
        place,
        by_name.get("up.sql"),
        by_name.get("down.sql"),
        version=version,
        name=found["name"] or "",
        # Its MigrationVersion is compared as text: 20240313 runs after 20240306170000.
        order=((1, 0, version.replace("-", "")),),
        transaction=not OUTSIDE.search(look.config(join(entry.path, "metadata.toml"))),
    )


FRAMEWORK = Framework(
    "diesel",
    "directories with up.sql and down.sql",
    root,
    detect,
    listing,
    order="loose",
    remedy="write {directory}/down.sql so that it undoes up.sql",
    undo=Undo(
        "diesel migration revert --migration-dir {directory} --number {count}",
        version="SELECT max(version) FROM __diesel_schema_migrations",
    ),
)
