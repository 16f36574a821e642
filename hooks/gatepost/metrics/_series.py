"""Turn raw samples of counters into increments, the way Prometheus' own ``increase()`` does not.

``increase()`` shows 0 for the first burst of a series that appears with a value above 0 (prometheus #1673, #3886), and
extrapolates whole counts into fractions. Here each sample adds what it grew by; after a reset it adds its whole
value; and a series that appears while its target was already being scraped began at 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isfinite
from typing import Any

Labels = Mapping[str, str]
Samples = Sequence[tuple[float, float]]
Spans = dict[float, float]  # upper bound of a span to the observations in it


def numbers(values: Iterable[Sequence[Any]]) -> list[tuple[float, float]]:
    """Read ``[[time, "value"], …]``; what is no count (NaN, infinite, below 0) is left out."""
    found = [(float(time), float(value)) for time, value in values]
    return [(time, value) for time, value in found if 0 <= value < inf]


def target(labels: Labels) -> tuple[str, str]:
    """Give what was scraped."""
    return labels.get("job", ""), labels.get("instance", "")


def born(samples: Samples, seen: Sequence[float], started: float | None) -> bool:
    """Tell whether the first sample counts from 0: its target was scraped before, or its process began in view."""
    first = samples[0][0]
    if seen and seen[0] < first - 1e-3:
        return True
    return started is not None and bool(seen) and started >= seen[0] - 60.0


def increments(samples: Samples, from_zero: bool) -> Iterator[tuple[float, float]]:
    """Give (time, growth) of a counter, resets included."""
    before: float | None = 0.0 if from_zero else None
    for time, value in samples:
        if before is not None:
            yield time, value - before if value >= before else value
        before = value


def spans(histogram: Mapping[str, Any]) -> tuple[float, float, Spans]:
    """Read one native histogram: observations, sum, and the observations by the upper bound of their span."""
    found: Spans = {}
    for _, _, upper, count in histogram.get("buckets") or ():
        found[float(upper)] = found.get(float(upper), 0.0) + float(count)
    count, total = float(histogram["count"]), float(histogram["sum"])
    return (count, total if isfinite(total) else 0.0, found) if isfinite(count) else (0.0, 0.0, {})


def span_increments(
    samples: Sequence[tuple[float, float, float, Spans]], from_zero: bool
) -> Iterator[tuple[float, float, float, Spans]]:
    """Give (time, observations, seconds, spans) by which a native histogram grew."""
    before: tuple[float, float, Spans] | None = (0.0, 0.0, {}) if from_zero else None
    for time, count, total, now in samples:
        if before is not None:
            reset = count < before[0]
            old = (0.0, 0.0, {}) if reset else before
            yield time, count - old[0], total - old[1], grown(old[2], now)
        before = (count, total, now)


def grown(old: Spans, now: Spans) -> Spans:
    """Give the growth by span; where the histogram was made coarser in between, by its new spans."""
    if set(old) <= set(now):
        return {bound: count - old.get(bound, 0.0) for bound, count in now.items() if count != old.get(bound, 0.0)}
    bounds = sorted(now)
    moved = dict.fromkeys(bounds, 0.0)
    for bound, count in old.items():
        at = bisect_right(bounds, bound - 1e-12 * abs(bound))
        moved[bounds[min(at, len(bounds) - 1)]] += count
    return {bound: max(0.0, now[bound] - moved[bound]) for bound in bounds}


def cumulative(found: Mapping[float, float], total: float) -> dict[float, float]:
    """Add spans up from below; the whole is at infinity."""
    below, result = 0.0, {}
    for bound in sorted(found):
        below += found[bound]
        result[bound] = below
    result[float("inf")] = max(total, below)
    return result
