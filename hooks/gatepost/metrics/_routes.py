"""Turn paths and messages into templates, so that a million URLs are a few routes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

MOST_CHILDREN = 40
# A version stays; identifiers are UUIDs, long words with a digit in them, hexadecimal words of six and more.
_VARIES = re.compile(
    r"(?<=/)v\d{1,2}(?=/|\Z)|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}"
    r"|(?<![\w-])(?:(?=[^\d/]*\d)[\w-]{20,}|(?=[^\d/]*\d)[0-9a-fA-F]{6,}(?![\w-]))|\d+"
)
_IN_MESSAGE = re.compile(
    r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\b(?=[a-fA-F]*\d)[0-9a-fA-F]{8,}\b|\d+(?:[.:]\d+)*"
    r"|'[^'\n]{0,200}'|\"[^\"\n]{0,200}\""
)


def mask_path(path: str) -> str:
    """Give the template of a path: no query, numbers as ``{n}``, identifiers as ``{id}``, ``v2`` as it is."""
    path = path.partition("?")[0].partition("#")[0][:300]
    return _VARIES.sub(_masked, path) or "/"


def _masked(found: re.Match[str]) -> str:
    text = found[0]
    if text.isdigit():
        return "{n}"
    return text if text[0] == "v" and len(text) <= 3 else "{id}"


def mask_message(text: str) -> str:
    """Give the template of a message: numbers, identifiers and quoted values become ``*``; 160 characters at most."""
    return " ".join(_IN_MESSAGE.sub("*", text[:600]).split())[:160]


def wide(routes: Iterable[str]) -> frozenset[str]:
    """Find the prefixes that have so many children that these must be names: ``/users/`` of ``/users/alice``."""
    children: Counter[str] = Counter()
    for prefix, _ in {(route[: at + 1], part) for route in routes for at, part in _parts(route)}:
        children[prefix] += 1
    return frozenset(prefix for prefix, count in children.items() if count > MOST_CHILDREN)


def _parts(route: str) -> Iterable[tuple[int, str]]:
    at = route.find("/")
    while at >= 0:
        following = route.find("/", at + 1)
        yield at, route[at + 1 : following if following >= 0 else None]
        at = following


def fold(route: str, prefixes: frozenset[str]) -> str:
    """Replace the child of a wide prefix by ``*``, and of what follows nothing."""
    if not prefixes:
        return route
    for at, part in _parts(route):
        if route[: at + 1] in prefixes:
            return route[: at + 1] + "*" + route[at + 1 + len(part) :]
    return route
