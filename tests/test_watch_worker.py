from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from _cluster import policy
from _http import served
from _traffic import START, Moment, combined, requests, write
from conftest import Repo
from gatepost import cli, records
from gatepost.errors import PolicyError
from gatepost.git import Repository
from gatepost.metrics import Reader, SourceError, Verification, Window
from gatepost.metrics.access_log import LogReader
from gatepost.policy import Duration
from gatepost.queries import LIVE
from gatepost.watch import Deploy, begin, start
from gatepost.watch.detach import spawn
from gatepost.watch.lock import running
from gatepost.watch.model import Watch
from gatepost.watch.queue import open_store
from gatepost.watch.status import Status, bar
from gatepost.watch.store import LEASE
from gatepost.watch.worker import Worker

DEPLOY = 1200.0
PLAN = Verification(source="access-log", watch=Duration(120), poll=Duration(15), extend=Duration(300))


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server(either_queue: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    return either_queue


def traffic(path: Path, after: Moment, before: Moment | None = None, seconds: float = 1600) -> Path:
    normal = before or Moment(rate=20.0)
    return write(path / "access.log", combined(requests(seconds, lambda t: normal if t < DEPLOY else after)))


def begun(repo: Repo, log: Path, settings: Verification = PLAN, at: float = DEPLOY, text: str = "x") -> Watch:
    oid = repo.commit({"a": text})
    watch = start(repo.path, Deploy(oid, "refs/heads/main", at=START + at), replace(settings, path=str(log)))
    assert watch is not None
    return watch


def opening(settings: Verification) -> Reader:
    return LogReader(settings, lambda: 1e12)


def worked(repo: Repo, clock: Clock, until: float, source: Callable[[Verification], Reader] = opening) -> None:
    with Worker(repo.path, clock=clock, steady=clock, opening=source) as worker:
        while clock.now < START + until and worker.store.pending():
            if not worker.step():
                clock.now += 1


def verdict(repo: Repo, watch: Watch) -> dict[str, Any]:
    with open_store(repo.path) as store:
        found = store.get(watch.id)
        assert found is not None
        assert found.state == "done"
        assert found.verdict is not None
        return dict(found.verdict)


def test_a_clean_deploy_passes_and_is_recorded(server: Repo, tmp_path: Path) -> None:
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0)))
    assert server.git("for-each-ref", "--format=%(refname)", "refs/gatepost/verification").endswith("/watching")
    worked(server, Clock(START + DEPLOY), DEPLOY + 400)
    assert verdict(server, watch)["verdict"] == "pass"
    with Repository(server.path) as repo:
        (record,) = records.read(repo, watch.oid, "verification")
    assert (record["verdict"], record["watch"]) == ("pass", watch.id)
    assert record["could_have_missed"]["error_rate"] < 0.02
    assert server.git("for-each-ref", "--format=%(refname)", "refs/gatepost/verification").endswith("/pass")


def test_a_regression_ends_the_watch_at_once(server: Repo, tmp_path: Path) -> None:
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0, errors=0.1)))
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 400)
    assert verdict(server, watch)["verdict"] == "regressed"
    assert clock.now < START + DEPLOY + 60


def test_no_source_no_watch(server: Repo) -> None:
    oid = server.commit({"a": "x"})
    assert start(server.path, Deploy(oid, "refs/heads/main"), Verification()) is None


def test_every_look_may_be_the_last_of_a_worker(server: Repo, tmp_path: Path) -> None:
    """A worker that dies loses its lease and nothing else: another goes on, and the answer is the same."""
    log = traffic(tmp_path, Moment(rate=20.0))
    watch = begun(server, log)
    clock = Clock(START + DEPLOY)
    while clock.now < START + DEPLOY + 900:
        with Worker(server.path, clock=clock, steady=clock, opening=opening) as worker:
            if not worker.store.pending():
                break
            lost = worker.store.lease(clock.now)  # taken, and never given back
            clock.now += LEASE + 1
            if lost:
                worker.step()
    found = verdict(server, watch)
    assert (found["verdict"], found["could_have_missed"]["requests"] > 2000) == ("pass", True)


def test_of_two_workers_one_judges(server: Repo, tmp_path: Path) -> None:
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0)))
    clock = Clock(START + DEPLOY + 300)
    with open_store(server.path) as store:
        first = store.lease(clock.now)
        assert first is not None
        assert store.lease(clock.now) is None
        second = store.lease(clock.now + LEASE + 1)
        assert second is not None
        assert not store.save(replace(first, state="telling", verdict={"verdict": "regressed"}))
        assert not store.renew(first, clock.now)
        assert store.save(second)
    worked(server, clock, DEPLOY + 900)
    with Repository(server.path) as repo:
        assert [r["verdict"] for r in records.read(repo, watch.oid, "verification")] == ["pass"]


