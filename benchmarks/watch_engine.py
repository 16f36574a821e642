"""Measure the engine of the verification: lines a second, one evaluation, many watches in one process.

python benchmarks/watch_engine.py [--watches 500] [--seconds 60]
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
from math import exp
from pathlib import Path
from threading import Event, Thread

from gatepost.metrics import Reader, Verification
from gatepost.metrics.access_log import LogReader
from gatepost.policy import Duration
from gatepost.watch.baseline import build
from gatepost.watch.counts import reduce
from gatepost.watch.judge import Known, assess
from gatepost.watch.model import Watch
from gatepost.watch.worker import Worker

HOUR = 3600.0
ROUTES = [f"{a}{b}" for a in "abcde" for b in "vwxyz"]


def log(path: Path, start: float, seconds: float, rate: float, seed: int, form: str = "combined") -> int:
    """Write an access log; give the number of its lines."""
    chance, now, count = random.Random(seed), start, 0
    with path.open("w") as out:
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


def many(directory: Path, number: int, seconds: float) -> None:
    """Run many watches in one process at their real pace; print its CPU share and memory once all have a baseline."""
    repository, now = directory / "server.git", time.time()
    subprocess.run(["git", "init", "-q", "--bare", str(repository)], check=True)
    paths = [directory / f"service-{n}.log" for n in range(20)]
    for n, path in enumerate(paths):
        log(path, now - HOUR, HOUR + seconds + 900, 10, n)
    stop = Event()
    with Worker(repository, opening=opening) as worker:
        for n in range(number):
            settings = Verification(source="access-log", path=str(paths[n % len(paths)]), watch=Duration(seconds + 800))
            watch = Watch(f"w{n}", f"{n:040x}", "refs/heads/main", f"s{n}", now, "watching", settings, begun=now)
            worker.store.insert(watch)
        thread = Thread(target=worker.run, args=(stop,), daemon=True)
        thread.start()
        began = time.process_time()
        while sum(w.baseline is not None and w.due > time.time() - 5 for w in worker.store.watches()) < number:
            time.sleep(2)
        print(f"{number} baselines of an hour at 10 requests a second: {time.process_time() - began:.0f} s CPU")
        cpu, wall = time.process_time(), time.monotonic()
        time.sleep(seconds)
        share = (time.process_time() - cpu) / (time.monotonic() - wall)
        late = max(time.time() - w.due for w in worker.store.watches())
        stop.set()
        thread.join()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{number} watches: {share:.0%} of one core, {memory:.0f} MB at most, {max(0, late):.1f} s late at most")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--watches", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    args = parser.parse_args()
    print(f"Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as directory:
        if args.watches:
            many(Path(directory), args.watches, args.seconds)
        reading(Path(directory))


if __name__ == "__main__":
    main()
