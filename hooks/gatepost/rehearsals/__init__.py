"""Run the migrations of a change up, down and up again on a scratch database, with rows, and say what came back.

A down that exits 0 proves nothing: schema and rows are compared. Every script runs on a connection of its own and in
its own committed transaction; up and down in one transaction give false alarms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Failure", "Lost", "Rehearsal", "Rehearsed", "Unfilled", "Verdict"]

Verdict = Literal[
    "reversible",
    "data-loss",  # reversible with data loss: see ``lost``
    "down-fails",
    "down-fails-with-rows",
    "schema-differs",
    "up-fails",  # on the very base of the change: nothing can be said of the down
    "missing",
    "irreversible",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Lost:
    """Values that the way there and back loses: of one column, or whole rows where ``column`` is empty.

    ``when`` tells whether they were there before the change, or written after it.
    """

    table: str
    column: str
    rows: int
    when: Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A script that failed: the statement, its place, and what the engine said."""

    path: str
    line: int
    statement: str
    message: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Unfilled:
    """A table that a migration touches and that no row could be put into, so that nothing was seen of its rows.

    ``when`` tells which rows there were none of: those from before the change, or those written after it.
    """

    table: str
    when: Literal["before", "after"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came out for one migration; ``up`` and ``down`` are digests of what was run (SHA-256, "" for none).

    ``up_ms`` and ``down_ms`` are measured on synthetic rows: they rank, they do not predict. ``locks`` names the
    tables with the strongest lock that the up and the down take on each. ``unfilled`` are tables of which nothing was
    seen with rows: where there are any, the verdict is never ``reversible``.
    """

    framework: str
    version: str
    path: str
    up: str
    down: str
    verdict: Verdict
    reason: str = ""
    lost: tuple[Lost, ...] = ()
    differences: tuple[str, ...] = ()
    failure: Failure | None = None
    up_ms: int = 0
    down_ms: int = 0
    locks: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    unfilled: tuple[Unfilled, ...] = ()


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One rehearsal of a history's changes: which server, which migrations, each verdict and that of the whole.

    ``key`` binds it to the digests of all migrations up to the head and to the server's version. ``base`` and
    ``head`` are fingerprints of the schema before and after (``gatepost.databases`` introspection, SHA-256).
    ``assumed`` says what was only supposed of the place.
    """

    key: str
    engine: str
    server: str
    how: str
    at: str
    root: str
    base: str
    head: str
    migrations: tuple[Rehearsed, ...]
    whole: Verdict
    reason: str = ""
    seeded: tuple[str, ...] = ()
    elapsed_ms: int = 0
    assumed: str = ""
