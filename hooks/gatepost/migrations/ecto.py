"""Ecto: ``priv/repo/migrations/<timestamp>_name.exs`` with ``change``, or ``up`` and ``down``."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{3,20})_(?P<name>.*)\.exs", re.DOTALL)
CONTENT = re.compile(r"\buse\s+[\w.]*Migration\b")


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the module that the files use."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _ecto

    return _ecto.read(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read)


FRAMEWORK = Framework(
    "ecto",
    "priv/repo/migrations/<timestamp>_name.exs with change, or up and down",
    root,
    detect,
    listing,
    order="loose",
    remedy="write down in {path}, or make change reversible",
    undo=Undo(
        "mix ecto.rollback --to {first}",
        version="SELECT max(version) FROM schema_migrations",
    ),
)
