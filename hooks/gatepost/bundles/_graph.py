"""Build the import graph of a tree from its blobs, and say what production reaches in it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gatepost.bundles import Family, Import, Resolves
from gatepost.bundles._cache import Cache
from gatepost.bundles._tree import Tree
from gatepost.errors import TooLarge
from gatepost.git import PathChange
from gatepost.paths import parent

VERSION = 2  # of the scanner and the resolver: a change of theirs makes what is cached worthless
SCAN_LIMIT = 4 * 1024 * 1024
_OWN_KEYS = ("name", "exports", "imports", "workspaces", "source", "svelte", "module", "browser", "main", "style")


class Edge(NamedTuple):
    """One import that was resolved: to what, on which line, and how it is loaded."""

    target: str
    line: int
    dynamic: bool
    guarded: bool


@dataclass(slots=True)
class Graph:
    """The files that entries reach: their edges, what decided them, and what could not be read."""

    edges: dict[str, tuple[Edge, ...]] = field(default_factory=dict)
    tried: dict[str, Sequence[str]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)

    def dump(self) -> str:
        """Write the graph as JSON."""
        return json.dumps([self.edges, self.tried, self.unread], separators=(",", ":"))


def load(text: str) -> Graph | None:
    """Read a graph that was dumped; None where the text is no such thing."""
    try:
        edges, tried, unread = json.loads(text)
        return Graph({path: tuple(map(Edge._make, each)) for path, each in edges.items()}, tried, dict(unread))
    except (ValueError, TypeError, AttributeError):
        return None


@dataclass(slots=True)
class Builder:
    """Build the graph of one tree, from an older graph where files and what they resolve to are the same."""

    family: Family
    tree: Tree
    resolver: Resolves
    cache: Cache
    old: Graph = field(default_factory=Graph)
    changed: Mapping[str, PathChange] = field(default_factory=dict)
    graph: Graph = field(default_factory=Graph)

    def build(self, entries: Iterable[str]) -> Graph:
        """Follow the imports from the entries, one wave of files after the other."""
        moved = _moved(self.changed)
        wave = list(dict.fromkeys(entry for entry in entries if self.tree.is_file(entry)))
        while wave:
            fresh = [path for path in wave if not self._kept(path, moved)]
            scanned = self._scan(fresh)
            for path in wave:
                if path in scanned:
                    self._resolve(path, scanned[path])
            following = (edge.target for path in wave for edge in self.graph.edges[path])
            wave = [path for path in dict.fromkeys(following) if path not in self.graph.edges and path[:2] != "//"]
        return self.graph

    def _kept(self, path: str, moved: frozenset[str]) -> bool:
        edges = self.old.edges.get(path)
        if edges is None or path in self.changed:
            return False
        tried = self.old.tried.get(path, ())
        if moved and any(each in moved or "*" in each for each in tried):
            return False
        self.graph.edges[path] = edges
        if tried:
            self.graph.tried[path] = tried
        if path in self.old.unread:
            self.graph.unread[path] = self.old.unread[path]
        return True

    def _scan(self, paths: list[str]) -> dict[str, tuple[Import, ...]]:
        found: dict[str, tuple[Import, ...]] = {}
        wanted: dict[str, list[tuple[str, str]]] = {}
        for path in paths:
            language, entry = self.family.language(path), self.tree.entry(path)
            if language and entry is not None:
                wanted.setdefault(language, []).append((path, entry.oid))
            else:
                found[path] = ()
        for language, files in wanted.items():
            kind = f"imports {VERSION} {language}"
            kept = self.cache.get(kind, (oid for _, oid in files))
            new: dict[str, str] = {}
            for path, oid in files:
                imports = _load_imports(kept.get(oid))
                if imports is None:
                    imports = self._read(path, oid, language)
                    if path not in self.graph.unread:
                        new[oid] = _dump_imports(imports)
                found[path] = imports
            self.cache.put(kind, new)
        return found

    def _read(self, path: str, oid: str, language: str) -> tuple[Import, ...]:
        try:
            raw = self.tree.snapshot.repo.objects.read(oid, SCAN_LIMIT, path)
        except TooLarge:
            self.graph.unread[path] = f"is larger than {SCAN_LIMIT // 1024**2} MiB; what it imports is not known"
            return ()
        return self.family.scan(language, raw.decode("utf-8-sig", "replace"))

    def _resolve(self, path: str, imports: tuple[Import, ...]) -> None:
        edges: dict[tuple[str, bool], Edge] = {}
        tried: dict[str, None] = {}
        for item in imports:
            resolved = self.resolver.resolve(path, item)
            tried.update(dict.fromkeys(resolved.tried))
            for target in resolved.targets:
                edge = Edge(target, item.line, item.dynamic, item.guarded)
                known = edges.get((target, item.dynamic))
                if target != path and (known is None or known.guarded):
                    edges[target, item.dynamic] = edge
        self.graph.edges[path] = tuple(edges.values())
        if tried:
            self.graph.tried[path] = tuple(tried)


def _moved(changed: Mapping[str, PathChange]) -> frozenset[str]:
    """Give what imports may have named that came, went or changed its kind."""
    found: set[str] = set()
    for path, change in changed.items():
        if change.status == "M":
            continue
        stem = path.rpartition(".")[0] or path
        name = path.rpartition("/")[2]
        found.update((path, stem, parent(path) + "/" * ("/" in path) + name.partition(".")[0]))
        found.update(stem + extension for extension in (".js", ".jsx", ".mjs", ".cjs"))
        if name.startswith(("index.", "package.json", "__init__.")):
            found.add(parent(path))
    return frozenset(found)


def settled(family: Family, changed: Mapping[str, PathChange], before: Tree, after: Tree) -> bool:
    """Tell whether no changed file decides how imports resolve."""
    for path in changed:
        if not family.settles(path):
            continue
        if not path.endswith("package.json") or _identity(before.json(path)) != _identity(after.json(path)):
            return False
    return True


def _identity(manifest: Mapping[str, Any]) -> list[Any]:
    local = []
    for kind in ("dependencies", "devDependencies", "peerDependencies"):
        table = manifest.get(kind)
        items = table.items() if isinstance(table, dict) else ()
        local.append([(k, v) for k, v in items if isinstance(v, str) and v.startswith(("file:", "link:", "portal:"))])
    return [manifest.get(key) for key in _OWN_KEYS] + local


def _dump_imports(imports: tuple[Import, ...]) -> str:
    return json.dumps([[i.specifier, i.line, i.dynamic + 2 * i.glob + 4 * i.guarded] for i in imports])


def _load_imports(text: str | None) -> tuple[Import, ...] | None:
    if text is None:
        return None
    try:
        return tuple(Import(str(s), int(n), bool(f & 1), bool(f & 2), bool(f & 4)) for s, n, f in json.loads(text))
    except (ValueError, TypeError):
        return None


@dataclass(slots=True)
class Reach:
    """What is loaded at first and what lazily, each node with the edge by which it was found."""

    initial: dict[str, tuple[str, Edge] | None] = field(default_factory=dict)
    lazy: dict[str, tuple[str, Edge] | None] = field(default_factory=dict)

    def __contains__(self, node: object) -> bool:
        return node in self.initial or node in self.lazy

    def steps(self, node: str) -> list[tuple[str, Edge]]:
        """Give the edges from an entry to a node, each with the file that it leaves."""
        found: list[tuple[str, Edge]] = []
        at: str | None = node
        while at is not None:
            step = self.initial[at] if at in self.initial else self.lazy.get(at)
            if step is None:
                break
            found.append(step)
            at = step[0]
        return found[::-1]

    def chain(self, node: str) -> list[str]:
        """Give the nodes from an entry to this one."""
        return [*(start for start, _ in self.steps(node)), node]


def reach(graph: Graph, entries: Iterable[str]) -> Reach:
    """Follow static imports for the first load, then everything for the rest."""
    found = Reach()
    found.initial.update({entry: None for entry in entries if entry in graph.edges})
    _spread(graph, found.initial, list(found.initial), lambda edge: not edge.dynamic, frozenset())
    first = [(path, edge) for path in found.initial for edge in graph.edges.get(path, ()) if edge.dynamic]
    for path, edge in first:
        if edge.target not in found:
            found.lazy[edge.target] = (path, edge)
    _spread(graph, found.lazy, list(found.lazy), lambda _: True, found.initial)
    return found


def _spread(graph: Graph, found: dict[str, Any], wave: list[str], follows: Any, barred: Iterable[str]) -> None:
    bar = barred if isinstance(barred, dict) else frozenset(barred)
    while wave:
        following: list[str] = []
        for path in wave:
            for edge in graph.edges.get(path, ()):
                if edge.target not in found and edge.target not in bar and follows(edge):
                    found[edge.target] = (path, edge)
                    following.append(edge.target)
        wave = following


def new_steps(
    steps: Iterable[tuple[str, Edge]], base: Graph, changed: Mapping[str, PathChange]
) -> Iterator[tuple[str, Edge]]:
    """Give the edges that the base does not have, or has only as dynamic ones.

    A file that the base did not reach had the same imports all the same if it did not change.
    """
    for start, edge in steps:
        if start not in base.edges:
            if start in changed:
                yield start, edge
            continue
        same = (known for known in base.edges[start] if known.target == edge.target)
        if not any(edge.dynamic or not known.dynamic for known in same):
            yield start, edge
