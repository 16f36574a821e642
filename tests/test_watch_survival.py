"""What may happen to the server in those ten minutes: kill -9 at every step, a full disk, no process left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from _cluster import policy
from _traffic import START, Moment, combined, requests, write
from conftest import Repo
from gatepost import records
from gatepost.git import Repository
from gatepost.watch import begin
from gatepost.watch.model import Watch
from gatepost.watch.queue import open_store
from gatepost.watch.worker import Worker
from test_watch_worker import DEPLOY, PLAN, Clock, begun, opening, verdict, worked

PACKAGE = str(Path(records.__file__).parents[1])

# The worker dies by SIGKILL before its n-th step, then in the next life before the n+1-th, and so on.
DOOMED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from gatepost.watch import store, tell, worker

left = int(sys.argv[3])
store.LEASE = 3.0  # what nobody may take back from a shared queue before it runs out

def doomed(of, name):
    original = getattr(of, name)
    def call(*args, **kwargs):
        global left
        for moment in ("before", "after"):
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
            if moment == "before":
                result = original(*args, **kwargs)
        return result
    setattr(of, name, call)

for name in ("lease", "save", "learn", "tell", "release", "supersede"):
    doomed(store.Store, name)
for name in ("append", "show", "_run"):
    doomed(tell, name)
worker.child(sys.argv[2])
"""


@pytest.fixture
def server(either_queue: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    return either_queue


def judged_once(server: Repo, watch: Watch, word: str) -> None:
    assert verdict(server, watch)["verdict"] == word
    with Repository(server.path) as repo:
        assert [r["verdict"] for r in records.read(repo, watch.oid, "verification")] == [word]
    refs = server.git("for-each-ref", "--format=%(refname)", f"refs/gatepost/verification/{watch.oid}")
    assert refs.split() == [f"refs/gatepost/verification/{watch.oid}/{word}"]


@pytest.mark.slow
def test_kill_9_at_every_step(server: Repo, tmp_path: Path) -> None:
    policy(server.path, f"on_regressed = 'echo ran >>{tmp_path}/told'\n")
    rows = requests(1600, lambda t: Moment(rate=20.0, errors=0.005 if t < DEPLOY else 0.2))
    watch = begun(server, write(tmp_path / "access.log", combined(rows)))
    deaths = 0
    for step in range(200):
        done = subprocess.run([sys.executable, "-c", DOOMED, PACKAGE, str(server.path), str(step)], check=False)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        deaths += 1
    assert deaths >= 10
    judged_once(server, watch, "regressed")
    # Killed between the mark and the start, the command is not run a second time: it acts on production.
    assert not (tmp_path / "told").exists() or (tmp_path / "told").read_text() == "ran\n"


def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite alone: its limit of pages stands for the full disk."""
    monkeypatch.setattr(begin, "spawn", lambda *_: 0)
    server = Repo(tmp_path / "server.git", bare=True)
    watch = begun(server, write(tmp_path / "access.log", combined(requests(1600, lambda _: Moment(rate=20.0)))))
    clock = Clock(START + DEPLOY + 5)
    with Worker(server.path, clock=clock, steady=clock, opening=opening) as worker:
        database = worker.store._db
        pages = database.execute("pragma page_count").fetchone()[0]
        database.execute(f"pragma max_page_count = {pages}")
        for _ in range(20):
            worker.step()
            clock.now += 15
        found = worker.store.get(watch.id)
        assert found is not None
        assert found.state == "watching"
        database.execute("pragma max_page_count = 1073741823")
        for _ in range(40):
            worker.step()
            clock.now += 15
    judged_once(server, watch, "pass")


def test_after_a_restart_the_daemon_goes_on(server: Repo, tmp_path: Path) -> None:
    """All processes are gone, the deadline has passed: the log still tells what happened."""
    first = begun(server, write(tmp_path / "access.log", combined(requests(1600, lambda _: Moment(rate=20.0)))))
    command = [sys.executable, "-m", "gatepost", "watchd", "--all", str(tmp_path), "--once"]
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": PACKAGE}, check=False, timeout=60)
    assert done.returncode == 0
    judged_once(server, first, "pass")


def test_the_daemon_ends_when_told(server: Repo) -> None:
    command = [sys.executable, "-m", "gatepost", "watchd", "--repo", str(server.path)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": PACKAGE})
    for _ in range(200):
        if list((server.path / "gatepost").glob("worker*.lock")):
            break
        time.sleep(0.05)
    time.sleep(1)
    process.terminate()
    assert process.wait(20) == 0


def test_a_log_that_is_truncated_keeps_what_was_seen(server: Repo, tmp_path: Path) -> None:
    lines = list(combined(requests(1600, lambda _: Moment(rate=20.0))))
    log = tmp_path / "access.log"
    log.write_text("".join(lines))
    watch = begun(server, log)
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 64)
    at = next(i for i, line in enumerate(lines) if _when(line) > START + DEPLOY + 60)
    log.write_text("".join(lines[at:]))
    worked(server, clock, DEPLOY + 400)
    judged_once(server, watch, "pass")
    assert verdict(server, watch)["could_have_missed"]["requests"] > 2000


def _when(line: str) -> float:
    from gatepost.metrics._lines import clf_time

    return clf_time(line.partition("[")[2].partition("]")[0])


def test_a_log_that_vanishes_is_inconclusive(server: Repo, tmp_path: Path) -> None:
    log = write(tmp_path / "access.log", combined(requests(1600, lambda _: Moment(rate=20.0))))
    watch = begun(server, log)
    clock = Clock(START + DEPLOY)
    worked(server, clock, DEPLOY + 40)
    log.unlink()
    worked(server, clock, DEPLOY + 900)
    found = verdict(server, watch)
    assert (found["verdict"], "access.log: no such file" in found["reason"]) == ("inconclusive", True)


def test_many_watches_in_one_process(server: Repo, tmp_path: Path) -> None:
    log = write(tmp_path / "access.log", combined(requests(1600, lambda _: Moment(rate=5.0))))
    first = begun(server, log)
    with open_store(server.path) as store:
        for number in range(10):
            store.insert(replace(first, id=f"w{number}", service=f"s{number}", settings=replace(PLAN, path=str(log))))
    worked(server, Clock(START + DEPLOY + 500), DEPLOY + 900)
    with open_store(server.path) as store:
        assert {watch.state for watch in store.watches()} == {"done"}
        assert {(watch.verdict or {}).get("verdict") for watch in store.watches()} == {"pass"}
