"""Keep what a scratch database said of the known queries, beside the rehearsal of the same migrations."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from gatepost import blobs
from gatepost.git import Change, Repository
from gatepost.queries._touch import Words
from gatepost.rehearsals import recorded

FORMAT = 1
LIMIT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Refused:
    """What the server said after the migrations, and whether to PREPARE or to EXPLAIN."""

    message: str
    how: str


@dataclass(slots=True)
class Tried:
    """The queries, by the digest of their text, that ran before: taken, refused, or without an index after.

    ``words`` are those that the queries were searched by; ``claimed``: a client says so, to a server.
    """

    key: str
    server: str
    words: frozenset[Words] = frozenset()
    taken: set[str] = field(default_factory=set)
    refused: dict[str, Refused] = field(default_factory=dict)
    lost: dict[str, tuple[str, ...]] = field(default_factory=dict)
    claimed: bool = False


@dataclass(slots=True)
class Fresh:
    """What was tried for one change within this process, by the keys of the rehearsals."""

    change: Change
    made: dict[str, Tried] = field(default_factory=dict)


def name(text: str) -> str:
    """Name a query by its text."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def save(repo: Repository, tried: Tried, refs: str = recorded.REFS) -> None:
    """Keep it; it is pushed with the rehearsals."""
    blobs.keep(repo, f"{refs}/{tried.key}-queries", dumps(tried))


def load(repo: Repository, key: str, refs: str = recorded.REFS) -> Tried | None:
    """Give what is kept; None where there is nothing that can be used."""
    raw = blobs.kept(repo, f"{refs}/{key}-queries", LIMIT)
    made = loads(raw) if raw is not None else None
    return made if made and made.key == key else None


def dumps(tried: Tried) -> str:
    """Write it as one line of JSON."""
    data = {
        "format": FORMAT,
        "key": tried.key,
        "server": tried.server,
        "words": sorted(sorted(words) for words in tried.words),
        "taken": sorted(tried.taken),
        "refused": {text: [found.message, found.how] for text, found in sorted(tried.refused.items())},
        "lost": {text: list(tables) for text, tables in sorted(tried.lost.items())},
    }
    return json.dumps(data, separators=(",", ":"))


def loads(raw: bytes | str) -> Tried | None:
    """Read what ``dumps`` wrote; None where it is anything else: clients push it."""
    try:
        data: Any = json.loads(raw)
        if data["format"] != FORMAT:
            return None
        return Tried(
            str(data["key"]),
            str(data["server"]),
            frozenset(frozenset(str(word) for word in words) for words in data["words"]),
            {str(text) for text in data["taken"]},
            {str(text): Refused(str(message), str(how)) for text, (message, how) in data["refused"].items()},
            {str(text): tuple(str(table) for table in tables) for text, tables in data["lost"].items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
