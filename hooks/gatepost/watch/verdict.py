"""Put the verdict of a watch together, with the bound that it stands for or what it could have missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from gatepost.watch.baseline import Baseline
from gatepost.watch.counts import Counts
from gatepost.watch.judge import Known, Signal, once
from gatepost.watch.latency import MARGINS, TAUS
from gatepost.watch.numbers import upper_rate

Word = Literal["regressed", "warn", "pass", "inconclusive", "superseded", "not-deployed"]
EXIT = {"pass": 0, "warn": 0, "regressed": 1, "superseded": 3, "inconclusive": 3, "not-deployed": 3}

LEAST_BASELINE = 100
MOST_NAMED = 50
RATIO, POINTS, MOST_POINTS = 3.0, 0.01, 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a watch. ``missed`` says what may be wrong all the same."""

    word: Word
    reason: str
    signals: tuple[Signal, ...] = ()
    missed: Mapping[str, Any] = field(default_factory=dict)
    detected: float | None = None
    new_once: Sequence[str] = ()

    @property
    def exit_code(self) -> int:
        """0 pass or warn, 1 regressed, 3 for everything that is no answer."""
        return EXIT[self.word]

    def to_json(self) -> dict[str, Any]:
        """Give what the record holds."""
        return {
            "verdict": self.word,
            "reason": self.reason,
            "detected_after_s": self.detected,
            "signals": [signal.name for signal in _unique(self.signals)],
            "evidence": [signal.to_json() for signal in self.signals],
            "could_have_missed": dict(self.missed),
            "new_once": list(self.new_once),
        }


def _unique(signals: Sequence[Signal]) -> list[Signal]:
    return list({signal.name: signal for signal in reversed(signals)}.values())[::-1]


def could_have_missed(baseline: Baseline, polls: Sequence[Counts]) -> dict[str, Any]:
    """Give the 95 % upper bounds that the data leave open, as data and in words."""
    requests, counted = sum(p.requests for p in polls), sum(p.counted for p in polls)
    bound = upper_rate(counted, requests)
    found: dict[str, Any] = {
        "requests": requests,
        "error_rate": round(bound, 6),
        "before": round(baseline.error_rate, 6),
    }
    slower = _slower(baseline, polls)
    text = f"an error rate of up to {100 * bound:.2g} % ({100 * baseline.error_rate:.2g} % before)"
    if slower:
        found["slower"] = slower
        worst = max(slower, key=lambda name: slower[name] / (1 - float(name[1:]) / 100))
        usual = 100 - float(worst[1:])
        margin = MARGINS[[f"p{100 * tau:g}" for tau in TAUS].index(worst)]
        over = f"{margin:g} times the former {worst} ({usual:.2g} % were over {worst})"
        text += f"; up to {100 * slower[worst]:.2g} % of responses over {over}"
    elif baseline.averages:
        found["latency"] = "averages only: tails were not seen"
        text += "; tails of response times (the source has sum and count only)"
    elif not baseline.buckets:
        found["latency"] = "not judged: the source has no response times"
        text += "; any change of response times"
    found["text"] = text
    return found


def _slower(baseline: Baseline, polls: Sequence[Counts]) -> dict[str, float]:
    """Give by quantile the upper bound of the share of responses above it (by more than the margin)."""
    found = {}
    for at, (tau, _) in enumerate(zip(TAUS, MARGINS, strict=True)):
        routes = [name for name, limits in baseline.limits.items() if any(x.tau == tau for x in limits)]
        rows = [p.slow[name] for p in polls for name in routes if name in p.slow]
        n, y = sum(row[0] for row in rows), sum(row[1 + at] for row in rows)
        if n:
            found[f"p{100 * tau:g}"] = round(upper_rate(y, n), 6)
    return found


def enough(baseline: Baseline, polls: Sequence[Counts]) -> bool:
    """Tell whether a watch without an alarm may be called a pass: its bound excludes a real regression."""
    requests, counted = sum(p.requests for p in polls), sum(p.counted for p in polls)
    before = baseline.error_rate
    allowed = max(min(RATIO * before, before + MOST_POINTS), before + POINTS)
    return baseline.requests >= LEAST_BASELINE and requests > 0 and upper_rate(counted, requests) <= allowed


def conclude(
    baseline: Baseline, polls: Sequence[Counts], signals: Sequence[Signal], known: Known, problem: str = ""
) -> Verdict:
    """Give the verdict of a watch that has ended; ``problem`` is why its source could not be read to the end."""
    missed = could_have_missed(baseline, polls)
    rare = once(polls, known)[:MOST_NAMED]
    for word in ("regressed", "warn"):
        bad = [signal for signal in signals if signal.level == word]
        if bad and (word == "regressed" or not problem):
            return Verdict(word, bad[0].text, tuple(signals), missed, min(s.at for s in bad), rare)
    if problem:
        return Verdict("inconclusive", problem, tuple(signals), missed, None, rare)
    if baseline.requests < LEAST_BASELINE:
        reason = f"too little to compare with: {baseline.requests:g} requests in {baseline.origin}"
        return Verdict("inconclusive", reason, (), missed, None, rare)
    if not enough(baseline, polls):
        reason = f"too little traffic: {missed['requests']:g} requests; could have missed {missed['text']}"
        return Verdict("inconclusive", reason, (), missed, None, rare)
    reason = f"nothing changed in {missed['requests']:g} requests; excludes more than {missed['text']}"
    return Verdict("pass", reason, (), missed, None, rare)
