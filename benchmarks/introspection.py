"""Measure the introspection of PostgreSQL: a schema of 160 tables with 2,500 objects, its comparison, its fingerprint.

    python benchmarks/introspection.py                 on a scratch server of its own
    python benchmarks/introspection.py URL             a database that is there; nothing in it is changed

Prints seconds of wall clock and of this process's CPU, each the median of five. Objects are tables, columns,
constraints, indexes and what is no table.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

from gatepost.databases import Connection, Limits, Needs, Statement, engine
from gatepost.databases._differences import differences, fingerprint
from gatepost.sql.schema import Schema

TABLE = """CREATE TABLE t{n} (
  id bigserial PRIMARY KEY,
  name varchar(200) NOT NULL DEFAULT '',
  kind mood{k} NOT NULL DEFAULT 'a',
  amount numeric(12, 2) CHECK (amount >= 0),
  tags text[] NOT NULL DEFAULT '{{}}',
  parent_id bigint REFERENCES t{p} (id) ON DELETE CASCADE,
  made_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (name, kind)
);
CREATE INDEX t{n}_lower_idx ON t{n} (lower(name)) WHERE kind <> 'c';
CREATE INDEX t{n}_parent_idx ON t{n} (parent_id, made_at DESC);
CREATE TRIGGER t{n}_touch BEFORE UPDATE ON t{n} FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TABLE t{n} IS 'table {n}';
"""
VIEW = "CREATE VIEW v{n} AS SELECT a.id, a.name, b.amount FROM t{n} a JOIN t{p} b ON b.id = a.parent_id;\n"
FUNCTION = (
    "CREATE FUNCTION f{n}(a integer, b text) RETURNS integer LANGUAGE plpgsql AS"
    " $$ BEGIN IF b IS NULL THEN RETURN a; END IF; RETURN a + length(b); END $$;\n"
)
FIRST = (
    "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.made_at := now(); RETURN NEW; END $$;\n"
)
TABLES, MOODS, VIEWS, FUNCTIONS = 160, 20, 30, 60


def script() -> str:
    """Give the SQL of the schema."""
    parts = [FIRST, *(f"CREATE TYPE mood{n} AS ENUM ('a', 'b', 'c');\n" for n in range(MOODS))]
    parts += [TABLE.format(n=n, p=max(1, n - 1), k=n % MOODS) for n in range(1, TABLES + 1)]
    parts += [VIEW.format(n=n + 1, p=n) for n in range(1, VIEWS + 1)]
    parts += [FUNCTION.format(n=n) for n in range(FUNCTIONS)]
    return "".join(parts)


def count(schema: Schema) -> int:
    """Count tables, their columns, constraints and indexes, and all other objects."""
    parts = (
        1 + len(table.columns) + len(table.constraints) + len(table.indexes)
        for table in schema.tables.values()
        if table is not None
    )
    return sum(parts) + len(schema.objects)


def main() -> None:
    if len(sys.argv) > 1:
        opened = engine("postgresql").connect(sys.argv[1], 60.0)
        measure(opened)
        opened.close()
        return
    with engine("postgresql").scratch(Needs(), Limits()) as scratch:
        database = scratch.empty()
        database.run([Statement(script())])
        connection = database.trusted()
        measure(connection)
        connection.close()


def measure(connection: Connection) -> None:
    """Print the figures of one database."""
    inspect = engine("postgresql").inspect
    schema = inspect(connection)
    other = inspect(connection)
    tables = sum(1 for table in schema.tables.values() if table and table.complete)
    print(f"PostgreSQL {connection.version}: {tables} tables, {count(schema)} objects")
    timed("inspect", lambda: inspect(connection))
    timed("compare", lambda: differences(schema, other))
    timed("fingerprint", lambda: fingerprint(schema))


def timed(name: str, run: Callable[[], object]) -> None:
    """Print the median of five runs."""
    walls, processors = [], []
    for _ in range(5):
        wall, processor = time.perf_counter(), time.process_time()
        run()
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    print(f"{name:12} {statistics.median(walls):.3f} s wall, {statistics.median(processors):.3f} s CPU of ours")


if __name__ == "__main__":
    main()
