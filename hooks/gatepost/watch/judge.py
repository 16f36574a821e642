"""Look at the polls of a watch: which signals have crossed their line, and how far are the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any, Literal

from gatepost.model import printable
from gatepost.watch import error_rate, latency, new_errors, traffic
from gatepost.watch.baseline import Baseline
from gatepost.watch.counts import OTHER, Counts
from gatepost.watch.error_rate import Ladder
from gatepost.watch.latency import TAUS, Test
from gatepost.watch.numbers import log_sum

Level = Literal["regressed", "warn"]

REFUSED = Ladder(2.0, 0.0005)
ROUTES = Ladder(1.5, 0.0005)
# What scanners and clients do by themselves: a rise of these is told, and is a regression only where it is large.
THEIRS_MOST = 0.05
THEIRS = frozenset({"404", "405", "410", "416", "429", "499"})
LEAST_ROUTE_ERRORS = 3
QUIET = 2


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that changed for certain: its name, how bad, in words, when (seconds after the deploy)."""

    name: str
    level: Level
    text: str
    at: float = 0.0
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same signal at the next look: name, level, and the signature, route or status."""
        subject = next((str(self.data[name]) for name in ("signature", "route", "status") if name in self.data), "")
        return self.name, self.level, subject

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Signal:
        """Read what ``to_json`` gave."""
        return cls(data["name"], data["level"], data["text"], data["at"], data["data"])

    def to_json(self) -> dict[str, Any]:
        """Give what records and rows hold."""
        return {"name": self.name, "level": self.level, "text": self.text, "at": self.at, "data": dict(self.data)}


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalogue of signatures says at the deploy: the known ones, and what makes an alarm."""

    signatures: frozenset[str] = frozenset()
    look_back: float = 0.0
    needed: int = new_errors.LEAST

    @classmethod
    def of(cls, counts: Mapping[str, float], look_back: float, watch: float) -> Known:
        """Work out how many occurrences are needed."""
        return cls(frozenset(counts), look_back, new_errors.occurrences_needed(counts.values(), look_back, watch))


@dataclass(frozen=True, slots=True)
class Assessment:
    """What one look found: the signals, and for each statistic the share of the evidence that is needed."""

    signals: tuple[Signal, ...]
    progress: Mapping[str, float]

    @property
    def regressed(self) -> bool:
        """Tell whether a signal says so."""
        return any(signal.level == "regressed" for signal in self.signals)


def assess(baseline: Baseline, polls: Sequence[Counts], known: Known, planned: int = 40) -> Assessment:
    """Judge all polls so far; the deploy is at the start of the first."""
    progress: dict[str, float] = {}
    signals: list[Signal] = []
    if polls:
        found = (
            *_errors(baseline, polls, planned, progress),
            *_refused(baseline, polls, planned),
            *_routes(baseline, polls, planned),
            *_latency(baseline, polls, planned, progress),
            *_buckets(baseline, polls, planned, progress),
            *_averages(baseline, polls, planned),
            *_new(polls, known),
            *_traffic(baseline, polls, progress),
        )
        signals = [_at(signal, polls) for signal in found]
    return Assessment(tuple(_worst(signals)), progress)


def _at(signal: Signal, polls: Sequence[Counts]) -> Signal:
    at = round(polls[-1].end - polls[0].start, 3)
    return Signal(signal.name, signal.level, signal.text, at, signal.data)


