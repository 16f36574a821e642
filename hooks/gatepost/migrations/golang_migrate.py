"""golang-migrate: ``1_name.up.sql`` beside ``1_name.down.sql``; a missing down moves the version and undoes nothing."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Undo, _pairs, _sqltext
from gatepost.migrations._look import Look
from gatepost.paths import parent

# The tool takes any ending: source.DefaultRegex is ^([0-9]+)_(.*)\.(down|up)\.(.*)$, so 1_x.up.sql.bak runs too.
NAME = re.compile(r"(?P<version>\d{1,20})_(?P<name>.*)\.(?P<direction>up|down)\.sql[^/]*", re.DOTALL)
CONFIGURED = ("go.mod", "Makefile", "Dockerfile", "docker-compose.yml")


def root(path: str) -> str | None:
    """Give the directory of a pair of files."""
    return parent(path) if NAME.fullmatch(path.rpartition("/")[2]) else None


def detect(look: Look, directory: str) -> int:
    """Score by the module that a Go program requires, else by the names."""
    if not _pairs.present(look, directory, NAME):
        return 0
    if look.mentions(directory, CONFIGURED, "migrate/migrate"):
        return 80
    return 50


def listing(look: Look, place: Place) -> Listing:
    """Pair the files by their version."""
    found = _pairs.listing(look, place, NAME, transaction=False)
    return found if look.mentions(place.root, CONFIGURED, "x-multi-statement=true") else _sqltext.at_once(found)


FRAMEWORK = Framework(
    "golang-migrate",
    "numbered pairs of .up.sql and .down.sql",
    root,
    detect,
    listing,
    silent=True,
    remedy="write {directory}/{version}_{name}.down.sql",
    undo=Undo(
        "migrate -path {directory} -database $DATABASE_URL goto {before}",
        first="migrate -path {directory} -database $DATABASE_URL down -all",
        version="SELECT version FROM schema_migrations",
        ahead="older code that migrates on its start refuses a database that is ahead of it",
    ),
)
