"""Doctrine: ``Version<timestamp>.php`` with ``up`` and ``down`` that call ``addSql``."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"Version(?P<version>\d{3,20})(?P<name>\w*)\.php", re.DOTALL)
CONTENT = re.compile(r"\bAbstractMigration\b|Doctrine\\")


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the class that the files extend."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _query_strings

    return _query_strings.doctrine(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read)


FRAMEWORK = Framework(
    "doctrine",
    "Version<timestamp>.php with up and down that call addSql",
    root,
    detect,
    listing,
    order="loose",
    remedy="write down() in {path} so that it undoes up()",
    undo=Undo(
        "php bin/console doctrine:migrations:execute --no-interaction --down 'DoctrineMigrations\\Version{version}'",
        each=True,
        note="with doctrine's default namespace",
    ),
)
