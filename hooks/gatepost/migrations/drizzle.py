"""Drizzle: ``0001_name.sql`` in the order of ``meta/_journal.json``; no downs."""

from __future__ import annotations

import json
import re

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Place, _files, _order
from gatepost.migrations._look import Look
from gatepost.paths import join, parent

NAME = re.compile(r"(?P<version>\d{1,20})_(?P<name>.*)\.sql", re.DOTALL)
CONFIGS = tuple(f"drizzle.config.{suffix}" for suffix in ("ts", "js", "mjs", "json"))


def root(path: str) -> str | None:
    """Give the directory of a numbered file, or the one above that of its directory in Drizzle 1.0."""
    directory, _, name = path.rpartition("/")
    if name == "migration.sql" and directory.rpartition("/")[2][:1].isdigit():
        return parent(directory)
    return directory if NAME.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by the journal, or by the snapshots beside each migration."""
    if look.exists(directory, "meta", "_journal.json"):
        return 88
    snapshots = any(look.exists(entry.path, "snapshot.json") for entry in look.directories(directory)[-2:])
    return 88 if snapshots and look.nearby(directory, *CONFIGS) else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the files in the journal's order, those that it does not name last."""
    order = _journal(look.config(join(place.root, "meta/_journal.json")))
    found: list[tuple[str, Entry]] = [
        (entry.name.removesuffix(".sql"), entry)
        for entry in look.files(place.root, ".sql")
        if NAME.fullmatch(entry.name)
    ]
    for folder in look.directories(place.root):
        found += [(folder.name, entry) for entry in look.files(folder.path, "migration.sql")]
    return _order.listing(
        _files.migration(
            look,
            place,
            entry,
            None,
            version=tag.partition("_")[0],
            name=tag.partition("_")[2],
            order=(order.get(tag, len(order)), *_order.number(tag.partition("_")[0])),
        )
        for tag, entry in found
    )


def _journal(text: str) -> dict[str, int]:
    try:
        entries = json.loads(text).get("entries", ()) if text else ()
        return {str(entry["tag"]): number for number, entry in enumerate(entries)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


FRAMEWORK = Framework(
    "drizzle",
    "numbered SQL files and meta/_journal.json; no downs",
    root,
    detect,
    listing,
    downs="none",
)
