"""Break a real schema in random ways, and hold what is said of known queries against PostgreSQL's own word.

    python benchmarks/queries.py GIT_DIR MIGRATIONS QUERIES [COUNT] [SEED]

GIT_DIR is a repository, MIGRATIONS the directory of its PostgreSQL migrations, QUERIES a regular expression for the
paths of its query files. Their ups are run on a scratch server (what does not run there is passed over). Then COUNT
times for each kind one thing is changed in a transaction that is rolled back: columns, tables and functions dropped and
renamed, values of enums renamed, columns made required, types changed, unique keys and indexes dropped. The truth is
PREPARE and EXPLAIN with a generic plan, before and after; for a required column EXPLAIN VERBOSE, which shows whether
NULL goes into it. Prints for each kind the broken pairs, those that the static model finds, and those that it makes up.
"""

from __future__ import annotations

import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from gatepost.databases import Connection, Failed, Limits, Needs, Statement, engine
from gatepost.gate import read_policy
from gatepost.git import Change, Repository, Snapshot, make_change
from gatepost.migrations import collect
from gatepost.queries import Query, sources
from gatepost.queries._judge import judge
from gatepost.queries._placeholders import normal
from gatepost.sql.changes import Step, walk
from gatepost.sql.reader import read
from gatepost.sql.schema import Schema, Table
from gatepost.sql.splitter import split

OTHER = {"text": "integer", "integer": "uuid", "bigint": "uuid", "uuid": "text", "boolean": "text", "jsonb": "integer"}


@dataclass(slots=True)
class Score:
    """What came out for one kind of change."""

    changes: int = 0
    breaking: int = 0
    noticed: int = 0
    pairs: int = 0
    found: int = 0
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


