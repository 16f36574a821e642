"""yarn.lock as Yarn 2 and later write it: YAML, scanned as it is generated."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, git, local, string, table
from gatepost.lockfiles._yaml import Unusual, documents, scalar

_TABLES = frozenset(("dependencies", "optionalDependencies"))
_SCALARS = frozenset(("version", "resolution", "checksum", "linkType", "languageName", "cacheKey", "conditions"))
_SKIPPED: dict[str, str] = {}  # stands for a table that is of no interest
_OTHER = frozenset(("peerDependencies", "peerDependenciesMeta", "dependenciesMeta", "bin"))


def read(text: str, memo: dict[str, Any]) -> Lock:
    """Read the blocks, by the full parser where a line is not as Yarn writes it."""
    try:
        entries = scan(text, memo)
    except Unusual:
        entries = documents(text)[0]
    return build(entries)


def scan(text: str, memo: dict[str, Any]) -> dict[str, Any]:
    """Read the blocks as Yarn writes them: one a package, parted by empty lines."""
    if "\t" in text or "\r" in text:
        raise Unusual
    found: dict[str, Any] = {}
    for block in text.split("\n\n"):
        known = memo.get(block)
        if known is None:
            known = memo[block] = _block(block)
        if not known:
            continue
        key, entry = known
        if key in found:
            raise Unreadable(f"has the key {key[:80]!r} twice")
        found[key] = entry
    return found


def _block(block: str) -> tuple[str, dict[str, Any]] | tuple[()]:
    lines = [line for line in block.split("\n") if line and line[0] != "#"]
    if not lines:
        return ()
    if lines[0][:2] == "? " and lines[1:2] == [":"]:  # keys of more than 1,024 characters
        lines[:2] = [lines[0][2:] + ":"]
    if lines[0][-1] != ":" or lines[0][0] == " ":
        raise Unusual
    return scalar(lines[0][:-1]), _entry(lines[1:])


def _entry(lines: list[str]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    inner: dict[str, str] | None = None
    for line in lines:
        if line[:4] == "    ":
            if inner is None:
                raise Unusual
            if inner is not _SKIPPED:
                _pair(inner, line[4:])
            continue
        if line[:2] != "  ":
            raise Unusual
        inner = _attribute(entry, line[2:])
    return entry


def _pair(table: dict[str, str], line: str) -> None:
    name, colon, value = line.partition(": ")
    if not colon or name[:1] == " ":
        raise Unusual
    name = scalar(name)
    if name in table:
        raise Unreadable(f"has the key {name[:80]!r} twice")
    table[name] = scalar(value)


def _attribute(entry: dict[str, Any], line: str) -> dict[str, str] | None:
    key, colon, value = line.partition(":")
    if not colon or key in entry:
        raise Unusual
    if key in _TABLES and not value:
        table: dict[str, str] = {}
        entry[key] = table
        return table
    if key in _SCALARS and value[:1] == " ":
        entry[key] = scalar(value[1:])
        return None
    if key in _OTHER and not value:
        entry[key] = ""
        return _SKIPPED
    raise Unusual


def build(entries: dict[str, Any]) -> Lock:
    """Make pins of the blocks, however they were read."""
    pins, wanted, aliases = [], {}, {}
    metadata = table(entries.get("__metadata"), "__metadata")
    if "version" not in metadata:
        raise Unreadable("has no __metadata, so it is no yarn.lock")
    cache = str(metadata.get("cacheKey", ""))
    for descriptors, entry in entries.items():
        if descriptors == "__metadata":
            continue
        entry = table(entry, f"the entry {descriptors[:80]}")
        resolution = string(entry.get("resolution"), f"the resolution of {descriptors[:80]}")
        for descriptor in descriptors.split(", "):
            aliases[descriptor] = resolution
        name, _, locator = resolution[1:].partition("@")
        name = resolution[0] + name
        if locator.startswith("virtual:"):
            continue
        wanted[resolution] = [
            (other, f"{asked}") for group in _TABLES for other, asked in table(entry.get(group) or None, group).items()
        ]
        checksum = entry.get("checksum")
        integrity = (_checksum(str(checksum), cache),) if checksum else ()
        version = str(entry.get("version", ""))
        own = locator.startswith(("workspace:", "portal:", "link:"))
        pins.append(Pin(resolution, name, version, _source(locator), integrity, (), "", own))
    full = [pin._replace(requires=tuple(_edges(wanted[pin.key], aliases))) for pin in pins]
    bare = {a.replace("@npm:", "@", 1): key for a, key in aliases.items()}
    return Lock(full, aliases=bare | aliases, dialect="berry", weak=True)


def _checksum(text: str, cache: str) -> str:
    """Name a checksum by the key of the cache: it is of Yarn's own archive, made anew with each key (berry #6068)."""
    key, slash, digits = text.rpartition("/")
    return f"yarn{key if slash else cache}:{digits}"


def _edges(wanted: list[tuple[str, str]], aliases: dict[str, str]) -> list[str]:
    found = []
    for name, asked in wanted:
        for descriptor in (f"{name}@{asked}", f"{name}@npm:{asked}"):
            if descriptor in aliases:
                found.append(aliases[descriptor])
                break
    return found


def _source(locator: str) -> str:
    """Name the source of a locator: ``npm:1.0.0``, ``patch:…``, ``https://….git#commit=…``, ``workspace:…``."""
    if locator.startswith("npm:"):
        _, marker, archived = locator.partition("::__archiveUrl=")
        return archive(_unquoted(archived)) if marker else ""
    if locator.startswith("patch:"):
        return ""
    head, _, ref = locator.partition("#")
    if ".git" in head or locator.startswith(("git@", "git+", "git:", "github:", "ssh:")) or "commit=" in ref:
        return git(head, ref.rpartition("commit=")[2].partition("&")[0])
    return archive(locator) if "://" in locator else local(locator.partition(":")[2])


def _unquoted(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text.partition("&")[0])
