"""Run the watch over recorded traffic: what it would have said after these deploys."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Any

from gatepost.errors import UsageError
from gatepost.metrics import SourceError, Verification, Window
from gatepost.metrics._events import Tally
from gatepost.metrics._files import last_time, parts, sample, span
from gatepost.metrics._lines import Parser, iso_time, parser_for
from gatepost.watch import incidents
from gatepost.watch.baseline import Baseline, chosen
from gatepost.watch.counts import Counts, Minute, reduce
from gatepost.watch.judge import Known, Signal, assess, certainty
from gatepost.watch.learn import minutes
from gatepost.watch.spans import DAY, WARM_UP, Span, bad_spans, within
from gatepost.watch.verdict import Verdict, conclude

HOUR = 3600.0
LOOK_BACK = 30 * DAY
MINUTE = 60.0
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Plan:
    """How a replay watches: seconds between looks, seconds of a watch, seconds of baseline."""

    poll: float = 15.0
    window: float = 600.0
    baseline: float = HOUR
    extend: float = 0.0

    @property
    def polls(self) -> int:
        """How many looks a watch has."""
        return max(1, ceil(self.window / self.poll - 1e-9))


@dataclass(slots=True)
class Recording:
    """A log that is replayed: what happened in each minute of it."""

    path: str
    parser: Parser
    first: float
    last: float
    minutes: list[Window] = field(default_factory=list)
    past: list[Minute] = field(default_factory=list)

    def read(self, start: float, end: float, step: float) -> list[Window]:
        """Count a span."""
        tally = Tally(start, end, step, self.parser.resolution)
        for text in span(self.path, self.parser, start, end):
            tally.add(self.parser(text))
        return tally.windows()


def recording(path: str, settings: Verification) -> Recording:
    """Read a log once; SourceError where it cannot be understood or holds nothing."""
    text = sample(path)
    parser = parser_for(text, settings.pattern, settings.unit)
    known = [event[0] for part in parts(path)[:1] for event in parser(_first(part.path, text))]
    newest = last_time(path, parser)
    if not known or newest is None:
        raise SourceError(f"{path}: holds no request", "name an access log")
    made = Recording(path, parser, min(known), newest)
    tally = Tally(made.first - MINUTE, newest + 1, MINUTE, parser.resolution)
    for piece in span(path, parser, made.first - MINUTE, newest + 1):
        tally.add(parser(piece))
    for window in tally.windows():
        made.past += minutes([window], window.start)
        window.durations = {}
        made.minutes.append(window)
    return made


def _first(path: str, otherwise: str) -> str:
    return sample(path) if path else otherwise


def moments(text: str, made: Recording, plan: Plan, seed: int = 1) -> list[tuple[str, float]]:
    """Read ``ISO[,ISO…]`` or ``random:N`` as named moments in their order."""
    if text.startswith("random:"):
        count = text.partition(":")[2]
        if not count.isdigit() or not int(count):
            raise UsageError(f"--deploys {text}: give a number, random:50")
        low, high = made.first + min(plan.baseline, (made.last - made.first) / 2), made.last - plan.window
        if high <= low:
            raise UsageError(f"the log holds {made.last - made.first:.0f} s, too little for a watch with a baseline")
        chosen = random.Random(seed)  # noqa: S311 - reproducible deploys, nothing secret
        found = sorted(float(round(chosen.uniform(low, high))) for _ in range(int(count)))
        return [(_iso(moment), moment) for moment in found]
    try:
        named = [(part.strip(), iso_time(part.strip())) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise UsageError(f"--deploys: {error}", "write ISO 8601, such as 2026-11-22T10:00:00Z") from None
    return sorted(named, key=lambda pair: pair[1])


def _iso(moment: float) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(moment, timezone.utc).isoformat().replace("+00:00", "Z")


def replay(
    made: Recording, deploys: Sequence[tuple[str, float]], plan: Plan, alone: bool = False
) -> Iterator[dict[str, Any]]:
    """Give one object per deploy. ``alone`` judges each deploy as if the others had not happened."""
    suspects: list[str] = []
    past: list[tuple[float, str, bool]] = []
    for number, (name, moment) in enumerate(deploys):
        following = deploys[number + 1][1] if number + 1 < len(deploys) and not alone else None
        verdict, half = _watch(made, moment, following, plan, bad_spans(past, plan.window))
        answer = {"deploy": name, **verdict.to_json()}
        if suspects:
            answer["suspects"] = list(suspects)
        yield answer
        if not alone:
            past.append((moment, verdict.word, half))
            suspects = [*suspects, name] if verdict.word == "superseded" and half else []


def baseline_at(made: Recording, moment: float, plan: Plan, bad: Sequence[Span]) -> Baseline:
    """Give what a deploy is compared with, from the whole log before it."""
    before = [each for each in made.past if each.at + MINUTE <= moment and not within(each.at, bad)]
    trouble = incidents.find([each for each in before if moment - 2 * DAY <= each.at], moment)
    quiet = [each for each in before if moment - DAY <= each.at and not within(each.at, trouble)]
    lasting = incidents.under_way(trouble, moment) or ()
    found = chosen(made.read, moment, plan.baseline, plan.poll, [*bad, *trouble], quiet, made.first)
    return replace(found, incident=lasting)


def _watch(
    made: Recording, moment: float, following: float | None, plan: Plan, bad: Sequence[Span]
) -> tuple[Verdict, bool]:
    baseline = baseline_at(made, moment, plan, bad)
    known = _known(made, moment, plan)
    end = min(moment + plan.window, following) if following else moment + plan.window
    if moment > made.last + WARM_UP or moment < made.first:  # a log that ends at the deploy: traffic is gone
        return conclude(baseline, [], [], known, "the log does not cover the deploy"), False
    shape = baseline.shape
    polls: list[Counts] = []
    signals: dict[tuple[str, str, str], Signal] = {}
    progress, problem = 0.0, ""
    for window in made.read(moment, end, plan.poll):
        polls.append(reduce(window, shape))
        found = assess(baseline, polls, known, plan.polls)
        progress = certainty(found.progress)
        problem = incidents.not_its_own(baseline, found, made.read, polls, known, plan.poll, plan.polls)
        if not problem:
            signals = {s.key: s for s in found.signals} | signals
        if found.regressed and not problem:
            break
    every = list(signals.values())
    verdict = conclude(baseline, polls, every, known, problem)
    if verdict.word != "regressed" and end < moment + plan.window:
        reason = f"a newer deploy came after {end - moment:.0f} s; until then: {verdict.reason}"
        verdict = Verdict("superseded", reason, verdict.signals, verdict.missed, None, verdict.new_once)
    return verdict, verdict.word == "superseded" and progress >= HALF


def _known(made: Recording, moment: float, plan: Plan) -> Known:
    counts: dict[str, float] = {}
    since = max(made.first, moment - LOOK_BACK)
    for window in made.minutes:
        if window.end <= moment + 1 and window.end > since:
            for signature, count in window.signatures.items():
                counts[signature] = counts.get(signature, 0) + count
    return Known.of(counts, moment - since, plan.window)
