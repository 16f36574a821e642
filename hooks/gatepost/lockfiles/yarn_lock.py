"""yarn.lock of Yarn 1; that of Yarn 2 and later is told by its ``__metadata`` and read beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles import _yarn_berry as berry
from gatepost.lockfiles._text import redact, text_of
from gatepost.lockfiles.package_lock import source_of

_LINE = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s"]+) ("(?:[^"\\]|\\.)*"|[^\s"]+)')
_USUAL = re.compile(
    r'([^\s#][^\n]*):\n  version "([^"\\\n]*)"\n  resolved "([^"\\\n]*)"(?:\n  integrity ([^\s"]+))?'
    r"((?:\n  (?:dependencies|optionalDependencies):(?:\n    [^ \n][^\n]*)+)*)\n?"
)
_LONE = re.compile(r'[^\s",]+')
_HEAD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s",]+')


def read(file: File) -> Lock:
    """Read either kind of the file."""
    text = text_of(file.raw)
    if "__metadata:" in text:
        return berry.read(text, file.memo if file.memo is not None else {})
    return _classic(text.replace("\r\n", "\n"), file.memo if file.memo is not None else {})


class _Entry(NamedTuple):
    """One parsed block: its descriptors, the pin without edges, the descriptors that it requires."""

    descriptors: tuple[str, ...]
    pin: Pin
    wanted: tuple[str, ...]


def _classic(text: str, memo: dict[str, Any]) -> Lock:
    entries: list[_Entry] = []
    pairs: dict[str, str] = memo.setdefault("\0pairs", {})
    number = 1
    for block in text.split("\n\n"):
        found = memo.get(block)
        if found is None:
            usual = _USUAL.fullmatch(block)
            found = memo[block] = (_usual(usual, number, pairs),) if usual else tuple(_entries(block, number))
        entries += found
        number += block.count("\n") + 2
    aliases = {descriptor: entry.pin.key for entry in entries for descriptor in entry.descriptors}
    if len(aliases) < sum(len(entry.descriptors) for entry in entries):
        raise _twice(entries)
    pins: dict[str, Pin] = memo.setdefault("\0pins", {})
    return Lock([_linked(entry, aliases, pins) for entry in entries], aliases=aliases)


def _twice(entries: list[_Entry]) -> Unreadable:
    seen: set[str] = set()
    descriptors = (descriptor for entry in entries for descriptor in entry.descriptors)
    twice = next(d for d in descriptors if d in seen or seen.add(d))  # type: ignore[func-returns-value]  # add gives None
    return Unreadable(f"has the key {twice[:80]!r} twice")


def _linked(entry: _Entry, aliases: dict[str, str], pins: dict[str, Pin]) -> Pin:
    """Give the pin with its edges; the other side's, where it is the same."""
    if not entry.wanted:
        return entry.pin
    requires = tuple([aliases[d] for d in entry.wanted if d in aliases])
    key, name, version, source, integrity, *_ = entry.pin
    pin = pins.get(key)
    if pin is None or pin[2:6] != (version, source, integrity, requires):
        pin = pins[key] = Pin(key, name, version, source, integrity, requires)
    return pin


def _usual(found: re.Match[str], number: int, pairs: dict[str, str]) -> _Entry:
    """Read a block as Yarn writes most: version, resolved, integrity, and what it requires."""
    head, version, resolved, integrity, tables = found.groups()
    wanted: list[str] = []
    if tables:
        line_number = number + found[0].count("\n", 0, found.start(5) - found.start())
        for at, line in enumerate(tables.split("\n"), line_number):
            if line[:4] == "    ":
                known = pairs.get(line)
                if known is None:
                    known = pairs[line] = "@".join(_pair(line[4:], at))
                wanted.append(known)
    descriptors = (head,) if _LONE.fullmatch(head) else tuple(_plain(part) for part in _HEAD.findall(head))
    facts = {"version": version, "resolved": resolved, "integrity": integrity or ""}
    return _Entry(descriptors, _pin(descriptors[0], facts), tuple(wanted))


