"""Read what bundlers write about their output, and tell whether it belongs to the tree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost import bundles, registry
from gatepost.bundles import Source, Stats
from gatepost.bundles._tree import Tree
from gatepost.errors import NotAFile, TooLarge
from gatepost.paths import join, parent

LIMIT = 64 * 1024 * 1024
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Told:
    """The statistics of one side, and what is wrong with them: (file, reason)."""

    stats: tuple[Stats, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()

    def joined(self, other: Told) -> Told:
        """Give both together."""
        return Told(self.stats + other.stats, self.problems + other.problems)

    def initial(self, path: str) -> bool | None:
        """Tell whether a served file is loaded at first; None where nothing is said about it."""
        for stats in self.stats:
            for name, output in stats.outputs.items():
                if path == name or path.endswith("/" + name.removeprefix("./")):
                    return output.initial
        rests = [stats.rest for stats in self.stats if stats.rest is not None]
        return rests[0] if rests else None

    def modules(self) -> dict[str, tuple[int, bool | None]]:
        """Give the bytes of each module in the output, and whether it is loaded at first."""
        found: dict[str, tuple[int, bool | None]] = {}
        for stats in self.stats:
            for output in stats.outputs.values():
                for module, size in output.modules.items():
                    before = found.get(module, (0, False))
                    found[module] = (before[0] + size, output.initial or before[1])
        return found


@dataclass(slots=True)
class Reader:
    """Read statistics files; ``content`` gives their bytes where they are not committed in the tree itself."""

    tree: Tree
    files: tuple[str, ...]
    content: Callable[[str], bytes] | None = None
    problems: list[tuple[str, str]] = field(default_factory=list)

    def read(self) -> Told:
        """Read all of them."""
        found = [stats for file in self.files for stats in self._one(file)]
        return Told(tuple(found), tuple(self.problems))

    def _one(self, file: str) -> Iterator[Stats]:
        try:
            data = json.loads(self.content(file) if self.content else self.tree.snapshot.read(file, LIMIT))
        except NotAFile as error:
            self.problems.append((file, f"is {error.kind}"))
            return
        except (ValueError, RecursionError, TooLarge) as error:
            self.problems.append((file, f"cannot be read: {str(error)[:100]}"))
            return
        stats = parse(data)
        if stats is None:
            self.problems.append((file, "is of no kind that is known: esbuild, webpack, Vite or Next.js"))
            return
        stale = list(_stale(stats, self.tree, _place(stats, self.tree, file), self._generated))
        if stale:
            more = f" and {len(stale) - _NAMED} more" if len(stale) > _NAMED else ""
            self.problems.append((file, f"is stale: {', '.join(stale[:_NAMED])}{more}"))
            return
        yield stats

    def _generated(self, path: str) -> bool:
        """Tell an input that the build wrote itself, in a directory that was clean."""
        try:
            return self.content is not None and self.content(path) is not None
        except (NotAFile, TooLarge):
            return False


def parse(data: Any) -> Stats | None:
    """Give the statistics in whichever format they are; None where none fits."""
    for source in registry.load(bundles, "SOURCE", Source):
        if source.stats is None:
            continue
        try:
            stats = source.stats(data)
        except (TypeError, ValueError, AttributeError, KeyError, RecursionError):
            continue
        if stats is not None:
            return stats
    return None


def _own(path: str) -> bool:
    outside = "node_modules/" in path or path.startswith(("<", "(", "..", "\0"))
    return not outside and ":" not in path.partition("/")[0]


def _place(stats: Stats, tree: Tree, file: str) -> str:
    """Give the directory that inputs are relative to: the one above the file in which most of them are."""
    some = [path for path in stats.inputs if _own(path)][:50]
    directory, found = parent(file), [""]
    while directory:
        found.append(directory)
        directory = parent(directory)
    return max(found, key=lambda place: sum(tree.is_file(join(place, path)) for path in some))


def _stale(stats: Stats, tree: Tree, place: str, generated: Callable[[str], bool]) -> Iterator[str]:
    """Name the inputs that differ from the tree: absent, or of another size."""
    for name, size in stats.inputs.items():
        if not _own(name):
            continue
        path = join(place, name)
        entry = tree.entry(path)
        if entry is None and generated(path):
            continue
        if entry is None or not entry.is_file:
            yield f"{path} is not in the tree"
        elif size is not None:
            info = tree.snapshot.repo.objects.info(entry.oid)
            if info and info[2] != size:
                yield f"{path} had {size} bytes and has {info[2]}"


def owner(module: str) -> str:
    """Give the package that a module belongs to, or the module itself."""
    _, found, rest = module.rpartition("node_modules/")
    if not found:
        return module
    parts = rest.split("/")
    return "//" + "/".join(parts[: 2 if rest.startswith("@") else 1])


def attribution(before: Told, after: Told, shown: int = 20) -> dict[str, Any]:
    """Give the modules and packages whose bytes in the output changed most, and the rest as one number."""
    sums: dict[str, list[int]] = {}
    initial: dict[str, bool | None] = {}
    for side, told in enumerate((before, after)):
        for module, (size, first) in told.modules().items():
            name = owner(module)
            sums.setdefault(name, [0, 0])[side] += size
            initial[name] = first or initial.get(name)
    changed = [(name, old, new) for name, (old, new) in sums.items() if old != new]
    changed.sort(key=lambda item: (-abs(item[2] - item[1]), item[0]))
    listed = [
        {**_named(name), "before": old, "after": new, "initial": initial[name]} for name, old, new in changed[:shown]
    ]
    return {"modules": listed, "rest": sum(new - old for _, old, new in changed[shown:])}


def _named(name: str) -> Mapping[str, str]:
    return {"package": name[2:]} if name.startswith("//") else {"path": name}
