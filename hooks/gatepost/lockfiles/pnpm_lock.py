"""pnpm-lock.yaml of lockfile versions 5, 6 and 9, and the file of two documents that pnpm 11 writes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
    memo = {} if memo is None else memo
    for data in parts:
        if "lockfileVersion" not in data:
            raise Unreadable("has no lockfileVersion, so it is no pnpm-lock")
        names = _packages(data, pins, memo)
        catalogs = {c: table(entries, c) for c, entries in table(data.get("catalogs") or {}, "catalogs").items()}
        declared += _importers(data, names, catalogs)
        ranges |= {name: _specifier(entry) for entries in catalogs.values() for name, entry in entries.items()}
    return Lock(list(pins.values()), declared, expectations=ranges)


def _specifier(entry: Any) -> str:
    return clean(str(entry.get("specifier", "")) if isinstance(entry, dict) else str(entry))


def _packages(data: dict[str, Any], pins: dict[str, Pin], memo: dict[str, Any]) -> dict[str, str]:
    """Add the pins of one document; give the key of each package by how the file names it."""
    packages, snapshots = table(data.get("packages") or None, "packages"), data.get("snapshots")
    known: dict[str, tuple[Any, Pin]] = memo.setdefault("\0known", {})
    for name, entry in packages.items():
        if name not in known or known[name][0] is not entry:
            known[name] = entry, _pin(name, entry)
    names = {name: known[name][1].key for name in packages}
    wanted = table(snapshots, "snapshots") if snapshots else packages
    for name in wanted:
        if name not in names:
            key = names.get(_bare(name))
            if key is None:
                raise Unreadable(f"snapshots: {name[:80]!r} is not among the packages")
            names[name] = key
    requires = _requires(wanted, names, memo.setdefault("\0edges", {}))
    linked: dict[str, tuple[Pin, Pin]] = memo.setdefault("\0linked", {})
    for name in packages:
        pin = known[name][1]
        if pin.key not in pins or not pins[pin.key].integrity:
            pins[pin.key] = _linked(pin, requires.get(pin.key, ()), linked)
    return names


def _requires(
    wanted: dict[str, Any], names: dict[str, str], held: dict[str, tuple[Any, tuple[str, ...]]]
) -> dict[str, tuple[str, ...]]:
    """Give for each package the keys that it requires; ``held`` are the edges of blocks that were read before."""
    keys = set(names.values())
    found: dict[str, tuple[str, ...]] = {}
    for name, entry in wanted.items():
        if not entry:
            continue
        block, edges = held.get(name, (None, ()))
        if block is not entry or not keys.issuperset(edges):
            edges = _edges(entry if type(entry) is tuple else _descriptors(table(entry, name)), names)
            if "" in edges:
                edges = tuple(filter(None, edges))
            else:
                held[name] = entry, edges
        if edges:
            key = names[name]  # one package stands once for each set of its peers
            found[key] = tuple(dict.fromkeys((*found[key], *edges))) if key in found else edges
    return found


def _linked(pin: Pin, requires: tuple[str, ...], linked: dict[str, tuple[Pin, Pin]]) -> Pin:
    """Give the pin with its edges; the other side's, where it is the same."""
    if not requires:
        return pin
    known = linked.get(pin.key)
    if known is None or known[0] is not pin or known[1].requires != requires:
        known = linked[pin.key] = pin, pin._replace(requires=requires)
    return known[1]


def _bare(name: str) -> str:
    """Take the peers off: ``name@1.0.0(peer@2)``."""
    return name.partition("(")[0]


def _pin(name: str, entry: Any) -> Pin:
    """Make the pin of a package, without its edges."""
    real, version = _split(name)
    if type(entry) is tuple:
        return Pin(f"{real}@{version}", real, version, "", entry)
    entry = table(entry or None, name)
    if "version" in entry:
        real, version = str(entry.get("name", real)), str(entry["version"])
    key = f"{real}@{version}"
    resolution = entry.get("resolution")
    source = ""
    integrity: tuple[str, ...] = ()
    if resolution is not None:
        resolution = table(resolution, f"the resolution of {key}")
        source = local(version[5:]) if version.startswith("file:") else _source(resolution)
        integrity = (str(resolution["integrity"]),) if "integrity" in resolution else ()
    return Pin(key, real, version, source, integrity, (), _scope(entry), source.startswith("path:"))


def _scope(entry: dict[str, Any]) -> str:
    dev = entry.get("dev")
    if dev == "true":
        return "dev"
    if entry.get("optional") == "true":
        return "optional"
    return "prod" if dev == "false" else ""


def _split(name: str) -> tuple[str, str]:
    if name[:1] == "/":
        found = _V5.fullmatch(name)
        if found:
            return found[1], found[2]
        bare = _bare(name)
        at = bare.find("@", 2)
        if at > 0 and "/" not in bare[at:]:
            return bare[1:at], bare[at + 1 :]
    bare = name.partition("(")[0]
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


def _descriptors(entry: dict[str, Any]) -> list[str]:
    tables = [entry[group] for group in ("dependencies", "optionalDependencies") if entry.get(group)]
    return [f"{name}@{version}" for wanted in tables for name, version in wanted.items()]


def _edges(descriptors: Iterable[str], names: dict[str, str]) -> tuple[str, ...]:
    """Give the keys of what is required, "" for one that the file does not hold."""
    return tuple([names.get(descriptor) or _target(descriptor, names) for descriptor in descriptors])


def _target(descriptor: str, names: dict[str, str]) -> str:
    """Find a ``name@version`` as the three versions of the file write it; the version may name another package."""
    found = names.get(descriptor)
    if found is not None:
        return found
    at = descriptor.find("@", 1)
    name, version = descriptor[:at], descriptor[at + 1 :]
    bare = _bare(version)
    candidates = (version, f"/{name}@{version}", f"/{name}/{version}", f"{name}@{bare}", bare, f"/{name}@{bare}")
    return next((names[candidate] for candidate in candidates if candidate in names), "")


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
                yield Declared(name, asked, scope, manifest, _target(f"{name}@{version}", names))


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
