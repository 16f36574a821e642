"""yarn.lock of Yarn 1; that of Yarn 2 and later is told by its ``__metadata`` and read beside it."""

from __future__ import annotations

import re
from typing import Any

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles import _yarn_berry as berry
from gatepost.lockfiles._text import redact, text_of
from gatepost.lockfiles.package_lock import source_of

_LINE = re.compile(r'("(?:[^"\\]|\\.)*"|[^\s"]+) ("(?:[^"\\]|\\.)*"|[^\s"]+)')
_HEAD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s",]+')
_TABLES = ("dependencies", "optionalDependencies")


def read(file: File) -> Lock:
    """Read either kind of the file."""
    text = text_of(file.raw)
    if "__metadata:" in text:
        return berry.read(text, file.memo)
    return _classic(text.replace("\r\n", "\n"))


def _classic(text: str) -> Lock:
    pins: list[Pin] = []
    aliases: dict[str, str] = {}
    wanted: dict[str, list[str]] = {}
    entry: dict[str, Any] | None = None
    inner = False
    for number, line in enumerate(text.split("\n"), 1):
        if not line or line[0] == "#":
            continue
        if line[0] != " ":
            _finish(entry, pins, wanted)
            entry, inner = _head(line, aliases, number), False
        elif entry is None:
            raise Unreadable("begins in the middle of an entry", number)
        elif line[:4] == "    " and inner:
            name, asked = _pair(line[4:], number)
            entry["wanted"].append(f"{name}@{asked}")
        elif line[:2] == "  " and line[2] != " ":
            inner = line[2:] in ("dependencies:", "optionalDependencies:")
            if not inner:
                key, value = _pair(line[2:], number)
                if key in entry:
                    raise Unreadable(f"has the key {key[:80]!r} twice in one entry", number)
                entry[key] = value
        else:
            raise Unreadable("is indented in an unknown way", number)
    _finish(entry, pins, wanted)
    full = [pin._replace(requires=tuple(aliases[d] for d in wanted[pin.key] if d in aliases)) for pin in pins]
    return Lock(full, aliases=aliases)


def _head(line: str, aliases: dict[str, str], number: int) -> dict[str, Any]:
    if line[-1] != ":":
        raise Unreadable("has a line that begins no entry", number)
    descriptors = [_plain(found) for found in _HEAD.findall(line[:-1])]
    if not descriptors:
        raise Unreadable("has an entry without a name", number)
    for descriptor in descriptors:
        if descriptor in aliases:
            raise Unreadable(f"has the key {descriptor[:80]!r} twice", number)
        aliases[descriptor] = descriptors[0]
    return {"": descriptors[0], "wanted": [], "number": number}


def _finish(entry: dict[str, Any] | None, pins: list[Pin], wanted: dict[str, list[str]]) -> None:
    if entry is None:
        return
    key = entry[""]
    if "version" not in entry:
        raise Unreadable(f"the entry {key[:80]!r} has no version", entry["number"])
    wanted[key] = entry["wanted"]
    resolved = entry.get("resolved", "")
    integrity = tuple(sorted(entry.get("integrity", "").split()))
    if not integrity and re.search(r"#[0-9a-f]{40}$", resolved) and ".git#" not in resolved:
        integrity = ("sha1:" + resolved[-40:],)
    pins.append(Pin(key, _name(key, resolved), entry["version"], source_of(resolved), integrity))


def _name(descriptor: str, resolved: str) -> str:
    """Give the real name: an alias says ``alias@npm:real@range``."""
    at = descriptor.find("@", 1)
    name, asked = (descriptor[:at], descriptor[at + 1 :]) if at > 0 else (descriptor, "")
    if asked.startswith("npm:"):
        real = asked[4:]
        at = real.find("@", 1)
        return real[:at] if at > 0 else real
    bare = redact(resolved)
    found = re.search(r"/((?:@[^/]+/)?[^/@]+)/-/[^/]+$", bare) if name not in bare else None
    return found[1] if found else name


def _pair(line: str, number: int) -> tuple[str, str]:
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
