"""Rehearse every migration of a history, each on top of those before it; print verdict and time as JSON lines.

    python benchmarks/rehearsal.py REPOSITORY COMMIT PATH [--framework NAME] [--dialect NAME] [--from N] [--to N]

REPOSITORY is any clone (a bare one too). The base is kept between steps as templates of one scratch server.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, replace

from gatepost.databases import Failed
from gatepost.errors import CannotJudge
from gatepost.git import EMPTY_TREE, Repository, make_change
from gatepost.migrations import History, Migrations, collect
from gatepost.policy import Policy
from gatepost.rehearsals import Rehearsed, runner
from gatepost.rehearsals import _plan as plan
from gatepost.rehearsals.stage import Asked, Stage, staged

CHUNK = 40  # migrations for one scratch server: each keeps a template of its own


def histories(repo: Repository, commit: str, entry: Migrations) -> Iterator[History]:
    """Give the histories below a path, as if all of their migrations were new."""
    change = make_change(repo, EMPTY_TREE[len(repo.resolve(commit) or "")], commit)
    policy = replace(Policy(), tables={"migrations": (entry,)})
    yield from (found for found in collect(change, policy).histories if found.place.root.startswith(entry.path))


def one(history: History, migrations: list, at: int, opened: Stage | None) -> tuple[Rehearsed, tuple[str, ...], float]:
    """Rehearse the migration at a place."""
    dialect = plan.dialect_of(history)
    course = plan.Course(history, dialect, tuple(migrations[:at]), (plan.step(migrations[at], history, dialect),))
    started = time.monotonic()
    if opened is None:
        made = runner.of_course(course, Asked())
    else:
        made = runner.on(replace(opened, course=course, clone=opened.template(course)), Asked())
    return made.migrations[0], made.seeded, time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository")
    parser.add_argument("commit")
    parser.add_argument("path")
    parser.add_argument("--framework", default="")
    parser.add_argument("--dialect", default="")
    parser.add_argument("--before-sql", action="append", default=[])
    parser.add_argument("--from", type=int, default=0, dest="first")
    parser.add_argument("--to", type=int, default=1_000_000, dest="last")
    args = parser.parse_args()
    entry = Migrations(args.path, args.framework, args.dialect, before_sql=tuple(args.before_sql))
    with Repository(args.repository) as repo:
        for history in histories(repo, args.commit, entry):
            walk(history, args.first, args.last)


def walk(history: History, first: int, last: int) -> None:
    dialect = plan.dialect_of(history)
    migrations = plan.applied(history.head)
    for start in range(first, min(last, len(migrations)), CHUNK):
        steps = range(start, min(start + CHUNK, last, len(migrations)))
        course = plan.Course(
            history, dialect, tuple(migrations[:start]), (plan.step(migrations[start], history, dialect),)
        )
        try:
            with staged(course, Asked(seconds=100_000)) as opened:
                for at in steps:
                    tell(at, *attempt(history, migrations, at, opened))
        except (CannotJudge, Failed) as error:
            for at in steps:
                print(
                    json.dumps({"at": at, "path": migrations[at].path, "verdict": "unknown", "reason": str(error)}),
                    flush=True,
                )


def attempt(history: History, migrations: list, at: int, opened: Stage):
    try:
        return one(history, migrations, at, opened)
    except CannotJudge:
        return one(history, migrations, at, None)


def tell(at: int, made: Rehearsed, seeded: tuple[str, ...], took: float) -> None:
    said = {"at": at, "seconds": round(took, 2), **asdict(made), "seeded": seeded}
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
