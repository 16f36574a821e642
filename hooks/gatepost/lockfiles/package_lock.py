"""package-lock.json and npm-shrinkwrap.json, lockfile versions 1 to 3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, git, json_of, local, redact, registry, string, table
from gatepost.lockfiles.package_json import dependencies

DEPTH = 100


def read(file: File) -> Lock:
    """Read whichever of ``packages`` (2, 3) and ``dependencies`` (1) the file has."""
    data = json_of(file.raw)
    if not isinstance(data.get("lockfileVersion"), int):
        raise Unreadable("has no lockfileVersion, so it is no package-lock")
    if "packages" in data:
        return _packages(table(data["packages"], "packages"), {} if file.memo is None else file.memo)
    if data["lockfileVersion"] > 1:
        raise Unreadable(f"lockfileVersion {data['lockfileVersion']} without packages")
    return _version_1(table(data.get("dependencies"), "dependencies"))


class _Tree:
    """The directories of one lock, to find where node would load a package from.

    ``links`` maps a directory to the own package that it stands for, ``deep`` are those with packages of their own.
    """

    def __init__(self, packages: dict[str, Any]) -> None:
        self.packages = packages
        self.links: dict[str, str] = {}
        self.deep: set[str] = set()
        for path, entry in packages.items():
            at = path.rfind("/node_modules/")
            if at >= 0:
                self.deep.add(path[:at])
            if type(entry) is not dict:
                raise Unreadable(f"packages: {path[:80]!r} is not a table")
            if entry.get("link") and isinstance(entry.get("resolved"), str):
                self.links[path] = entry["resolved"]

    def find(self, path: str, name: str) -> str:
        """Find the directory that node would load ``name`` from, seen from ``path``."""
        while path:
            key = f"{path}/node_modules/{name}"
            if path in self.deep and key in self.packages:
                return self.links.get(key, key)
            at = path.rfind("/node_modules/")
            path = path[:at] if at >= 0 else ""
        key = "node_modules/" + name
        return self.links.get(key, key) if key in self.packages else ""

    def requires(self, path: str, entry: dict[str, Any]) -> tuple[str, ...]:
        """Give the directories of what an entry asks for."""
        found = [
            self.find(path, name)
            for group in ("dependencies", "optionalDependencies", "peerDependencies")
            if group in entry
            for name in entry[group] or ()
        ]
        return tuple(filter(None, found))


class _Before:
    """The other side's lock, from which a pin is taken where nothing that it depends on changed."""

    def __init__(self, memo: dict[str, Any], tree: _Tree) -> None:
        packages, links, self.pins = memo.get("packages", ({}, {}, {}))
        self.packages: dict[str, Any] = packages
        moved = packages.keys() ^ tree.packages.keys() | {path for path, _ in links.items() ^ tree.links.items()}
        self.moved = {path[path.rfind("node_modules/") + 13 :] for path in moved}

    def pin(self, path: str, entry: dict[str, Any]) -> Pin | None:
        """Give the pin that stands for an equal entry, if what it requires is found where it was."""
        if self.packages.get(path) != entry:
            return None
        if self.moved and not all(
            self.moved.isdisjoint(entry.get(group) or ())
            for group in ("dependencies", "optionalDependencies", "peerDependencies")
        ):
            return None
        found: Pin | None = self.pins.get(path)
        return found


def _packages(packages: dict[str, Any], memo: dict[str, Any]) -> Lock:
    tree = _Tree(packages)
    before = _Before(memo, tree)
    pins: dict[str, Pin] = {}
    declared: list[Declared] = []
    for path, entry in packages.items():
        if entry.get("link"):
            continue
        below = path.rfind("node_modules/")
        if below < 0:
            prefix = path + "/" if path else ""
            asked = dependencies(entry, f"{prefix}package.json")
            declared += [wanted._replace(key=tree.find(path, wanted.name)) for wanted in asked]
            if not path:
                continue
        pins[path] = before.pin(path, entry) or _pin(tree, path, path[below + 13 :] if below >= 0 else "", entry)
    memo["packages"] = packages, tree.links, pins
    return Lock(list(pins.values()), declared)


