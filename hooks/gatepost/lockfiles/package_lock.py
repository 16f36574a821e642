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
        return _packages(table(data["packages"], "packages"))
    if data["lockfileVersion"] > 1:
        raise Unreadable(f"lockfileVersion {data['lockfileVersion']} without packages")
    return _version_1(table(data.get("dependencies"), "dependencies"))


def _packages(packages: dict[str, Any]) -> Lock:
    pins: list[Pin] = []
    declared: list[Declared] = []
    for path, entry in packages.items():
        if not isinstance(entry, dict):
            raise Unreadable(f"packages: {path[:80]!r} is not a table")
        if entry.get("link"):
            continue
        below = path.rfind("node_modules/")
        if below < 0:
            prefix = path + "/" if path else ""
            for wanted in dependencies(entry, f"{prefix}package.json"):
                key = _resolve(packages, path, wanted.name)
                declared.append(wanted._replace(key=key))
            if not path:
                continue
        own = below < 0
        name = string(entry.get("name"), f"the name of {path[:80]}", path if own else path[below + 13 :])
        pins.append(_pin(packages, path, name, entry, own))
    return Lock(pins, declared)


def _pin(packages: dict[str, Any], path: str, name: str, entry: dict[str, Any], own: bool) -> Pin:
    resolved = entry.get("resolved")
    requires = []
    for group in ("dependencies", "optionalDependencies", "peerDependencies"):
        for wanted in entry.get(group) or ():
            key = _resolve(packages, path, wanted)
            if key:
                requires.append(key)
    return Pin(
        path,
        name,
        string(entry.get("version"), f"the version of {name[:80]}", ""),
        source_of(resolved if isinstance(resolved, str) else ""),
        hashes(entry.get("integrity")),
        tuple(requires),
        _scope(entry),
        own,
    )


def _resolve(packages: dict[str, Any], path: str, name: str) -> str:
    """Find the directory that node would load ``name`` from, seen from ``path``."""
    while True:
        key = f"{path}/node_modules/{name}" if path else f"node_modules/{name}"
        entry = packages.get(key)
        if entry is not None:
            target = entry.get("resolved") if isinstance(entry, dict) and entry.get("link") else None
            return target if isinstance(target, str) else key
        if not path:
            return ""
        at = path.rfind("/node_modules/")
        path = path[:at] if at >= 0 else ""


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
