"""Atlas: numbered SQL files and ``atlas.sum``; the way down is computed by the tool, not written."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, _files, _order
from gatepost.migrations._look import Look
from gatepost.paths import parent

NAME = re.compile(r"(?P<version>\d{1,20})(?:_(?P<name>.*))?\.sql", re.DOTALL)
OUTSIDE = re.compile(r"^--[ \t]*atlas:txmode[ \t]+none", re.MULTILINE)


def root(path: str) -> str | None:
    """Give the directory of a numbered SQL file."""
    return parent(path) if NAME.fullmatch(path.rpartition("/")[2]) else None


def detect(look: Look, directory: str) -> int:
    """Score by ``atlas.sum``; a directory of another tool that Atlas only checks keeps that tool's markers."""
    return 72 if look.exists(directory, "atlas.sum") else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the numbered files."""
    return _order.listing(
        _files.migration(
            look,
            place,
            entry,
            None,
            version=found["version"],
            name=found["name"] or "",
            order=_order.number(found["version"]),
            transaction=not OUTSIDE.search(look.head(entry)),
        )
        for entry in look.files(place.root, ".sql")
        if (found := NAME.fullmatch(entry.name))
    )


FRAMEWORK = Framework(
    "atlas",
    "numbered SQL files and atlas.sum; downs are computed by the tool",
    root,
    detect,
    listing,
    downs="none",
)