def test_a_clock_that_goes_back_hangs_nothing(server: Repo, tmp_path: Path) -> None:
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0)))
    with open_store(server.path) as store:
        row = store.lease(START + DEPLOY + 90_000)
        assert row is not None
        store.save(replace(row, due=START + DEPLOY + 90_000))
    worked(server, Clock(START + DEPLOY + 200), DEPLOY + 900)
    assert verdict(server, watch)["verdict"] == "pass"


def test_a_clock_that_jumps_makes_it_inconclusive(server: Repo, tmp_path: Path) -> None:
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0)))
    clock, steady = Clock(START + DEPLOY + 20), Clock(0)
    with Worker(server.path, clock=clock, steady=steady, opening=opening) as worker:
        assert worker.step()
        clock.now += 4000
        steady.now += 15
        while worker.step():
            pass
    found = verdict(server, watch)
    assert (found["verdict"], "clock" in found["reason"]) == ("inconclusive", True)


class Broken:
    delay = 0.0

    def read(self, start: float, end: float, step: float) -> list[Window]:
        raise SourceError("http://metrics: timed out")

    def close(self) -> None:
        pass


def test_an_unreachable_source_is_inconclusive_and_says_so(server: Repo, tmp_path: Path) -> None:
    watch = begun(server, tmp_path / "access.log")
    worked(server, Clock(START + DEPLOY), DEPLOY + 900, lambda _: Broken())
    found = verdict(server, watch)
    assert (found["verdict"], "timed out" in found["reason"]) == ("inconclusive", True)


def test_low_traffic_is_watched_longer(server: Repo, tmp_path: Path) -> None:
    slow = Moment(rate=1.0)
    watch = begun(server, traffic(tmp_path, slow, slow, 2000), replace(PLAN, extend=Duration(900)))
    worked(server, Clock(START + DEPLOY), DEPLOY + 1000)
    found = verdict(server, watch)
    assert (found["verdict"], found["could_have_missed"]["requests"] > 200) == ("pass", True)


def test_no_traffic_at_all_is_inconclusive(server: Repo, tmp_path: Path) -> None:
    rare = Moment(rate=0.02)
    watch = begun(server, traffic(tmp_path, rare, rare, 2000))
    worked(server, Clock(START + DEPLOY), DEPLOY + 900)
    assert verdict(server, watch)["verdict"] == "inconclusive"


def test_a_newer_deploy_supersedes_and_a_rollback_is_compared_with_the_good_hour(server: Repo, tmp_path: Path) -> None:
    log = write(
        tmp_path / "access.log",
        combined(requests(2000, lambda t: Moment(rate=20.0, errors=0.1 if DEPLOY <= t < DEPLOY + 200 else 0.005))),
    )
    first = begun(server, log, text="bad")
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 100)
    second = begun(server, log, at=DEPLOY + 200, text="good")
    clock.now = START + DEPLOY + 210
    third = begun(server, log, at=DEPLOY + 230, text="next")
    worked(server, clock, DEPLOY + 900)
    words = [verdict(server, w)["verdict"] for w in (first, second, third)]
    assert words == ["regressed", "superseded", "pass"]


def test_one_that_was_half_way_to_an_alarm_stays_a_suspect(server: Repo, tmp_path: Path) -> None:
    rows = requests(2000, lambda t: Moment(rate=20.0, errors=0.025 if t >= DEPLOY else 0.005))
    log = write(tmp_path / "access.log", combined(rows))
    first = begun(server, log, text="first")
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 34)
    second = begun(server, log, at=DEPLOY + 34, text="second")
    with open_store(server.path) as store:
        row = store.get(first.id)
        assert row is not None
        if not row.suspect:  # as a poll later would have found it
            store._db.execute("update watch set progress = '{\"error-rate\": 0.6}' where id = ?", (first.id,))
    worked(server, clock, DEPLOY + 400)
    assert verdict(server, first)["verdict"] in ("superseded", "regressed")
    found = verdict(server, second)
    assert found["verdict"] == "regressed"
    if verdict(server, first)["verdict"] == "superseded":
        assert found["suspects"] == [first.oid]