def main() -> None:
    git_dir, root, wanted = sys.argv[1:4]
    count = int(sys.argv[4]) if len(sys.argv) > 4 else 20
    dice = random.Random(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
    with Repository(git_dir) as repo:
        change = make_change(repo, None, "HEAD")
        queries = list(known(change.head, re.compile(wanted)))
        with engine("postgresql").scratch(Needs(), Limits()) as scratch:
            database = scratch.empty()
            failed = build(database, change, root)
            schema, connection = database.schema(), database.trusted()
            print(f"{git_dir} at {change.head_oid}, PostgreSQL {scratch.version}")
            print(f"{len(queries)} queries, {len(schema.tables)} tables; {failed} statements of migrations did not run")
            run(connection, schema, queries, count, dice)
            connection.close()


def known(snapshot: Snapshot, wanted: re.Pattern[str]) -> Iterator[Query]:
    for entry in snapshot.walk():
        if entry.is_file and wanted.search(entry.path):
            for source in sources():
                if source.wanted(entry.path):
                    yield from source.read(snapshot, entry.path)


def build(database: object, change: Change, root: str) -> int:
    policy, _ = read_policy(change)
    failed = 0
    for history in change.shared(collect, policy).histories:
        if history.place.root != root:
            continue
        for migration in history.head:
            for piece in migration.up.sql:
                for statement in split(piece.text, "postgresql"):
                    try:
                        database.run([Statement(statement.text)], transaction=False)  # type: ignore[attr-defined]
                    except Failed:
                        failed += 1
    return failed


def run(connection: Connection, schema: Schema, queries: list[Query], count: int, dice: random.Random) -> None:
    connection.rows("set plan_cache_mode = force_generic_plan")
    texts = [normal(query.text, "postgresql", query.style) or "" for query in queries]
    started = time.perf_counter()
    alive = [number for number, text in enumerate(texts) if text and not answer(connection, text)]
    took = (time.perf_counter() - started) * 1000 / len(texts)
    print(f"{len(alive)} of them are taken by PostgreSQL; asking took {took:.2f} ms each")
    scores: dict[str, Score] = {}
    times: list[float] = []
    for kind, mutate in MUTATIONS.items():
        print(f"{kind} …", file=sys.stderr, flush=True)
        score = scores.setdefault(kind, Score())
        for _ in range(count):
            made = mutate(schema, dice)
            if made:
                once(connection, schema, queries, texts, alive, made, score, times)
    show(scores, times)


def once(
    connection: Connection, schema: Schema, queries: list[Query], texts: list[str], alive: list[int], made: str,
    score: Score, times: list[float],
) -> None:  # fmt: skip
    connection.rows("begin")
    try:
        connection.rows(made)
    except Failed:
        connection.rows("rollback")
        return
    required = re.search(r'ADD COLUMN "(\w+)" integer NOT NULL', made)
    word = re.search(r'TABLE "(\w+)"', made)
    filled = word[1] if required and word else ""
    told = {number: answer(connection, texts[number], filled, inside=True) for number in alive}
    connection.rows("rollback")
    truth = {number for number, said in told.items() if said}
    after = schema.copy()
    changes = list(walk([Step("up.sql", read(made, "postgresql"))], after))
    some = [queries[number] for number in alive]
    started = time.process_time()
    judged = judge(some, schema, after, changes)
    times.append((time.process_time() - started) * 1000 / len(some))
    names = {id(queries[number]): number for number in alive}
    static = {names[id(broken.query)] for broken in judged.broken}
    score.changes += 1
    score.breaking += bool(truth)
    score.noticed += bool(truth & static)
    score.pairs += len(truth)
    score.found += len(truth & static)
    score.false += [f"{made}: {queries[number].name}" for number in static - truth]
    score.missed += [f"{made}: {queries[number].name}: {told[number]}" for number in truth - static]


def answer(connection: Connection, text: str, required: str = "", *, inside: bool = False) -> str:
    """Give the refusal of PostgreSQL, "" where it takes the query; with ``required`` whether NULL goes in last.

    ``inside``: a transaction is open, and must stay so.
    """
    count = max((int(number) for number in re.findall(r"\$(\d+)", text)), default=0)
    given = f"({', '.join(['null'] * count)})" if count else ""
    lower = text.lower()
    try:
        connection.rows(f"deallocate all; {'savepoint gatepost; ' if inside else ''}prepare gatepost as {text}")
        if required and "insert" in lower:
            rows = connection.rows(f"explain (verbose, format json, costs off) execute gatepost{given}")
            return _null_goes_in(rows[0][0], required)
        if "conflict" in lower or "'" in text:  # arbiters and casts of literals are looked at by the planner
            connection.rows(f"explain (costs off) execute gatepost{given}")
    except Failed as error:
        if inside:
            connection.rows("rollback to savepoint gatepost")
        return error.message
    return ""


def _null_goes_in(plan: object, table: str) -> str:
    tree = json.loads(plan) if isinstance(plan, str) else plan
    stack = [tree[0]["Plan"]]  # type: ignore[index]
    while stack:
        node = stack.pop()
        if node.get("Node Type") == "ModifyTable" and node.get("Operation") == "Insert":
            below = node.get("Plans") or [{}]
            if node.get("Relation Name") == table and str((below[0].get("Output") or [""])[-1]).startswith("NULL::"):
                return "NULL goes into the required column"
        stack += node.get("Plans") or ()
    return ""


def tables(schema: Schema, dice: random.Random) -> Table | None:
    known = [table for table in schema.tables.values() if table and "." not in table.name]
    return dice.choice(known) if known else None


def _column(schema: Schema, dice: random.Random) -> tuple[str, str, str] | None:
    table = tables(schema, dice)
    columns = [column for column in table.columns.values() if column] if table else []
    column = dice.choice(columns) if columns else None
    return (table.name, column.name, column.type) if table and column else None


def _of_column(text: str) -> Callable[[Schema, random.Random], str]:
    def make(schema: Schema, dice: random.Random) -> str:
        found = _column(schema, dice)
        return text.format(table=found[0], column=found[1]) if found else ""

    return make


def _of_table(text: str) -> Callable[[Schema, random.Random], str]:
    def make(schema: Schema, dice: random.Random) -> str:
        table = tables(schema, dice)
        return text.format(table=table.name) if table else ""

    return make


def _type(schema: Schema, dice: random.Random) -> str:
    found = _column(schema, dice)
    other = OTHER.get(found[2]) if found else None
    if not found or not other:
        return ""
    column = f'ALTER COLUMN "{found[1]}"'
    return f'ALTER TABLE "{found[0]}" {column} DROP DEFAULT, {column} TYPE {other} USING NULL'


def _object(kind: str, text: str) -> Callable[[Schema, random.Random], str]:
    def make(schema: Schema, dice: random.Random) -> str:
        found = [one for one in schema.objects.values() if one and one.kind == kind]
        one = dice.choice(found) if found else None
        value = dice.choice(one.values) if one and one.values else ""
        name = one.name if one and kind != "enum" else f'"{one.name}"' if one else ""
        return text.format(name=name, value=value) if one else ""

    return make


def _unique(schema: Schema, dice: random.Random) -> str:
    found = [
        (table.name, made.name)
        for table in schema.tables.values()
        for made in (table.constraints.values() if table else ())
        if made and made.kind in ("unique", "primary key")
    ]
    indexes = [
        made.name
        for table in schema.tables.values()
        for made in (table.indexes.values() if table else ())
        if made and made.unique
    ]
    if indexes and dice.random() < len(indexes) / (len(indexes) + len(found)):
        return f'DROP INDEX "{dice.choice(indexes)}"'
    table, name = dice.choice(found)
    return f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}" CASCADE'


