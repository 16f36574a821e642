"""What went wrong before a deploy while nobody watched."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from math import exp, sqrt
from pathlib import Path

import pytest

from _traffic import START, Moment, combined, iso, requests, write
from conftest import Repo
from gatepost.metrics import Verification
from gatepost.policy import Duration
from gatepost.watch import begin, incidents
from gatepost.watch.counts import Minute
from gatepost.watch.queue import open_store
from gatepost.watch.replay import Plan, recording, replay
from test_watch_worker import PLAN, Clock, begun, verdict, worked

DAY, HOUR, NOW = 86_400.0, 3600.0, 1_790_000_000.0
DEPLOY = 7200.0


def minutes(
    rate: Callable[[float], float],
    seed: int = 1,
    days: float = 1,
    rps: float = 10,
    burst: int = 1,
    mean: Callable[[float], float] = lambda _: 0.1,
) -> list[Minute]:
    """Give the minutes before NOW; ``rate`` and ``mean`` take the seconds before it."""
    chance, found = random.Random(seed), []
    for at in range(int(days * 1440), 0, -1):
        expected = 60 * rps * rate(60.0 * at) / burst
        errors = burst * max(0, round(chance.gauss(expected, sqrt(expected))))
        timed = 60 * rps - errors
        found.append(Minute(NOW - 60.0 * at, 60 * rps, errors, errors, timed, timed * mean(60.0 * at)))
    return found


def wandering(seed: int) -> Callable[[float], float]:
    chance = random.Random(seed)
    level = [chance.gauss(0, 0.3)]

    def rate(_: float) -> float:
        level[0] = exp(-0.1) * level[0] + sqrt(1 - exp(-0.2)) * chance.gauss(0, 0.3)
        return 0.01 * exp(level[0] - 0.045)

    return rate


def test_a_usual_day_has_none() -> None:
    for seed in range(20):
        assert incidents.find(minutes(lambda _: 0.01, seed), NOW) == []
        assert incidents.find(minutes(lambda _: 0.01, seed, burst=5), NOW) == []
        assert incidents.find(minutes(lambda t: 0.01 + 0.004 * (t % DAY > 40_000), seed), NOW) == []
    wide = [span for seed in range(20) for span in incidents.find(minutes(wandering(seed), seed, rps=1000), NOW)]
    assert sum(end - start for start, end in wide) < 0.01 * 20 * DAY
    assert incidents.find([], NOW) == incidents.find(minutes(lambda _: 0.0), NOW) == []


@pytest.mark.parametrize(
    ("since", "until", "times", "rps"),
    [(2400, 0, 10, 10), (600, 0, 5, 10), (3 * HOUR, 2 * HOUR, 4, 10), (5 * HOUR, 0, 3, 10), (HOUR, 0, 10, 1)],
)
def test_an_incident_is_found_where_it_was(since: float, until: float, times: float, rps: float) -> None:
    usual = 0.01 if rps > 1 else 0.005
    spans = incidents.find(minutes(lambda t: usual * (times if until < t <= since else 1), rps=rps), NOW)
    assert spans
    assert abs(spans[0][0] - (NOW - since)) <= 1200
    assert abs(spans[-1][1] - (NOW - until)) <= 1200
    assert (incidents.under_way(spans, NOW) is not None) == (until == 0)


def test_what_happens_each_day_is_usual() -> None:
    nightly = minutes(lambda t: 0.05 if t % DAY < HOUR else 0.01, days=2)
    assert incidents.find(nightly, NOW) == []
    assert incidents.find([each for each in nightly if each.at >= NOW - DAY], NOW) != []
    slow = minutes(lambda _: 0.01, days=2, mean=lambda t: 0.4 if t % DAY < HOUR else 0.1)
    assert incidents.find(slow, NOW) == []


def test_what_comes_again_and_again_is_usual() -> None:
    hourly = minutes(lambda t: 0.05 if t % HOUR < 600 else 0.01)
    assert incidents.find(hourly, NOW) == incidents.find(hourly, NOW - 1300) == []
    ((start, end),) = incidents.find(minutes(lambda t: 0.1 if t < 7200 or t % (4 * HOUR) < 600 else 0.01), NOW)
    assert (abs(start - (NOW - 7200)) <= 600, end) == (True, NOW)


def test_an_hour_in_which_all_was_slow() -> None:
    ((start, end),) = incidents.find(minutes(lambda _: 0.01, mean=lambda t: 0.3 if t <= 1800 else 0.1), NOW)
    assert (abs(start - (NOW - 1800)) <= 600, end) == (True, NOW)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    return Repo(tmp_path / "server.git", bare=True)


def log(directory: Path, after: float, since: float = 1800, seconds: float = 1000) -> Path:
    """Write two hours with an incident until the deploy, and what comes after it."""

    def at(time: float) -> Moment:
        return Moment(errors=0.005 if time < DEPLOY - since else 0.08 if time < DEPLOY else after)

    return write(directory / "access.log", combined(requests(DEPLOY + seconds, at)))


@pytest.mark.slow
@pytest.mark.parametrize(("after", "word"), [(0.005, "pass"), (0.08, "inconclusive"), (0.4, "regressed")])
@pytest.mark.parametrize("since", [HOUR, 700])
def test_a_deploy_into_an_incident(server: Repo, tmp_path: Path, after: float, word: str, since: float) -> None:
    """The hour before is no baseline: a fix passes, what changes nothing is not blamed, what is worse is."""
    settings = replace(PLAN, watch=Duration(300), requests=100)
    watch = begun(server, log(tmp_path, after, since), settings, at=DEPLOY)
    worked(server, Clock(START + DEPLOY), DEPLOY + 900)
    found = verdict(server, watch)
    assert found["verdict"] == word, found["reason"]
    assert ("an incident was under way since" in found["reason"]) == (word == "inconclusive")
    with open_store(server.path) as store:
        row = store.get(watch.id)
    assert row is not None
    assert row.baseline is not None
    assert row.baseline["counted"] / row.baseline["requests"] < 0.02


def test_replay_says_the_same(tmp_path: Path) -> None:
    made = recording(str(log(tmp_path, 0.08, 1800, 700)), Verification())
    (answer,) = replay(made, [("x", START + DEPLOY)], Plan())
    assert (answer["verdict"], "incident" in answer["reason"]) == ("inconclusive", True)
    assert iso(DEPLOY)
