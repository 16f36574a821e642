"""One file per metric source: a span of time in, what was measured in it out (a Window per step).

A source is one module with ``SOURCE = MetricSource(…)``. ``open`` checks the settings and gives a reader;
a reader answers with one Window per step, or raises SourceError. It never answers "nothing happened"
where it could not look: no answer is never a pass.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gatepost.errors import CannotJudge
from gatepost.metrics._settings import Verification

__all__ = ["MetricSource", "Reader", "SourceError", "Verification", "Window"]


class SourceError(CannotJudge):
    """Say that a metric source cannot be read: unreachable, renamed, not understood."""


@dataclass(slots=True)
class Window:
    """What was measured in ``[start, end)``, seconds since 1970.

    ``errors`` are answers of 500 and above, ``distinct`` the same counted once per client and
    signature. ``refused`` counts 4xx by code, ``refused_once`` once per client. ``durations`` are
    the seconds of successful requests by route; a histogram gives ``buckets`` (upper bound to
    cumulative count) instead, a summary only ``seconds`` and ``timed``. ``load`` is the number of
    clients and the sum of their squared requests.
    """

    start: float
    end: float
    requests: float = 0
    errors: float = 0
    distinct: float = 0
    refused: dict[str, float] = field(default_factory=dict)
    refused_once: dict[str, float] = field(default_factory=dict)
    signatures: dict[str, float] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    routes: dict[str, tuple[float, float]] = field(default_factory=dict)
    durations: dict[str, array[float]] = field(default_factory=dict)
    resolution: float = 0.001
    buckets: dict[float, float] = field(default_factory=dict)
    seconds: float = 0
    timed: float = 0
    load: tuple[int, float] = (0, 0.0)
    notes: tuple[str, ...] = ()


class Reader(Protocol):
    """What a source opens: it answers for spans of time."""

    delay: float
    """Seconds after which what happened at an instant can be read."""

    def read(self, start: float, end: float, step: float) -> list[Window]:
        """Give one Window per ``step`` seconds from ``start`` until ``end``; SourceError where it cannot."""

    def close(self) -> None:
        """Let go of files and connections."""


@dataclass(frozen=True, slots=True)
class MetricSource:
    """What the watch knows about one kind of source; each module of this package has one as ``SOURCE``."""

    name: str
    summary: str
    open: Callable[[Verification], Reader]
