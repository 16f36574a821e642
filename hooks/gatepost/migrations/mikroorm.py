"""MikroORM: ``Migration<timestamp>.ts`` with a class that extends Migration; without ``down`` it refuses."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"Migration(?P<version>\d{8,20})(?P<name>.*)(?<!\.d)\.[cm]?[jt]s", re.DOTALL)
CONTENT = re.compile(r"@mikro-orm/|\baddSql\b")


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by what the files import."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _query_strings

    return _query_strings.mikroorm(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read, whole=True)


FRAMEWORK = Framework(
    "mikro-orm",
    "Migration<timestamp>.ts with a class that extends Migration; without down it refuses",
    root,
    detect,
    listing,
    order="loose",
    remedy="write down() in {path} so that it undoes up()",
    undo=Undo(
        "npx mikro-orm migration:down",
        each=True,
        version="SELECT name FROM mikro_orm_migrations ORDER BY id DESC LIMIT 1",
    ),
)
