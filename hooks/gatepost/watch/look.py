"""One look at one watch: read what is new, judge all of it, decide whether it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor
from pathlib import Path

from gatepost.metrics import Reader, SourceError, Verification
from gatepost.watch import incidents
from gatepost.watch.arrival import happened
from gatepost.watch.baseline import HISTORY, Baseline, chosen, scatter
from gatepost.watch.counts import Counts, reduce
from gatepost.watch.judge import Assessment, Known, Signal, assess
from gatepost.watch.learn import LOOK_BACK, Remembering, Spare, learn
from gatepost.watch.model import Watch
from gatepost.watch.spans import DAY, Span, bad_spans, overlap, within
from gatepost.watch.store import Store
from gatepost.watch.verdict import Verdict, conclude, enough

AGAIN = 2  # windows that are read a second time: a log may be flushed late
PATIENCE = 60.0
CLOCK = "the clock of this machine jumped"
Reading = Callable[[Verification], Reader]


@dataclass(frozen=True, slots=True)
class Means:
    """What a worker has to look with: the repository, its sources, and time to spare for the past."""

    git_dir: Path
    reader_of: Reading
    spare: Spare


def at(watch: Watch, polls: Sequence[Counts], store: Store, now: float, means: Means) -> tuple[Watch, list[Counts]]:
    """Give the watch as it stands after this look, and the polls that are new or changed."""
    if watch.problem.startswith(CLOCK):
        return _ended(watch, polls, store, now, watch.problem), []
    if watch.begun is None:
        return _awaited(watch, now, means.git_dir), []
    settings = watch.settings
    reader = Remembering(means.reader_of(settings))
    ready = now - reader.delay
    if ready < watch.begun:
        return replace(watch, due=min(watch.begun + reader.delay, now + PATIENCE)), []
    learn(store, watch.service, reader, watch.begun, watch.baseline is None, means.spare, settings.poll)
    bad = _bad(watch, store)
    before = (watch.baseline or {}).get("used")
    watch = _with_baseline(watch, store, reader, bad)
    baseline = Baseline.from_json(watch.baseline or {})
    if before is not None and list(map(tuple, before)) != list(map(tuple, baseline.used)):
        # More of the past showed an incident in the hour: all is counted anew.
        watch, polls = replace(watch, signals=[], progress={}), []
    until = min(ready, _end(watch, polls, baseline))
    fresh = _read(watch, polls, baseline, reader, until)
    old, polls = polls, _merged(polls, fresh)
    fresh = [poll for poll in polls if not any(poll is known for known in old)]
    catalogue = known(watch, store, bad)
    found = assess(baseline, polls, catalogue, _planned(settings))
    problem = incidents.not_its_own(baseline, found, reader.read, polls, catalogue, settings.poll, _planned(settings))
    watch = replace(watch, progress=dict(found.progress)) if problem else _noted(watch, found)
    if (found.regressed and not problem) or ready >= _end(watch, polls, baseline):
        return _ended(watch, polls, store, now, problem), fresh
    begun = watch.begun or now
    following = begun + (floor((ready - begun) / settings.poll) + 1) * settings.poll + reader.delay
    return replace(watch, due=max(following, now + 0.05), problem=""), fresh


def failed(watch: Watch, polls: Sequence[Counts], problem: str, now: float) -> Watch:
    """Give the watch after its source could not be read: it is tried again, then called inconclusive."""
    settings = watch.settings
    last = min(watch.superseded or float("inf"), watch.deadline)
    if now < last + max(PATIENCE, 3 * settings.poll):
        return replace(watch, problem=problem, due=now + settings.poll)
    return _concluded(watch, polls, Known(), now, f"the source cannot be read: {problem}")


def _awaited(watch: Watch, now: float, git_dir: Path) -> Watch:
    """Look whether the deploy has happened."""
    if watch.superseded is not None:
        return _plain(watch, "superseded", "a newer deploy came before this one happened", now)
    problem, begun = "", None
    try:
        begun = happened(watch, git_dir, now)
    except SourceError as error:
        problem = error.message  # it may be restarting just now
    if begun is not None:
        return replace(watch, begun=begun, state="watching", due=now, problem="")
    if now > watch.pushed + watch.settings.wait_for_deploy:
        if problem:
            return _plain(watch, "inconclusive", f"whether it was deployed cannot be read: {problem}", now)
        waited = watch.settings.wait_for_deploy
        return _plain(watch, "not-deployed", f"no deploy was seen within {waited:g} s of the push", now)
    return replace(watch, due=now + watch.settings.poll, problem=problem)


def _plain(watch: Watch, word: str, reason: str, now: float) -> Watch:
    verdict = Verdict(word, reason)  # type: ignore[arg-type]  # one of the words
    return replace(watch, state="telling", verdict=verdict.to_json(), ended=now, due=0.0)


def _planned(settings: Verification) -> int:
    return max(1, ceil(settings.watch / settings.poll - 1e-9))


def _end(watch: Watch, polls: Sequence[Counts], baseline: Baseline) -> float:
    """Give when the watch ends as things stand: later where traffic is low, at once where it is superseded."""
    begun, settings = watch.begun or watch.pushed, watch.settings
    if watch.superseded is not None:
        return max(begun, min(watch.superseded, begun + settings.extend))
    seen = sum(poll.requests for poll in polls)
    if baseline.requests and seen < settings.requests and not enough(baseline, polls):
        return begun + max(settings.watch, settings.extend)
    last = polls[-1].end if polls else begun
    return max(begun + settings.watch, last)


def _with_baseline(watch: Watch, store: Store, reader: Reader, bad: Sequence[Span]) -> Watch:
    """Make the baseline; make it anew when more of the past is known, and shows an incident in it."""
    begun = watch.begun or watch.pushed
    known = dict(watch.baseline or {})
    minutes = [each for each in store.minutes(watch.service, begun - 2 * DAY, begun) if not within(each.at, bad)]
    day = [each for each in minutes if each.at >= begun - DAY]
    if known and (len(day) <= HISTORY or len(day) == known.get("history")):
        return watch
    trouble = incidents.find(minutes, begun, bool(known.get("once")))
    quiet = [each for each in day if not within(each.at, trouble)]
    if known and not overlap(trouble, known.get("used", ())):
        known |= {"phi": scatter(quiet, bool(known["once"])), "history": len(day)}
        return replace(watch, baseline=known)
    found = chosen(reader.read, begun, watch.settings.baseline, watch.settings.poll, [*bad, *trouble], quiet)
    lasting = incidents.under_way(trouble, begun) or ()
    return replace(watch, baseline=replace(found, incident=lasting, history=len(day)).to_json())


def _bad(watch: Watch, store: Store) -> list[Span]:
    past = [w for w in store.watches(watch.service) if w.begun is not None and w.begun < (watch.begun or 0.0)]
    deploys = [(w.begun or 0.0, str((w.verdict or {}).get("verdict", "")), w.suspect) for w in past]
    return bad_spans(deploys, watch.settings.watch)


def known(watch: Watch, store: Store, bad: Sequence[Span]) -> Known:
    """Give what the catalogue knew at the deploy: not what a bad deploy brought."""
    begun = watch.begun or watch.pushed
    found = {
        name: count
        for name, first, _, count, said in store.signatures(watch.service)
        if said or (first < begun and not _brought(first, bad))
    }
    covered = store.coverage(watch.service)
    look_back = min(begun - covered[0], LOOK_BACK) if covered else 0.0
    return Known.of(found, look_back, watch.settings.watch)


def _brought(first: float, bad: Sequence[Span]) -> bool:
    # The first minute after a deploy is in ``bad`` too, but what a restart brings then is no news later.
    return any(start <= first < end and end - start > 60.0 for start, end in bad)


def _read(watch: Watch, polls: Sequence[Counts], baseline: Baseline, reader: Reader, until: float) -> list[Counts]:
    begun, poll = watch.begun or watch.pushed, watch.settings.poll
    have = max(0, len(polls) - AGAIN)
    start = polls[have].start if have < len(polls) else polls[-1].end if polls else begun
    final = until >= min(watch.superseded or float("inf"), begun + watch.settings.watch) - 1e-6
    end = until if final else begun + floor((until - begun) / poll + 1e-9) * poll
    if end - start < 1e-6:
        return []
    shape = baseline.shape
    return [reduce(window, shape) for window in reader.read(start, end, poll)]


def _merged(polls: Sequence[Counts], fresh: Sequence[Counts]) -> list[Counts]:
    """Put the new polls in; one that shrank was cut off by a truncation, and what was seen stays."""
    found = {poll.start: poll for poll in polls}
    for poll in fresh:
        before = found.get(poll.start)
        if before is None or poll.requests >= before.requests:
            found[poll.start] = poll
    return [found[start] for start in sorted(found)]


def _noted(watch: Watch, found: Assessment) -> Watch:
    signals = {signal.key: signal for signal in map(Signal.from_json, watch.signals)}
    for signal in found.signals:
        signals.setdefault(signal.key, signal)
    return replace(watch, signals=[s.to_json() for s in signals.values()], progress=dict(found.progress))


def _suspects(watch: Watch, store: Store) -> list[str]:
    """Give the commits just before that were superseded half way to an alarm: the cause may be theirs."""
    begun, found = watch.begun or watch.pushed, list[str]()
    for other in reversed([w for w in store.watches(watch.service) if w.begun is not None and w.begun < begun]):
        if (other.verdict or {}).get("verdict") != "superseded" or not other.suspect:
            break
        found.append(other.oid)
    return found


def _ended(watch: Watch, polls: Sequence[Counts], store: Store, now: float, problem: str = "") -> Watch:
    done = _concluded(watch, polls, known(watch, store, _bad(watch, store)), now, problem)
    suspects = _suspects(watch, store)
    return replace(done, verdict={**(done.verdict or {}), "suspects": suspects}) if suspects else done


def _concluded(watch: Watch, polls: Sequence[Counts], catalogue: Known, now: float, problem: str = "") -> Watch:
    baseline = Baseline.from_json(watch.baseline) if watch.baseline else Baseline("nothing", 0.0, 0.0)
    signals = [Signal.from_json(data) for data in watch.signals]
    verdict = conclude(baseline, polls, signals, catalogue, problem)
    if watch.superseded is not None and verdict.word != "regressed":
        after = watch.superseded - (watch.begun or watch.pushed)
        reason = f"a newer deploy came after {after:.0f} s; until then: {verdict.reason}"
        verdict = replace(verdict, word="superseded", reason=reason, detected=None)
    return replace(watch, state="telling", verdict=verdict.to_json(), ended=now, due=0.0, problem=problem)
