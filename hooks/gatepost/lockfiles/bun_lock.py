"""bun.lock, the text lock of Bun."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, git, json_of, local, registry, string, table
from gatepost.lockfiles.package_json import dependencies
from gatepost.lockfiles.package_lock import hashes


def read(file: File) -> Lock:
    """Read the workspaces and packages of a bun.lock (JSON with trailing commas)."""
    data = json_of(file.raw, comments=True)
    if "lockfileVersion" not in data:
        raise Unreadable("has no lockfileVersion, so it is no bun.lock")
    packages = table(data.get("packages"), "packages")
    pins = [_pin(path, entry, packages) for path, entry in packages.items()]
    declared: list[Declared] = []
    for place, entry in table(data.get("workspaces"), "workspaces").items():
        manifest = f"{place}/package.json" if place else "package.json"
        name = entry.get("name") if isinstance(entry, dict) else None
        asked = dependencies(table(entry, f"the workspace {place[:80]}"), manifest)
        declared += [wanted._replace(key=_resolve(packages, str(name or ""), wanted.name)) for wanted in asked]
    return Lock(pins, declared)


def _pin(path: str, entry: Any, packages: dict[str, Any]) -> Pin:
    if not isinstance(entry, list) or not entry:
        raise Unreadable(f"packages: {path[:80]!r} is not an array")
    resolution = string(entry[0], f"the resolution of {path[:80]}")
    at = resolution.find("@", 1)
    if at < 0:
        raise Unreadable(f"packages: {path[:80]!r} has no version")
    name, version = resolution[:at], resolution[at + 1 :]
    info = next((item for item in entry[1:] if isinstance(item, dict)), {})
    host = entry[1] if len(entry) > 2 and isinstance(entry[1], str) else ""
    source = _source(version, host)
    wanted = [
        n for group in ("dependencies", "optionalDependencies", "peerDependencies") for n in info.get(group) or ()
    ]
    requires = tuple(key for other in wanted for key in [_resolve(packages, path, other)] if key)
    own = version.startswith(("workspace:", "link:"))
    plain = not source or source.startswith("registry:")
    return Pin(path, name, version if plain else "", source, hashes(entry[-1]) if plain else (), requires, "", own)


def _resolve(packages: dict[str, Any], path: str, name: str) -> str:
    """Find what ``name`` means below ``path``: bun hangs a second version under the package that needs it."""
    while path:
        key = f"{path}/{name}"
        if key in packages:
            return key
        head, _, tail = path.rpartition("/")
        path = head.rpartition("/")[0] if head.rpartition("/")[2].startswith("@") and tail else head
    return name if name in packages else ""


def _source(version: str, host: str) -> str:
    if version.startswith(("github:", "git+", "git@", "ssh:")):
        return git("https://github.com/" + version[7:] if version.startswith("github:") else version)
    if version.startswith(("workspace:", "link:", "file:")):
        return local(version.partition(":")[2])
    if "://" in version:
        return archive(version)
    return registry(host) if "://" in host else ""


FORMAT = Format(
    name="bun",
    ecosystem="npm",
    files=("bun.lock",),
    read=read,
    manifests=("package.json",),
    needles=lambda name, version: (f'"{name}@{version}"', f'"{name}":'),
)
