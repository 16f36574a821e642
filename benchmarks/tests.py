"""Measure the tests check on public histories: how often it speaks, what it costs, what it finds.

python benchmarks/tests.py replay REPO.git [COMMITS] [--json FILE]    judge each commit against its parent
python benchmarks/tests.py mutate REPO.git [SITES]                    weaken real tests and see whether it is found
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from _mutants import LANGUAGES, Mutant, chosen

from gatepost.checks.tests import CHECK, languages
from gatepost.git import Repository, Snapshot, make_change
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
                row["touches"] = any(
                    suite.claims(path) and not suite.mixed for suite in languages() for path in change.paths
                )
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


def mutants(path: str, sites: int) -> list[Mutant]:
    """Weaken the tests of a repository's newest commit."""
    repo = Repository(path)
    head = Snapshot(repo, repo.text("rev-parse", "HEAD^{tree}"))
    found: list[Mutant] = []
    for entry in head.walk():
        suite = next((suite for suite in languages() if suite.name in LANGUAGES and suite.collects(entry.path)), None)
        if suite is None or not entry.is_file:
            continue
        raw = repo.objects.read(entry.oid)
        if len(raw) < 200_000:
            found += [mutant for make in LANGUAGES[suite.name] for mutant in make(entry.path, raw)]
    repo.close()
    return chosen([mutant for mutant in found if mutant.text], sites)


def mutate(path: str, sites: int) -> dict[tuple[str, str], list[bool]]:
    """Commit each mutant on its own and judge it as a push."""
    made = mutants(path, sites)
    found: dict[tuple[str, str], list[bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "mutants.git"
        subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
        objects = subprocess.run(
            ["git", "--git-dir", path, "rev-parse", "--git-path", "objects"], capture_output=True, check=True
        )
        (bare / "objects/info/alternates").write_text(
            str((Path(path) / objects.stdout.decode().strip()).resolve()) + "\n"
        )
        tip = subprocess.run(
            ["git", "--git-dir", path, "rev-parse", "HEAD"], capture_output=True, check=True
        ).stdout.strip()
        stream = b"".join(_commit(number, mutant, tip) for number, mutant in enumerate(made))
        subprocess.run(["git", "--git-dir", str(bare), "fast-import", "--quiet"], input=stream, check=True)
        repo = Repository(bare)
        for number, mutant in enumerate(made):
            change = make_change(repo, tip.decode(), f"refs/heads/m{number}")
            outcome = CHECK.run(change, Policy())
            said = {finding.rule.id.partition("/")[2] for finding in outcome.findings}
            language = next(suite.name for suite in languages() if suite.claims(mutant.path))
            found.setdefault((language, mutant.kind), []).append(bool(said & mutant.rules))
            if not said & mutant.rules and "--verbose" in sys.argv:
                print(f"missed: {mutant.kind}: {mutant.path}: {said}")
                print(repo.text("diff", "-U2", tip.decode(), f"refs/heads/m{number}")[:700])
        repo.close()
    return found


def _commit(number: int, mutant: Mutant, tip: bytes) -> bytes:
    head = f"commit refs/heads/m{number}\ncommitter A <a@example.org> 1700000000 +0000\ndata 1\nx\n".encode()
    path = mutant.path.encode("utf-8", "surrogateescape")
    return head + b"from %s\nM 100644 inline %s\ndata %d\n%s\n" % (tip, path, len(mutant.text), mutant.text)


def main(argv: list[str]) -> int:
    if len(argv) < 2 or argv[0] not in ("replay", "mutate"):
        sys.stderr.write(__doc__ or "")
        return 2
    if argv[0] == "mutate":
        for (language, kind), hits in sorted(mutate(argv[1], int(argv[2]) if len(argv) > 2 else 100).items()):
            print(f"{language:12} {kind:26} {sum(hits):4} of {len(hits):4}  {100 * sum(hits) / len(hits):5.1f} %")
        return 0
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