def _worst(signals: Iterable[Signal]) -> Iterable[Signal]:
    """Keep ``regressed`` of a name, ``warn`` only where there is none."""
    every = list(signals)
    bad = {signal.name for signal in every if signal.level == "regressed"}
    return [signal for signal in every if signal.level == "regressed" or signal.name not in bad]


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _errors(baseline: Baseline, polls: Sequence[Counts], planned: int, progress: dict[str, float]) -> Iterable[Signal]:
    counts = [(p.requests, p.counted) for p in polls]
    before = (baseline.requests, baseline.counted)
    if not baseline.requests or sum(y for _, y in counts) <= 0:
        return
    n, y = (sum(each) for each in zip(*counts, strict=True))
    text = f"errors {_percent(y / n)} of requests, before {_percent(baseline.error_rate)}"
    for level, ladder in (("regressed", error_rate.REGRESSED), ("warn", error_rate.WARN)):
        found = error_rate.evidence(before, counts, ladder.tolerated, baseline.phi, planned)
        if level == "regressed":
            progress["error-rate"] = round(max(0.0, found) / ladder.needed, 3)
        if found >= ladder.needed and error_rate.spread(counts):
            data = {
                "before": baseline.error_rate,
                "after": y / n,
                "requests": n,
                "errors": y,
                "evidence": round(found, 2),
            }
            yield Signal("error-rate", level, text, 0.0, data)  # type: ignore[arg-type]  # one of the two words
            return


def _refused(baseline: Baseline, polls: Sequence[Counts], planned: int) -> Iterable[Signal]:
    codes = sorted({code for poll in polls for code in poll.refused})
    price = log(max(len(codes), 1))
    for code in codes:
        counts = [(p.requests, p.refused.get(code, 0.0)) for p in polls]
        y0, phi = baseline.refused.get(code, (0.0, 1.0))
        n, y = (sum(each) for each in zip(*counts, strict=True))
        if (
            not baseline.requests
            or y * baseline.requests <= REFUSED.tolerated * y0 * n
            or not error_rate.spread(counts)
        ):
            continue
        found = error_rate.evidence((baseline.requests, y0), counts, REFUSED.tolerated, phi, planned)
        if found - price >= REFUSED.needed:
            level: Level = "warn" if code in THEIRS and y < THEIRS_MOST * n else "regressed"
            text = f"status {code} is {_percent(y / n)} of requests, before {_percent(y0 / baseline.requests)}"
            yield Signal(
                "error-rate", level, text, 0.0, {"status": code, "after": y / n, "before": y0 / baseline.requests}
            )


def _routes(baseline: Baseline, polls: Sequence[Counts], planned: int) -> Iterable[Signal]:
    if len(baseline.routes) < 2:
        return
    price = log(len(baseline.routes))
    for route, (n0, y0) in baseline.routes.items():
        counts = [tuple(p.routes.get(route, (0.0, 0.0))) for p in polls]
        n, y = (sum(each) for each in zip(*counts, strict=True))
        if route == OTHER or y < LEAST_ROUTE_ERRORS or y * n0 <= ROUTES.tolerated * y0 * n:
            continue
        pairs = [(a, b) for a, b in counts]
        found = error_rate.evidence((n0, y0), pairs, ROUTES.tolerated, _route_phi(baseline, polls), planned)
        if found - price >= ROUTES.needed and error_rate.spread(pairs):
            text = f"{printable(route, 80)}: errors {_percent(y / n)}, before {_percent(y0 / n0 if n0 else 0.0)}"
            yield Signal("error-rate", "regressed", text, 0.0, {"route": printable(route), "after": y / n})


def _route_phi(baseline: Baseline, polls: Sequence[Counts]) -> float:
    """Errors by route are raw counts: where the watch de-clumps, they are tempered by what that took away."""
    raw, counted = sum(p.errors for p in polls), sum(p.counted for p in polls)
    return baseline.phi * max(1.0, raw / counted if counted else 1.0)


