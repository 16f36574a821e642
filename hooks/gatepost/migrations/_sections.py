"""Read SQL files that hold both directions, parted by marker lines."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from gatepost.git import Entry
from gatepost.migrations import Listing, Migration, Place, Script, Scripts, _order, _sqltext
from gatepost.migrations._look import Look, Unreadable

NUMBERED = re.compile(r"(?P<version>\d{1,20})(?:[_\-.](?P<name>.*))?\.sql", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Section:
    """One direction of a file: its text, the line after its marker, and what stands behind the marker."""

    text: str
    line: int
    options: str = ""


Cut = Callable[[str], dict[str, Section]]


def cut(text: str, marker: re.Pattern[str]) -> dict[str, Section]:
    """Cut a text at the lines that ``marker`` matches (groups ``direction``, ``options``).

    A direction that is named again goes on where it was; the lines between become blank ones.
    """
    found = list(marker.finditer(text))
    pieces: dict[str, list[str]] = {}
    firsts: dict[str, tuple[int, str]] = {}
    reached: dict[str, int] = {}
    line, counted = 1, 0
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        line, counted = line + text.count("\n", counted, match.end()), match.end()
        piece, direction = text[match.end() : end], match["direction"].lower()
        if direction in pieces:
            pieces[direction].append("\n" * (line - reached[direction]))
        else:
            pieces[direction], firsts[direction] = [], (line, match["options"] or "")
        pieces[direction].append(piece)
        reached[direction] = line + piece.count("\n")
    return {side: Section("".join(parts), *firsts[side]) for side, parts in pieces.items()}


def listing(look: Look, place: Place, name: re.Pattern[str], read: Cut, transaction: re.Pattern[str]) -> Listing:
    """Give the migrations of a place whose files hold both directions.

    ``transaction`` is what an option says where the script runs outside of a transaction.
    """
    made = []
    for entry in look.files(place.root):
        found = name.fullmatch(entry.name)
        if found:
            made.append(migration(look, place, entry, found["version"], found["name"] or "", read, transaction))
    return _order.listing(made)


def migration(
    look: Look, place: Place, entry: Entry, version: str, title: str, read: Cut, transaction: re.Pattern[str]
) -> Migration:
    """Make the Migration of one file."""

    def load() -> Scripts:
        return scripts(look, place, entry.path, read, transaction)

    return Migration(
        place.framework,
        version,
        title,
        entry.path,
        {entry.path: entry.oid},
        _order.number(version),
        load,
        place.dialect,
    )


def scripts(look: Look, place: Place, path: str, read: Cut, transaction: re.Pattern[str]) -> Scripts:
    """Read one file; without an up section nothing can be said of it."""
    try:
        text = look.source(path)
    except Unreadable as error:
        return _sqltext.unreadable_scripts(error, place.dialect)
    sections = read(text)
    both = {
        side: _sqltext.script(part.text, path, place.dialect, part.line, not transaction.search(part.options))
        for side, part in sections.items()
    }
    reason = "has no section for the way up"
    up = both.get("up") or Script(path, (), place.dialect, state="not-analysed", reason=reason, certain=False)
    return Scripts(up, both.get("down"), _sqltext.marker(text, path))


def sampled(look: Look, directory: str, name: re.Pattern[str], marker: re.Pattern[str]) -> bool:
    """Tell whether files of such names have such a marker."""
    files = [entry for entry in look.files(directory) if name.fullmatch(entry.name)]
    return any(marker.search(text) for text in look.sample(files))
