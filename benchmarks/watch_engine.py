"""Measure the engine of the verification: lines a second, one evaluation, many watches in one process.

python benchmarks/watch_engine.py [--watches 500] [--polls 40]
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from functools import partial
from math import exp
from pathlib import Path

from gatepost.metrics import Reader, Verification
from gatepost.metrics.access_log import LogReader
from gatepost.policy import Duration
from gatepost.watch.baseline import build
from gatepost.watch.counts import reduce
from gatepost.watch.judge import Known, assess
from gatepost.watch.model import Watch
from gatepost.watch.worker import Worker

HOUR = 3600.0
RATE = 10
ROUTES = [f"{a}{b}" for a in "abcde" for b in "vwxyz"]


def log(
    path: Path, start: float, seconds: float, rate: float, seed: int, form: str = "combined", append: bool = False
) -> int:
    """Write an access log; give the number of its lines."""
    chance, now, count = random.Random(seed), start, 0
    with path.open("a" if append else "w") as out:
        while True:
            now += chance.expovariate(rate)
            if now > start + seconds:
                return count
            count += 1
            took, status = exp(chance.gauss(-2.5, 0.6)), 500 if chance.random() < 0.005 else 200
            client, route = (
                f"10.{chance.randrange(200)}.0.1",
                f"/{ROUTES[chance.randrange(25)]}/{chance.randrange(9999)}",
            )
            if form == "json":
                row = {"msec": round(now, 3), "remote_addr": client, "method": "GET", "uri": route, "status": status}
                out.write(json.dumps(row | {"request_time": round(took, 3)}) + "\n")
                continue
            stamp = datetime.fromtimestamp(now, timezone.utc).strftime("%d/%b/%Y:%H:%M:%S +0000")
            out.write(f'{client} - - [{stamp}] "GET {route} HTTP/1.1" {status} 512 "-" "Mozilla/5.0" {took:.3f}\n')


def reading(directory: Path) -> None:
    """Print lines a second, CPU time, and the time of one evaluation."""
    for form in ("combined", "json"):
        path = directory / f"{form}.log"
        count = log(path, 1_790_000_000, 4200, 60, 1, form)
        source = LogReader(Verification(path=str(path)), lambda: 1e12)
        began = time.process_time()
        windows = source.read(1_790_000_000, 1_790_004_200, 15)
        print(f"{form}: {count / (time.process_time() - began):,.0f} lines a second ({count:,} lines)")
    base = build(windows[:240], "the hour before")
    polls = [reduce(window, base.shape) for window in windows[240:]]
    for number in (1, 20, 40):
        began = time.process_time()
        for _ in range(20):
            assess(base, polls[:number], Known(), 40)
        print(f"one evaluation after {number} polls, {len(base.routes)} routes: "
              f"{1000 * (time.process_time() - began) / 20:.2f} ms CPU")  # fmt: skip


def opening(settings: Verification) -> Reader:
    """Open a log that was written ahead of time."""
    return LogReader(settings, lambda: 1e12)


class Clock:
    """A clock that the benchmark moves: the share of a core is CPU time over simulated time."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """Give the time."""
        return self.now


def used() -> float:
    """Give CPU seconds so far, those of git's processes included."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def commits(repository: Path, number: int) -> list[str]:
    """Make a repository with so many commits, each with the ref of a running watch."""
    run = partial(subprocess.run, cwd=repository, check=True, capture_output=True)
    repository.mkdir()
    run(["git", "init", "-q", "--bare"])
    text = "".join(f"commit refs/heads/main\ncommitter A <a@b> {n} +0000\ndata 0\n" for n in range(number))
    run(["git", "fast-import", "--quiet"], input=text.encode())
    found: list[str] = run(["git", "rev-list", "main"]).stdout.decode().split()
    lines = "".join(f"create refs/gatepost/verification/{oid}/watching {oid}\n" for oid in found)
    run(["git", "update-ref", "--stdin"], input=lines.encode())
    return found


def many(directory: Path, number: int, polls: int) -> None:
    """Run many watches in one process, from the deploy to the verdict; print CPU share and memory."""
    repository, now = directory / "server.git", 1_790_000_000.0
    oids = commits(repository, number)
    paths = [directory / f"service-{n}.log" for n in range(20)]
    for n, path in enumerate(paths):
        log(path, now - HOUR, HOUR, RATE, n)
    clock = Clock(now)
    with Worker(repository, clock=clock, steady=clock, opening=opening) as worker:
        for n, oid in enumerate(oids):
            settings = Verification(
                source="access-log", path=str(paths[n % len(paths)]), watch=Duration(15 * polls), extend=Duration(1)
            )
            watch = Watch(f"w{n}", oid, "refs/heads/main", f"s{n}", now, "watching", settings, begun=now)
            worker.store.insert(watch)
        whole = looked = steps = 0.0
        for poll in range(polls + 2):
            for n, path in enumerate(paths):
                log(path, now + 15 * poll, 15, RATE, 1000 * poll + n, append=True)
            clock.now = max(clock.now, now + 15 * poll + 3)
            began = used()
            count = _work(worker, clock, now + 15 * poll + 14)
            written = used() - began
            whole += written
            if 0 < poll < polls:
                looked, steps = looked + written, steps + count
            elif not poll:
                print(
                    f"an hour of baseline, {RATE} requests a second: {1000 * written / number:.0f} ms CPU, once a watch"
                )
        told = [watch.verdict["verdict"] for watch in worker.store.watches() if watch.verdict]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    steady, everything = looked / 15 / (polls - 1), whole / 15 / (polls + 2)
    print(f"{number} watches, {polls} polls: {1000 * looked / steps:.1f} ms CPU a look, {steady:.0%} of one core, "
          f"{everything:.0%} with baselines and verdicts; {memory:.0f} MB at most; "
          + ", ".join(f"{told.count(word)} {word}" for word in sorted(set(told))))  # fmt: skip


def _work(worker: Worker, clock: Clock, until: float) -> int:
    """Do what is due; the clock moves on as it would, so that clones are shown as much as they would be."""
    count = 0
    pace = max(0.0, until - clock.now) / max(len(worker.store.watches(open_only=True)), 1)
    while worker.step():
        count += 1
        clock.now = min(until, clock.now + pace)
    return count


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--watches", type=int, default=500)
    parser.add_argument("--polls", type=int, default=40)
    args = parser.parse_args()
    print(f"Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as directory:
        if args.watches:
            many(Path(directory), args.watches, args.polls)
        reading(Path(directory))


if __name__ == "__main__":
    main()
