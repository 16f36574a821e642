"""Make migrations of one file each that is written in another language than SQL."""

from __future__ import annotations

import re
from collections.abc import Callable

from gatepost.git import Entry
from gatepost.migrations import Listing, Migration, Place, Scripts, _order, _sqltext
from gatepost.migrations._look import Look, Unreadable

Reader = Callable[[str, str, str], Scripts]


def listing(look: Look, place: Place, name: re.Pattern[str], read: Reader, *, whole: bool = False) -> Listing:
    """Give the files whose names have the groups ``version`` and ``name``.

    ``whole``: the tool tells migrations apart by the whole name, so that two may have one time.
    """
    return _order.listing(
        _migration(look, place, entry, found["version"], found["name"], read, whole)
        for entry in look.files(place.root)
        if (found := name.fullmatch(entry.name))
    )


def _migration(
    look: Look, place: Place, entry: Entry, version: str, title: str, read: Reader, whole: bool
) -> Migration:
    def load() -> Scripts:
        try:
            return read(look.source(entry.path), entry.path, place.dialect)
        except Unreadable as error:
            return _sqltext.unreadable_scripts(error, place.dialect)

    return Migration(
        place.framework,
        version,
        title,
        entry.path,
        {entry.path: entry.oid},
        (*_order.number(version), *([(1, 0, title)] if whole else [])),
        load,
        place.dialect,
    )


def sampled(look: Look, directory: str, name: re.Pattern[str], content: re.Pattern[str]) -> bool:
    """Tell whether files of such names hold such a text."""
    files = [entry for entry in look.files(directory) if name.fullmatch(entry.name)]
    return any(content.search(text) for text in look.sample(files))
