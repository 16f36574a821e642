"""Learn over days what is normal for a service: which error signatures there are, how errors scatter.

The span that is covered grows forward to the deploy, then backward by as much as one look may
take, so that a watch begins at once and its catalogue reaches a week back a little later.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from gatepost.metrics import Reader, Window
from gatepost.watch.spans import DAY
from gatepost.watch.store import Store

LOOK_BACK = 7 * DAY
KEEP = 30 * DAY
MINUTE = 60.0
FIRST = 3600.0
BUDGET = 0.5
MOST = 6 * 3600.0
GAP = 6 * 3600.0


def learn(store: Store, service: str, reader: Reader, moment: float, begin: bool) -> bool:
    """Cover the time up to ``moment``, then some more of the past; False where all is covered."""
    covered = store.coverage(service)
    if covered is None or covered[1] < moment - GAP:
        if covered:
            store.restart(service, (moment, moment))
        _take(store, service, reader, (moment - FIRST, moment))
        return True
    if covered[1] < moment:
        _take(store, service, reader, (covered[1], moment))
    return False if begin else _backward(store, service, reader, covered[0], moment - LOOK_BACK)


def _backward(store: Store, service: str, reader: Reader, since: float, goal: float) -> bool:
    size, left, empty = FIRST, BUDGET, 0.0
    while since > goal and left > 0:
        started = time.process_time()
        span = (max(goal, since - size), since)
        there = _take(store, service, reader, span)
        empty = 0.0 if there else empty + span[1] - span[0]
        if empty >= DAY:  # here the log begins
            store.learn(service, (goal, span[0]), {}, [])
            return False
        since, left = span[0], left - (time.process_time() - started)
        size = min(size * 2, getattr(reader, "chunk", MOST)) if not there or left > BUDGET / 2 else size
    return since > goal


def _take(store: Store, service: str, reader: Reader, span: tuple[float, float]) -> bool:
    windows = reader.read(*span, MINUTE)
    store.learn(service, span, _signatures(windows), [
        (w.start, w.requests, w.errors, w.distinct) for w in windows if w.requests
    ])  # fmt: skip
    store.forget(service, span[1] - KEEP, span[1] - 2 * DAY)
    return any(window.requests for window in windows)


def _signatures(windows: Iterable[Window]) -> dict[str, tuple[float, float, float]]:
    found: dict[str, tuple[float, float, float]] = {}
    for window in windows:
        for name, count in window.signatures.items():
            first, _, before = found.get(name, (window.start, 0.0, 0.0))
            found[name] = (first, window.end, before + count)
    return found