def test_a_deploy_that_is_awaited(server: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = replace(PLAN, begin="mark", wait_for_deploy=Duration(60))
    log = traffic(tmp_path, Moment(rate=20.0))
    never = begun(server, log, settings, text="never")
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 100)
    assert verdict(server, never)["verdict"] == "not-deployed"
    marked = begun(server, log, settings, at=DEPLOY + 100, text="marked")
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + DEPLOY + 130))
    assert cli.main(["deploy", "mark", marked.oid, "--at", at, "--repo", str(server.path)]) == 0
    live = f"{LIVE}/{marked.ref.removeprefix('refs/')}"
    assert server.git("rev-parse", live) == marked.oid  # the next migration is held against its queries
    worked(server, clock, DEPLOY + 900)
    assert verdict(server, marked)["verdict"] == "pass"


def test_a_deploy_that_a_label_shows(server: Repo, tmp_path: Path) -> None:
    log = traffic(tmp_path, Moment(rate=20.0))
    rows: list[dict[str, Any]] = []

    def answer(path: str, _: bytes) -> tuple[int, bytes]:
        assert "count+by+%28version%29" in path
        return 200, json.dumps({"data": {"result": rows}}).encode()

    with served(answer) as address:
        settings = replace(PLAN, begin="label", url=address, wait_for_deploy=Duration(200))
        watch = begun(server, log, settings)
        rows.append({"metric": {"version": "f" * 40}, "values": [[START + DEPLOY - 5, "1"]]})
        clock = Clock(START + DEPLOY)
        worked(server, clock, DEPLOY + 60)
        rows.append({"metric": {"version": watch.oid}, "values": [[START + DEPLOY + 70, "1"]]})
        worked(server, clock, DEPLOY + 900)
    assert verdict(server, watch)["verdict"] == "pass"
    with open_store(server.path) as store:
        found = store.get(watch.id)
    assert found is not None
    assert found.begun == START + DEPLOY + 70 - 5 - 15  # a step and a scrape early rather than late


@pytest.mark.parametrize("answer", [(500, b""), (200, b"{"), (200, b'{"data": {"result": [3]}}'), (200, b"[]")])
def test_whether_it_was_deployed_cannot_be_read(server: Repo, tmp_path: Path, answer: tuple[int, bytes]) -> None:
    with served(lambda *_: answer) as address:
        settings = replace(PLAN, begin="label", url=address, wait_for_deploy=Duration(30))
        watch = begun(server, traffic(tmp_path, Moment(rate=20.0)), settings)
        worked(server, Clock(START + DEPLOY), DEPLOY + 100)
    found = verdict(server, watch)
    assert (found["verdict"], "cannot be read" in found["reason"]) == ("inconclusive", True)


@pytest.mark.parametrize(("way", "needed"), [("label", "verification.url"), ("version", "verification.version_url")])
def test_a_way_to_begin_that_could_never_begin(server: Repo, tmp_path: Path, way: Any, needed: str) -> None:
    with pytest.raises(PolicyError, match=needed):
        begun(server, tmp_path / "a.log", replace(PLAN, begin=way))


def test_a_tree_cannot_run_commands_on_the_server(server: Repo, tmp_path: Path) -> None:
    settings = replace(PLAN, on_regressed=f"touch {tmp_path}/ran", webhook="http://evil.example/")
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0, errors=0.2)), settings)
    assert (watch.settings.on_regressed, watch.settings.webhook) == ("", "")


def test_the_servers_own_command_runs_once(server: Repo, tmp_path: Path) -> None:
    policy(server.path, f"on_regressed = 'cat >>{tmp_path}/told'\n")
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0, errors=0.2)))
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 400)
    told = tmp_path / "told"
    for _ in range(100):
        if told.exists() and told.read_text():
            break
        time.sleep(0.05)
    assert json.loads(told.read_text())["watch"] == watch.id


