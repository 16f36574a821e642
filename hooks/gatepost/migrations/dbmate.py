"""dbmate: one file with ``-- migrate:up`` and ``-- migrate:down``; without the latter nothing is undone."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Undo, _sections, _sqltext
from gatepost.migrations._look import Look
from gatepost.paths import parent

NAME = re.compile(r"(?P<version>\d{1,20})(?P<name>.*)\.sql", re.DOTALL)
MARKER = re.compile(r"^--[ \t]*migrate:(?P<direction>up|down)\b(?P<options>[^\n]*)", re.MULTILINE)
NO_TRANSACTION = re.compile(r"transaction:\s*false")


def root(path: str) -> str | None:
    """Give the directory of a numbered SQL file."""
    return parent(path) if NAME.fullmatch(path.rpartition("/")[2]) else None


def detect(look: Look, directory: str) -> int:
    """Score by the markers in the files."""
    return 75 if _sections.sampled(look, directory, NAME, MARKER) else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the numbered files."""
    found = _sections.listing(look, place, NAME, lambda text: _sections.cut(text, MARKER), NO_TRANSACTION)
    return _sqltext.at_once(found)


FRAMEWORK = Framework(
    "dbmate",
    "numbered files with -- migrate:up and -- migrate:down",
    root,
    detect,
    listing,
    order="loose",
    silent=True,
    remedy="add a section -- migrate:down to {path} that undoes what is above it",
    undo=Undo(
        "dbmate --url $DATABASE_URL --migrations-dir {directory} rollback",
        each=True,
        version="SELECT max(version) FROM schema_migrations",
    ),
)
