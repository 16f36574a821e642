"""Knex: ``<timestamp>_name.js`` or ``.ts`` that exports ``up`` and ``down``."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{3,20})_(?P<name>.*)(?<!\.d)\.[cm]?[jt]s", re.DOTALL)
CONTENT = re.compile(r"\A(?=.*\bknex\b)(?=.*\bup\b)", re.DOTALL | re.IGNORECASE)


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by what the files name."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _knex

    return _knex.read(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read, whole=True)


FRAMEWORK = Framework(
    "knex",
    "<timestamp>_name.js or .ts that exports up and down",
    root,
    detect,
    listing,
    order="loose",
    remedy="export a function down from {path} that undoes up",
    undo=Undo(
        "npx knex migrate:down {file}",
        each=True,
        version="SELECT name FROM knex_migrations ORDER BY id DESC LIMIT 1",
        ahead="knex migrate of the old code fails: an applied file is missing there",
    ),
)