def _latency(baseline: Baseline, polls: Sequence[Counts], planned: int, progress: dict[str, float]) -> Iterable[Signal]:
    rows = _rows(baseline, polls)
    if not rows:
        return
    for level, ladder, offset in (("regressed", latency.REGRESSED, 1), ("warn", latency.WARN, 1 + len(TAUS))):
        tests = _pooled_tests(baseline, rows, offset)
        found = latency.mixed(tests, planned)
        if len(rows) > 1 and level == "regressed":
            each = [latency.mixed(_tests(baseline, name, row, offset), planned) for name, row in rows.items()]
            found = log_sum([found, log_sum(each) - log(len(each))]) - log(2)
        if level == "regressed":
            progress["latency"] = round(max(0.0, found) / ladder.needed, 3)
        if found >= ladder.needed:
            text, data = _slower(baseline, polls, tests)
            data["evidence"] = round(found, 2)
            yield Signal("latency", level, text, 0.0, data)  # type: ignore[arg-type]  # one of the two words
            return


Rows = Sequence[Sequence[int]]


def _rows(baseline: Baseline, polls: Sequence[Counts]) -> dict[str, Rows]:
    """Give the counts of each route that has limits, poll by poll."""
    nothing = [0] * (1 + 2 * len(TAUS))
    names = [name for name in baseline.limits if any(name in poll.slow for poll in polls)]
    return {name: [poll.slow.get(name, nothing) for poll in polls] for name in names}


def _tests(baseline: Baseline, name: str, rows: Rows, offset: int) -> list[Test]:
    found = []
    for limit in baseline.limits[name]:
        at = offset + TAUS.index(limit.tau)
        phi = baseline.wander.get(repr(limit.tau), 1.0)
        found.append(Test(limit.above, limit.count, [(row[0], row[at]) for row in rows], phi, limit.tau))
    return found


def _pooled_tests(baseline: Baseline, rows: Mapping[str, Rows], offset: int) -> list[Test]:
    """Pool the routes, each counted over its own limits: a change of their mix alone changes nothing."""
    tests: list[Test] = []
    for at, tau in enumerate(TAUS):
        limits = {name: x for name in rows for x in baseline.limits[name] if x.tau == tau}
        if limits:
            table = [rows[name] for name in limits]
            counts = [
                (float(sum([row[0] for row in poll])), float(sum([row[offset + at] for row in poll])))
                for poll in zip(*table, strict=True)
            ]
            above, count = sum(x.above for x in limits.values()), sum(x.count for x in limits.values())
            tests.append(Test(above, count, counts, baseline.wander.get(repr(tau), 1.0), tau))
    return tests


