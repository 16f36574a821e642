"""Sets of versions as sorted, disjoint intervals on the line of an ecosystem's order.

A point on the line lies before or after a version, so that each version is itself the half-open
interval from the one to the other, and ``>`` and ``>=`` need no flags.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Point = tuple[Any, ...]
Interval = tuple[Point, Point]

START: Point = (0,)
END: Point = (2,)


def before(key: Any) -> Point:
    """Give the point just before a version."""
    return (1, key, 0)


def after(key: Any) -> Point:
    """Give the point just after a version."""
    return (1, key, 1)


ALL: tuple[Interval, ...] = ((START, END),)


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Sort intervals, drop the empty ones and join those that touch."""
    found: list[Interval] = []
    for low, high in sorted(pair for pair in intervals if pair[0] < pair[1]):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def intersection(left: Iterable[Interval], right: Iterable[Interval]) -> tuple[Interval, ...]:
    """Give what both sets hold."""
    others = tuple(right)
    return union((max(a, c), min(b, d)) for a, b in left for c, d in others)


def complement(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Give what a set does not hold."""
    found, low = [], START
    for start, end in union(intervals):
        found.append((low, start))
        low = end
    return union([*found, (low, END)])


def holds(intervals: Iterable[Interval], key: Any) -> bool:
    """Tell whether a set holds a version."""
    point = before(key)
    return any(low <= point < high for low, high in intervals)
