"""What staging runs: a snapshot of its structure, and how it compares with what the migrations produce.

A snapshot holds structure, estimates of rows and sizes, how often indexes are used, and which migrations the
framework's own bookkeeping names as applied. It holds no rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gatepost.policy import LOWER, Duration
from gatepost.sql.schema import Schema

__all__ = ["Drift", "Staging"]


@dataclass(frozen=True, slots=True)
class Drift:
    """``[drift]``: where the snapshot of staging is, how old it may be, what is left out of the comparison.

    ``publishers`` may bring a snapshot to the server, by the names under which it knows them; empty: whoever may push.
    """

    environment: str = "staging"
    snapshot: str = ""
    max_age: Duration = field(default=Duration(7 * 86_400), metadata=LOWER)
    publishers: tuple[str, ...] = field(default=(), metadata=LOWER)
    ignore: tuple[str, ...] = field(default=(), metadata=LOWER)


@dataclass(frozen=True, slots=True)
class Staging:
    """A snapshot of one running database, taken at ``at`` (UTC, ISO 8601).

    ``sizes`` maps a table to (estimated rows, bytes), ``index_use`` an index to the number of its scans.
    ``applied`` maps each bookkeeping table to the versions that it names, the oldest first; ``newest_only`` names
    those tables that keep no more than the newest.
    """

    environment: str
    at: str
    engine: str
    version: str
    schema: Schema
    extensions: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    index_use: Mapping[str, int] = field(default_factory=dict)
    applied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    newest_only: tuple[str, ...] = ()
