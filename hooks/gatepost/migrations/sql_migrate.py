"""sql-migrate: one file with ``-- +migrate Up`` and ``-- +migrate Down``."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Undo, _sections
from gatepost.migrations._look import Look
from gatepost.paths import parent

NAME = re.compile(r"(?P<version>\d{1,20})?(?P<name>.*)\.sql", re.DOTALL)
MARKER = re.compile(r"^[ \t]*--[ \t]*\+migrate[ \t]+(?P<direction>Up|Down)\b(?P<options>[^\n]*)", re.MULTILINE)
NO_TRANSACTION = re.compile(r"\bnotransaction\b")


def root(path: str) -> str | None:
    """Give the directory of an SQL file."""
    return parent(path) if path.endswith(".sql") else None


def detect(look: Look, directory: str) -> int:
    """Score by the markers in the files."""
    return 75 if _sections.sampled(look, directory, NAME, MARKER) else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the SQL files in the order of their names."""
    return _sections.listing(look, place, NAME, lambda text: _sections.cut(text, MARKER), NO_TRANSACTION)


FRAMEWORK = Framework(
    "sql-migrate",
    "files with -- +migrate Up and -- +migrate Down",
    root,
    detect,
    listing,
    order="loose",
    silent=True,
    remedy="add a section -- +migrate Down to {path} that undoes what is above it",
    undo=Undo(
        "sql-migrate down -limit={count}",
        version="SELECT max(id) FROM gorp_migrations",
    ),
)
