"""Gemfile.lock (gems.locked) as Bundler writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import git, local, registry, text_of

_SPEC = re.compile(r"([\w.-]+)(?: \(([^()]*)\))?!?")
SOURCES = ("GEM", "GIT", "PATH", "PLUGIN SOURCE")


@dataclass(slots=True)
class _Gem:
    name: str
    version: str
    source: str
    own: bool
    wanted: list[str] = field(default_factory=list)
    hashes: set[str] = field(default_factory=set)


def read(file: File) -> Lock:
    """Read the specs of every source, the dependencies and the checksums."""
    gems: dict[tuple[str, str], _Gem] = {}
    declared: list[Declared] = []
    section, current, specs = "", None, 0
    info: dict[str, str] = {}
    for number, line in enumerate(text_of(file.raw).replace("\r\n", "\n").split("\n"), 1):
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip(" "))
        text = line.strip()
        if indent == 0:
            section, info, current = text, {}, None
        elif section in SOURCES and indent == 2:
            key, _, value = text.partition(":")
            info[key] = f"{info[key]}\n{value.strip()}" if key in info else value.strip()
        elif section in SOURCES and indent == 4:
            current, specs = _spec(text, section, info, gems, number), specs + 1
        elif section in SOURCES and indent == 6 and current is not None:
            current.wanted.append(_split(text, number)[0])
        elif section == "DEPENDENCIES":
            name, asked = _split(text, number)
            declared.append(Declared(name, asked, ""))
        elif section == "CHECKSUMS":
            _checksum(text, gems)
    if not specs and "GEM" not in section and not declared:
        raise Unreadable("has no specs, so it is no Gemfile.lock")
    keys = {gem.name: f"{gem.name}@{gem.version}" for gem in gems.values()}
    pins = [
        Pin(
            keys[gem.name] if keys[gem.name].endswith("@" + gem.version) else f"{gem.name}@{gem.version}",
            gem.name,
            gem.version,
            gem.source,
            tuple(sorted(gem.hashes)),
            tuple(dict.fromkeys(keys[name] for name in gem.wanted if name in keys)),
            "",
            gem.own,
        )
        for gem in gems.values()
    ]
    return Lock(pins, declared)


def _split(text: str, number: int) -> tuple[str, str]:
    found = _SPEC.fullmatch(text)
    if not found:
        raise Unreadable(f"cannot be read: {text[:80]!r}", number)
    return found[1], found[2] or ""


def _spec(text: str, section: str, info: dict[str, str], gems: dict[tuple[str, str], _Gem], number: int) -> _Gem:
    name, full = _split(text, number)
    version = full.partition("-")[0]  # nokogiri (1.18.10-arm64-darwin): a platform of the same version
    known = gems.get((name, version))
    if known is None:
        known = gems[name, version] = _Gem(name, version, _source(section, info), section == "PATH")
    return known


def _source(section: str, info: dict[str, str]) -> str:
    remote = info.get("remote", "")
    if section == "GIT":
        return git(remote, info.get("revision", ""))
    if section == "PATH":
        return local(remote)
    return registry(remote.split("\n")[0]) if remote else ""


def _checksum(text: str, gems: dict[tuple[str, str], _Gem]) -> None:
    head, _, digest = text.rpartition(") ")
    name, _, full = head.partition(" (")
    gem = gems.get((name, full.partition("-")[0]))
    if gem is not None:
        gem.hashes.update(part.replace("=", ":", 1) for part in digest.split(","))


FORMAT = Format(
    name="Gemfile.lock",
    ecosystem="gem",
    files=("Gemfile.lock", "gems.locked"),
    read=read,
    manifests=("Gemfile", "gems.rb"),
    needles=lambda name, version: (f"\n    {name} ({version}", f"\n    {name} (", f"\n  {name}"),
)
