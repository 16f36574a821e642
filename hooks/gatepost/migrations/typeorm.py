"""TypeORM: ``<timestamp>-Name.ts`` with a class that implements MigrationInterface."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{8,20})[-_](?P<name>.*)(?<!\.d)\.[cm]?[jt]s", re.DOTALL)
CONTENT = re.compile(r"\bMigrationInterface\b|\bQueryRunner\b|queryRunner\.query")


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the interface that the classes implement."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _query_strings

    return _query_strings.typeorm(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read, whole=True)


FRAMEWORK = Framework(
    "typeorm",
    "<timestamp>-Name.ts with a class that implements MigrationInterface",
    root,
    detect,
    listing,
    order="loose",
    remedy="write down() in {path} so that it undoes up()",
    undo=Undo(
        "npx typeorm migration:revert -d $TYPEORM_DATA_SOURCE",
        each=True,
        version="SELECT name FROM migrations ORDER BY id DESC LIMIT 1",
    ),
)
