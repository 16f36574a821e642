"""Divide a served file among its sources by its source map, and say what each costs compressed.

What a module costs is what the file would lose without it (leave one out): compressed alone, modules add up
to a third more than the file, as they share words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gatepost.bundles._stats import owner
from gatepost.bundles._weigh import weigh
from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Snapshot
from gatepost.paths import normal

TEXT_LIMIT = 512 * 1024  # a second of CPU for both sides
MAP_LIMIT = 3 * 1024 * 1024
_DIGITS = {char: n for n, char in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")}


@dataclass(frozen=True, slots=True)
class Divided:
    """A file as pieces, each with the source that it comes from ("" for the bundler's own)."""

    pieces: Sequence[tuple[str, bytes]]

    def sizes(self) -> dict[str, int]:
        """Give the bytes of each source or package."""
        found: dict[str, int] = {}
        for name, piece in self.pieces:
            found[name] = found.get(name, 0) + len(piece)
        return found

    def without(self, name: str) -> int:
        """Give the compressed size of the file without one source or package."""
        return weigh(piece for source, piece in self.pieces if source != name).gated


def divide(text: bytes, source_map: bytes) -> Divided | None:
    """Divide a file; None where the map cannot be read."""
    try:
        data = json.loads(source_map)
        names = [_named(str(source)) for source in data["sources"]]
        pieces = list(_pieces(text.decode("utf-8"), str(data["mappings"]), names))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError):
        return None
    return Divided(pieces)


def _named(source: str) -> str:
    """Give a package for what comes from node_modules, else the path without what leads to it."""
    path = source.rpartition("://")[2]
    if "node_modules/" in path:
        return owner(path)
    parts = path.split("/")
    while parts and parts[0] in ("..", ".", ""):
        parts.pop(0)
    return normal("/".join(parts)) or source


def _pieces(text: str, mappings: str, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    lines, source = text.split("\n"), 0
    mapped = mappings.split(";")
    for number, line in enumerate(lines):
        ended = line + "\n" if number + 1 < len(lines) else line
        starts: list[tuple[int, str]] = [(0, "")]
        column = 0
        for segment in mapped[number].split(",") if number < len(mapped) else ():
            fields = _vlq(segment)
            column += fields[0] if fields else 0
            source += fields[1] if len(fields) > 1 else 0
            if fields:
                starts.append((column, names[source] if len(fields) > 1 and 0 <= source < len(names) else ""))
        yield from _cut(ended, starts)


def _cut(line: str, starts: Sequence[tuple[int, str]]) -> Iterator[tuple[str, bytes]]:
    """Cut a line at columns, which count UTF-16 units; what a hostile map puts out of order is moved."""
    wide = None if line.isascii() else line.encode("utf-16-le", "surrogatepass")
    whole = len(line) if wide is None else len(wide) // 2
    at, name = 0, ""
    for column, following in (*starts, (whole, None)):
        if following == name:
            continue
        column = min(max(column, at), whole)
        if column > at:
            part = line[at:column] if wide is None else wide[2 * at : 2 * column].decode("utf-16-le", "replace")
            yield name, part.encode("utf-8", "replace")
        at, name = column, following or ""


def _vlq(segment: str) -> list[int]:
    found, value, shift = [], 0, 0
    for char in segment:
        digit = _DIGITS[char]
        value += (digit & 31) << shift
        if digit & 32:
            shift += 5
            continue
        found.append(-(value >> 1) if value & 1 else value >> 1)
        value = shift = 0
    return found


def read(snapshot: Snapshot, path: str) -> Divided | None:
    """Divide a committed file by the map beside it; None where there is none, or where both are too large."""
    try:
        return divide(snapshot.read(path, TEXT_LIMIT), snapshot.read(path + ".map", MAP_LIMIT))
    except (NotAFile, TooLarge):
        return None


def attribution(before: Divided, after: Divided, shown: int = 10) -> dict[str, Any]:
    """Give what changed most, with what each grown source costs compressed, and the rest as one number."""
    olds, news = before.sizes(), after.sizes()
    changed = [(name, olds.get(name, 0), news.get(name, 0)) for name in {*olds, *news} if name]
    changed = sorted((c for c in changed if c[1] != c[2]), key=lambda c: (-abs(c[2] - c[1]), c[0]))
    whole = weigh(piece for _, piece in after.pieces).gated
    listed = []
    for name, old, new in changed[:shown]:
        subject: dict[str, Any] = {"package": name[2:]} if name.startswith("//") else {"path": name}
        costs = {"gzip": whole - after.without(name)} if new > old else {}
        listed.append({**subject, "before": old, "after": new, **costs})
    told = sum(new - old for _, old, new in changed[:shown])
    return {"modules": listed, "rest": sum(news.values()) - sum(olds.values()) - told}
