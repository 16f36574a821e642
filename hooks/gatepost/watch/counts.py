"""What is kept of a window: the counts that the statistics need, small enough for a database row."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gatepost.metrics import Window
from gatepost.metrics._routes import fold
from gatepost.watch.latency import MARGINS, TAUS, WARN_MARGINS, Limit

OTHER = "(other)"
QUANTILES = (0.5, 0.9, 0.99)


class Minute(NamedTuple):
    """What is kept of a minute for days: requests, errors, distinct errors, response times and their sum."""

    at: float
    requests: float
    errors: float
    counted: float
    timed: float = 0.0
    seconds: float = 0.0


def timing(window: Window) -> tuple[float, float]:
    """Give how many response times a window has, and their sum."""
    values = [value for each in window.durations.values() for value in each]
    return window.timed or len(values), window.seconds or sum(values)


@dataclass(frozen=True, slots=True)
class Counts:
    """One poll of a watch.

    ``counted`` are the errors that the test counts; ``slow`` holds by route the number of timed
    requests, and of those above each limit with the margins of ``regressed``, then of ``warn``.
    """

    start: float
    end: float
    requests: float = 0
    errors: float = 0
    counted: float = 0
    refused: Mapping[str, float] = field(default_factory=dict)
    routes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    slow: Mapping[str, Sequence[int]] = field(default_factory=dict)
    signatures: Mapping[str, float] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)
    above: Mapping[str, float] = field(default_factory=dict)
    timed: float = 0
    seconds: float = 0
    quantiles: Sequence[float] = ()
    notes: Sequence[str] = ()

    def to_json(self) -> dict[str, Any]:
        """Give what a row stores; empty parts are left out."""
        return {name: value for name in self.__slots__ if (value := getattr(self, name)) not in ({}, (), [], 0)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Counts:
        """Read what ``to_json`` gave."""
        return cls(**{"start": 0.0, "end": 0.0, **data})


@dataclass(frozen=True, slots=True)
class Shape:
    """How windows of one watch are counted; made from its baseline."""

    once: bool
    wide: frozenset[str]
    routes: frozenset[str]
    limits: Mapping[str, Sequence[Limit]]
    bounds: Sequence[float]
    resolution: float


def reduce(window: Window, shape: Shape) -> Counts:
    """Count one window in the shape of its watch's baseline."""
    routes: dict[str, list[float]] = {}
    for name, (requests, errors) in window.routes.items():
        entry = routes.setdefault(route_of(name, shape), [0, 0])
        entry[0] += requests
        entry[1] += errors
    values = [value for each in window.durations.values() for value in each]
    return Counts(
        start=window.start,
        end=window.end,
        requests=window.requests,
        errors=window.errors,
        counted=window.distinct if shape.once else window.errors,
        refused=window.refused_once if shape.once else window.refused,
        routes=routes,
        slow=slow(window, shape),
        signatures=window.signatures,
        examples=window.examples,
        above=above(window.buckets, shape.bounds),
        timed=window.timed or len(values),
        seconds=round(window.seconds or sum(values), 6),
        quantiles=quantiles(sorted(values)),
        notes=window.notes,
    )


def route_of(name: str, shape: Shape) -> str:
    """Give the route under which the watch counts a request."""
    folded = fold(name, shape.wide)
    return folded if folded in shape.routes else OTHER


def slow(window: Window, shape: Shape) -> dict[str, list[int]]:
    """Count by route the timed requests, and those above each limit, with the margins of both rungs."""
    found: dict[str, list[int]] = {}
    for name, values in window.durations.items():
        route = route_of(name, shape)
        limits = shape.limits.get(route, ())
        if not limits:
            continue
        entry = found.setdefault(route, [0] * (1 + 2 * len(TAUS)))
        ordered = sorted(values)
        entry[0] += len(ordered)
        for limit in limits:
            at = TAUS.index(limit.tau)
            for offset, margins in ((1, MARGINS), (1 + len(TAUS), WARN_MARGINS)):
                bound = limit.bound(margins[at], shape.resolution)
                entry[offset + at] += len(ordered) - bisect_right(ordered, bound)
    return found


def above(buckets: Mapping[float, float], bounds: Sequence[float]) -> dict[str, float]:
    """Give how many values of a cumulative histogram lie above each bound."""
    if not buckets:
        return {}
    known = sorted(buckets)
    count = buckets[known[-1]]
    found = {}
    for bound in bounds:  # a native histogram does not name the spans in which nothing was
        at = bisect_right(known, bound)
        found[repr(bound)] = count - (buckets[known[at - 1]] if at else 0.0)
    return found


def quantiles(ordered: Sequence[float]) -> tuple[float, ...]:
    """Give the quantiles that the report draws."""
    return tuple(round(ordered[int(q * len(ordered))], 6) for q in QUANTILES) if ordered else ()
