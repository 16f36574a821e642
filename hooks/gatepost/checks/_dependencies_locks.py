"""Tell where a lock does not hold what its manifest asks for, and where an application has no lock at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

from gatepost.checks import _dependencies_rules as rules
from gatepost.checks._dependencies_groups import Group
from gatepost.checks._dependencies_sides import LOCKED, Side
from gatepost.lockfiles import Declared, Lock, Pin
from gatepost.lockfiles._ranges import parse, satisfied
from gatepost.model import Finding, printable
from gatepost.paths import parent

# A strict install compares the ranges that the lock repeats with the manifest, letter by letter.
REPEATING = ("pnpm", "uv", "bun")
FIX = {
    "npm": "npm install --package-lock-only (or the lock command of pnpm, yarn, bun)",
    "pypi": "uv lock (or poetry lock, pdm lock, pipenv lock)",
    "cargo": "cargo update --workspace",
    "gem": "bundle lock",
    "composer": "composer update --lock",
}


def mismatches(
    group: Group, old: Side, new: Side, touched: Collection[str], line: Callable[[str, str], int]
) -> Iterator[Finding]:
    """Give what the manifests ask for and the lock does not hold, for names that this change touched.

    ``line`` finds the line on which a manifest names a package.
    """
    locks = [(form.name, lock) for form, _, lock in new.read if form.kind == "lock"]
    if not locks:
        return
    before = {(wanted.name, wanted.manifest): wanted.range for wanted in old.asked}
    for wanted in new.asked:
        edited = before.get((wanted.name, wanted.manifest)) != wanted.range
        if wanted.scope not in LOCKED or not (edited or wanted.name in touched) or wanted.name in new.overrides:
            continue
        reason = _reason(group.ecosystem, wanted, new, locks, edited)
        if reason:
            yield _finding(group, wanted, reason, new, line(wanted.manifest, wanted.name))


def _reason(ecosystem: str, wanted: Declared, new: Side, locks: list[tuple[str, Lock]], edited: bool) -> str:
    pins = _pins(wanted, new)
    if any(pin.own for pin in pins) or re.match(
        r"(?:workspace|file|link|portal|path|npm|patch|catalog|git|url):", wanted.range
    ):
        return ""
    listed = any(d.name == wanted.name for _, lock in locks for d in lock.declared)
    if not pins:
        return "" if listed else "the lock holds no such package"
    if all(satisfied(ecosystem, wanted.range, pin.version) is False for pin in pins):
        return f"the lock holds {', '.join(printable(pin.version, 40) for pin in pins[:3])}"
    return _stale(ecosystem, wanted, locks) if edited else ""


def _pins(wanted: Declared, new: Side) -> list[Pin]:
    """Give the pins that answer a dependency: those that the lock names for this manifest, else all of the name."""
    keys = {
        d.key
        for _, _, lock in new.read
        for d in lock.declared
        if d.key and (d.name, d.manifest) == (wanted.name, wanted.manifest)
    }
    pins = new.graph.names.get(wanted.name, [])
    return [pin for pin in pins if pin.key.rpartition("\0")[2] in keys] or pins


def _stale(ecosystem: str, wanted: Declared, locks: list[tuple[str, Lock]]) -> str:
    """Tell what the lock repeats of the manifest, where it is not what the manifest says now."""
    for name, lock in locks:
        if name == "yarn" and lock.aliases and f"{wanted.name}@{wanted.range}" not in lock.aliases:
            return "the lock knows no such range"
        if name in REPEATING:
            told = {d.range for d in lock.declared if d.name == wanted.name and d.manifest in (wanted.manifest, "")}
            told |= {
                d.range for d in lock.declared if d.name == wanted.name and wanted.manifest.endswith("/" + d.manifest)
            }
            if told and not any(_same(ecosystem, text, wanted.range) for text in told):
                return f"the lock was made for {printable(min(told), 60) or 'any version'}"
    return ""


def _same(ecosystem: str, left: str, right: str) -> bool:
    """Tell whether two ranges are one: ``>=2.0`` is ``>=2``."""
    one = parse(ecosystem, left)
    return _plain(left) == _plain(right) or (one is not None and one == parse(ecosystem, right))


def _plain(text: str) -> str:
    return ",".join(sorted(re.sub(r"\s+", "", part) for part in text.split(",")))


def _finding(group: Group, wanted: Declared, reason: str, new: Side, line: int) -> Finding:
    asked = printable(wanted.range, 80) or "any version"
    data = {
        "ecosystem": group.ecosystem,
        "directory": group.directory,
        "lockfile": new.locks[0][1],
        "name": wanted.name,
        "declared": {"new": wanted.range},
        "new": sorted({pin.version for pin in _pins(wanted, new)}),
    }
    message = f"{printable(wanted.name, 80)}: the manifest asks for {asked}, and {reason}"
    fix = FIX.get(group.ecosystem, "run the package manager's lock command") + "; commit both files"
    key = f"{group.ecosystem}:{group.directory}:{wanted.manifest}:{wanted.name}:{wanted.range}:{reason}"
    return Finding(rules.LOCK_MISMATCH, wanted.manifest, message, fix, line, data, key=key)


def unlocked(group: Group, old: Side, new: Side) -> Iterator[Finding]:
    """Give the application whose lock is gone, or that asks for something new without having one."""
    if any(form.kind == "lock" or lock.pins for form, _, lock in new.read):
        return
    had = [path for form, path in group.old if form.kind == "lock"]
    known = {wanted.name for wanted in old.asked}
    asked = [wanted for wanted in new.asked if wanted.scope in LOCKED and (had or wanted.name not in known)]
    manifest = new.application
    if not asked or not manifest:
        return
    what = f"{had[0]} is gone" if had else f"{printable(asked[0].name, 80)} is new"
    data = {"ecosystem": group.ecosystem, "directory": parent(manifest), "lockfile": had[0] if had else None}
    message = f"asks for packages, and no lock says which versions; {what}"
    key = f"{group.ecosystem}:{manifest}:{','.join(sorted(wanted.name for wanted in asked))}"
    yield Finding(
        rules.UNLOCKED, manifest, message, "let the package manager write its lock, and commit it", 1, data, key=key
    )
