"""yarn.lock as Yarn 2 and later write it: YAML, scanned as it is generated."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from gatepost.lockfiles import Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, git, local, string, table
from gatepost.lockfiles._yaml import Unusual, documents, put, scalar

_TABLES = frozenset(("dependencies", "optionalDependencies"))
_SCALARS = frozenset(("version", "resolution", "checksum", "linkType", "languageName", "cacheKey", "conditions"))
_SKIPPED: dict[str, str] = {}  # stands for a table that is of no interest
_TABLE = r"(?:\n    [^ \n][^\n]*(?:\n     [^\n]+)*)+"
_USUAL = re.compile(
    r'"([^"\\\n]+)":\n  version: (\d[\w.+-]*)\n  resolution: "([^"\\\n]+)"'
    rf"(?:\n  dependencies:({_TABLE}))?(?:\n  peerDependencies:{_TABLE})?(?:\n  dependenciesMeta:{_TABLE})?"
    rf"(?:\n  peerDependenciesMeta:{_TABLE})?(?:\n  bin:{_TABLE})?"
    r"\n  checksum: ([0-9a-z/]+)\n  languageName: node\n  linkType: hard\n?"
)
_OTHER = frozenset(("peerDependencies", "peerDependenciesMeta", "dependenciesMeta", "bin"))


def read(text: str, memo: dict[str, Any]) -> Lock:
    """Read the blocks, by the full parser where a line is not as Yarn writes it."""
    try:
        entries = scan(text, memo)
    except Unusual:
        entries = documents(text)[0]
    return build(entries, memo)


def scan(text: str, memo: dict[str, Any]) -> dict[str, Any]:
    """Read the blocks as Yarn writes them: one a package, parted by empty lines."""
    if "\t" in text or "\r" in text:
        raise Unusual
    found: dict[str, Any] = {}
    pairs: dict[str, tuple[str, str]] = memo.setdefault("\0pairs", {})
    for block in text.split("\n\n"):
        known = memo.get(block)
        if known is None:
            usual = _USUAL.fullmatch(block)
            known = memo[block] = _usual(usual, pairs) if usual else _block(block)
        if not known:
            continue
        key, entry = known
        if key in found:
            raise Unreadable(f"has the key {key[:80]!r} twice")
        found[key] = entry
    return found


def _usual(found: re.Match[str], pairs: dict[str, tuple[str, str]]) -> tuple[str, dict[str, Any]]:
    """Read a block as Yarn writes most: an archive of the registry, its checksum, and what it requires."""
    key, version, resolution, tables, checksum = found.groups()
    entry: dict[str, Any] = {"version": version, "resolution": resolution, "checksum": checksum}
    if tables:
        lines = tables[1:].split("\n")
        for line in lines:
            if line not in pairs:  # each line stands many times in a lock
                pairs[line] = _pair(line[4:])
        entry["dependencies"] = wanted = dict([pairs[line] for line in lines])
        if len(wanted) < len(lines):
            raise Unreadable(f"the entry {key[:80]!r} has a key twice")
    return key, entry


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
                put(inner, _pair(line[4:]))
            continue
        if line[:2] != "  ":
            raise Unusual
        inner = _attribute(entry, line[2:])
    return entry


def _pair(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(": ")
    if not colon or name[:1] == " ":
        raise Unusual
    return scalar(name), scalar(value)


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


class _Entry(NamedTuple):
    """One block understood: what it was read from, the pin without edges, the descriptors that it requires."""

    block: Any
    pin: Pin
    wanted: tuple[str, ...]
    virtual: bool


def build(entries: dict[str, Any], memo: dict[str, Any] | None = None) -> Lock:
    """Make pins of the blocks, however they were read."""
    metadata = table(entries.get("__metadata"), "__metadata")
    if "version" not in metadata:
        raise Unreadable("has no __metadata, so it is no yarn.lock")
    cache = str(metadata.get("cacheKey", ""))
    memo = {} if memo is None else memo
    known: dict[str, _Entry] = memo.setdefault("\0entries " + cache, {})
    pins: dict[str, Pin] = memo.setdefault("\0pins", {})
    found, aliases = [], {}
    for descriptors, block in entries.items():
        if descriptors == "__metadata":
            continue
        entry = known.get(descriptors)
        if entry is None or entry.block is not block:
            entry = known[descriptors] = _understood(descriptors, block, cache)
        resolution = block["resolution"]
        for descriptor in descriptors.split(", ") if ", " in descriptors else (descriptors,):
            aliases[descriptor] = resolution
        if not entry.virtual:
            found.append(entry)
    # Yarn 2 and 3 write ``^1.0.0`` in the tables, and ``npm:^1.0.0`` in the key.
    aliases = {a.replace("@npm:", "@", 1): key for a, key in aliases.items() if "@npm:" in a} | aliases
    return Lock([_linked(entry, aliases, pins) for entry in found], aliases=aliases, dialect="berry", weak=True)


def _understood(descriptors: str, block: Any, cache: str) -> _Entry:
    block = table(block, f"the entry {descriptors[:80]}")
    resolution = string(block.get("resolution"), f"the resolution of {descriptors[:80]}")
    name, _, locator = resolution[1:].partition("@")
    wanted = [
        f"{other}@{asked}" for group in _TABLES for other, asked in table(block.get(group) or None, group).items()
    ]
    checksum = block.get("checksum")
    integrity = (_checksum(str(checksum), cache),) if checksum else ()
    own = locator.startswith(("workspace:", "portal:", "link:"))
    version = str(block.get("version", ""))
    pin = Pin(resolution, resolution[0] + name, version, _source(locator), integrity, (), "", own)
    return _Entry(block, pin, tuple(wanted), locator.startswith("virtual:"))


def _linked(entry: _Entry, aliases: dict[str, str], pins: dict[str, Pin]) -> Pin:
    """Give the pin with its edges; the other side's, where it is the same."""
    if not entry.wanted:
        return entry.pin
    requires = tuple([aliases[d] for d in entry.wanted if d in aliases])
    key, name, version, source, integrity, _, scope, own = entry.pin
    pin = pins.get(key)
    if pin is None or pin[2:6] != (version, source, integrity, requires):
        pin = pins[key] = Pin(key, name, version, source, integrity, requires, scope, own)
    return pin


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