def test_status_in_a_clone(server: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    watch = begun(server, traffic(tmp_path, Moment(rate=20.0, errors=0.2)))
    clone = tmp_path / "clone"
    server.git("clone", "-q", str(server.path), str(clone))
    assert cli.main(["status", "--repo", str(clone), "--format", "json"]) == 3
    assert json.loads(capsys.readouterr().out)["verdict"] == "watching"
    worked(server, Clock(START + DEPLOY), DEPLOY + 400)
    assert cli.main(["status", watch.oid, "--repo", str(clone), "--wait", "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["verdict"], told["signals"][0]) == ("regressed", "error-rate")
    assert cli.main(["status", watch.oid, "--repo", str(clone)]) == 1
    assert "roll back: git revert" in capsys.readouterr().out


def test_a_clone_sees_the_evidence_so_far_and_why_there_is_none(
    server: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = traffic(tmp_path, Moment(rate=20.0, errors=0.02))
    watch = begun(server, log, replace(PLAN, watch=Duration(600)))
    clone, clock = tmp_path / "clone", Clock(START + DEPLOY)
    server.git("clone", "-q", str(server.path), str(clone))

    def seen() -> dict[str, Any]:
        assert cli.main(["status", "--repo", str(clone), "--format", "json"]) == 3
        return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]

    worked(server, clock, DEPLOY + 34)
    first = seen()
    assert (first["verdict"], first["begun"], first["poll"]) == ("watching", START + DEPLOY, 15)
    assert first["requests"] > 500
    assert 0 < max(first["progress"].values()) < 1
    log.rename(tmp_path / "away")
    worked(server, clock, DEPLOY + 50)
    assert "no such file" in seen()["reason"]
    assert cli.main(["status", "--repo", str(clone)]) == 3
    said = capsys.readouterr().out
    assert "[........" in said or "[####" in said
    assert "the source cannot be read now" in said
    (tmp_path / "away").rename(log)
    worked(server, clock, DEPLOY + 900)
    refs = server.git("for-each-ref", "--format=%(refname)", f"refs/gatepost/verification/{watch.oid}")
    assert refs.endswith("/regressed")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"begun": 100.0, "deadline": 200.0, "progress": {"a": 0.25}, "requests": 1234.0},
         "[############............] 50 s left, evidence 25 % of an alarm, 1,234 requests"),
        ({"begun": 100.0, "deadline": 140.0, "progress": None, "requests": "many"},
         "[########################] longer, for it is not certain yet, evidence 0 % of an alarm"),
        ({"begun": float("nan"), "deadline": 200.0, "reason": "waiting\x1b[2J"}, "waiting\\x1b[2J"),
        ({"begun": 100.0, "deadline": 200.0, "reason": "the source cannot be read now: x"},
         "[############............] 50 s left, the source cannot be read now: x"),
    ],
)  # fmt: skip
def test_a_bar_of_what_another_machine_says(data: dict[str, Any], said: str) -> None:
    assert bar(Status("watching", data), 150.0) == said


@pytest.mark.slow
def test_a_real_worker_outlives_its_parent_and_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "server.git", bare=True)
    now = time.time()
    monkeypatch.setattr("_traffic.START", now - 600)
    log = write(tmp_path / "access.log", combined(requests(600, lambda _: Moment(rate=20.0))))
    oid = repo.commit({"a": "x"})
    settings = Verification(source="access-log", path=str(log), watch=Duration(6), poll=Duration(0.5))
    before = time.monotonic()
    watch = start(repo.path, Deploy(oid, "refs/heads/main"), settings)
    assert watch is not None
    assert time.monotonic() - before < 2
    time.sleep(2)
    for pid in _workers(repo.path):
        os.kill(pid, signal.SIGKILL)
    monkeypatch.setattr("_traffic.START", time.time() - 2)
    with log.open("a") as stream:
        for line in combined(requests(12, lambda _: Moment(rate=60.0, errors=0.3), seed=2)):
            stream.write(line)
    done = subprocess.run(
        [sys.executable, "-m", "gatepost", "status", oid, "--wait", "--timeout", "90", "--repo", str(repo.path)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(records.__file__).parents[1])},
    )
    assert (done.returncode, "regressed" in done.stdout) == (1, True), done


def _workers(directory: Path) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if b"gatepost.watch.worker" in line and str(directory.resolve()).encode() in line:
                found.append(int(entry.name))
    return found


def test_a_real_worker_ends_once_its_repository_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each demo, and each deleted repository, would leave a process that sleeps until its watch is over."""
    pids: list[int] = []
    monkeypatch.setattr(begin, "spawn", lambda *given: pids.append(spawn(*given)))
    repo = Repo(tmp_path / "server.git", bare=True)
    log = tmp_path / "access.log"
    log.touch()
    start(
        repo.path, Deploy(repo.commit({"a": "1"}), "refs/heads/main"), Verification(source="access-log", path=str(log))
    )
    lock = repo.path / "gatepost" / "worker.lock"
    for _ in range(300):
        if lock.exists() and running(repo.path):
            break
        time.sleep(0.1)
    assert os.waitpid(pids[0], os.WNOHANG) == (0, 0)
    repo.path.rename(tmp_path / "gone")  # at once, whatever it writes just then
    for _ in range(200):
        if os.waitpid(pids[0], os.WNOHANG)[0]:
            break
        time.sleep(0.1)
    else:
        os.kill(pids[0], signal.SIGKILL)
        pytest.fail("it still runs 20 s later")
    assert not repo.path.exists()
