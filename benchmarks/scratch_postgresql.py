"""How long a scratch PostgreSQL takes: cold, from its images, a clone, a script, its end.

python benchmarks/scratch_postgresql.py [RUNS]
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict

from gatepost.databases import Database, Limits, Needs, Statement, engine

TABLES = 60


def history(database: Database) -> None:
    columns = ", ".join(f"c{number} text" for number in range(10))
    database.run([Statement(f"create table t{number} (id int primary key, {columns})") for number in range(TABLES)])


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    found: dict[str, list[float]] = defaultdict(list)
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            for which in ("cold", "kept"):
                once(which, folder, found)
    print(f"load {os.getloadavg()[0]:.1f}, {runs} runs, median and worst in milliseconds")
    for what, times in found.items():
        print(f"{what:45} {statistics.median(times) * 1000:7.0f} {max(times) * 1000:7.0f}")


def once(which: str, folder: str, found: dict[str, list[float]]) -> None:
    begun = time.perf_counter()

    def lap(what: str) -> None:
        nonlocal begun
        now = time.perf_counter()
        found[what].append(now - begun)
        begun = now

    with engine("postgresql").scratch(Needs(folder=folder), Limits()) as server:
        opened = server.empty()
        lap(f"{which}: start and an empty database")
        opened.run([Statement("create table t (a int)")])
        lap("a script of one statement")
        clone = server.template("history", history)
        lap(f"{which}: a template of {TABLES} tables")
        made = clone()
        lap("a clone of it")
        made.trusted().close()
        lap("a connection")
        made.drop()
        lap("dropping a clone")
    lap("the end of two servers")


if __name__ == "__main__":
    main()
