"""Supabase: ``supabase/migrations/<timestamp>_<name>.sql``; no downs."""

from __future__ import annotations

import re

from gatepost.migrations import Framework, Listing, Place, _files, _order
from gatepost.migrations._look import Look
from gatepost.paths import join, parent

NAME = re.compile(r"(?P<version>\d{1,20})_(?P<name>.*)\.sql", re.DOTALL)


def root(path: str) -> str | None:
    """Give the directory ``supabase/migrations`` above a numbered SQL file."""
    directory, _, name = path.rpartition("/")
    return directory if NAME.fullmatch(name) and directory.endswith("supabase/migrations") else None


def detect(look: Look, directory: str) -> int:
    """Score by ``supabase/config.toml``, else by the path."""
    return 86 if look.exists(join(parent(directory), "config.toml")) else 78


def listing(look: Look, place: Place) -> Listing:
    """Give the numbered files."""
    return _order.listing(
        _files.migration(
            look,
            place,
            entry,
            None,
            version=found["version"],
            name=found["name"],
            order=_order.number(found["version"]),
        )
        for entry in look.files(place.root, ".sql")
        if (found := NAME.fullmatch(entry.name))
    )


FRAMEWORK = Framework(
    "supabase",
    "supabase/migrations/<timestamp>_<name>.sql; no downs",
    root,
    detect,
    listing,
    downs="none",
)
