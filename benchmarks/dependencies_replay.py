"""Replay the dependency check over a history: python benchmarks/dependencies_replay.py REPO N PATH...

Takes the newest N commits, merges aside, that touch one of the paths, and judges each against its parent.
Counts what is said, and holds the fast scanners against the full parsers on every version of a lock.
"""

from __future__ import annotations

import argparse
import collections
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from gatepost.checks.dependencies import CHECK
from gatepost.git import Change, PathChange, Repository, make_change
from gatepost.lockfiles import (
    File,
    Unreadable,
    _pnpm_scan,
    _toml_scan,
    _yaml,
    _yarn_berry,
    cargo_lock,
    pnpm_lock,
    poetry_lock,
    uv_lock,
)
from gatepost.lockfiles._files import format_of, read
from gatepost.lockfiles._text import text_of, toml_of
from gatepost.policy import Policy

LOUD = ("unreadable", "integrity-changed", "source-changed", "lock-mismatch")


def commits(repo: Repository, number: int, paths: list[str]) -> Iterator[tuple[str | None, str]]:
    """Give parent and commit, the newest first."""
    out = repo.text("log", "--no-merges", "--format=%H %P", f"--max-count={number}", "HEAD", "--", *paths)
    for line in out.splitlines():
        oid, *parents = line.split()
        yield (parents[0] if parents else None), oid


def both_ways(path: str, raw: bytes) -> bool | None:
    """Tell whether scanner and parser agree; None where the format has no scanner or the scanner declines."""
    name = path.rpartition("/")[2]
    text = text_of(raw)
    try:
        if name == "pnpm-lock.yaml":
            scanned = pnpm_lock.scan(text, {})
            return None if scanned is None else pnpm_lock.build(scanned) == pnpm_lock.build(_yaml.documents(text))
        if name == "yarn.lock" and "__metadata:" in text:
            return _yarn_berry.build(_yarn_berry.scan(text, {})) == _yarn_berry.build(_yaml.documents(text)[0])
        builders: dict[str, Callable[[dict[str, Any]], Any]] = {
            "uv.lock": lambda data: uv_lock.build(data.get("package", []), data),
            "poetry.lock": poetry_lock.build,
            "Cargo.lock": cargo_lock.build,
        }
        if name in builders:
            return bool(builders[name](_toml_scan.scan(text)) == builders[name](toml_of(raw)))
    except _pnpm_scan.Unusual:
        return None
    return None


def shared(change: Change, item: PathChange, counts: collections.Counter[str]) -> None:
    """Hold a side that is read after the other, whose blocks it reuses, against the same side read alone."""
    form = format_of(item.path)
    if form is None or form.companions or not (item.old and item.new and item.old.is_file and item.new.is_file):
        return
    memo: dict[str, Any] = {}
    try:
        sides = [change.repo.objects.read(entry.oid) for entry in (item.old, item.new)]
        after = [read(form, File(item.path, raw, memo=memo)) for raw in sides][1]
        same = after == read(form, File(item.path, sides[1]))
    except Unreadable:
        return
    counts["shared agrees" if same else "SHARED DISAGREES"] += 1
    if not same:
        print("SHARED DISAGREES", item.path, item.new.oid)


def compare_ways(change: Change, seen: set[str], counts: collections.Counter[str]) -> None:
    for path, item in change.paths.items():
        entry = item.new
        if entry is None or not entry.is_file or entry.oid in seen:
            continue
        seen.add(entry.oid)
        shared(change, item, counts)
        if path.rpartition("/")[2] in ("pnpm-lock.yaml", "yarn.lock", "uv.lock", "poetry.lock", "Cargo.lock"):
            try:
                answer = both_ways(path, change.repo.objects.read(entry.oid))
            except Unreadable:
                continue
            counts[{True: "agree", False: "DISAGREE", None: "declined or none"}[answer]] += 1
            if answer is False:
                print("DISAGREE", path, entry.oid)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repo")
    parser.add_argument("number", type=int)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--quiet", action="store_true", help="only the totals")
    args = parser.parse_args()
    facts: collections.Counter[str] = collections.Counter()
    ways: collections.Counter[str] = collections.Counter()
    seen: set[str] = set()
    times: list[float] = []
    broken = 0
    with Repository(args.repo) as repo:
        for base, head in commits(repo, args.number, args.paths):
            change = make_change(repo, base, head)
            started = time.process_time()
            try:
                outcome = CHECK.run(change, Policy())
            except Exception:  # noqa: BLE001 - the point of a replay is to see them all
                traceback.print_exc()
                broken += 1
                continue
            times.append(time.process_time() - started)
            for finding in outcome.findings:
                word = finding.rule.id.partition("/")[2]
                facts[f"{word} ({finding.effective_level})"] += 1
                if word in LOUD and not args.quiet:
                    print(head[:10], f"{finding.path}:{finding.line}", finding.effective_level, finding.message[:140])
            compare_ways(change, seen, ways)
    times.sort()
    middle, high = times[len(times) // 2] * 1000, times[int(len(times) * 0.95)] * 1000
    most = times[-1] * 1000
    print(f"{len(times)} changes, {broken} tracebacks, CPU ms median {middle:.0f}, 95 % {high:.0f}, most {most:.0f}")
    print("findings:", ", ".join(f"{name} {count}" for name, count in sorted(facts.items())))
    print("scanner against parser:", dict(ways))
    return 1 if broken or ways["DISAGREE"] or ways["SHARED DISAGREES"] else 0


if __name__ == "__main__":
    sys.exit(main())
