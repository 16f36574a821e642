"""Learn over days what is normal for a service: which error signatures there are, how errors scatter.

The span that is covered grows forward to the deploy, then backward by as much as one look may
take, so that a watch begins at once and its catalogue reaches a week back a little later.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from gatepost.metrics import Reader, Window
from gatepost.watch.counts import Minute, timing
from gatepost.watch.spans import DAY
from gatepost.watch.store import Store

LOOK_BACK = 7 * DAY
KEEP = 30 * DAY
MINUTE = 60.0
FIRST = 3600.0
BUDGET = 0.5
SHARE = 0.1
AHEAD = 30.0
MOST = 6 * 3600.0
GAP = 6 * 3600.0


class Spare:
    """The CPU seconds that a worker has for the past: half a one a look, and in all a share of the time that passes.

    Five hundred services whose logs reach a week back would else hold up each other's looks.
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady, self._begun, self._spent = steady, steady(), 0.0

    def left(self) -> float:
        """Give what one look may take now."""
        return min(BUDGET, AHEAD + SHARE * max(0.0, self._steady() - self._begun) - self._spent)

    def spend(self, seconds: float) -> None:
        """Take some away."""
        self._spent += seconds


def learn(
    store: Store, service: str, reader: Reader, moment: float, begin: bool, spare: Spare, poll: float = MINUTE
) -> bool:
    """Cover the time up to ``moment``, then some more of the past; False where all is covered.

    The first hour is read in steps of ``poll``, as the baseline is: ``Remembering`` then reads it once.
    """
    covered = store.coverage(service)
    if covered is None or covered[1] < moment - GAP:
        if covered:
            store.restart(service, (moment, moment))
        _take(store, service, reader, (moment - FIRST, moment), poll if MINUTE % poll == 0 else MINUTE)
        return True
    if covered[1] < moment:
        _take(store, service, reader, (covered[1], moment))
    return False if begin else _backward(store, service, reader, covered[0], moment - LOOK_BACK, spare)


def _backward(store: Store, service: str, reader: Reader, since: float, goal: float, spare: Spare) -> bool:
    size, left, empty = FIRST, spare.left(), 0.0
    while since > goal and left > 0:
        started = time.thread_time()
        span = (max(goal, since - size), since)
        there = _take(store, service, reader, span)
        empty = 0.0 if there else empty + span[1] - span[0]
        if empty >= DAY:  # here the log begins
            store.learn(service, (goal, span[0]), {}, [])
            return False
        took = time.thread_time() - started
        spare.spend(took)
        since, left = span[0], left - took
        size = min(size * 2, getattr(reader, "chunk", MOST)) if not there or left > BUDGET / 2 else size
    return since > goal


def _take(store: Store, service: str, reader: Reader, span: tuple[float, float], step: float = MINUTE) -> bool:
    windows = reader.read(*span, step)
    store.learn(service, span, _signatures(windows), minutes(windows, span[0]))
    store.forget(service, span[1] - KEEP, span[1] - 2 * DAY)
    return any(window.requests for window in windows)


def minutes(windows: Iterable[Window], begin: float) -> list[Minute]:
    """Give each minute that has requests."""
    found: dict[int, list[float]] = {}
    for window in windows:
        entry = found.setdefault(int((window.start - begin) / MINUTE + 1e-6), [0.0] * 5)
        for at, value in enumerate((window.requests, window.errors, window.distinct, *timing(window))):
            entry[at] += value
    return [Minute(begin + MINUTE * at, *values) for at, values in found.items() if values[0]]


class Remembering:
    """A reader that reads a span of at least ten minutes once; for the time of one look."""

    def __init__(self, reader: Reader) -> None:
        self.delay, self.chunk = reader.delay, getattr(reader, "chunk", MOST)
        self._reader = reader
        self._read: dict[tuple[float, float, float], list[Window]] = {}

    def read(self, start: float, end: float, step: float) -> list[Window]:
        """Give the windows, from memory where they were read before."""
        if end - start < FIRST / 6:
            return self._reader.read(start, end, step)
        if (start, end, step) not in self._read:
            self._read = {(start, end, step): self._reader.read(start, end, step)}
        return self._read[start, end, step]

    def close(self) -> None:
        """Hold nothing open."""


def _signatures(windows: Iterable[Window]) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    for window in windows:
        for name, count in window.signatures.items():
            first, _, before = found.get(name, (window.start, 0.0, 0.0))
            found[name] = (first, window.end, before + count)
    return found
