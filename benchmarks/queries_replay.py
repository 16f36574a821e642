"""Judge the known queries of each parent commit against the migrations that a commit adds, over a real history.

    python benchmarks/queries_replay.py GIT_DIR MIGRATIONS QUERIES

GIT_DIR is a repository, MIGRATIONS the directory of its PostgreSQL migrations, QUERIES a regular expression for the
paths of its query files. The truth is one scratch PostgreSQL, on which the migrations are run in the order in which
they landed: PREPARE and EXPLAIN with a generic plan, before and after. Prints each commit with a broken query, and the
figures.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from queries import answer, known

from gatepost.databases import Database, Failed, Limits, Needs, Statement, engine
from gatepost.gate import read_policy
from gatepost.git import Change, Repository, make_change
from gatepost.queries import Broken, Query
from gatepost.queries._changed import Sides, examine, sides
from gatepost.queries._judge import LACKS, judge
from gatepost.queries._placeholders import normal
from gatepost.sql.splitter import split


@dataclass(slots=True)
class Figures:
    """What is counted."""

    migrations: int = 0
    pairs: int = 0
    breaking: int = 0
    true: int = 0
    found: int = 0
    false: int = 0
    required: int = 0
    unread: int = 0
    static: list[float] = field(default_factory=list)
    asked: list[float] = field(default_factory=list)
    checked: list[float] = field(default_factory=list)


def main() -> None:
    git_dir, root, pattern = sys.argv[1:4]
    wanted, figures = re.compile(pattern), Figures()
    with Repository(git_dir) as repo, engine("postgresql").scratch(Needs(), Limits()) as scratch:
        database = scratch.empty()
        args = ("log", "--first-parent", "--reverse", "--format=%H", "--diff-filter=A", "HEAD", "--", root)
        commits = repo.text(*args).split()
        print(f"{git_dir} at {repo.resolve('HEAD')}, PostgreSQL {scratch.version}, {len(commits)} commits")
        for commit in commits:
            parent = repo.resolve(f"{commit}^")
            if parent:
                one(make_change(repo, parent, commit), database, wanted, figures)
    show(figures)


def one(change: Change, database: Database, wanted: re.Pattern[str], figures: Figures) -> None:
    policy, _ = read_policy(change)
    started = time.process_time()
    examine(change, policy)
    figures.checked.append(time.process_time() - started)
    queries = list(known(change.base, wanted))
    for side in sides(change, policy):
        if side.history.new and side.dialect == "postgresql":
            figures.migrations += len(side.history.new)
            compare(change, side, database, queries, figures)


def compare(change: Change, side: Sides, database: Database, queries: Sequence[Query], figures: Figures) -> None:
    texts = {id(query): normal(query.text, "postgresql", query.style) or "" for query in queries}
    before = asked(database, queries, texts, figures)
    for migration in side.history.new:
        for piece in migration.up.sql:
            for statement in split(piece.text, "postgresql"):
                try:
                    database.run([Statement(statement.text)], transaction=False)
                except Failed as error:
                    print(f"  {migration.path}: {error.message[:120]}")
    after = asked(database, queries, texts, figures)
    started = time.process_time()
    judged = judge(queries, side.before, side.after, side.changes)
    figures.static.append((time.process_time() - started) * 1000 / max(1, len(queries)))
    static = {id(broken.query): broken for broken in judged.broken}
    truth = {key for key, said in after.items() if said and not before[key]}
    required = {key for key, broken in static.items() if broken.kind in LACKS}
    figures.pairs += len(queries)
    figures.unread += len(judged.unread)
    figures.breaking += bool(truth)
    figures.true += len(truth)
    figures.found += len(truth & static.keys())
    figures.required += len(required)
    figures.false += len(static.keys() - truth - required)
    for query in queries:
        tell(change, query, static.get(id(query)), after.get(id(query), ""), id(query) in truth)


def asked(database: Database, queries: Sequence[Query], texts: dict[int, str], figures: Figures) -> dict[int, str]:
    connection = database.trusted()
    connection.rows("set plan_cache_mode = force_generic_plan")
    started = time.perf_counter()
    told = {id(query): answer(connection, texts[id(query)]) for query in queries if texts[id(query)]}
    figures.asked.append((time.perf_counter() - started) * 1000 / max(1, len(told)))
    connection.close()
    return told


def tell(change: Change, query: Query, broken: Broken | None, said: str, true: bool) -> None:
    if not true and broken is None:
        return
    word = (
        "found" if true and broken else "MISSED" if true else "required" if broken and broken.kind in LACKS else "FALSE"
    )
    print(f"{change.head_oid[:10]} {word} {query.path}:{query.line} {query.name}: {broken.text if broken else said}")


def show(figures: Figures) -> None:
    print(
        f"{figures.migrations} migrations, {figures.pairs} pairs of a query and a commit, {figures.unread} not parsed"
    )
    print(
        f"{figures.breaking} commits break {figures.true} queries: {figures.found} found, {figures.false} false alarms"
    )
    print(f"{figures.required} INSERTs without a required column")
    static, server, check = (median(times) for times in (figures.static, figures.asked, figures.checked))
    print(f"median: static {static:.2f} ms CPU a query, server {server:.2f} ms a query, whole check {check:.2f} s CPU")


if __name__ == "__main__":
    main()
