"""Read both sides of a group of files and turn them into graphs that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gatepost.checks._dependencies_groups import Group, members
from gatepost.git import Snapshot
from gatepost.lockfiles import Declared, Format, Lock, Unreadable
from gatepost.lockfiles._files import Reader, format_of
from gatepost.lockfiles._graph import Graph
from gatepost.paths import join, parent

LOCKED = ("prod", "dev")


class Problem(NamedTuple):
    """A file that could not be read, on which side, and why."""

    path: str
    reason: str
    line: int
    head: bool


@dataclass(slots=True)
class Side:
    """One side of a group: its graph, what its manifests ask for, and what could not be read.

    ``overrides`` are the names, with their ranges, that a manifest forces; ``application`` is the
    manifest of something that is deployed, "" where there is none.
    """

    graph: Graph = field(default_factory=Graph)
    asked: list[Declared] = field(default_factory=list)
    overrides: dict[str, str] = field(default_factory=dict)
    application: str = ""
    read: list[tuple[Format, str, Lock]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    weak: bool = False
    kinds: set[str] = field(default_factory=set)

    @property
    def locks(self) -> list[tuple[Format, str]]:
        """The files that were read."""
        return [(form, path) for form, path, _ in self.read]


def read_side(reader: Reader, snapshot: Snapshot, group: Group, *, head: bool) -> Side:
    """Read the files of one side of a group."""
    side = Side()
    files = group.new if head else group.old
    place = group.directory if head or group.moved_from is None else group.moved_from
    for form, path in files:
        lock = _read(reader, snapshot, side, form, path, head=head)
        if lock is not None:
            side.read.append((form, path, _placed(lock, path)))
            side.weak = side.weak or lock.weak
            side.kinds.add(form.name + lock.dialect)
    told = bool(side.read) and all(lock.declared for _, _, lock in side.read)
    side.asked = _manifests(reader, snapshot, side, group, place, head=head, every=not told)
    if told:  # what no importer names is no member: a template, an example, a fixture
        known = {wanted.manifest for _, _, lock in side.read for wanted in lock.declared}
        side.asked = [d for d in side.asked if d.manifest in known or parent(d.manifest) == place]
    side.overrides = {wanted.name: wanted.range for wanted in side.asked if wanted.scope == "override"}
    for _, path, lock in side.read:
        side.graph.add(path, lock, side.asked)
        _check_empty(reader, snapshot, side, path, lock, head=head)
    if not side.read:
        side.graph.add("", Lock(), side.asked)
    return side


def _read(reader: Reader, snapshot: Snapshot, side: Side, form: Format, path: str, *, head: bool) -> Lock | None:
    try:
        return reader.lock(snapshot, path, form)
    except Unreadable as error:
        side.problems.append(Problem(path, error.message, error.line, head))
        return None


def _placed(lock: Lock, path: str) -> Lock:
    """Give a lock whose direct dependencies name the manifests by their path in the tree."""
    if not lock.declared:
        return lock
    directory = parent(path)
    declared = [d._replace(manifest=join(directory, d.manifest) if d.manifest else path) for d in lock.declared]
    return lock._replace(declared=declared)


def _manifests(
    reader: Reader, snapshot: Snapshot, side: Side, group: Group, place: str, *, head: bool, every: bool
) -> list[Declared]:
    """Give what the manifests of a side ask for: those beside the lock, the changed, and all members' if need be."""
    names = dict.fromkeys(name for form, _ in group.locks for name in form.manifests)
    paths = [join(place, name) for name in names if snapshot.exists(join(place, name))]
    paths += [path for path in sorted(group.manifests) if path not in paths and snapshot.exists(path)]
    asked: list[Declared] = []
    for path in paths:
        asked += _manifest(reader, snapshot, side, path, head=head, paths=paths if every else None)
    return asked


def _manifest(
    reader: Reader, snapshot: Snapshot, side: Side, path: str, *, head: bool, paths: list[str] | None
) -> Sequence[Declared]:
    form = format_of(path)
    lock = _read(reader, snapshot, side, form, path, head=head) if form else None
    if lock is None:
        return ()
    if lock.application and not side.application:
        side.application = path
    if paths is not None and lock.members:
        # The list that is walked grows: members are read after the root that names them.
        name = path.rpartition("/")[2]
        paths += [p for p in members(snapshot, parent(path), lock.members, name) if p not in paths]
    return [wanted._replace(manifest=path) for wanted in lock.declared]


def _check_empty(reader: Reader, snapshot: Snapshot, side: Side, path: str, lock: Lock, *, head: bool) -> None:
    """Say so where a lock that ought to hold packages has none: "no change" must never come from a new format."""
    if lock.pins or lock.declared:
        return
    wanted = [d for d in side.asked if d.scope in LOCKED and parent(d.manifest) == parent(path) and _remote(d.range)]
    form = format_of(path)
    if wanted and form is not None and form.kind == "lock":
        reason = f"holds no package, though {wanted[0].manifest} asks for {len(wanted)} ({wanted[0].name}, …)"
        if reader.raw(snapshot, path).strip():
            side.problems.append(Problem(path, reason, 1, head))


def _remote(wanted: str) -> bool:
    return not wanted.startswith(("file:", "link:", "workspace:", "portal:", "path:"))
