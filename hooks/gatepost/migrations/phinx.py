"""Phinx: ``<timestamp>_name.php`` with ``change``, or ``up`` and ``down``."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{14})_(?P<name>.*)\.php", re.DOTALL)
CONTENT = re.compile(r"\bPhinx\\|\bextends\s+\\?(?:\w+\\)*(?:AbstractMigration|BaseMigration)\b")


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the class that the files extend."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _phinx

    return _phinx.read(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read)


FRAMEWORK = Framework(
    "phinx",
    "<timestamp>_name.php with change, or up and down",
    root,
    detect,
    listing,
    order="loose",
    remedy="write down() in {path}, or make change() reversible",
    undo=Undo(
        "vendor/bin/phinx rollback -t {before}",
        first="vendor/bin/phinx rollback -t 0",
        version="SELECT max(version) FROM phinxlog",
    ),
)
