"""Measure the verification: false alarms, times to a verdict, beside what others do; seeded, on simulated traffic.

    python benchmarks/watch.py [--runs 400] [--only NAME]     the tables of docs/evidence/verification.md

Beside the watch three usual ways run on the same traffic: a fixed threshold (twice the usual error rate, or 1.5 times
the usual p99, over one minute, three failures, as rollout controllers are configured), a z-test of two shares
(or of two means) repeated at every poll at a nominal 1 %, and Mann-Whitney repeated each minute at 2 % (canary judges).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, sqrt
from statistics import NormalDist, median

from gatepost.metrics import Window
from gatepost.watch.baseline import Baseline, build
from gatepost.watch.counts import Counts, Minute, reduce
from gatepost.watch.judge import Known, Signal, assess
from gatepost.watch.verdict import conclude

POLL, POLLS, HOUR_POLLS, DAY_MINUTES = 15.0, 40, 240, 1440
ROUTE = "GET /"
NORMAL = NormalDist()


@dataclass(frozen=True)
class Scenario:
    """Traffic before and after a deploy, and what the watch is to do with it."""

    name: str
    rps: float
    errors: float
    after: float | None = None
    begins: float = 0.0
    burst: float = 1.0
    drift: float = 0.0
    timed: bool = False
    slower: float = 1.0
    tail: float = 1.0
    gone: bool = False
    goal: str = ""


CLEAN = (
    Scenario("clean, 10 rps, errors and latency", 10, 0.001, timed=True, goal="regressed <= 0.5 %, pass >= 95 %"),
    Scenario("clean, 5 rps (3,000 requests)", 5, 0.01, timed=True, goal="regressed <= 0.5 %, pass >= 95 %"),
    Scenario("clean, 100 rps, errors", 100, 0.001, goal="regressed <= 0.5 %"),
    Scenario("clean, 1000 rps, errors", 1000, 0.001, goal="regressed <= 0.5 %"),
    Scenario("clean, 1 rps", 1, 0.001, timed=True, goal="regressed <= 0.5 %"),
    Scenario("bursts of 5, 1 rps", 1, 0.01, burst=5, goal="regressed <= 1 %"),
    Scenario("bursts of 5, 10 rps", 10, 0.01, burst=5, goal="regressed <= 1 %"),
    Scenario("bursts of 5, 100 rps", 100, 0.01, burst=5, goal="regressed <= 1 %"),
    Scenario("drift of 30 %, 10 rps", 10, 0.01, drift=0.3, goal="regressed <= 2 %"),
    Scenario("drift of 30 %, 100 rps", 100, 0.01, drift=0.3, goal="regressed <= 2 %"),
    Scenario("drift of 30 %, 1000 rps", 1000, 0.01, drift=0.3, goal="regressed <= 2 %"),
)
WORSE = (
    Scenario("0.1 -> 1 %, 10 rps", 10, 0.001, 0.01, goal="<= 120 s"),
    Scenario("1 -> 5 %, 10 rps", 10, 0.01, 0.05, goal="<= 45 s"),
    Scenario("0.2 -> 1 %, 50 rps", 50, 0.002, 0.01, goal="<= 60 s"),
    Scenario("1 -> 5 %, 10 rps, from second 180", 10, 0.01, 0.05, begins=180, goal="<= 60 s after it began"),
    Scenario("0.1 -> 1 %, 10 rps, from second 180", 10, 0.001, 0.01, begins=180, goal="<= one poll more"),
    Scenario("latency + 50 %, 10 rps", 10, 0.001, timed=True, slower=1.5, goal="<= 45 s"),
    Scenario("tail (top 2 %) x 3, 10 rps", 10, 0.001, timed=True, tail=3.0, goal="<= 75 s"),
    Scenario("traffic gone, 10 rps", 10, 0.001, gone=True, goal="<= 30 s"),
    Scenario("latency + 50 %, from second 180", 10, 0.001, timed=True, slower=1.5, begins=180, goal="<= 60 s after"),
)


def poisson(chance: random.Random, mean: float) -> int:
    """Draw from a Poisson law; above 500 from the normal law that it then is."""
    if mean > 500:
        return max(0, round(chance.gauss(mean, sqrt(mean))))
    limit, count, product = exp(-mean), 0, chance.random()
    while product > limit:
        count += 1
        product *= chance.random()
    return count


class Traffic:
    """One run of a scenario."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario, self.chance = scenario, random.Random(seed)
        self._level = self.chance.gauss(0, scenario.drift)

    def rate(self, usual: float, seconds: float) -> float:
        """Give the error rate of now: with drift it wanders with a memory of ten minutes."""
        if not self.scenario.drift:
            return usual
        keep = exp(-seconds / 600)
        self._level = keep * self._level + sqrt(1 - keep * keep) * self.chance.gauss(0, self.scenario.drift)
        return usual * exp(self._level - self.scenario.drift**2 / 2)

    def errors(self, requests: int, rate: float) -> int:
        """Draw the errors among so many requests, in bursts where the scenario has them."""
        burst = self.scenario.burst
        if burst <= 1:
            return min(requests, poisson(self.chance, requests * rate))
        groups = poisson(self.chance, requests * rate / burst)
        return min(requests, sum(self._size(burst) for _ in range(groups)))

    def _size(self, mean: float) -> int:
        size = 1
        while self.chance.random() > 1 / mean:
            size += 1
        return size

    def window(self, start: float, worse: bool) -> Window:
        """Draw one poll."""
        s = self.scenario
        requests = 0 if worse and s.gone else poisson(self.chance, s.rps * POLL)
        usual = s.after if worse and s.after is not None else s.errors
        errors = self.errors(requests, self.rate(usual, POLL))
        found = Window(start, start + POLL, requests, errors, errors, routes={ROUTE: (requests, errors)})
        if s.timed:
            found.durations = {ROUTE: array("d", self.durations(requests - errors, worse))}
        return found

    def durations(self, count: int, worse: bool) -> Iterator[float]:
        """Draw response times: lognormal, median 80 ms, sigma 0.8."""
        s, draw = self.scenario, self.chance.gauss
        slower, tail = (s.slower, s.tail) if worse else (1.0, 1.0)
        for _ in range(count):
            normal = draw(0, 1)
            yield 0.08 * exp(0.8 * normal) * slower * (tail if normal > 2.054 else 1.0)

    def history(self) -> list[Minute]:
        """Draw the minutes of the day before."""
        found = []
        for number in range(DAY_MINUTES):
            requests = poisson(self.chance, self.scenario.rps * 60)
            errors = self.errors(requests, self.rate(self.scenario.errors, 60))
            found.append(Minute(60.0 * number, requests, errors, errors))
        return found


