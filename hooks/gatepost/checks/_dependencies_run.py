"""Judge the groups of files that a change touches, and put the section of the report together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.checks import _dependencies_rules as rules
from gatepost.checks._dependencies_findings import EACH, entry, findings
from gatepost.checks._dependencies_groups import Group, groups
from gatepost.checks._dependencies_locks import mismatches, unlocked
from gatepost.checks._dependencies_settings import Dependencies
from gatepost.checks._dependencies_sides import Problem, Side, read_side
from gatepost.checks._dependencies_unpinned import unpinned
from gatepost.checks._fleet_run import FleetRun
from gatepost.checks._fleet_run import summary as fleet_summary
from gatepost.git import Change
from gatepost.lockfiles import _sources as sources
from gatepost.lockfiles._diff import Delta, Difference, compare
from gatepost.lockfiles._files import Reader, format_of, line_of, without_collector
from gatepost.model import Finding, Level, Outcome, Skip
from gatepost.paths import join, matches
from gatepost.policy import Policy

MANY = 100
LOUD = frozenset(("downgraded", "source-changed", "integrity-changed"))
_SAMPLES = frozenset(("test", "tests", "testdata", "__tests__", "spec", "fixtures", "__fixtures__", "testing"))


def judge(change: Change, policy: Policy) -> Outcome:
    """Judge every group of files that changed."""
    # A pushed policy may only tighten: hosts and exceptions come from the protected side alone.
    settings = replace(policy, pushed=None).get("dependencies", Dependencies)
    reader = Reader(int(policy.gate.max_file))
    found: list[Finding] = []
    changes: list[dict[str, Any]] = []
    harmless: dict[str, int] = {}
    fleet, told = FleetRun(change, policy), []
    for group in groups(change, settings.ignore):
        with without_collector():
            judged = _judge(change, reader, group, settings)
        found += judged.findings
        changes += judged.entries
        if fleet.configured and judged.deltas:
            entries, more = fleet.judge(group.ecosystem, group.directory, judged.deltas, judged.places)
            told += entries
            found += more
        for state, count in judged.harmless.items():
            harmless[state] = harmless.get(state, 0) + count
    if len(changes) > MANY:
        changes.sort(key=_quiet)  # of a long list a record keeps the beginning
    section = {"summary": _summary(changes, harmless, told), "changes": changes, "fleet": told}
    skipped = tuple(Skip("dependencies", problem) for problem in fleet.problems)
    return Outcome(tuple(found), {"dependencies": section}, skipped)


@dataclass(slots=True)
class _Judged:
    findings: list[Finding]
    entries: list[dict[str, Any]]
    harmless: dict[str, int]
    deltas: list[Delta] = field(default_factory=list)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)


def _judge(change: Change, reader: Reader, group: Group, settings: Dependencies) -> _Judged:
    new = read_side(reader, change.head, group, head=True)
    old = read_side(reader, change.base, group, head=False)
    judged = _Judged(list(_unreadable(group, old, new)), [], {})
    if new.problems:
        return judged
    judged.findings += unlocked(group, old, new)
    judged.findings += unpinned(change, reader, group, old, new)
    if group.removed_lock and judged.findings:
        return judged
    difference = _compare(group, old, new)
    judged.harmless = difference.harmless
    _assume(group, settings, difference.deltas)
    lockfile = _lockfile(group, new, old)
    judged.entries = [entry(group.ecosystem, group.directory, lockfile, delta) for delta in difference.deltas]
    hosts = {
        *settings.hosts,
        *(sources.host(pin.source) for pin in old.graph.pins.values() if pin.source[:9] == "registry:"),
    }
    place = _Places(change, reader, group, lockfile)
    judged.places = {delta.name: place(delta) for delta in difference.deltas[:EACH] if delta.new}
    judged.deltas = difference.deltas
    judged.findings += mismatches(group, old, new, {delta.name for delta in difference.deltas}, place.line)
    judged.findings += findings(list(zip(difference.deltas, judged.entries, strict=True)), hosts, place)
    return judged


def _compare(group: Group, old: Side, new: Side) -> Difference:
    names = old.overrides.keys() | new.overrides.keys()
    overridden = {name for name in names if old.overrides.get(name) != new.overrides.get(name)}
    return compare(group.ecosystem, old.graph, new.graph, overridden, weak=new.weak, switched=old.kinds != new.kinds)


def _assume(group: Group, settings: Dependencies, deltas: list[Delta]) -> None:
    if matches(join(group.directory, "package.json"), *settings.assume_prod):
        for delta in deltas:
            delta.scope = "prod"


def _lockfile(group: Group, new: Side, old: Side) -> str:
    """Give the file that the entries of a group name: its lock, else the manifest that changed."""
    for locks in (new.locks, old.locks):
        real = sorted(path for form, path in locks if form.kind == "lock") or sorted(path for _, path in locks)
        if real:
            return real[0]
    return min(group.manifests, default="")


class _Places:
    """Find the path and line of a package: in the lock, else in the manifest."""

    def __init__(self, change: Change, reader: Reader, group: Group, lockfile: str) -> None:
        self.change, self.reader, self.group, self.lockfile = change, reader, group, lockfile

    def __call__(self, delta: Delta) -> tuple[str, int]:
        files = [path for _, path in self.group.new] or sorted(self.group.manifests)
        version = delta.new[0] if delta.new else ""
        for path in files:
            line = self.line(path, delta.name, version)
            if line > 1 or (len(files) == 1 and self._there(path)):
                return path, line
        return self.lockfile, 1

    def line(self, path: str, name: str, version: str = "") -> int:
        """Find the line on which a file names a package; 1 where it does not."""
        form = format_of(path)
        if form is None or not self._there(path):
            return 1
        return line_of(self.reader.raw(self.change.head, path), form, name, version)

    def _there(self, path: str) -> bool:
        entry = self.change.head.entry(path)
        return entry is not None and entry.is_file


def _unreadable(group: Group, old: Side, new: Side) -> Iterator[Finding]:
    seen: set[str] = set()
    for problem in (*new.problems, *old.problems):
        if problem.path in seen:
            continue
        seen.add(problem.path)
        yield _problem(group, problem)


def _problem(group: Group, problem: Problem) -> Finding:
    data = {
        "ecosystem": group.ecosystem,
        "directory": group.directory,
        "lockfile": problem.path,
        "reason": problem.reason,
    }
    key = f"{problem.path}:{problem.reason}:{problem.head}"
    if problem.head:
        fix = "mend the file, or let the package manager write it anew"
        level: Level | None = "note" if _sample(problem.path) else None
        return Finding(rules.UNREADABLE, problem.path, problem.reason, fix, problem.line, data, level, key=key)
    message = f"the version before this change {problem.reason}; everything in it counts as new"
    return Finding(rules.UNREADABLE, problem.path, message, "review the whole file", 1, data, "warning", key=key)


def _summary(changes: list[dict[str, Any]], harmless: dict[str, int], fleet: list[dict[str, Any]]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for change in changes:
        for fact in change["facts"]:
            counts[fact] = counts.get(fact, 0) + 1
    unexplained = sum(not change["explained"] for change in changes)
    found: dict[str, Any] = {"packages": len(changes), **dict(sorted(counts.items())), "unexplained": unexplained}
    found["harmless_hashes"] = harmless
    return found | ({"fleet": fleet_summary(fleet)} if fleet else {})


def _quiet(entry: dict[str, Any]) -> bool:
    return bool(entry["explained"]) and LOUD.isdisjoint(entry["facts"])


def _sample(path: str) -> bool:
    """Tell a file that stands among tests: broken locks are kept there on purpose (pip-audit's test/assets)."""
    return not _SAMPLES.isdisjoint(path.lower().split("/")[:-1])
