"""EF Core: ``Migrations/<timestamp>_Name.cs`` with ``Up`` and ``Down``."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, Scripts, Undo, _coded
from gatepost.migrations._look import Look

NAME = re.compile(r"(?P<version>\d{8,20})_(?P<name>.*)(?<!\.Designer)\.cs", re.DOTALL)
CONTENT = re.compile(r"\bMigrationBuilder\b")


def root(path: str) -> str | None:
    """Give the directory of a file with such a name."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the class that the files extend."""
    return 85 if _coded.sampled(look, directory, NAME, CONTENT) else 0


def _read(text: str, path: str, dialect: str) -> Scripts:
    from gatepost.migrations import _efcore

    return _efcore.read(text, path, dialect)


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the order of their versions."""
    return _coded.listing(look, place, NAME, _read, whole=True)


FRAMEWORK = Framework(
    "ef-core",
    "Migrations/<timestamp>_Name.cs with Up and Down",
    root,
    detect,
    listing,
    order="loose",
    remedy="write Down in {path} so that it undoes Up",
    undo=Undo(
        "dotnet ef database update {before_name}",
        first="dotnet ef database update 0",
        version='SELECT max("MigrationId") FROM "__EFMigrationsHistory"',
    ),
)
