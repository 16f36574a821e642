"""Join what production reaches with the lockfile: what a package brought, and what is there twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.bundles import PACKAGE
from gatepost.bundles._graph import Reach
from gatepost.bundles._reachable import Reachable
from gatepost.checks._bundle_rules import DUPLICATE
from gatepost.git import Change, Snapshot
from gatepost.lockfiles import Lock, Pin, Unreadable
from gatepost.lockfiles._files import Reader, format_of, in_directory
from gatepost.model import Finding, printable
from gatepost.paths import parent

_SHOWN = 50
_NAMED = 4
_DECLARATIONS = ("csstype", "undici-types")  # as @types/*: they leave nothing behind


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


@dataclass(frozen=True, slots=True)
class _Twice:
    """A package that a change made ship in one more version, and the imported package that brings it."""

    name: str
    versions: tuple[str, ...]
    before: tuple[str, ...]
    through: str

    def json(self) -> dict[str, Any]:
        return {"package": self.name, "versions": [*self.versions], "before": [*self.before]}


def _twice(found: Reachable, path: str, before: Shipped, after: Shipped) -> Iterator[Finding]:
    """Give one finding for all that one imported package brought a second time."""
    if not before.pins:  # nothing to compare with: the dependency audit tells what a first lock holds
        return
    groups: dict[str, list[_Twice]] = {}
    for each in _made(found, before, after):
        groups.setdefault(each.through, []).append(each)
    for through, twice in sorted(groups.items()):
        first, *others = twice
        listed = ", ".join(printable(version, 40) for version in first.versions)
        also = ", ".join(printable(each.name, 60) for each in others[:_NAMED])
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        yield Finding(
            DUPLICATE,
            path,
            f"{printable(first.name, 80)} is shipped in {len(first.versions)} versions now: {listed}"
            + (f"; so are {also}{more}" if others else "")
            + (f" (through {printable(through, 80)})" if through != first.name else ""),
            f"bring them together: npm ls {printable(first.name, 80)}, then npm dedupe, an override, or an upgrade",
            data={**first.json(), "through": through, "others": [each.json() for each in others]},
            key=" ".join(f"{each.name} {' '.join(each.versions)}" for each in twice),
        )


def _made(found: Reachable, before: Shipped, after: Shipped) -> Iterator[_Twice]:
    """Give each package whose number of shipped versions this change raised above one."""
    olds, news = _versions(before, found.before), _versions(after, found.after)
    for name in sorted(news):
        known, versions = olds.get(name, {}), news[name]
        fresh = sorted(versions.keys() - known.keys())
        # One old version replaced by another is an upgrade: it was twice before.
        if len(versions) > max(1, len(known)) and fresh:
            through = min(each for version in fresh for each in versions[version])
            yield _Twice(name, tuple(sorted(versions)), tuple(sorted(known)), through)


def _versions(lock: Shipped, reached: Reach) -> dict[str, dict[str, set[str]]]:
    """Give the versions of each package that ships, and through which imported packages."""
    names = [node[2:] for node in (*reached.initial, *reached.lazy) if node.startswith(PACKAGE)]
    versions: dict[str, dict[str, set[str]]] = {}
    for through in names:
        for pin in lock.closure((through,)):
            if not pin.name.startswith("@types/") and pin.name not in _DECLARATIONS:
                versions.setdefault(pin.name, {}).setdefault(pin.version, set()).add(through)
    return versions
