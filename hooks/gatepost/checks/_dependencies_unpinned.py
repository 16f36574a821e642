"""Tell where an application's requirements file asks for a package, and nothing says in which version."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from gatepost.checks import _dependencies_rules as rules
from gatepost.checks._dependencies_groups import Group, locks_in
from gatepost.checks._dependencies_sides import Side
from gatepost.git import Change
from gatepost.lockfiles import File, Lock, Unreadable
from gatepost.lockfiles._files import Reader, ancestors, line_of
from gatepost.model import Finding, printable
from gatepost.paths import join, normal, parent

# What stands in such a place is installed by hand, not with the application.
ASIDE = frozenset(("docs", "doc", "test", "tests", "testing", "examples", "example", "samples", "benchmarks", "ci"))
PACKAGED = ("setup.py", "setup.cfg")
LISTED = 5


def unpinned(change: Change, reader: Reader, group: Group, old: Side, new: Side) -> Iterator[Finding]:
    """Give each requirements file that gained a name which neither it, a constraints file nor a lock pins."""
    if group.ecosystem != "pypi":
        return
    before = {path: lock for form, path, lock in old.read if form.name == "requirements"}
    for form, path, lock in new.read:
        if form.name != "requirements" or path not in change.paths or not _deployed(path, lock):
            continue
        known = _loose(before.get(path, Lock()), ())
        names = sorted(_loose(lock, new.graph.names) - known)
        if names and not _elsewhere(change, path):
            held = _constrained(change, reader, path)
            names = [name for name in names if name not in held]
        else:
            names = []
        if names:
            line = line_of(reader.raw(change.head, path), form, names[0], "")
            yield _finding(group, path, line, names)


def _loose(lock: Lock, also: Collection[str]) -> set[str]:
    """Give the names that a file asks for without a version or a source; ``also`` are pinned beside it."""
    pinned = {pin.name for pin in lock.pins}
    return {wanted.name for wanted in lock.declared if not wanted.key} - pinned - set(also)


def _deployed(path: str, lock: Lock) -> bool:
    name = path.rpartition("/")[2].lower()
    if not name.endswith(".txt") or "constraint" in name or not ASIDE.isdisjoint(path.lower().split("/")[:-1]):
        return False
    from gatepost.lockfiles.requirements import scope_of

    return bool(lock.declared) and scope_of(path) == "prod"


def _elsewhere(change: Change, path: str) -> bool:
    """Tell whether a lock says the versions, or a package is built here, whose users bring their own."""
    for directory in ancestors(path):
        if any(form.kind == "lock" for form, _ in locks_in(change.head, "pypi", directory)):
            return True
        if any(change.head.exists(join(directory, name)) for name in PACKAGED):
            return True
        project = join(directory, "pyproject.toml")
        if change.head.exists(project) and b"[build-system]" in change.head.read(project):
            return True
    return False


def _constrained(change: Change, reader: Reader, path: str) -> set[str]:
    """Give the names that the files which this one includes pin."""
    from gatepost.lockfiles.requirements import FORMAT, includes

    found: set[str] = set()
    todo, seen = [path], {path}
    while todo:
        place = todo.pop()
        for target, _ in includes(File(place, reader.raw(change.head, place))):
            other = normal(join(parent(place), target))
            if other is None or other in seen or not change.head.exists(other):
                continue
            seen.add(other)
            todo.append(other)
            try:
                found |= {pin.name for pin in reader.lock(change.head, other, FORMAT).pins}
            except Unreadable:  # it is judged where it changes
                continue
    return found


def _finding(group: Group, path: str, line: int, names: list[str]) -> Finding:
    shown = ", ".join(printable(name, 60) for name in names[:LISTED]) + (", …" if len(names) > LISTED else "")
    data = {"ecosystem": group.ecosystem, "directory": group.directory, "lockfile": None, "names": names}
    message = f"asks for {shown} without an exact version, and no lock or constraints file has one"
    fix = "pin it (name==version), or write the file with pip-compile or uv pip compile --generate-hashes"
    return Finding(rules.UNLOCKED, path, message, fix, line, data, key=f"pypi:{path}:{','.join(names)}")
