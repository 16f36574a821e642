"""Measure the scratch databases of SQLite and MariaDB: the start, a history of 100 scripts, clones, introspection.

    python benchmarks/databases.py [sqlite] [mysql]

Prints milliseconds of wall clock, the median of five where a thing can be done again.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from gatepost.databases import Database, Limits, Needs, Statement, engine
from gatepost.databases._differences import differences

TABLES = 160
KEY = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT", "mysql": "bigint AUTO_INCREMENT PRIMARY KEY"}
TABLE = """CREATE TABLE t{n} (
  id {key},
  name varchar(200) NOT NULL DEFAULT '',
  kind varchar(10) NOT NULL DEFAULT 'a' CHECK (kind IN ('a', 'b')),
  amount decimal(12, 2) CHECK (amount >= 0),
  parent_id bigint,
  made_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  UNIQUE (name, kind)
)"""


def history(dialect: str, count: int) -> list[list[Statement]]:
    """Give scripts of two statements each."""
    return [
        [
            Statement(TABLE.format(n=n, key=KEY[dialect])),
            Statement(f"CREATE INDEX t{n}_parent ON t{n} (parent_id, made_at)"),
        ]
        for n in range(count)
    ]


def timed(what: Callable[[], Any], times: int = 5) -> float:
    """Give the median in milliseconds."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        what()
        found.append((time.perf_counter() - began) * 1000)
    return statistics.median(found)


def run(database: Database, dialect: str, count: int) -> None:
    for statements in history(dialect, count):
        database.run(statements)


def measure(dialect: str) -> None:
    began = time.perf_counter()
    with engine(dialect).scratch(Needs(), Limits()) as scratch:
        scratch.empty().run([Statement("SELECT 1")])
        print(f"{dialect}: {scratch.how}")
        print(f"  start, first script   {(time.perf_counter() - began) * 1000:8.0f}")
        print(f"  history of 100        {timed(lambda: run(scratch.empty(), dialect, 100)):8.0f}")
        clone = scratch.template("100", lambda database: run(database, dialect, 100))
        print(f"  clone of 100 tables   {timed(clone):8.1f}")
        one = clone()
        print(f"  one script            {timed(lambda: one.run([Statement('SELECT 1')])):8.1f}")
        many = scratch.empty()
        run(many, dialect, TABLES)
        print(f"  inspect {TABLES} tables    {timed(many.schema):8.0f}")
        schema = many.schema()
        parts = sum(1 + len(t.columns) + len(t.constraints) + len(t.indexes) for t in schema.tables.values() if t)
        print(f"  objects               {parts:8}")
        print(f"  compare               {timed(lambda: differences(schema, many.schema())):8.0f} with inspecting again")
        began = time.perf_counter()
    print(f"  end                   {(time.perf_counter() - began) * 1000:8.0f}")


for name in sys.argv[1:] or KEY:
    measure(name)
