"""Gather what belongs together: the locks and manifests of one ecosystem in one directory, on both sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gatepost.git import Change, Entry, PathChange, Snapshot
from gatepost.lockfiles import Format
from gatepost.lockfiles._files import ancestors, companions, format_of, in_directory
from gatepost.paths import join, matches, parent

MEMBERS = 500


@dataclass(slots=True)
class Group:
    """The files of one ecosystem and directory: on each side the locks to compare, and the manifests that changed."""

    ecosystem: str
    directory: str
    old: list[tuple[Format, str]] = field(default_factory=list)
    new: list[tuple[Format, str]] = field(default_factory=list)
    manifests: set[str] = field(default_factory=set)
    removed_lock: bool = False
    moved_from: str | None = None

    @property
    def locks(self) -> list[tuple[Format, str]]:
        """The locks of either side."""
        return [*self.new, *(item for item in self.old if item not in self.new)]


def concerns(path: str) -> bool:
    """Tell whether a changed path can change a dependency."""
    return format_of(path) is not None or bool(companions(path.rpartition("/")[2]))


def groups(change: Change, ignore: Sequence[str]) -> list[Group]:
    """Give the groups that a change touches."""
    found: dict[tuple[str, str], Group] = {}
    changed: dict[tuple[str, str], list[tuple[Format, PathChange]]] = {}
    manifests: list[tuple[Format, str]] = []
    for path, item in change.paths.items():
        if matches(path, *ignore):
            continue
        for form, place in _recognised(change, path):
            if form.kind == "manifest":
                manifests.append((form, path))
            else:
                changed.setdefault((form.ecosystem, parent(place)), []).append((form, _at(change, item, place)))
    for (ecosystem, directory), items in changed.items():
        group = found[ecosystem, directory] = Group(ecosystem, directory)
        _sides(change, group, items)
    _pair_moved(change, found)
    for form, path in manifests:
        _manifest(change, found, form, path)
    return [found[name] for name in sorted(found)]


def _recognised(change: Change, path: str) -> Iterable[tuple[Format, str]]:
    form = format_of(path)
    if form is not None:
        yield form, path
    directory, _, name = path.rpartition("/")
    for other in companions(name):
        for file in other.files:
            beside = join(directory, file)
            if beside not in change.paths and change.head.exists(beside):
                yield other, beside


def _at(change: Change, item: PathChange, place: str) -> PathChange:
    if item.path == place:
        return item
    return PathChange(place, "M", change.base.entry(place), change.head.entry(place))


def _sides(change: Change, group: Group, items: list[tuple[Format, PathChange]]) -> None:
    group.old = [(form, item.path) for form, item in items if item.old is not None]
    group.new = [(form, item.path) for form, item in items if item.new is not None]
    paths = {item.path for _, item in items}
    others = [
        (form, entry.path)
        for form, entry in in_directory(change.head, group.directory)
        if form.ecosystem == group.ecosystem and form.kind != "manifest" and entry.path not in paths
    ]
    # A lock that appears beside another, or leaves one behind, is compared with that one.
    if others and (not group.old or not group.new):
        group.old, group.new = (group.old + others, group.new + others)
    group.removed_lock = bool(group.old) and not group.new


def _pair_moved(change: Change, found: dict[tuple[str, str], Group]) -> None:
    """Take a lock that vanished in one directory and appeared in another for one that moved."""
    gone = [group for group in found.values() if group.removed_lock]
    for group in list(found.values()):
        if group.old or not group.new:
            continue
        names = {path.rpartition("/")[2] for _, path in group.new}
        source = next(
            (
                g
                for g in gone
                if g.ecosystem == group.ecosystem
                and names & {p.rpartition("/")[2] for _, p in g.old}
                and not _left_behind(change, g, group.directory)
            ),
            None,
        )
        if source is not None:
            gone.remove(source)
            group.old, group.moved_from = source.old, source.directory
            del found[source.ecosystem, source.directory]


def _left_behind(change: Change, group: Group, directory: str) -> bool:
    """Tell whether a manifest stays where the lock was, and the lock's new place is not one that answers for it."""
    return directory not in ancestors(join(group.directory, "x")) and any(
        form.ecosystem == group.ecosystem and form.kind == "manifest"
        for form, _ in in_directory(change.head, group.directory)
    )


def _manifest(change: Change, found: dict[tuple[str, str], Group], form: Format, path: str) -> None:
    directory = governing(change, form, path)
    group = found.get((form.ecosystem, directory)) or _heir(found, form.ecosystem, directory)
    if group is None:
        group = found[form.ecosystem, directory] = Group(form.ecosystem, directory)
        group.old = locks_in(change.base, form.ecosystem, directory)
        group.new = locks_in(change.head, form.ecosystem, directory)
    group.manifests.add(path)


def _heir(found: dict[tuple[str, str], Group], ecosystem: str, directory: str) -> Group | None:
    """Give the group that a directory's lock moved to."""
    moved = (g for g in found.values() if g.ecosystem == ecosystem and g.old and g.moved_from == directory)
    return next((g for g in moved if g.directory != directory), None)


def governing(change: Change, form: Format, path: str) -> str:
    """Give the directory whose lock answers a manifest: its own, else the nearest above that has one."""
    for directory in ancestors(path):
        for snapshot in (change.head, change.base):
            found = locks_in(snapshot, form.ecosystem, directory)
            # requirements.txt and its like pin what stands beside them, never a directory below.
            if any(lock.kind == "lock" or directory == parent(path) for lock, _ in found):
                return directory
    return parent(path)


def locks_in(snapshot: Snapshot, ecosystem: str, directory: str) -> list[tuple[Format, str]]:
    """Give the locks of one ecosystem in a directory."""
    return [
        (form, entry.path)
        for form, entry in in_directory(snapshot, directory)
        if form.ecosystem == ecosystem and form.kind != "manifest"
    ]


def members(snapshot: Snapshot, directory: str, globs: Iterable[str], name: str) -> list[str]:
    """Give the manifests of a workspace: each glob is followed one directory at a time, never the whole tree."""
    found: list[str] = []
    for glob in globs:
        if glob.startswith("!"):
            found = [path for path in found if not matches(parent(path), join(directory, glob[1:].rstrip("/")))]
            continue
        for place in _expand(snapshot, [directory], glob.removeprefix("./").strip("/").split("/")):
            path = join(place, name)
            if path not in found and snapshot.exists(path):
                found.append(path)
            if len(found) >= MEMBERS:
                return found
    return found


def _expand(snapshot: Snapshot, places: list[str], parts: list[str]) -> list[str]:
    for part in parts:
        if part == "**":
            places = [*places, *(e.path for place in places for e in _directories(snapshot, place))]
        elif any(mark in part for mark in "*?[{"):
            places = [e.path for place in places for e in _directories(snapshot, place) if matches(e.name, part)]
        else:
            places = [join(place, part) for place in places]
        places = places[:MEMBERS]
    return places


def _directories(snapshot: Snapshot, place: str) -> list[Entry]:
    return [e for e in snapshot.children(place) if e.is_tree and e.name != "node_modules"]