def run(scenario: Scenario, seed: int) -> dict[str, float | str | None]:
    """Give when each method raised an alarm (seconds after the change began) and the watch's verdict."""
    traffic = Traffic(scenario, seed)
    history = traffic.history()
    before = [traffic.window(i * POLL, worse=False) for i in range(HOUR_POLLS)]
    base = build(before, "the hour before", history)
    known, polls, windows = Known(), list[Counts](), list[Window]()
    found: dict[str, float | str | None] = {"watch": None, "threshold": None, "z": None, "mann-whitney": None}
    signals: list[Signal] = []
    others: dict[str, Callable[[], bool]] = {
        "threshold": lambda: threshold(base, windows, scenario.timed),
        "z": lambda: z_test(base, windows, scenario.timed),
        "mann-whitney": lambda: len(windows) % 4 == 0 and mann_whitney(before, windows, scenario.timed),
    }
    for i in range(POLLS):
        start = (HOUR_POLLS + i) * POLL
        window = traffic.window(start, worse=i * POLL >= scenario.begins)
        windows.append(window)
        polls.append(reduce(window, base.shape))
        after = (i + 1) * POLL
        if found["watch"] is None:
            seen = assess(base, polls, known, POLLS)
            if seen.regressed:
                found["watch"] = after - scenario.begins
            names = {signal.key for signal in signals}
            signals += [signal for signal in seen.signals if signal.key not in names]
        for name, alarm in others.items():
            if found[name] is None and alarm():
                found[name] = after - scenario.begins
    found["verdict"] = conclude(base, polls, signals, known).word
    return found


def threshold(base: Baseline, windows: Sequence[Window], timed: bool) -> bool:
    """Tell whether three minutes in a row were over the limit."""
    if len(windows) < 12 or len(windows) % 4:
        return False
    minutes = [windows[-4 * k : len(windows) - 4 * (k - 1)] for k in (1, 2, 3)]
    if not timed:
        limit = 2 * base.errors / base.requests
        return all(sum(w.errors for w in m) > limit * max(sum(w.requests for w in m), 1) for m in minutes)
    return all(_p99(_values(m)) > 1.5 * base.quantiles[2] for m in minutes)