MUTATIONS: dict[str, Callable[[Schema, random.Random], str]] = {
    "drop column": _of_column('ALTER TABLE "{table}" DROP COLUMN "{column}" CASCADE'),
    "rename column": _of_column('ALTER TABLE "{table}" RENAME COLUMN "{column}" TO zz_renamed'),
    "add column of a known name": _of_column('ALTER TABLE "{table}" ADD COLUMN status text, ADD COLUMN "name" text'),
    "required column": _of_table('ALTER TABLE "{table}" ADD COLUMN "zz_required" integer NOT NULL'),
    "drop table": _of_table('DROP TABLE "{table}" CASCADE'),
    "rename table": _of_table('ALTER TABLE "{table}" RENAME TO zz_table'),
    "drop function": _object("function", "DROP FUNCTION {name} CASCADE"),
    "rename function": _object("function", "ALTER FUNCTION {name} RENAME TO zz_function"),
    "rename value of enum": _object("enum", "ALTER TYPE {name} RENAME VALUE '{value}' TO 'zz'"),
    "rename type": _object("enum", "ALTER TYPE {name} RENAME TO zz_type"),
    "change type": _type,
    "drop unique key": _unique,
}


def show(scores: dict[str, Score], times: list[float]) -> None:
    print(f"{'change':28} {'tried':>5} {'breaking':>8} {'noticed':>7} {'pairs':>5} {'found':>5} {'false':>5}")
    for kind, score in scores.items():
        cells = (score.changes, score.breaking, score.noticed, score.pairs, score.found, len(score.false))
        print(f"{kind:28} " + " ".join(f"{cell:>{w}}" for cell, w in zip(cells, (5, 8, 7, 5, 5, 5), strict=True)))
    pairs, found = sum(s.pairs for s in scores.values()), sum(s.found for s in scores.values())
    false = sum(len(score.false) for score in scores.values())
    print(f"recall {found / max(1, pairs):.1%} ({found} of {pairs}), precision {found / max(1, found + false):.1%}")
    times.sort()
    print(f"static, CPU: median {times[len(times) // 2]:.2f} ms a query" if times else "")
    for kind, score in scores.items():
        for line in (*(f"false: {one}" for one in score.false[:8]), *(f"missed: {one}" for one in score.missed[:8])):
            print(f"  {kind}: {line[:260]}")


if __name__ == "__main__":
    main()