def _slower(baseline: Baseline, polls: Sequence[Counts], tests: Sequence[Test]) -> tuple[str, dict[str, Any]]:
    shares = {}
    for test in tests:
        n, y = (sum(each) for each in zip(*test.polls, strict=True))
        shares[test.at] = (test.above / test.count, y / n if n else 0.0)
    worst = max(shares, key=lambda tau: shares[tau][1] / shares[tau][0])
    before, after = shares[worst]
    timed = [p for p in polls if p.quantiles]
    middle = sorted(p.quantiles[0] for p in timed)[len(timed) // 2] if timed else 0.0
    text = f"{_percent(after)} of responses are slower than the former p{100 * worst:g}, {_percent(before)} were"
    data: dict[str, Any] = {"quantile": worst, "share_before": before, "share_after": after}
    if baseline.quantiles and middle:
        text += f"; median {1000 * middle:.0f} ms, before {1000 * baseline.quantiles[0]:.0f} ms"
        data |= {"median_before": baseline.quantiles[0], "median_after": middle}
    return text, data


def _buckets(baseline: Baseline, polls: Sequence[Counts], planned: int, progress: dict[str, float]) -> Iterable[Signal]:
    bounds = [bound for bound in baseline.shape.bounds if any(repr(bound) in p.above for p in polls)]
    if not bounds:
        return
    tests = []
    for bound in bounds:
        counts = [(p.timed, p.above.get(repr(bound), 0.0)) for p in polls]
        above = baseline.timed - baseline.buckets[repr(bound)]
        tests.append(Test(above, baseline.timed, counts, baseline.wander.get(f"above {bound!r}", 1.0), bound))
    found = latency.bucket_evidence(tests, planned)
    progress["latency"] = round(max(0.0, found) / latency.REGRESSED.needed, 3)
    if found >= latency.REGRESSED.needed:
        before, after = {}, {}
        for test in tests:
            n, y = (sum(each) for each in zip(*test.polls, strict=True))
            before[test.at], after[test.at] = test.above / test.count, y / n if n else 0.0
        worst = max(bounds, key=lambda b: after[b] / max(before[b], 1e-9) if after[b] * n > 3 else 0)
        text = f"{_percent(after[worst])} of responses take more than {worst:g} s, before {_percent(before[worst])}"
        data = {"bound": worst, "share_before": before[worst], "share_after": after[worst], "evidence": round(found, 2)}
        yield Signal("latency", "regressed", text, 0.0, data)


def _averages(baseline: Baseline, polls: Sequence[Counts], planned: int) -> Iterable[Signal]:
    """Judge a source that has only sum and count: averages of polls hide tails, so ``warn`` at most."""
    means = [p.seconds / p.timed for p in polls if p.timed and not p.slow and not p.above]
    if not means or not baseline.averages:
        return
    tests = []
    for limit in baseline.averages:
        bound = limit.bound(latency.MARGINS[TAUS.index(limit.tau)], 0.0)
        tests.append(Test(limit.above, limit.count, [(1.0, float(mean > bound)) for mean in means]))
    if latency.mixed(tests, planned) >= latency.WARN.needed:
        now, before = sum(means) / len(means), baseline.seconds / baseline.timed
        text = f"responses take {1000 * now:.0f} ms on average, before {1000 * before:.0f} ms; the source is degraded"
        yield Signal("latency", "warn", text, 0.0, {"mean_before": before, "mean_after": now})


def _new(polls: Sequence[Counts], known: Known) -> Iterable[Signal]:
    seen: dict[str, float] = {}
    for poll in polls:
        for signature, count in poll.signatures.items():
            seen[signature] = seen.get(signature, 0) + count
    for signature, count in sorted(new_errors.unseen(seen, known.signatures).items()):
        if count >= known.needed:
            example = next(p.examples[signature] for p in polls if signature in p.examples)
            text = f"new: {printable(signature, 120)}, {count:g} times"
            yield Signal("new-error", "regressed", text, 0.0, {"signature": printable(signature), "count": count,
                                                              "example": printable(example, 300)})  # fmt: skip


def once(polls: Sequence[Counts], known: Known) -> list[str]:
    """Give the signatures that are new but occurred too seldom for an alarm."""
    seen: dict[str, float] = {}
    for poll in polls:
        for signature, count in poll.signatures.items():
            seen[signature] = seen.get(signature, 0) + count
    return [s for s, count in sorted(new_errors.unseen(seen, known.signatures).items()) if count < known.needed]


def _traffic(baseline: Baseline, polls: Sequence[Counts], progress: dict[str, float]) -> Iterable[Signal]:
    found = traffic.evidence(baseline.rate, [(p.end - p.start, p.requests) for p in polls], baseline.traffic_phi)
    progress["traffic"] = round(found / -traffic.LIMIT, 3)
    recent = polls[-QUIET:]
    seconds, seen = sum(p.end - p.start for p in recent), sum(p.requests for p in recent)
    few = all(p.requests < traffic.LEFT * baseline.rate * (p.end - p.start) for p in recent)
    # One empty poll may be a log that is flushed late or was just truncated.
    if traffic.gone(found) and len(recent) == QUIET and few:
        text = f"{seen:g} requests in the last {seconds:g} s, {baseline.rate * seconds:.0f} were usual"
        yield Signal("traffic", "regressed", text, 0.0, {"requests": seen, "usual": baseline.rate * seconds})


def certainty(progress: Mapping[str, float]) -> float:
    """Give the largest share of the needed evidence; 0.5 is half way to an alarm."""
    return max(progress.values(), default=0.0)
