"""aerich: ``migrations/<app>/<n>_<date>_name.py`` with functions that return SQL; an empty one undoes nothing."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{1,6})_(?P<name>.*)\.py", re.DOTALL)
CONTENT = re.compile(r"async\s+def\s+upgrade\s*\(\s*db\b")


def root(path: str) -> str | None:
    """Give the directory of a numbered Python file."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the functions that the files define."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _returned_sql

    return _returned_sql.read(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the numbered files."""
    return _coded.listing(look, place, NAME, _read, whole=True)


FRAMEWORK = Framework(
    "aerich",
    "Python files whose upgrade(db) and downgrade(db) return SQL",
    root,
    detect,
    listing,
    order="loose",
    silent=True,
    remedy="let downgrade() in {path} return the SQL that undoes upgrade()",
    undo=Undo(
        "aerich downgrade --yes",
        each=True,
        version="SELECT version FROM aerich ORDER BY id DESC LIMIT 1",
    ),
)
