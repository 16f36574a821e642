"""What was normal before a deploy: the counts, limits and scatter that a watch compares with."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.metrics import Window
from gatepost.metrics._routes import fold, wide
from gatepost.watch.counts import OTHER, Minute, Shape, above, quantiles, slow
from gatepost.watch.latency import TAUS, Limit, bucket_bounds, limits
from gatepost.watch.numbers import dispersion, wander
from gatepost.watch.spans import Span, candidates

TOP_ROUTES = 20
LEAST_TIMED = 200
MINUTE = 60.0
CLIENTS = 20
HISTORY = 60
WANDER = (60.0, 600.0)

Minutes = Sequence[Minute]


@dataclass(frozen=True, slots=True)
class Baseline:
    """The traffic that a watch is compared with, and how it is to be counted.

    ``counted`` are errors as the test counts them (``once``: per client, signature and poll), ``phi`` is
    their scatter per minute, ``rate`` requests a second, ``traffic_phi`` the scatter of requests per poll.
    ``refused`` gives count and scatter by 4xx code. ``history`` is the number of minutes that it was made with;
    ``incident`` one that lasted until the deploy (see incidents.py), ``used`` the spans that it is made of, ``wander``
    the scatter of response times.
    """

    origin: str
    start: float
    end: float
    requests: float = 0
    errors: float = 0
    counted: float = 0
    once: bool = False
    phi: float = 1.0
    rate: float = 0
    traffic_phi: float = 1.0
    refused: Mapping[str, Sequence[float]] = field(default_factory=dict)
    routes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    wide: Sequence[str] = ()
    limits: Mapping[str, Sequence[Limit]] = field(default_factory=dict)
    buckets: Mapping[str, float] = field(default_factory=dict)
    averages: Sequence[Limit] = ()
    timed: float = 0
    seconds: float = 0
    resolution: float = 0.001
    quantiles: Sequence[float] = ()
    series: Sequence[Sequence[float]] = ()
    history: int = 0
    incident: Sequence[float] = ()
    used: Sequence[Sequence[float]] = ()
    wander: Mapping[str, float] = field(default_factory=dict)

    @property
    def shape(self) -> Shape:
        """How the windows of the watch are to be counted."""
        bounds = bucket_bounds({float(b): n for b, n in self.buckets.items()}, self.timed)
        return Shape(self.once, frozenset(self.wide), frozenset(self.routes), self.limits, bounds, self.resolution)

    @property
    def error_rate(self) -> float:
        """The share of requests that failed, as the test counts it."""
        return self.counted / self.requests if self.requests else 0.0

    def to_json(self) -> dict[str, Any]:
        """Give what a row stores."""
        data = {name: getattr(self, name) for name in self.__slots__}
        data["limits"] = {route: _plain(each) for route, each in self.limits.items()}
        data["averages"] = _plain(self.averages)
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Baseline:
        """Read what ``to_json`` gave."""
        found = {route: tuple(Limit(*each) for each in rows) for route, rows in data["limits"].items()}
        averages = tuple(Limit(*each) for each in data.get("averages", ()))
        return cls(**{**data, "limits": found, "averages": averages})


def _plain(each: Sequence[Limit]) -> list[list[float]]:
    return [[x.tau, x.value, x.above, x.count] for x in each]


def build(windows: Sequence[Window], origin: str, history: Minutes = ()) -> Baseline:
    """Make a baseline of windows; ``history`` are the minutes that give the scatter."""
    used = [window for window in windows if window.requests or window.timed]
    if not used:
        edges = (windows[0].start, windows[-1].end) if windows else (0.0, 0.0)
        return Baseline(origin, *edges)
    once = _many_clients(used)
    routes = _routes(used)
    prefixes = wide(routes)
    top = _top(routes, prefixes)
    values = _durations(used, prefixes, frozenset(top))
    everything = sorted(value for each in values.values() for value in each)
    covered = windows[windows.index(used[0]) :]
    counted = sum(_counted(window, once) for window in used)
    buckets = _buckets(used)
    made = Baseline(
        origin=origin,
        start=used[0].start,
        end=windows[-1].end,
        requests=sum(window.requests for window in used),
        errors=sum(window.errors for window in used),
        counted=counted,
        once=once,
        phi=scatter(history, once) if len(history) > HISTORY else dispersion(_minutes(covered, once)),
        rate=sum(window.requests for window in used) / sum(window.end - window.start for window in covered),
        traffic_phi=dispersion([(window.end - window.start, window.requests) for window in covered]),
        refused=_refused(covered, once),
        routes=top,
        wide=sorted(prefixes),
        limits={route: limits(sorted(each)) for route, each in values.items() if len(each) >= LEAST_TIMED}
        or ({OTHER: limits(everything)} if everything else {}),
        buckets={repr(bound): count for bound, count in sorted(buckets.items())},
        averages=() if buckets or everything else limits(sorted(w.seconds / w.timed for w in used if w.timed)),
        timed=max(buckets.values(), default=0.0) or sum(w.timed for w in used) or len(everything),
        seconds=sum(w.seconds for w in used) or sum(everything),
        resolution=used[0].resolution,
        quantiles=quantiles(everything),
        series=_series(covered),
        history=len(history),
    )
    return replace(made, wander=_wander(covered, made.shape))


def _wander(windows: Sequence[Window], shape: Shape) -> dict[str, float]:
    """Give by quantile, and by bucket bound, how the values above it scatter over minutes and tens of minutes."""
    length = windows[0].end - windows[0].start
    sizes = [max(1, round(seconds / length)) for seconds in WANDER]
    found = dict[str, float]()
    rows = [slow(window, shape) for window in windows]
    for at, tau in enumerate(TAUS, 1):
        found[repr(tau)] = wander(
            [(sum(r[0] for r in row.values()), sum(r[at] for r in row.values())) for row in rows], sizes
        )
    each = [(window.timed, above(window.buckets, shape.bounds)) for window in windows]
    for bound in shape.bounds:
        found[f"above {bound!r}"] = wander([(n, over.get(repr(bound), 0.0)) for n, over in each], sizes)
    return {name: round(value, 3) for name, value in found.items() if value > 1.0}


def chosen(
    read: Callable[[float, float, float], list[Window]],
    moment: float,
    wanted: float,
    poll: float,
    bad: Sequence[Span],
    minutes: Minutes,
    first: float = 0.0,
) -> Baseline:
    """Give the last good hour before a deploy, else the same hour of the day before; data begin at ``first``."""
    for origin, spans in candidates(moment, wanted, bad, first):
        windows = [window for start, end in spans for window in read(start, end, poll)]
        return replace(build(windows, origin, minutes), used=spans)
    return Baseline("no good hour before the deploy", moment, moment)


def scatter(history: Minutes, once: bool) -> float:
    """Give phi of the errors per minute of up to a day."""
    return dispersion([(each.requests, each.counted if once else each.errors) for each in history])


def _many_clients(windows: Sequence[Window]) -> bool:
    """Tell whether requests come from many clients; behind a proxy that hides them all errors are from "one"."""
    seen = [window for window in windows if window.load[1]]
    effective = sum(window.requests**2 / window.load[1] for window in seen)
    return bool(seen) and effective >= min(CLIENTS * len(seen), 0.5 * sum(window.requests for window in seen))


def _counted(window: Window, once: bool) -> float:
    return window.distinct if once else window.errors


def _minutes(windows: Sequence[Window], once: bool) -> list[tuple[float, float]]:
    found: dict[int, list[float]] = {}
    for window in windows:
        entry = found.setdefault(int(window.start // MINUTE), [0, 0])
        entry[0] += window.requests
        entry[1] += _counted(window, once)
    return [(n, y) for n, y in found.values()]


def _refused(windows: Sequence[Window], once: bool) -> dict[str, tuple[float, float]]:
    each = [(w.requests, w.refused_once if once else w.refused) for w in windows]
    codes = sorted({code for _, refused in each for code in refused})
    return {
        code: (sum(r.get(code, 0) for _, r in each), dispersion([(n, r.get(code, 0)) for n, r in each]))
        for code in codes
    }


def _routes(windows: Sequence[Window]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for window in windows:
        for name, (requests, errors) in window.routes.items():
            entry = found.setdefault(name, [0, 0])
            entry[0] += requests
            entry[1] += errors
    return found


def _top(routes: Mapping[str, Sequence[float]], prefixes: frozenset[str]) -> dict[str, list[float]]:
    folded: dict[str, list[float]] = {}
    for name, (requests, errors) in routes.items():
        entry = folded.setdefault(fold(name, prefixes), [0, 0])
        entry[0] += requests
        entry[1] += errors
    ordered = sorted(folded, key=lambda name: -folded[name][0])
    top = {name: folded[name] for name in ordered[:TOP_ROUTES]}
    rest = [folded[name] for name in ordered[TOP_ROUTES:]]
    if rest:
        top[OTHER] = [sum(each[0] for each in rest), sum(each[1] for each in rest)]
    return top


def _durations(windows: Sequence[Window], prefixes: frozenset[str], top: frozenset[str]) -> dict[str, array[float]]:
    found: dict[str, array[float]] = {}
    names: dict[str, str] = {}
    for window in windows:
        for name, values in window.durations.items():
            if name not in names:
                folded = fold(name, prefixes)
                names[name] = folded if folded in top else OTHER
            found.setdefault(names[name], array("d")).extend(values)
    small = [name for name, values in found.items() if len(values) < LEAST_TIMED and name != OTHER]
    for name in small:
        found.setdefault(OTHER, array("d")).extend(found.pop(name))
    return found


def _buckets(windows: Sequence[Window]) -> dict[float, float]:
    spans: dict[float, float] = {}
    for window in windows:  # taken apart, for a native histogram names other bounds in each window
        below = 0.0
        for bound in sorted(window.buckets):
            spans[bound] = spans.get(bound, 0.0) + window.buckets[bound] - below
            below = window.buckets[bound]
    found, below = dict[float, float](), 0.0
    for bound in sorted(spans):
        below += spans[bound]
        found[bound] = below
    return found


def _series(windows: Sequence[Window], most: int = 60) -> list[list[float]]:
    """Give what the report draws: start, requests, errors and quantiles of at most sixty stretches."""
    size = max(1, -(-len(windows) // most))
    rows = []
    for at in range(0, len(windows), size):
        some = windows[at : at + size]
        values = sorted(value for window in some for each in window.durations.values() for value in each)
        counts = [sum(w.requests for w in some), sum(w.errors for w in some)]
        rows.append([some[0].start, some[-1].end, *counts, *quantiles(values)])
    return rows