def _pin(tree: _Tree, path: str, name: str, entry: dict[str, Any]) -> Pin:
    """Make a pin; a package outside of node_modules has no ``name`` by its place, and is the project's own."""
    name, own = string(entry.get("name"), f"the name of {path[:80]}", name or path), not name
    version = string(entry.get("version"), f"the version of {name[:80]}", "")
    resolved = entry.get("resolved")
    source = source_of(resolved) if isinstance(resolved, str) else ""
    integrity, requires = hashes(entry.get("integrity")), tree.requires(path, entry)
    return Pin(path, name, version, source, integrity, requires, _scope(entry), own)


def _scope(entry: dict[str, Any]) -> str:
    if entry.get("dev") or entry.get("devOptional"):
        return "dev"
    if entry.get("optional"):
        return "optional"
    return "peer" if entry.get("peer") else "prod"


_Chain = tuple[tuple[str, dict[str, Any]], ...]


def _version_1(tree: dict[str, Any]) -> Lock:
    pins: list[Pin] = []
    for path, name, entry, chain in _walk(tree, "", (), 0):
        version = string(entry.get("version"), f"the version of {name[:80]}", "")
        resolved = entry.get("resolved")
        source = source_of(resolved if isinstance(resolved, str) else "")
        real, pinned = name, version
        if version.startswith("npm:"):
            real, _, pinned = version[4:].rpartition("@")
        elif "://" in version or version.startswith(("github:", "git+", "file:")):
            source, pinned = source_of(version), version.rpartition("#")[2] if "#" in version else ""
        own = version.startswith("file:") and not resolved
        pins.append(
            Pin(
                path,
                real,
                pinned,
                source,
                hashes(entry.get("integrity")),
                _requires_1(entry, chain),
                _scope(entry),
                own,
            )
        )
    return Lock(pins)


def _walk(
    tree: dict[str, Any], at: str, chain: _Chain, depth: int
) -> Iterator[tuple[str, str, dict[str, Any], _Chain]]:
    if depth > DEPTH:
        raise Unreadable("is nested too deeply")
    chain = (*chain, (at, tree))
    for name, entry in tree.items():
        if not isinstance(entry, dict):
            raise Unreadable(f"dependencies: {name[:80]!r} is not a table")
        path = f"{at}node_modules/{name}"
        below = table(entry.get("dependencies"), "dependencies")
        yield path, name, entry, ((*chain, (path + "/", below)) if below else chain)
        if below:
            yield from _walk(below, path + "/", chain, depth + 1)


def _requires_1(entry: dict[str, Any], chain: _Chain) -> tuple[str, ...]:
    wanted = entry.get("requires")
    found = []
    for name in wanted if isinstance(wanted, dict) else ():
        place = next((at for at, tree in reversed(chain) if name in tree), None)
        if place is not None:
            found.append(f"{place}node_modules/{name}")
    return tuple(found)


def source_of(resolved: str) -> str:
    """Name where npm took a package from: a registry's host, a git place and commit, an archive or a path."""
    if not resolved:
        return ""
    place, dash, _ = resolved.partition("/-/")
    if dash and place[:8] == "https://" and "?" not in place and "#" not in place and ".git#" not in resolved:
        return registry("https://" + place[8:].partition("/")[0])
    if resolved.startswith(("git+", "git:", "github:", "git@")) or ".git#" in resolved:
        url = "https://github.com/" + resolved[7:] if resolved.startswith("github:") else resolved
        return git(url)
    if resolved.startswith("file:"):
        return local(resolved[5:])
    if "://" not in resolved:
        return local(resolved)
    # Registries serve NAME/-/FILE.tgz (npm, yarn, Artifactory, Verdaccio, GitHub); anything else is a plain archive.
    bare = redact(resolved)
    return registry(resolved) if "/-/" in bare or "/download/" in bare else archive(resolved)


def hashes(value: Any) -> tuple[str, ...]:
    """Split a subresource integrity text into its hashes."""
    if isinstance(value, str):
        return (value,) if " " not in value else tuple(sorted(value.split()))
    return ()


def needles(name: str, _version: str) -> tuple[str, ...]:
    """Give how a package is written in either form of the file."""
    return f'node_modules/{name}": {{', f'"{name}": {{', f'"{name}"'


FORMAT = Format(
    name="package-lock",
    ecosystem="npm",
    files=("package-lock.json", "npm-shrinkwrap.json"),
    read=read,
    manifests=("package.json",),
    needles=needles,
)
