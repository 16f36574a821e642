"""Measure the SQL side: reading and judging against the parser alone, one staged migration, many files.

    python benchmarks/sql.py                 synthetic histories of 250, 500 and 4,000 migrations
    python benchmarks/sql.py GIT_DIR [PATH]  the history of a real repository too (below PATH)

Prints CPU time of the process and its children in seconds. The parser is sqlglot, one statement at a time, errors
ignored, on the same files.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gatepost.checks._schema_judge import _findings
from gatepost.git import Repository, make_change
from gatepost.migrations import History, collect
from gatepost.migrations._story import dialect_of, operations, step
from gatepost.policy import Policy
from gatepost.sql.changes import walk
from gatepost.sql.schema import Schema
from gatepost.sql.splitter import split
from gatepost.sql.tokens import Dialect
from gatepost.sql.undo import Piece, judge

UP = """CREATE TABLE t{n} (
  id bigserial PRIMARY KEY,
  name varchar(200) NOT NULL DEFAULT '',
  kind text CHECK (kind IN ('a', 'b', 'c')),
  made_at timestamptz NOT NULL DEFAULT now(),
  parent_id bigint REFERENCES t{p} (id) ON DELETE CASCADE
);
CREATE INDEX t{n}_name_idx ON t{n} (lower(name)) WHERE kind <> 'c';
ALTER TABLE t{p} ADD COLUMN seen_{n} integer, ALTER COLUMN kind SET DEFAULT 'a';
INSERT INTO t{n} (name, kind) SELECT name, kind FROM t{p} WHERE made_at > now() - interval '1 day';
"""
DOWN = "ALTER TABLE t{p} ALTER COLUMN kind DROP DEFAULT, DROP COLUMN seen_{n};\nDROP TABLE t{n};\n"


def main() -> None:
    for count in (250, 500, 4000):
        with tempfile.TemporaryDirectory() as folder:
            repo = Path(folder) / "r"
            build(repo, count)
            print(f"-- {count} synthetic migrations")
            if count != 4000:
                history(repo, "")
            staged(repo, count)
    if len(sys.argv) > 1:
        print(f"-- {sys.argv[1]}")
        history(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
    print(f"import sqlglot alone: {cpu([sys.executable, '-c', 'import sqlglot']):.3f} s")


def build(repo: Path, count: int) -> None:
    repo.mkdir()
    git(repo, "init", "-q", "-b", "main")
    folder = repo / "db/migrations"
    folder.mkdir(parents=True)
    for n in range(1, count + 1):
        (folder / f"{n:06}_step.up.sql").write_text(UP.format(n=n, p=max(1, n - 1)))
        (folder / f"{n:06}_step.down.sql").write_text(DOWN.format(n=n, p=max(1, n - 1)))
    git(repo, "add", "-A")
    git(repo, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")


def git(repo: Path, *args: str) -> None:
    subprocess.run(["git", *args], cwd=repo, check=True)


def history(repo: Path, below: str) -> None:
    """Read, replay and judge a whole history, each migration as if it were new."""
    with Repository(repo) as opened:
        change = make_change(opened, None, "HEAD")
        kept = {path: what for path, what in change.paths.items() if path.startswith(below)}
        object.__setattr__(change, "paths", kept)
        for found in change.shared(collect, Policy()).histories:
            for migration in found.head:
                _ = migration.scripts
            one_history(found)


def one_history(found: History) -> None:
    dialect = dialect_of(found)
    texts = [piece.text for m in found.head for script in (m.up, m.down) if script for piece in script.sql]
    started = time.process_time()
    ups = [operations(m.up, dialect) for m in found.head]
    downs = [operations(m.down, dialect) if m.down else () for m in found.head]
    read = time.process_time() - started
    started = time.process_time()
    state = Schema(dialect)
    said = 0
    for migration, up, down in zip(found.head, ups, downs, strict=True):
        said += len(judge([Piece(migration.path, up, down)], state))
        for changed in walk([step(migration, dialect)], state):
            said += sum(1 for _ in _findings(changed))
        state.problems.clear()
    judged = time.process_time() - started
    own, parser = read + judged, sqlglot_time(texts, dialect)  # type: ignore[arg-type]  # a dialect's name
    print(
        f"{found.place.framework} {found.place.root} {dialect}: {len(found.head)} migrations, read {read:.2f} s, replay"
        f" and judge {judged:.2f} s; sqlglot alone {parser:.2f} s; ratio {own / parser:.2f}; {said} remarks"
    )


def sqlglot_time(texts: list[str], dialect: Dialect) -> float:
    import logging

    import sqlglot
    from sqlglot.errors import ErrorLevel, SqlglotError

    logging.disable(logging.CRITICAL)
    name = {"postgresql": "postgres"}.get(dialect, dialect)
    sqlglot.parse_one("select 1", read=name)
    parts = [statement.text for text in texts for statement in split(text, dialect)]
    started = time.process_time()
    for part in parts:
        try:
            sqlglot.parse(part, read=name, error_level=ErrorLevel.IGNORE)
        except (SqlglotError, RecursionError, ValueError, AttributeError):
            continue
    return time.process_time() - started


def staged(repo: Path, count: int) -> None:
    n = count + 1
    (repo / f"db/migrations/{n:06}_step.up.sql").write_text(UP.format(n=n, p=count))
    (repo / f"db/migrations/{n:06}_step.down.sql").write_text(DOWN.format(n=n, p=count))
    git(repo, "add", "-A")
    command = [sys.executable, "-m", "gatepost", "check", "--staged", "--repo", str(repo)]
    first = cpu(command)
    later = min(cpu(command) for _ in range(3))
    print(f"one staged migration among {count}: first {first:.3f} s, with the cache {later:.3f} s")


def cpu(command: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=dict(os.environ))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    main()
