"""pnpm-lock.yaml of lockfile versions 5, 6 and 9, and the file of two documents that pnpm 11 writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles import _pnpm_scan as scanner
from gatepost.lockfiles._text import archive, clean, git, local, registry, table, text_of
from gatepost.lockfiles._yaml import Unusual, documents
from gatepost.paths import join, normal

SCOPES = {
    "dependencies": "prod",
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "configDependencies": "dev",
    "packageManagerDependencies": "dev",
}
_V5 = re.compile(r"/((?:@[^/]+/)?[^/]+)/(\d[^/_@]*)(?:_.*)?")


def read(file: File) -> Lock:
    """Read every document of the file."""
    text = text_of(file.raw)
    return build(scan(text, file.memo) or documents(text), file.memo)


def scan(text: str, memo: dict[str, Any] | None = None) -> list[dict[str, Any]] | None:
    """Read the documents as pnpm writes them, or give None where a line is unusual."""
    try:
        # pnpm 11 puts a document of its own tools before the project's.
        memo = {} if memo is None else memo
        parts = ("\n" + text).split("\n---\n") if text[:4] == "---\n" or "\n---\n" in text else [text]
        return [scanner.scan(part, memo) for part in parts if part.strip()]
    except Unusual:
        return None


def build(parts: list[dict[str, Any]], memo: dict[str, Any] | None = None) -> Lock:
    """Make pins of the documents, however they were read."""
    pins: dict[str, Pin] = {}
    declared: list[Declared] = []
    ranges: dict[str, str] = {}
    for data in parts:
        if "lockfileVersion" not in data:
            raise Unreadable("has no lockfileVersion, so it is no pnpm-lock")
        names = _packages(data, pins, {} if memo is None else memo.setdefault("\0pins", {}))
        catalogs = {c: table(entries, c) for c, entries in table(data.get("catalogs") or {}, "catalogs").items()}
        declared += _importers(data, names, catalogs)
        ranges |= {name: _specifier(entry) for entries in catalogs.values() for name, entry in entries.items()}
    return Lock(list(pins.values()), declared, expectations=ranges)


def _specifier(entry: Any) -> str:
    return clean(str(entry.get("specifier", "")) if isinstance(entry, dict) else str(entry))


def _packages(data: dict[str, Any], pins: dict[str, Pin], memo: dict[str, tuple[Any, Pin]]) -> dict[str, str]:
    """Add the pins of one document; give the key of each package by how the file names it."""
    packages, snapshots = table(data.get("packages") or None, "packages"), data.get("snapshots")
    named = {name: _named(name, table(entry or None, name)) for name, entry in packages.items()}
    names = {name: f"{real}@{version}" for name, (real, version) in named.items()}
    wanted = table(snapshots, "snapshots") if snapshots else packages
    for name in wanted:
        if name not in names:
            key = names.get(_bare(name))
            if key is None:
                raise Unreadable(f"snapshots: {name[:80]!r} is not among the packages")
            names[name] = key
    requires: dict[str, tuple[str, ...]] = {}
    for name, entry in wanted.items():
        edges = tuple(_edges(table(entry, name), names)) if entry else ()
        if edges:
            key = names[name]  # one package stands once for each set of its peers
            requires[key] = tuple(dict.fromkeys((*requires[key], *edges))) if key in requires else edges
    for name, (real, version) in named.items():
        key = names[name]
        if key not in pins or not pins[key].integrity:
            entry, wants = packages[name], requires.get(key, ())
            known = memo.get(key)
            if known is None or known[0] is not entry or known[1].requires != wants:
                known = memo[key] = entry, _pin(key, real, version, entry or {}, wants)
            pins[key] = known[1]
    return names


def _bare(name: str) -> str:
    """Take the peers off: ``name@1.0.0(peer@2)``."""
    return name.partition("(")[0]


def _pin(key: str, real: str, version: str, entry: dict[str, Any], requires: tuple[str, ...]) -> Pin:
    resolution = entry.get("resolution")
    source = ""
    integrity: tuple[str, ...] = ()
    if resolution is not None:
        resolution = table(resolution, f"the resolution of {key}")
        source = local(version[5:]) if version.startswith("file:") else _source(resolution)
        integrity = (str(resolution["integrity"]),) if "integrity" in resolution else ()
    return Pin(key, real, version, source, integrity, requires, _scope(entry), source.startswith("path:"))


def _scope(entry: dict[str, Any]) -> str:
    dev = entry.get("dev")
    if dev == "true":
        return "dev"
    if entry.get("optional") == "true":
        return "optional"
    return "prod" if dev == "false" else ""


def _named(name: str, entry: dict[str, Any]) -> tuple[str, str]:
    real, version = _split(name)
    return (str(entry.get("name", real)), str(entry.get("version", version))) if "version" in entry else (real, version)


def _split(name: str) -> tuple[str, str]:
    if name[:1] == "/":
        found = _V5.fullmatch(name)
        if found:
            return found[1], found[2]
        bare = _bare(name)
        at = bare.find("@", 2)
        if at > 0 and "/" not in bare[at:]:
            return bare[1:at], bare[at + 1 :]
    bare = _bare(name)
    at = bare.find("@", 1)
    return (bare[:at], bare[at + 1 :]) if at > 0 else (bare, "")


def _source(resolution: dict[str, Any]) -> str:
    if len(resolution) == 1 and "integrity" in resolution:
        return ""
    repo, tarball = resolution.get("repo"), resolution.get("tarball")
    if repo:
        return git(str(repo), str(resolution.get("commit", "")))
    if resolution.get("directory"):
        return local(str(resolution["directory"]))
    if not tarball:
        return ""
    url = str(tarball)
    if url.startswith("file:"):
        return local(url[5:])
    return registry(url) if "/-/" in url or "/download/" in url else archive(url)


def _edges(entry: dict[str, Any], names: dict[str, str]) -> Iterator[str]:
    for group in ("dependencies", "optionalDependencies"):
        wanted = entry.get(group)
        if wanted:
            for name, version in wanted.items():
                key = _target(name, str(version), names)
                if key:
                    yield key


def _target(name: str, version: str, names: dict[str, str]) -> str:
    found = names.get(f"{name}@{version}")
    if found is not None:
        return found
    for candidate in (version, f"/{name}@{version}", f"/{name}/{version}"):
        if candidate in names:
            return names[candidate]
    bare = _bare(version)
    return next((names[c] for c in (f"{name}@{bare}", bare, f"/{name}@{bare}") if c in names), "")


def _importers(data: dict[str, Any], names: dict[str, str], catalogs: dict[str, Any]) -> Iterator[Declared]:
    importers = data.get("importers")
    places = table(importers, "importers") if importers else {".": data}
    for place, entry in places.items():
        entry = table(entry or None, f"the importer {place[:80]}")
        specifiers = table(entry.get("specifiers") or None, "specifiers")
        directory = normal(place)
        manifest = join(directory or "", "package.json")
        for group, scope in SCOPES.items():
            for name, wanted in table(entry.get(group) or None, group).items():
                version = str(wanted.get("version", "")) if isinstance(wanted, dict) else str(wanted)
                asked = _specifier(wanted) if isinstance(wanted, dict) else clean(str(specifiers.get(name, "")))
                asked = _catalog(name, asked, catalogs)
                yield Declared(name, asked, scope, manifest, _target(name, version, names))


def _catalog(name: str, asked: str, catalogs: dict[str, Any]) -> str:
    if not asked.startswith("catalog:"):
        return asked
    entry = catalogs.get(asked[8:] or "default", {}).get(name)
    return _specifier(entry) if entry else asked


def needles(name: str, version: str) -> tuple[str, ...]:
    """Give how a package is written as a key in the three versions of the file."""
    return (
        *(f"\n  {quote}{lead}{name}@{version}{quote}:" for quote in ("", "'") for lead in ("", "/")),
        f"/{name}/{version}",
        f"{name}@{version}",
        f"\n      {name}:",
        f"'{name}'",
    )


FORMAT = Format(
    name="pnpm",
    ecosystem="npm",
    files=("pnpm-lock.yaml",),
    read=read,
    manifests=("package.json", "pnpm-workspace.yaml"),
    needles=needles,
)
