"""Find what went wrong before a deploy while nobody watched: such an hour is no baseline.

A verdict covers the minutes after a deploy only. So the day before a deploy is cut into stretches of ten minutes and of
an hour, and each is compared with the rest of the day: by the evidence of ``error_rate`` for more than ``RUNG``'s ratio
of errors, or by ``SLOWER`` times its mean response time. What the same time of the day before shows as well is usual (a
nightly job), and so is what comes three times a day. What was found is taken out and the rest compared again, until
nothing more is found.

Scatter is the median of the hours' own chi2/df: an incident must not hide itself by scattering. Units: seconds, counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import accumulate
from math import log
from statistics import median

from gatepost.metrics import Window
from gatepost.watch.baseline import Baseline, build
from gatepost.watch.counts import Counts, Minute, reduce
from gatepost.watch.error_rate import Ladder, segment
from gatepost.watch.judge import Assessment, Known, assess
from gatepost.watch.numbers import dispersion
from gatepost.watch.spans import DAY, Span, merged

SIZES = (600.0, 3600.0)
RUNG = Ladder(2.0, 0.001)
USUAL = 1.5
SLOWER = 2.0
LEAST_TIMED = 200.0
LEAST_ERRORS = 10
LEAST_REST = 30  # minutes to compare with
ROUNDS = 4
OFTEN = 3
NEAR = 900.0
Read = Callable[[float, float, float], list[Window]]


@dataclass(frozen=True, slots=True)
class _Sum:
    """Minutes, requests, errors, response times and their sum of one stretch or several."""

    minutes: float
    n: float
    y: float
    timed: float
    seconds: float

    def __sub__(self, other: _Sum) -> _Sum:
        pairs = zip(self._all(), other._all(), strict=True)
        return _Sum(*(max(0.0, one - two) for one, two in pairs))

    def _all(self) -> tuple[float, float, float, float, float]:
        return self.minutes, self.n, self.y, self.timed, self.seconds

    @property
    def rate(self) -> float:
        return self.y / self.n if self.n else 0.0

    @property
    def mean(self) -> float:
        return self.seconds / self.timed if self.timed else 0.0


_NOTHING: tuple[float, ...] = (0.0,) * 5


class _Days:
    """The minutes of two days, summed so that any stretch of them is two look-ups."""

    def __init__(self, minutes: Iterable[Minute], once: bool) -> None:
        ordered = sorted(minutes, key=lambda each: each.at)
        rows: list[tuple[float, ...]] = [
            (1.0, m.requests, m.counted if once else m.errors, m.timed, m.seconds) for m in ordered
        ]
        self._times = [each.at for each in ordered]
        self._sums = list(accumulate(rows, _added, initial=_NOTHING))
        self.counts = [(each.at, row[1], row[2]) for each, row in zip(ordered, rows, strict=True)]

    def sum(self, spans: Iterable[Span]) -> _Sum:
        """Add up spans that do not overlap."""
        total = _NOTHING
        for start, end in spans:
            low, high = (self._sums[bisect_left(self._times, moment)] for moment in (start, end))
            total = tuple(t + h - x for t, x, h in zip(total, low, high, strict=True))
        return _Sum(*total)


def _added(one: tuple[float, ...], two: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(one, two, strict=True))


def find(minutes: Iterable[Minute], moment: float, once: bool = False) -> list[Span]:
    """Give the incidents of the day before ``moment``; ``minutes`` reach up to two days back."""
    days = _Days(minutes, once)
    day = (moment - DAY, moment)
    stretches = [span for size in SIZES for span in _cut(moment, size) if days.sum([span]).n]
    phi, found = _scatter(days, day), list[Span]()
    doubtful = _doubtful(days, [span for span in stretches if span[1] - span[0] == SIZES[-1]])
    price = log(max(len(stretches), 1))
    for _ in range(ROUNDS):
        more = [
            span
            for span in stretches
            if _unusual(days, span, days.sum([day]) - days.sum(merged([*found, *doubtful, span])), phi, price)
        ]
        if all(_covered(span, found) for span in more):
            break
        found = merged([*found, *more])
    return _rare(found)


def _rare(found: Sequence[Span]) -> list[Span]:
    """Leave out what comes again and again in a day, such as an hourly job: that is this service's usual."""
    if len(found) < OFTEN:
        return list(found)
    usual = median([end - start for start, end in found])
    return [(start, end) for start, end in found if end - start > 2 * usual]


def _cut(moment: float, size: float) -> list[Span]:
    return [(moment - (at + 1) * size, moment - at * size) for at in range(int(DAY / size))]


def _doubtful(days: _Days, hours: Sequence[Span]) -> list[Span]:
    """Give the hours that are worse than the middle one: nothing is compared with them."""
    sums = [(span, days.sum([span])) for span in hours]
    rate = median([each.rate for _, each in sums] or [0.0])
    mean = median([each.mean for _, each in sums] or [0.0])
    return [
        span
        for span, each in sums
        if (each.rate > USUAL * rate and each.y >= LEAST_ERRORS) or (each.mean > USUAL * mean > 0)
    ]


def _scatter(days: _Days, day: Span) -> float:
    hours: dict[int, list[tuple[float, float]]] = {}
    for at, n, y in days.counts:
        if day[0] <= at < day[1]:
            hours.setdefault(int((day[1] - at) // 3600), []).append((n, y))
    return median([dispersion(counts) for counts in hours.values()] or [1.0])


def _unusual(days: _Days, span: Span, rest: _Sum, phi: float, price: float) -> bool:
    """Tell whether a stretch is worse than the rest of the day; each of those looked at pays its share."""
    if rest.minutes < LEAST_REST:
        return False
    one, before = days.sum([span]), days.sum([(span[0] - DAY - NEAR, span[1] - DAY + NEAR)])
    told = before.n >= one.n / 4
    if one.rate > RUNG.tolerated * rest.rate and not (told and one.rate <= USUAL * before.rate):
        found = segment(rest.n, rest.y, one.n, one.y, RUNG.tolerated) / phi
        if found >= RUNG.needed + price:
            return True
    if min(one.timed, rest.timed) < LEAST_TIMED or one.mean <= SLOWER * rest.mean:
        return False
    return not (before.timed >= LEAST_TIMED and one.mean <= USUAL * before.mean)


def _covered(span: Span, spans: Iterable[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


def under_way(found: Iterable[Span], moment: float) -> Span | None:
    """Give the incident that lasts until the deploy, or None."""
    return next(((start, end) for start, end in found if start < moment <= end + 1.0), None)


def not_its_own(
    baseline: Baseline, found: Assessment, read: Read, polls: Sequence[Counts], known: Known, poll: float, planned: int
) -> str:
    """Say why a regression is not the deploy's: it came into an incident, and is no worse than that was; else nothing.

    ``found`` is what the comparison with the good hour gave. What came after is compared with the incident as well.
    """
    if not found.regressed or not baseline.incident:
        return ""
    begun, until = polls[0].start, polls[-1].end
    start = max(baseline.incident[0], begun - 3600.0)
    base = build(read(start, begun, poll), "the incident before the deploy")
    after = [reduce(window, base.shape) for window in read(begun, until, poll)]
    if assess(base, after, known, planned).regressed:
        return ""
    since = datetime.fromtimestamp(baseline.incident[0], timezone.utc).strftime("%Y-%m-%dT%H:%MZ")
    said = "; ".join(signal.text for signal in found.signals[:2])
    return f"an incident was under way since {since}, before the deploy, and has not ended: {said}"
