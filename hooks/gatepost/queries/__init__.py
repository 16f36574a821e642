"""One file per source of known queries: what runs against the schema, so that a migration may break it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatepost import registry

if TYPE_CHECKING:
    from gatepost.git import Snapshot

__all__ = ["Query", "Source", "sources"]


@dataclass(frozen=True, slots=True)
class Query:
    """One known query: its text, where it stands (``path`` "" for a digest of a running server), its name.

    ``calls`` is how often it runs, where a digest says so. ``certain`` tells a query from text that looks like one.
    """

    text: str
    path: str
    line: int = 1
    name: str = ""
    dialect: str = ""
    calls: int = 0
    certain: bool = True


@dataclass(frozen=True, slots=True)
class Source:
    """Where known queries come from; each module of this package has one as ``SOURCE``.

    ``wanted`` tells by a path alone whether the file may hold queries; ``read`` gives those of one file.
    """

    name: str
    summary: str
    wanted: Callable[[str], bool]
    read: Callable[[Snapshot, str], Iterator[Query]]


def sources() -> tuple[Source, ...]:
    """Give every source there is."""
    return registry.load(sys.modules[__name__], "SOURCE", Source)
