"""sqlx: ``<version>_<name>.up.sql`` and ``.down.sql``, or plain ``<version>_<name>.sql`` that cannot be reverted."""

from __future__ import annotations

import re
from dataclasses import replace

from gatepost.migrations import Framework, Listing, Place, Undo, _files, _order, _pairs
from gatepost.migrations._look import Look
from gatepost.paths import parent

NAME = re.compile(r"(?P<version>\d{1,20})_(?P<name>.*)\.(?P<direction>up|down)\.sql", re.DOTALL)
SIMPLE = re.compile(r"(?P<version>\d{1,20})_(?P<name>.*?)(?<!\.up)(?<!\.down)\.sql", re.DOTALL)
CARGO = re.compile(r"^\s*sqlx\b|\bsqlx\s*=|\"sqlx\"", re.MULTILINE)


def root(path: str) -> str | None:
    """Give the directory of a numbered SQL file."""
    name = path.rpartition("/")[2]
    return parent(path) if NAME.fullmatch(name) or SIMPLE.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the crate."""
    if not any(root(entry.path) is not None for entry in look.files(directory, ".sql")):
        return 0
    cargo = any(CARGO.search(look.config(path)) for path in look.nearby(directory, "Cargo.toml"))
    if look.nearby(directory, ".sqlx", "sqlx-data.json") or (cargo and "migration" in directory.lower()):
        return 80
    return 0


def listing(look: Look, place: Place) -> Listing:
    """Give the pairs and the plain files; a directory of plain ones has no downs by choice."""
    pairs = _pairs.listing(look, place, NAME).migrations
    plain = tuple(
        _files.migration(
            look,
            place,
            entry,
            None,
            version=found["version"],
            name=found["name"],
            order=_order.number(found["version"]),
        )
        for entry in look.files(place.root, ".sql")
        if (found := SIMPLE.fullmatch(entry.name))
    )
    made = _order.listing((*pairs, *plain))
    return made if pairs else replace(made, downs="none")


FRAMEWORK = Framework(
    "sqlx",
    "numbered .up.sql and .down.sql, or plain files without downs",
    root,
    detect,
    listing,
    order="loose",
    remedy="write {directory}/{version}_{name}.down.sql",
    undo=Undo(
        "sqlx migrate revert --source {directory} --database-url $DATABASE_URL --target-version {before}",
        first="sqlx migrate revert --source {directory} --database-url $DATABASE_URL --target-version 0",
        version="SELECT max(version) FROM _sqlx_migrations",
        ahead="sqlx migrate run of the old code fails: an applied migration is missing there",
    ),
)
