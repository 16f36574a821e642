"""Compare what production reaches before and after a change, for one family of languages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.bundles import PACKAGE, Bundle, Family
from gatepost.bundles._cache import Cache
from gatepost.bundles._graph import VERSION, Builder, Edge, Graph, Reach, load, new_steps, reach, settled
from gatepost.bundles._tree import Tree
from gatepost.errors import GitError
from gatepost.git import Change, PathChange, Snapshot
from gatepost.paths import compiled, matches

_KEPT = 4


@dataclass(frozen=True, slots=True)
class Reachable:
    """The graphs of both sides, and what their entries reach."""

    family: Family
    entries: tuple[str, ...]
    missing: tuple[str, ...]
    graphs: tuple[Graph, Graph]
    before: Reach
    after: Reach
    changed: Mapping[str, PathChange]

    @property
    def new(self) -> list[str]:
        """What is reached now and was not before."""
        return [node for node in (*self.after.initial, *self.after.lazy) if node not in self.before]

    @property
    def gone(self) -> list[str]:
        """What was reached before and is not any more."""
        return [node for node in (*self.before.initial, *self.before.lazy) if node not in self.after]

    @property
    def promoted(self) -> list[str]:
        """What was loaded lazily and is now loaded at first."""
        return [node for node in self.after.initial if node in self.before.lazy and node not in self.before.initial]

    def new_edge(self, node: str) -> tuple[str, Edge] | None:
        """Give the last edge on the way to a node that this change brought: behind it all was there before."""
        return next(new_steps(reversed(self.after.steps(node)), self.graphs[0], self.changed), None)

    def entry(self, node: str, *, before: bool = False) -> dict[str, Any]:
        """Give the entry of the report's section for a node."""
        side = self.before if before else self.after
        name = {"package": node[2:]} if node.startswith(PACKAGE) else {"path": node}
        chain = [each.removeprefix(PACKAGE) for each in side.chain(node)]
        found = {**name, "chain": chain, "initial": node in side.initial}
        step = None if before else self.new_edge(node)
        if step:
            found["edge"] = {"from": step[0], "to": step[1].target.removeprefix(PACKAGE), "line": step[1].line}
        return found


@dataclass(slots=True)
class Comparison:
    """Build and compare the graphs of a change."""

    change: Change
    settings: Bundle
    family: Family
    cache: Cache
    trees: tuple[Tree, Tree] = field(init=False)

    def __post_init__(self) -> None:
        self.trees = (Tree(self.change.base), Tree(self.change.head))

    def compare(self) -> Reachable | None:
        """Compare both sides; None where production has no entry that is known."""
        entries, missing = self._entries()
        if not entries and not missing:
            return None
        before = self._graph(self.trees[0], entries)
        fixed = settled(self.family, self.change.paths, *self.trees)
        after = self._updated(self.trees[1], entries, before if fixed else Graph(), self.change.paths)
        self._keep(self.trees[1].snapshot, after)
        sides = reach(before, entries), reach(after, entries)
        return Reachable(self.family, entries, missing, (before, after), *sides, self.change.paths)

    def _entries(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give the entries of both sides, and the named ones that are on neither."""
        named = self.settings.entries
        if not named:
            found = (entry for tree in self.trees for entry in self.family.entries(tree, self.change.paths))
            return tuple(sorted(set(found))), ()
        known: set[str] = set()
        missing = []
        for pattern in named:
            paths = [path for path in self._expand(pattern) if self.family.language(path) is not None]
            known.update(paths)
            if not self.trees[1].is_file(pattern) and not any(self.trees[1].is_file(path) for path in paths):
                missing.append(pattern)
        return tuple(sorted(known)), tuple(missing)

    def _expand(self, pattern: str) -> Iterator[str]:
        for tree in self.trees:
            if tree.is_file(pattern):
                yield pattern
            elif "*" in pattern or "{" in pattern:
                fixed = pattern.partition("*")[0].partition("{")[0].rpartition("/")[0]
                glob = compiled(pattern)
                yield from (e.path for e in tree.snapshot.walk(fixed) if e.is_file and glob.fullmatch(e.path))

    def _digest(self) -> str:
        aliases = sorted(self.settings.aliases.items())
        return hashlib.sha256(json.dumps([VERSION, self.family.language.__module__, aliases]).encode()).hexdigest()[:16]

    def _graph(self, tree: Tree, entries: tuple[str, ...]) -> Graph:
        """Build the graph of the base, from the newest one that is kept where git can tell the difference."""
        oid, kind = tree.snapshot.tree, f"graph {self._digest()}"
        last = self.cache.get(kind, ("last",)).get("last", "")
        kept = load(self.cache.get(f"{kind} text", ("last",)).get("last", "")) if last else None
        if kept is None:
            return self._updated(tree, entries, Graph(), {})
        changed: Mapping[str, PathChange] = {}
        if last != oid:
            try:
                changed = self.change.repo.diff(last, oid)
            except GitError:  # the tree of an index that was never committed is pruned one day
                return self._updated(tree, entries, Graph(), {})
            if not settled(self.family, changed, Tree(Snapshot(self.change.repo, last)), tree):
                kept = Graph()
        return self._updated(tree, entries, kept, changed)

    def _updated(self, tree: Tree, entries: tuple[str, ...], old: Graph, changed: Mapping[str, PathChange]) -> Graph:
        resolver = self.family.resolver(tree, self.settings.aliases)
        return Builder(self.family, tree, resolver, self.cache, old, changed).build(entries)

    def _keep(self, snapshot: Snapshot, graph: Graph) -> None:
        kind = f"graph {self._digest()}"
        if self.cache.get(kind, ("last",)).get("last") == snapshot.tree:
            return
        self.cache.put(f"{kind} text", {"last": graph.dump()})
        self.cache.put(kind, {"last": snapshot.tree})


def is_test(node: str, family: Family, settings: Bundle) -> bool:
    """Tell test code by its path or by its package's name."""
    if node.startswith(PACKAGE):
        name = node[2:]
        known = any(_named(name, each) for each in (*family.test_packages, *settings.test_packages))
        return known and not any(_named(name, each) for each in settings.allow)
    return matches(node, *family.test_paths, *settings.test_paths) and not matches(node, *settings.allow)


def _named(package: str, pattern: str) -> bool:
    return package.startswith(pattern[:-1]) if pattern.endswith("*") else package == pattern
