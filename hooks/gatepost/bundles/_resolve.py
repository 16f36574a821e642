"""Resolve what JavaScript and TypeScript import to files of the tree, without node_modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.bundles import PACKAGE, Import, Resolved
from gatepost.bundles._builtins import BUILTIN
from gatepost.bundles._tree import Tree
from gatepost.bundles._workspaces import workspaces
from gatepost.paths import compiled, join, normal, parent

EXTENSIONS = (".tsx", ".ts", ".jsx", ".js", ".mjs", ".cjs", ".mts", ".cts", ".json", ".vue", ".svelte", ".css")
_INSTEAD = {".js": (".ts", ".tsx", ".jsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_CONDITIONS = ("source", "browser", "module", "import", "require", "default", "node", "production", "svelte", "style")
_FIELDS = ("source", "svelte", "module", "browser", "main", "style")
_BUILT = ("dist", "lib", "build", "out", "es", "esm", "cjs")
_GUESSED = {"@/": ("src", "app", ""), "~/": ("src", "app", ""), "@@/": ("",), "~~/": ("",), "$lib/": ("src/lib",)}
_DEPTH = 8
_GLOB_LIMIT = 5000


@dataclass(slots=True)
class Resolver:
    """Resolve the imports of one tree; what it learns about directories is kept for the next import."""

    tree: Tree
    aliases: Mapping[str, str] = field(default_factory=dict)
    _paths: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = field(default_factory=dict)
    _known: dict[tuple[str, str], Resolved] = field(default_factory=dict)
    _workspaces: Mapping[str, str] | None = None

    def resolve(self, importer: str, item: Import) -> Resolved:
        """Give the files or the package that an import of ``importer`` leads to."""
        directory = parent(importer)
        if item.glob:
            return self.glob(directory, item.specifier)
        specifier = item.specifier.rpartition("!")[2].partition("?")[0]
        beside = importer.endswith((".css", ".scss", ".less"))
        key = (f"{directory}\0css" if beside else directory, specifier)
        if key not in self._known:
            tried: list[str] = []
            found = self.one(directory, specifier, tried, beside=beside)
            self._known[key] = Resolved((found,) if found else (), tuple(dict.fromkeys(tried)))
        return self._known[key]

    def one(self, directory: str, specifier: str, tried: list[str], *, beside: bool = False) -> str | None:
        if not specifier or "\\" in specifier or specifier.startswith(("http:", "https:", "data:", "//")):
            return None
        if specifier in (".", "..") or specifier.startswith(("./", "../")):
            return self.first((join(directory, specifier),), tried)
        if specifier.startswith("/"):
            return self.first(self.rooted(directory, specifier), tried)
        if beside and (found := self.first((join(directory, specifier),), tried)):
            return found
        return self.first(self.mapped(directory, specifier), tried) or self.package(directory, specifier, tried)

    def rooted(self, directory: str, specifier: str) -> Iterator[str]:
        root = project(self.tree, directory)
        yield join(root, specifier[1:])
        yield join(root, "public", specifier[1:])

    def first(self, bases: Iterable[str], tried: list[str]) -> str | None:
        for base in bases:
            path = normal(base)
            if path is None:
                continue
            tried.append(path)
            if found := self.probe(path):
                return found
        return None

    def probe(self, path: str, depth: int = 0) -> str | None:
        """Try a path as it is, with each extension, and as a directory."""
        if self.tree.is_file(path):
            return path
        directory, _, name = path.rpartition("/")
        names = self.tree.names(directory)
        for extension in EXTENSIONS:
            entry = names.get(name + extension)
            if entry is not None and entry.is_file:
                return path + extension
        stem, dot, extension = path.rpartition(".")
        for other in _INSTEAD.get(dot + extension, ()):
            if self.tree.is_file(stem + other):
                return stem + other
        return self.inside(path, depth) if self.tree.is_directory(path) else None

    def inside(self, directory: str, depth: int = 0) -> str | None:
        """Give the file that stands for a directory: what its package.json says, else its index."""
        manifest = self.tree.json(join(directory, "package.json"))
        if manifest and depth < _DEPTH:
            for name in _FIELDS:
                value = manifest.get(name)
                if isinstance(value, str) and (found := self.source(directory, value, depth + 1)):
                    return found
        for extension in EXTENSIONS:
            if self.tree.is_file(path := join(directory, "index" + extension)):
                return path
        return None

    def source(self, directory: str, value: str, depth: int = 0) -> str | None:
        """Give the file that a manifest names, or the source that it would be built from."""
        path = normal(join(directory, value))
        if path is None or path == directory:
            return None
        if found := self.probe(path, depth):
            return found
        for base in _sources(directory, path):
            if found := self.probe(base, depth):
                return found
        return None

    def plausible(self, directory: str, value: str) -> bool:
        """Tell whether a manifest's value may be a module: what is there, or what a build makes."""
        path = normal(join(directory, value))
        inner = path[len(directory) + 1 :] if path and directory else path or ""
        built = inner.partition("/")[0] in _BUILT and not value.endswith((".d.ts", ".d.mts", ".d.cts", ".css", ".json"))
        return built or (path is not None and self.probe(path) is not None)

    def origin(self, directory: str, value: str) -> str | None:
        """Give the source of what a manifest names; None for what was built and whose source is not known."""
        path = normal(join(directory, value))
        if path is None:
            return None
        found = (self.probe(base) for base in _sources(directory, path))
        if source := next((each for each in found if each and "." in each.rpartition("/")[2]), None):
            return source
        inner = path[len(directory) + 1 :] if directory else path
        return None if inner.partition("/")[0] in _BUILT else self.source(directory, value)

    def mapped(self, directory: str, specifier: str) -> Iterator[str]:
        """Give the paths that aliases make of a specifier: the policy's, then TypeScript's, then the usual ones."""
        yield from _apply(self.aliases.items(), specifier)
        for pattern, targets in self.paths(directory):
            yield from _apply(((pattern, target) for target in targets), specifier)
        for prefix, places in _GUESSED.items():
            if specifier.startswith(prefix):
                root = project(self.tree, directory)
                yield from (join(root, place, specifier[len(prefix) :]) for place in places)

    def paths(self, directory: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Give the ``paths`` of the nearest tsconfig.json or jsconfig.json, targets as paths of the tree."""
        if directory not in self._paths:
            near = (self.tree.above(directory, name) for name in ("tsconfig.json", "jsconfig.json"))
            file = max((path for path in near if path), key=lambda path: len(parent(path)), default=None)
            self._paths[directory] = tuple(_longest_first(self.config(file, 0))) if file else ()
        return self._paths[directory]

    def config(self, file: str, depth: int) -> dict[str, tuple[str, ...]]:
        """Read ``paths`` and ``baseUrl`` of a configuration, of what it extends and what it refers to."""
        data, directory = self.tree.json(file), parent(file)
        if depth > _DEPTH:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        references = [item.get("path") for item in _list(data.get("references")) if isinstance(item, dict)]
        for other in (*references, *_list(data.get("extends"))):
            path = self.json_file(directory, other) if isinstance(other, str) else None
            if path:
                found.update(self.config(path, depth + 1))
        options = data.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base = options.get("baseUrl")
        root = normal(join(directory, base)) if isinstance(base, str) else None
        if root is not None:
            found["*"] = (join(root, "*"),)
        for pattern, targets in _items(options.get("paths")):
            places = [target.replace("${configDir}", ".") for target in _list(targets) if isinstance(target, str)]
            here = directory if root is None else root
            found[pattern] = tuple(path for place in places if (path := normal(join(here, place))) is not None)
        return found

    def json_file(self, directory: str, name: str) -> str | None:
        """Give the configuration that another extends: a path, or a file of a package of this repository."""
        if not name.startswith("."):
            package, below = split(name)
            home = self.home(directory, package)
            directory, name = home or "", below or "tsconfig.json"
            if home is None:
                return None
        path = normal(join(directory, name))
        if path is None:
            return None
        tries = (path, path + ".json", join(path, "tsconfig.json"))
        return next((each for each in tries if self.tree.is_file(each)), None)

    def package(self, directory: str, specifier: str, tried: list[str]) -> str | None:
        """Resolve a bare specifier: a builtin, a package of this repository, or one of others."""
        if specifier.startswith("#"):
            return self.internal(directory, specifier, tried)
        name, below = split(specifier)
        if not name or name.startswith("node:") or name in BUILTIN or specifier.startswith("node:"):
            return None
        home = self.home(directory, name)
        if home is None:
            return PACKAGE + name
        found = self.exported(home, below)
        if found:
            tried.append(_stem(found))
        return found

    def home(self, directory: str, name: str) -> str | None:
        """Give the directory of a package that lives in this repository."""
        own = self.tree.above(directory, "package.json")
        manifest = self.tree.json(own) if own else {}
        if own and manifest.get("name") == name:
            return parent(own)
        for kind in ("dependencies", "devDependencies", "peerDependencies"):
            for key, version in _items(manifest.get(kind)):
                if key == name and isinstance(version, str) and version.startswith(("file:", "link:", "portal:")):
                    return normal(join(parent(own or ""), version.partition(":")[2]))
        if self._workspaces is None:
            self._workspaces = workspaces(self.tree)
        return self._workspaces.get(name)

    def exported(self, home: str, below: str) -> str | None:
        """Resolve a path below a package by its ``exports``, else by its files."""
        exports = self.tree.json(join(home, "package.json")).get("exports")
        for value in _exported(exports, "./" + below if below else "."):
            if found := self.source(home, value):
                return found
        if below:
            return self.probe(join(home, below)) or self.probe(join(home, "src", below))
        return self.inside(home) or self.probe(join(home, "src/index"))

    def internal(self, directory: str, specifier: str, tried: list[str]) -> str | None:
        own = self.tree.above(directory, "package.json")
        if own is None:
            return None
        for value in _exported(self.tree.json(own).get("imports"), specifier):
            if value.startswith("."):
                if found := self.source(parent(own), value):
                    tried.append(_stem(found))
                    return found
            elif found := self.one(directory, value, tried) if not value.startswith("#") else None:
                return found
        return None

    def glob(self, directory: str, specifier: str) -> Resolved:
        """Give the files that ``import.meta.glob`` or a template with holes stands for."""
        wanted, *without = specifier.split(" ")
        bases = [base for base in self.bases(directory, wanted) if base]
        if not bases:
            return Resolved()
        fixed = bases[0][: min((bases[0].find(char) for char in "*?{[" if char in bases[0]), default=len(bases[0]))]
        root = parent(fixed)
        barred = [compiled(base) for text in without for base in self.bases(directory, text[1:]) if base]
        pattern = compiled(bases[0] if "/" in bases[0] else "/" + bases[0])
        found = []
        for entry in self.tree.snapshot.walk(root):
            if pattern.fullmatch(entry.path) and entry.is_file and not any(bar.fullmatch(entry.path) for bar in barred):
                found.append(entry.path)
            if len(found) >= _GLOB_LIMIT:
                break
        return Resolved(tuple(found), (bases[0],))

    def bases(self, directory: str, pattern: str) -> list[str | None]:
        if pattern.startswith("."):
            return [normal(join(directory, pattern))]
        if pattern.startswith("/"):
            return [normal(join(project(self.tree, directory), pattern[1:]))]
        return [normal(base) for base in self.mapped(directory, pattern)][:1]


def project(tree: Tree, directory: str) -> str:
    """Give the directory of the nearest package.json, the root where there is none."""
    own = tree.above(directory, "package.json")
    return parent(own) if own else ""


def split(specifier: str) -> tuple[str, str]:
    """Split a bare specifier into the package and the path below it."""
    parts = specifier.split("/")
    count = 2 if specifier.startswith("@") else 1
    return "/".join(parts[:count]), "/".join(parts[count:])


def _stem(path: str) -> str:
    directory, slash, name = path.rpartition("/")
    return directory + slash + name.partition(".")[0]


def _sources(directory: str, path: str) -> Iterator[str]:
    inner = path[len(directory) + 1 :] if directory else path
    parts = inner.split("/")
    if parts[0] not in _BUILT:
        return
    rest = [part for part in parts[1:] if part not in (*_BUILT, "types")]
    if not rest:
        return
    stem = rest[-1].partition(".")[0]
    yield join(directory, "src", *rest[:-1], stem)
    yield join(directory, *rest[:-1], stem)


def _apply(pairs: Iterable[tuple[str, str]], specifier: str) -> Iterator[str]:
    for pattern, target in pairs:
        head, star, tail = pattern.partition("*")
        if not star:
            if specifier == pattern:
                yield target
            elif pattern and not pattern.startswith("*") and specifier.startswith(pattern.rstrip("/") + "/"):
                yield join(target.rstrip("/"), specifier[len(pattern.rstrip("/")) + 1 :])
        elif specifier.startswith(head) and specifier.endswith(tail) and len(specifier) >= len(head) + len(tail):
            yield target.replace("*", specifier[len(head) : len(specifier) - len(tail)], 1)


def _longest_first(paths: Mapping[str, tuple[str, ...]]) -> list[tuple[str, tuple[str, ...]]]:
    return sorted(paths.items(), key=lambda item: -len(item[0].partition("*")[0]))


def _exported(exports: Any, key: str) -> Iterator[str]:
    if isinstance(exports, dict) and any(str(name).startswith((".", "#")) for name in exports):
        if key in exports:
            yield from _conditions(exports[key], 0)
            return
        for name in sorted((name for name in exports if "*" in name), key=len, reverse=True):
            head, _, tail = name.partition("*")
            if key.startswith(head) and key.endswith(tail) and len(key) > len(head) + len(tail) - 1:
                hole = key[len(head) : len(key) - len(tail)]
                yield from (value.replace("*", hole) for value in _conditions(exports[name], 0))
                return
    elif key == ".":
        yield from _conditions(exports, 0)


def _conditions(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list) and depth < _DEPTH:
        for each in value[:20]:
            yield from _conditions(each, depth + 1)
    elif isinstance(value, dict) and depth < _DEPTH:
        for name in (*(("source",) if "source" in value else ()), *value):
            if name in _CONDITIONS:
                yield from _conditions(value[name], depth + 1)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _items(value: Any) -> list[tuple[str, Any]]:
    return [(key, each) for key, each in value.items() if isinstance(key, str)] if isinstance(value, dict) else []
