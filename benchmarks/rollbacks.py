"""Measure ``gatepost rollback plan`` with a cached rehearsal, and how often real deploys lack a complete plan.

python benchmarks/rollbacks.py                      a repository of a typical size, made here
python benchmarks/rollbacks.py REPO.git PATH [N]    the last N commits of a repository that added migrations below PATH
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median

from gatepost.checks._rollback_run import judge, plan
from gatepost.errors import GatepostError
from gatepost.gate import evaluate, read_policy
from gatepost.git import Repository, make_change

TABLES = 60


def typical(folder: Path) -> None:
    """Make a service of 60 migrations, rehearse the last on SQLite, and plan its rollback again and again."""
    git(folder, "init", "-q", "-b", "main", ".")
    place = folder / "db" / "migrations"
    place.mkdir(parents=True)
    (folder / "gatepost.toml").write_text('[[migrations]]\npath = "db/migrations"\ndialect = "sqlite"\n')
    for number in range(1, TABLES + 1):
        columns = ", ".join(f"c{column} text" for column in range(12))
        write(place, number, f"CREATE TABLE t{number} (id integer PRIMARY KEY, {columns});", f"DROP TABLE t{number};")
    commit(folder)
    write(place, TABLES + 1, "ALTER TABLE t1 ADD COLUMN mail text; CREATE INDEX i ON t2 (c1);",
          "DROP INDEX i; ALTER TABLE t1 DROP COLUMN mail;")  # fmt: skip
    commit(folder)
    cost = [cpu(folder, "rehearse")]
    cost += [cpu(folder, "plan") for _ in range(7)]
    print(f"rollback rehearse, nothing kept: {cost[0]:.2f} s CPU")
    print(f"rollback plan, first: {cost[1]:.2f} s CPU; then {median(cost[2:]):.2f} s (median of {len(cost) - 2})")


def write(place: Path, number: int, up: str, down: str) -> None:
    """Write one migration."""
    (place / f"{number:04}_x.up.sql").write_text(up + "\n")
    (place / f"{number:04}_x.down.sql").write_text(down + "\n")


def commit(folder: Path) -> None:
    """Commit everything."""
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "x")


def git(folder: Path, *args: str) -> str:
    """Run git."""
    return subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, text=True).stdout


def cpu(folder: Path, action: str) -> float:
    """Run a verb and give the CPU seconds of it and all its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "gatepost", "rollback", action, "HEAD~1..HEAD"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=os.environ)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def history(git_dir: str, path: str, count: int) -> None:
    """Plan the rollback of real commits; say their classes, and whether a missing plan is news."""
    command = ["git", "--git-dir", git_dir, "log", "--first-parent", "--format=%H %P", "--diff-filter=A", f"-n{count}"]
    listed = subprocess.run([*command, "HEAD", "--", path], check=True, capture_output=True, text=True).stdout
    classes: Counter[str] = Counter()
    said: Counter[str] = Counter()
    for line in listed.splitlines():
        head, *parents = line.split()
        try:
            look(git_dir, parents[0] if parents else None, head, classes, said)
        except GatepostError:
            said["could not judge"] += 1
    print(f"{sum(classes.values())} deploys with a migration: classes {dict(sorted(classes.items()))}, {dict(said)}")


def look(git_dir: str, base: str | None, head: str, classes: Counter[str], said: Counter[str]) -> None:
    """Plan one rollback."""
    with Repository(git_dir) as repo:
        change = make_change(repo, base, head, "refs/heads/main")
        policy, _ = read_policy(change)
        made = plan(change, policy)
        if made is None or not made.plan.change.migrations:
            return
        classes[made.plan.class_] += 1
        if not made.missing:
            said["complete"] += 1
        elif not judge(change, policy).findings:
            said["refused for its downs"] += 1
        else:
            open_ = [one for one in evaluate(change, policy).open_findings if one.effective_level != "note"]
            alone = all(one.rule.id.startswith("rollback/") for one in open_)
            said["no-plan, and nothing else" if alone else "no-plan beside other findings"] += 1


if __name__ == "__main__":
    if len(sys.argv) > 2:
        history(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 25)
    else:
        with tempfile.TemporaryDirectory() as name:
            typical(Path(name))
