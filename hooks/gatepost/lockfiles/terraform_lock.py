""".terraform.lock.hcl: the providers of a Terraform or OpenTofu configuration."""

from __future__ import annotations

import re

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import registry, text_of

_PROVIDER = re.compile(r'provider "([^"\s]+)" \{')
_PAIR = re.compile(r'\s+(version|constraints)\s*= "([^"]*)"')
_HASH = re.compile(r'\s+"([^"]+)",')


def read(file: File) -> Lock:
    """Read the blocks of providers; each is direct, and modules ask for them too."""
    pins: dict[str, Pin] = {}
    declared: list[Declared] = []
    name = ""
    found: dict[str, str] = {}
    hashes: list[str] = []
    for number, line in enumerate(text_of(file.raw).replace("\r\n", "\n").split("\n"), 1):
        bare = line.strip()
        head, pair, digest = _PROVIDER.fullmatch(bare), _PAIR.fullmatch(line), _HASH.fullmatch(line)
        if head and not name:
            name, found, hashes = head[1], {}, []
        elif bare == "}" and name and "version" in found and name not in pins:
            host, _, short = name.partition("/")
            pins[name] = Pin(name, short, found["version"], registry(host), tuple(sorted(hashes)))
            declared.append(Declared(short, found.get("constraints", ""), "prod", "", name))
            name = ""
        elif pair and name:
            found[pair[1]] = pair[2]
        elif digest and name:
            hashes.append(digest[1])
        elif bare and not bare.startswith("#") and bare not in ("hashes = [", "]"):
            raise Unreadable(f"cannot be read: {bare[:80]!r}", number)
    if name:
        raise Unreadable("ends within a block")
    return Lock(list(pins.values()), declared, edges=False)


FORMAT = Format(
    name="terraform",
    ecosystem="terraform",
    files=(".terraform.lock.hcl",),
    read=read,
    needles=lambda name, _version: (f'/{name}"', name),
)
