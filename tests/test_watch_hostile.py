"""What attackers and broken neighbours may bring: lines, answers, settings, clocks. Nothing hangs, nothing lies."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from _cluster import policy
from _http import served
from _traffic import START, Moment, as_json, combined, requests, write
from conftest import Repo
from gatepost import cli, records
from gatepost.errors import PolicyError
from gatepost.git import Repository
from gatepost.metrics import SourceError, Verification, Window
from gatepost.metrics._lines import parser_for
from gatepost.metrics._open import open_source
from gatepost.metrics.access_log import LogReader
from gatepost.metrics.prometheus import PrometheusReader
from gatepost.policy import Duration
from gatepost.watch import begin, tell
from gatepost.watch.queue import open_store
from gatepost.watch.worker import Worker
from test_watch_worker import DEPLOY, PLAN, Clock, begun, opening, traffic, verdict, worked


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    return Repo(tmp_path / "server.git", bare=True)


GOOD = {"msec": START, "remote_addr": "a", "method": "GET", "uri": "/", "status": 200, "request_time": 0.1}
ODD: list[dict[str, Any]] = [
    {"status": float("inf")}, {"status": float("nan")}, {"status": -5}, {"status": 10**30}, {"status": [500]},
    {"msec": float("inf")}, {"msec": "9999-99-99"}, {"msec": {"a": 1}}, {"msec": 1e308}, {"msec": True},
    {"msec": "0001-01-01T00:00:00+23:59"}, {"msec": "٣٠٠"}, {"uri": "\x00\x1b[2J\u2028\n" * 50}, {"uri": "/" * 300_000},
    {"uri": {"a": {"b": []}}}, {"remote_addr": ["x"] * 1000}, {"request_time": float("inf")}, {"request_time": -1},
    {"request_time": "1e999"}, {"request_time": 10**400}, {"method": None}, {"uri": "\ud800"},
]  # fmt: skip


def test_hostile_json_lines(tmp_path: Path) -> None:
    """Each odd line is passed over or counted; none hides its neighbours or stops the reading."""
    lines = [json.dumps(GOOD) + "\n"] * 10
    for odd in ODD:
        lines += [json.dumps(GOOD | odd, ensure_ascii=odd.get("uri") != "\ud800") + "\n", json.dumps(GOOD) + "\n"]
    raw = json.dumps(GOOD | {"uri": "/a\u2028b\x85c"}, ensure_ascii=False) + "\n"
    nested = '{"msec": ' + "[" * 100_000 + "\n"
    log = tmp_path / "a.log"
    log.write_text("".join([*lines, raw, nested, *lines]), encoding="utf-8", errors="surrogatepass")
    reader = LogReader(Verification(path=str(log)), lambda: START + 60)
    (window,) = reader.read(START - 60, START + 60, 120)
    good = 2 * (10 + len(ODD))
    assert good <= window.requests <= good + 2 * len(ODD) + 1
    assert 0 <= window.errors <= 4
    values = [value for each in window.durations.values() for value in each]
    assert max(values) == 0.1


@pytest.mark.parametrize("form", [combined, as_json])
def test_mutated_lines_raise_nothing(form: Any) -> None:
    chance = random.Random(1)
    sample = "".join(form(requests(20, lambda _: Moment(errors=0.2))))
    parser = parser_for(sample)
    noise = '"\\{}[]:,.\x00\x1b\u2028é\ud8009-+eE\n\t '
    for _ in range(300):
        text = list(sample[:3000])
        for _ in range(chance.randrange(1, 60)):
            text[chance.randrange(len(text))] = chance.choice(noise)
        for event in parser("".join(text)):
            assert (type(event[0]), type(event[2]), type(event[4])) == (float, int, float)


def test_random_paths_that_all_fail_stay_small(server: Repo, tmp_path: Path) -> None:
    def odd(chance: random.Random) -> tuple[int, str] | None:
        return 500, "GET /" + "".join(chance.choice("abcdefghij") for _ in range(20))

    watch = begun(server, traffic(tmp_path, Moment(rate=100.0, extra=odd)))
    worked(server, Clock(START + DEPLOY), DEPLOY + 400)
    found = verdict(server, watch)
    assert found["verdict"] == "regressed"
    assert len(found["new_once"]) <= 50
    with open_store(server.path) as store:
        (poll, *_) = store.polls(watch)
    assert len(poll.signatures) <= 301


ANSWERS: list[Any] = [
    None, [], 7, "x", {"data": None}, {"data": {"result": None}}, {"data": {"result": [None, 7, {}]}},
    {"data": {"result": [{"metric": None, "values": [[1]]}]}}, {"data": {"result": [{"metric": {}, "values": "ab"}]}},
    {"data": {"result": [{"metric": {"job": ["a"]}, "values": [["x", {}]]}]}},
    {"data": {"result": [{"metric": {}, "histograms": [[1, {"count": "x"}]]}]}},
    {"data": {"result": ["nan", "inf"]}}, {"data": {"result": [START, "1e999"]}},
]  # fmt: skip


@pytest.mark.parametrize("answer", ANSWERS, ids=repr)
def test_a_prometheus_that_answers_nonsense(server: Repo, tmp_path: Path, answer: Any) -> None:
    """Whatever it says, the watch ends, and not in a pass."""
    clock = Clock(START + DEPLOY)
    with served(lambda *_: (200, json.dumps(answer).encode())) as address:
        plan = replace(PLAN, source="prometheus", url=address, watch=Duration(30))
        watch = begun(server, tmp_path / "none", plan)
        worked(server, clock, DEPLOY + 400, lambda settings: PrometheusReader(settings, clock))
    assert verdict(server, watch)["verdict"] == "inconclusive"


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf", "-5"])
def test_samples_that_are_no_counts(server: Repo, tmp_path: Path, value: str) -> None:
    """A NaN or an infinity in the middle of a counter is no sample, and what is around it counts."""
    now = START + 600

    def answer(path: str, _: bytes) -> tuple[int, bytes]:
        if "time%28%29" in path:
            return 200, json.dumps({"data": {"result": [now, str(now)]}}).encode()
        samples = [[now - 15 * (40 - i), str(10 * i) if i % 7 else value] for i in range(41)]
        up = [[moment, "1"] for moment, _ in samples]
        metric = {"job": "web", "instance": "a", "code": "200", "le": "0.1"}
        values = up if "query=up" in path else [] if "process_start" in path else samples
        return 200, json.dumps({"data": {"result": [{"metric": metric, "values": values}] if values else []}}).encode()

    with served(answer) as address:
        reader = PrometheusReader(Verification(url=address), lambda: now)
        windows = reader.read(now - 300, now - 15, 15)
    assert all(0 <= w.requests <= 30 and w.errors == 0 for w in windows)
    assert sum(w.requests for w in windows) == pytest.approx(190, abs=21)


class Surprising:
    delay = 0.0

    def __init__(self, error: Exception) -> None:
        self.error = error

    def read(self, start: float, end: float, step: float) -> list[Window]:
        raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize("error", [ValueError("secret"), RecursionError(), ZeroDivisionError(), MemoryError()])
def test_what_nobody_expected_ends_in_no_answer(server: Repo, tmp_path: Path, error: Exception) -> None:
    watch = begun(server, tmp_path / "a.log")
    worked(server, Clock(START + DEPLOY), DEPLOY + 900, lambda _: Surprising(error))
    found = verdict(server, watch)
    assert (found["verdict"], type(error).__name__ in found["reason"]) == ("inconclusive", True)
    assert "secret" not in found["reason"]


@pytest.mark.parametrize(
    "plan",
    [
        {"poll": 0.0}, {"poll": 0.01}, {"watch": 0.0}, {"watch": 1e9}, {"timeout": 1e6}, {"baseline": 1e9},
        {"poll": 1.0, "watch": 80_000.0}, {"scrape": 0.0}, {"wait_for_deploy": 1e12}, {"settle": 1e9},
    ],
    ids=repr,
)  # fmt: skip
def test_times_that_one_worker_cannot_serve(server: Repo, tmp_path: Path, plan: dict[str, float]) -> None:
    settings = replace(PLAN, **{name: Duration(value) for name, value in plan.items()})  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match=list(plan)[-1]):
        begun(server, tmp_path / "a.log", settings)
    long = begun(server, tmp_path / "a.log", replace(PLAN, poll=Duration(0.5), extend=Duration(1e9)))
    assert long.settings.extend == 1000


def test_a_tree_gets_neither_the_token_nor_a_regular_expression(server: Repo, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret")
    policy(server.path, f'token_file = "{tmp_path}/token"\n')
    with served(lambda *_: (500, b"")) as evil:
        plan = replace(PLAN, source="prometheus", url=evil, pattern="(a+)+$", tenant="x")
        settings = begun(server, tmp_path / "a.log", plan).settings
    assert (settings.token_file, settings.url, settings.tenant, settings.pattern) == (f"{tmp_path}/token", "", "", "")
    with pytest.raises(SourceError, match="url: is not set"):
        open_source(settings)


def test_a_mark_in_the_future(server: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0)), replace(PLAN, begin="mark"))
    where = ["deploy", "mark", watch.oid, "--repo", str(server.path)]
    assert cli.main([*where, "--at", "2099-01-01T00:00:00Z"]) == 2
    assert "lies in the future" in capsys.readouterr().err
    with open_store(server.path) as store:
        assert store.mark(watch, START + DEPLOY + 100_000)  # as a clock that was set back since would have it
    clock = Clock(START + DEPLOY)
    with Worker(server.path, clock=clock, steady=clock, opening=opening) as worker:
        assert [worker.step(), worker.step()] == [True, False]  # it is looked at now and then, not all the time


def test_a_clock_of_the_log_that_goes_back(server: Repo, tmp_path: Path) -> None:
    """An hour that the log has twice: it ends, in an answer or none, and in no false alarm."""
    lines = list(combined(requests(1600, lambda _: Moment(rate=20.0))))
    log = tmp_path / "access.log"
    log.write_text("".join([*lines[:20_000], *lines[10_000:]]))
    watch = begun(server, log)
    worked(server, Clock(START + DEPLOY), DEPLOY + 900)
    assert verdict(server, watch)["verdict"] in ("pass", "inconclusive")


def test_a_log_that_is_rotated_in_the_middle_of_each_read(
    server: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gatepost.metrics import _files

    lines = list(combined(requests(1600, lambda _: Moment(rate=20.0))))
    log, listed = tmp_path / "access.log", _files.parts
    log.write_text("".join(lines))
    left = [8]

    def rotating(path: str, since: float = 0.0) -> list[_files.Part]:
        found = listed(path, since)
        if left[0]:
            left[0] -= 1
            for number in range(9, 0, -1):
                if (tmp_path / f"access.log.{number}").exists():
                    (tmp_path / f"access.log.{number}").rename(tmp_path / f"access.log.{number + 1}")
            log.rename(tmp_path / "access.log.1")
            log.write_text("")
        return found

    watch = begun(server, log)
    monkeypatch.setattr(_files, "parts", rotating)
    worked(server, Clock(START + DEPLOY), DEPLOY + 900)
    found = verdict(server, watch)
    assert (found["verdict"], found["could_have_missed"]["requests"] > 2000) == ("pass", True)


def test_a_line_without_an_end(tmp_path: Path) -> None:
    good = list(combined(requests(60, lambda _: Moment(rate=5.0))))
    log = tmp_path / "access.log"
    log.write_text("".join(good[:150]) + "x" * 12_000_000 + "\n" + "".join(good[150:]) + "y" * 9_000_000)
    began = time.process_time()
    windows = LogReader(Verification(path=str(log)), lambda: START + 60).read(START, START + 60, 15)
    assert time.process_time() - began < 5
    assert sum(w.requests for w in windows) >= len(good) - 2


def test_a_record_that_cannot_be_written_is_tried_again(
    server: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0)))
    full, append = [True], tell.append

    def writing(*args: Any) -> Any:
        if full[0]:
            raise OSError(28, "No space left on device")
        return append(*args)

    monkeypatch.setattr(tell, "append", writing)
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 300)
    with Repository(server.path) as repo:
        assert records.read(repo, watch.oid, "verification") == ()
    assert "No space left" in capsys.readouterr().err
    full[0] = False
    worked(server, clock, DEPLOY + 400)
    with Repository(server.path) as repo:
        assert [r["verdict"] for r in records.read(repo, watch.oid, "verification")] == ["pass"]
    assert verdict(server, watch)["verdict"] == "pass"


def test_what_a_tree_names_is_not_repeated(tmp_path: Path) -> None:
    secret = write(tmp_path / "shadow", iter(["root:$6$abcdef:19000:0:99999:7:::\n"] * 20))
    with pytest.raises(SourceError) as caught:
        LogReader(Verification(path=str(secret))).read(START, START + 60, 15)
    assert "root" not in f"{caught.value} {caught.value.hint}"
