"""Join what production reaches with the lockfile: what a package brought, and what is there twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.bundles import PACKAGE
from gatepost.bundles._reachable import Reachable
from gatepost.checks._bundle_rules import DUPLICATE
from gatepost.git import Change, Snapshot
from gatepost.lockfiles import Lock, Pin, Unreadable
from gatepost.lockfiles._files import Reader, format_of, in_directory
from gatepost.model import Finding, printable
from gatepost.paths import parent

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Shipped:
    """One lockfile, and how its packages hang together."""

    pins: Mapping[str, Pin] = field(default_factory=dict)
    direct: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def closure(self, names: Iterable[str]) -> list[Pin]:
        """Give the packages that these direct dependencies bring, themselves included."""
        stack = [key for name in names for key in self.direct.get(name, ())]
        seen = set(stack)
        found = []
        while stack:
            pin = self.pins.get(stack.pop())
            if pin is None:
                continue
            found.append(pin)
            fresh = [key for key in pin.requires if key not in seen]
            seen.update(fresh)
            stack += fresh
        return found


def shipped(lock: Lock) -> Shipped:
    """Index a lock by key and by the names of what may be imported directly."""
    pins = {pin.key: pin for pin in lock.pins if not pin.own}
    direct: dict[str, tuple[str, ...]] = {}
    for wanted in lock.declared:
        if wanted.key in pins:
            direct[wanted.name] = (*direct.get(wanted.name, ()), wanted.key)
    for key, pin in pins.items():
        hoisted = key == f"node_modules/{pin.name}" or "node_modules/" not in key
        if hoisted and pin.name not in direct:
            direct[pin.name] = (key,)
    return Shipped(pins, direct)


def join(found: Reachable, change: Change, section: Mapping[str, list[Any]], limit: int) -> Iterator[Finding]:
    """Say what each new package brought in the section, and give a finding on each that is there twice."""
    fresh = [entry for entry in section["new"] if "package" in entry]
    reader = Reader(limit)
    for path in _locks(found, change):
        if not fresh and path not in change.paths:
            continue
        before, after = (_read(reader, side, path) for side in (change.base, change.head))
        known = {(pin.name, pin.version) for pin in before.pins.values()}
        for entry in fresh:
            brought = {(pin.name, pin.version) for pin in after.closure((entry["package"],))} - known
            if brought:
                entry["brought"] = [f"{name}@{version}" for name, version in sorted(brought)][:_SHOWN]
        yield from _twice(found, path, before, after)


def _locks(found: Reachable, change: Change) -> list[str]:
    """Give the npm lockfiles that lock what the entries import: the nearest above each of them."""
    paths: dict[str, None] = {}
    seen: set[str] = set()
    for entry in found.entries:
        directory = parent(entry)
        while directory not in seen:
            seen.add(directory)
            here = [
                e.path
                for form, e in in_directory(change.head, directory)
                if form.ecosystem == "npm" and form.kind == "lock"
            ]
            paths.update(dict.fromkeys(here))
            if here or not directory:
                break
            directory = parent(directory)
    return list(paths)


def _read(reader: Reader, side: Snapshot, path: str) -> Shipped:
    form = format_of(path)
    if form is None or not side.exists(path):
        return Shipped()
    try:
        return shipped(reader.lock(side, path, form))
    except Unreadable:  # the dependency audit says so
        return Shipped()


def _twice(found: Reachable, path: str, before: Shipped, after: Shipped) -> Iterator[Finding]:
    olds = _versions(before, found.before)
    if not before.pins:  # nothing to compare with: the dependency audit tells what a first lock holds
        return
    for name, versions in sorted(_versions(after, found.after).items()):
        known = olds.get(name, set())
        if len(versions) < 2 or versions <= known:
            continue
        listed = ", ".join(printable(version, 40) for version in sorted(versions))
        yield Finding(
            DUPLICATE,
            path,
            f"{printable(name, 80)} is shipped in {len(versions)} versions now: {listed}",
            f"bring them together: npm ls {printable(name, 80)}, then npm dedupe, an override, or an upgrade",
            data={"package": name, "versions": sorted(versions), "before": sorted(known)},
            key=f"{name} {' '.join(sorted(versions))}",
        )


def _versions(lock: Shipped, reached: Any) -> dict[str, set[str]]:
    names = [node[2:] for node in (*reached.initial, *reached.lazy) if node.startswith(PACKAGE)]
    versions: dict[str, set[str]] = {}
    for pin in lock.closure(names):
        if pin.name.startswith("@types/"):  # declarations leave nothing behind
            continue
        versions.setdefault(pin.name, set()).add(pin.version)
    return versions
