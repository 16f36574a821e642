"""Measure the tests check on public histories: how often it speaks, what it costs, what it finds.

python benchmarks/tests.py replay REPO.git [COMMITS] [--json FILE]    judge each commit against its parent
python benchmarks/tests.py mutate REPO.git [SITES]                    weaken real tests and see whether it is found
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatepost.checks.tests import CHECK
from gatepost.git import Repository, make_change
from gatepost.model import Finding
from gatepost.policy import Policy

RENEW = 300


def commits(repo: Repository, count: int) -> list[tuple[str, str]]:
    """Give the newest commits that are no merges, each with its parent."""
    lines = repo.text("rev-list", "--no-merges", "--parents", f"--max-count={count}", "HEAD").splitlines()
    pairs = [line.split() for line in lines]
    return [(parts[1], parts[0]) for parts in pairs if len(parts) > 1]


def replay(path: str, count: int) -> Iterator[dict[str, Any]]:
    """Judge each commit as a push of its own."""
    repo = Repository(path)
    for number, (parent, commit) in enumerate(commits(repo, count)):
        if number % RENEW == RENEW - 1:
            repo.close()
            repo = Repository(path)
        started = time.process_time()
        row: dict[str, Any] = {"commit": commit, "touches": False, "findings": [], "entries": 0}
        try:
            change = make_change(repo, parent, commit)
            if CHECK.relevant(change, Policy()):
                row["touches"] = True
                outcome = CHECK.run(change, Policy())
                row["findings"] = [_row(finding) for finding in outcome.findings]
                row["entries"] = len(outcome.sections["tests"])
        except Exception:  # noqa: BLE001 - the point of the replay is to see them
            row["traceback"] = traceback.format_exc()
        row["cpu_ms"] = round((time.process_time() - started) * 1000, 1)
        yield row
    repo.close()


def _row(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule.id,
        "level": finding.effective_level,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
    }


def summary(rows: list[dict[str, Any]]) -> str:
    """Put the rates of one history together."""
    touching = [row for row in rows if row["touches"]]
    levels = {
        level: sum(any(f["level"] == level for f in r["findings"]) for r in rows)
        for level in ("error", "warning", "note")
    }
    listed = sum(bool(row["findings"]) for row in rows)
    asserted = sum(any(f["level"] == "warning" and "assertion" in f["rule"] for f in row["findings"]) for row in rows)
    cpu = sorted(row["cpu_ms"] for row in touching) or [0]
    lines = [
        f"commits {len(rows)}, touching tests {len(touching)}, tracebacks {sum('traceback' in row for row in rows)}",
        f"with an error {levels['error']}, a warning {levels['warning']}, of these on assertions {asserted}",
        f"with a note {levels['note']}, with anything {listed}",
        f"CPU ms of those: median {cpu[len(cpu) // 2]}, p95 {cpu[int(len(cpu) * 0.95)]}, most {cpu[-1]}",
    ]
    rules = Counter((f["level"], rule) for row in rows for rule, f in {f["rule"]: f for f in row["findings"]}.items())
    lines += [f"  {count:5} {level:8} {rule}" for (level, rule), count in sorted(rules.items())]
    return "\n".join(lines)


def main(argv: list[str]) -> int:
    if len(argv) < 2 or argv[0] != "replay":
        sys.stderr.write(__doc__ or "")
        return 2
    rows = list(replay(argv[1], int(argv[2]) if len(argv) > 2 else 2000))
    print(summary(rows))
    if "--json" in argv:
        Path(argv[argv.index("--json") + 1]).write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    for row in rows:
        if "traceback" in row:
            print(row["commit"], row["traceback"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
