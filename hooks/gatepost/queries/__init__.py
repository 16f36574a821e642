"""One file per source of known queries: what runs against the schema, so that a migration may break it.

``broken(queries, before, after)`` says which of some queries run on one schema and not on another; ``gather`` gives
the known queries of a tree.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatepost import registry

if TYPE_CHECKING:
    from gatepost.git import Snapshot
    from gatepost.sql.changes import SchemaChange
    from gatepost.sql.schema import Schema

__all__ = ["LIVE", "Broken", "Query", "Source", "broken", "sources"]

LIVE = "refs/gatepost/deployed"  # what `gatepost deploy mark` has said, by the ref that was deployed


@dataclass(frozen=True, slots=True)
class Query:
    """One known query: its text, where it stands (``path`` "" for a digest of a running server), its name.

    ``calls`` is how often it runs, where a digest says so. ``certain`` tells a query from text that looks like one.
    ``style`` names how its placeholders are written where the text alone does not tell: ``percent`` (Python's).
    """

    text: str
    path: str
    line: int = 1
    name: str = ""
    dialect: str = ""
    calls: int = 0
    certain: bool = True
    source: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """Where known queries come from; each module of this package has one as ``SOURCE``.

    ``wanted`` tells by a path alone whether the file may hold queries; ``read`` gives those of one file. It raises
    ``gatepost.migrations._look.Unreadable`` where the file, or what is needed to read it, is not fit.
    """

    name: str
    summary: str
    wanted: Callable[[str], bool]
    read: Callable[[Snapshot, str], Iterator[Query]]


@dataclass(frozen=True, slots=True)
class Broken:
    """A query that runs before a change of the schema and does not after it.

    ``kind`` is what is missing: column, table, function, type, enum-value, constraint, required-column, ambiguous,
    or statement where a server refused it and nothing else is known. ``blame`` is the operation, where one was found.
    ``how`` is ``static``, ``prepared`` or ``explained``; with ``certain`` false it may be a false alarm.
    """

    query: Query
    kind: str
    table: str
    object: str
    text: str
    how: str = "static"
    certain: bool = True
    blame: SchemaChange | None = None


def sources() -> tuple[Source, ...]:
    """Give every source there is."""
    return registry.load(sys.modules[__name__], "SOURCE", Source)


def broken(
    queries: Iterable[Query], before: Schema, after: Schema, changes: Sequence[SchemaChange] = ()
) -> list[Broken]:
    """Give those queries that run on the one schema and, as far as can be seen without a server, not on the other.

    What does not parse, or was not understood on the schema before, is left out. ``changes`` are the operations
    that lead from the one to the other; the one that breaks a query is named in ``Broken.blame``.
    """
    from gatepost.queries._judge import judge

    return list(judge(queries, before, after, changes).broken)