def _values(windows: Sequence[Window]) -> list[float]:
    return sorted(value for w in windows for each in w.durations.values() for value in each)


def _p99(values: Sequence[float]) -> float:
    return values[int(0.99 * len(values))] if values else 0.0


def z_test(base: Baseline, windows: Sequence[Window], timed: bool) -> bool:
    """Tell whether a z-test at 1 % says so at this poll: of two shares, or of the means of response times."""
    if timed:
        new = _values(windows)
        if len(new) < 2:
            return False
        old = base.seconds / base.timed
        mean = sum(new) / len(new)
        spread = sqrt(sum((v - mean) ** 2 for v in new)) / len(new)
        return spread > 0 and (mean - old) / spread > NORMAL.inv_cdf(0.99)
    n1, y1 = sum(w.requests for w in windows), sum(w.errors for w in windows)
    n0, y0 = base.requests, base.errors
    pooled = (y0 + y1) / (n0 + n1)
    if n1 <= 0 or pooled <= 0:
        return False
    return (y1 / n1 - y0 / n0) / sqrt(pooled * (1 - pooled) * (1 / n0 + 1 / n1)) > NORMAL.inv_cdf(0.99)


def mann_whitney(before: Sequence[Window], windows: Sequence[Window], timed: bool) -> bool:
    """Tell whether Mann-Whitney (normal approximation, 2 % two-sided) says so, on values or on minutes' error rates."""
    if timed:
        old, new = _values(before[-POLLS:]), _values(windows)
    else:
        old, new = _rates(before[-POLLS:]), _rates(windows)
    a, b = len(old), len(new)
    if a < 4 or b < 4:
        return False
    old = sorted(old)
    wins = sum(bisect_left(old, value) for value in new)
    deviation = sqrt(a * b * (a + b + 1) / 12)
    return (wins - a * b / 2) / deviation > NORMAL.inv_cdf(0.99)


def _rates(windows: Sequence[Window]) -> list[float]:
    groups = [windows[i : i + 4] for i in range(0, len(windows) - 3, 4)]
    return [sum(w.errors for w in g) / max(sum(w.requests for w in g), 1) for g in groups]


METHODS = ("watch", "threshold", "z", "mann-whitney")


def table(scenarios: Sequence[Scenario], runs: int, clean: bool) -> None:
    """Run and print."""
    head = "alarms in clean runs" if clean else "found, median seconds"
    print(f"\n| {head} ({runs} runs) | goal | watch | threshold | z-test, repeated | Mann-Whitney | verdicts |")
    print("|---|---|---|---|---|---|---|")
    for scenario in scenarios:
        seen = [run(scenario, 1000 * number + 7) for number in range(runs)]
        cells = [_alarms(seen, name) if clean else _delay(seen, name) for name in METHODS]
        words = sorted({str(each["verdict"]) for each in seen})
        verdicts = ", ".join(f"{sum(e['verdict'] == w for e in seen) / runs:.1%} {w}" for w in words)
        print(f"| {scenario.name} | {scenario.goal} | {' | '.join(cells)} | {verdicts} |", flush=True)


def _alarms(seen: Sequence[dict[str, float | str | None]], name: str) -> str:
    return f"{sum(each[name] is not None for each in seen) / len(seen):.2%}"


def _delay(seen: Sequence[dict[str, float | str | None]], name: str) -> str:
    # An alarm before the change began is a false one; it does not count as found.
    delays = [float(each[name] or 0) for each in seen if each[name] is not None and float(each[name] or 0) > 0]
    early = sum(each[name] is not None and float(each[name] or 0) <= 0 for each in seen) / len(seen)
    if not delays:
        return "never"
    text = f"{len(delays) / len(seen):.0%}, {median(delays):.0f} s" if len(delays) * 2 >= len(seen) else "under half"
    return text + (f" ({early:.0%} too early)" if early > 0.005 else "")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    args = parser.parse_args()
    started = time.process_time()
    for scenarios, clean in ((CLEAN, True), (WORSE, False)):
        chosen = [s for s in scenarios if args.only in s.name]
        if chosen:
            table(chosen, args.runs, clean)
    print(f"\n{time.process_time() - started:.0f} s CPU, Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
