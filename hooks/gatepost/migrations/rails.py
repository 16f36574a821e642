"""Rails: ``db/migrate/<timestamp>_name.rb`` with ``change``, or ``up`` and ``down``; a missing down does nothing."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{3,14})_(?P<name>\w+)\.rb")
CONTENT = re.compile(r"<\s*\S*Migration\b")


def root(path: str) -> str | None:
    """Give the directory of a numbered Ruby file."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the class that the files extend."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _rails

    return _rails.read(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the numbered files."""
    return _coded.listing(look, place, NAME, _read)


FRAMEWORK = Framework(
    "rails",
    "db/migrate/<timestamp>_name.rb with change, or up and down",
    root,
    detect,
    listing,
    order="loose",
    silent=True,
    remedy="give {path} a down method, or make its change reversible (reversible, types on remove_column)",
    undo=Undo(
        "bin/rails db:migrate:down VERSION={version}",
        each=True,
        version="SELECT max(version) FROM schema_migrations",
    ),
)