def _entries(block: str, number: int) -> Iterator[_Entry]:
    """Read the entries of a block, which is one where Yarn wrote it."""
    lines: list[str] = []
    for at, line in enumerate(block.split("\n"), number):
        if not line or line[0] == "#":
            continue
        if line[0] != " ":
            if lines:
                yield _entry(lines, at - len(lines))
            lines = [line]
        elif not lines:
            raise Unreadable("begins in the middle of an entry", at)
        else:
            lines.append(line)
    if lines:
        yield _entry(lines, number)


def _entry(lines: list[str], number: int) -> _Entry:
    descriptors = tuple(_plain(found) for found in _HEAD.findall(lines[0][:-1]))
    if lines[0][-1] != ":" or not descriptors:
        raise Unreadable("has a line that begins no entry", number)
    facts: dict[str, str] = {}
    wanted: list[str] = []
    inner = False
    for at, line in enumerate(lines[1:], number + 1):
        if line[:4] == "    " and inner:
            wanted.append("@".join(_pair(line[4:], at)))
        elif line[:2] == "  " and line[2:3] not in (" ", ""):
            inner = line[2:] in ("dependencies:", "optionalDependencies:")
            if not inner:
                key, value = _pair(line[2:], at)
                if key in facts:
                    raise Unreadable(f"has the key {key[:80]!r} twice in one entry", at)
                facts[key] = value
        else:
            raise Unreadable("is indented in an unknown way", at)
    if "version" not in facts:
        raise Unreadable(f"the entry {descriptors[0][:80]!r} has no version", number)
    return _Entry(descriptors, _pin(descriptors[0], facts), tuple(wanted))


def _pin(key: str, facts: dict[str, str]) -> Pin:
    resolved = facts.get("resolved", "")
    integrity = tuple(sorted(facts.get("integrity", "").split()))
    if not integrity and ".git#" not in resolved and re.search(r"#[0-9a-f]{40}$", resolved):
        integrity = ("sha1:" + resolved[-40:],)
    return Pin(key, _name(key, resolved), facts["version"], source_of(resolved), integrity)


def _name(descriptor: str, resolved: str) -> str:
    """Give the real name: an alias says ``alias@npm:real@range``."""
    at = descriptor.find("@", 1)
    name, asked = (descriptor[:at], descriptor[at + 1 :]) if at > 0 else (descriptor, "")
    if asked.startswith("npm:"):
        real = asked[4:]
        at = real.find("@", 1)
        return real[:at] if at > 0 else real
    if name in resolved:
        return name
    found = re.search(r"/((?:@[^/]+/)?[^/@]+)/-/[^/]+$", redact(resolved))
    return found[1] if found else name


def _pair(line: str, number: int) -> tuple[str, str]:
    name, _, value = line.partition(" ")
    if value and not ('"' in name or " " in value or "\\" in line):
        if value[0] == '"' == value[-1] and len(value) > 1 and '"' not in value[1:-1]:
            return name, value[1:-1]
        if '"' not in value:
            return name, value
    found = _LINE.fullmatch(line)
    if not found:
        raise Unreadable(f"cannot be read: {line[:80]!r}", number)
    return _plain(found[1]), _plain(found[2])


def _plain(text: str) -> str:
    return text[1:-1].replace('\\"', '"') if text[0] == '"' else text


def needles(name: str, version: str) -> tuple[str, ...]:
    """Give how an entry begins in either kind of the file."""
    return f'\n"{name}@npm:{version}', f'\n"{name}@', f"\n{name}@", f", {name}@"


FORMAT = Format(
    name="yarn",
    ecosystem="npm",
    files=("yarn.lock",),
    read=read,
    manifests=("package.json",),
    needles=needles,
)
