"""Laravel: ``database/migrations/<date>_name.php``; a missing ``down`` undoes nothing."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{4}_\d\d_\d\d_\d{6})_(?P<name>.*)\.php", re.DOTALL)
CONTENT = re.compile(r"\bextends\s+\\?(?:\w+\\)*Migration\b|Illuminate")


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the class that the files extend."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _laravel

    return _laravel.read(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read, whole=True)


FRAMEWORK = Framework(
    "laravel",
    "database/migrations/<date>_name.php; a missing down undoes nothing",
    root,
    detect,
    listing,
    order="loose",
    silent=True,
    remedy="write down() in {path} so that it undoes up()",
    undo=Undo(
        "php artisan migrate:rollback --force --step={count}",
        version="SELECT migration FROM migrations ORDER BY id DESC LIMIT 1",
    ),
)
