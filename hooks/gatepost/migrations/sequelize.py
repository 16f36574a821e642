"""Sequelize: ``<timestamp>-name.js`` with ``up`` and ``down`` of a query interface."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{8,20})[-_](?P<name>.*)(?<!\.d)\.[cm]?[jt]s", re.DOTALL)
CONTENT = re.compile(r"\A(?=.*\bqueryInterface\b)(?=.*\bup\b)", re.DOTALL | re.IGNORECASE)


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by what the files name."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _sequelize

    return _sequelize.read(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read, whole=True)


FRAMEWORK = Framework(
    "sequelize",
    "<timestamp>-name.js with up and down of a query interface",
    root,
    detect,
    listing,
    order="loose",
    remedy="write down in {path} so that it undoes up",
    undo=Undo(
        "npx sequelize-cli db:migrate:undo --name {file}",
        each=True,
        version='SELECT max(name) FROM "SequelizeMeta"',
    ),
)
