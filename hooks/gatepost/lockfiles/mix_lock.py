"""mix.lock: an Elixir map with one package a line, read without running it."""

from __future__ import annotations

import re

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import git, registry, text_of

_HEX = re.compile(
    r'\s*"([\w@/.-]+)": \{:hex, :"?([\w@/.-]+)"?, "([^"]+)", "([0-9a-f]*)", '
    r'\[[^\]]*\], (\[.*\]), "([^"]*)"(?:, "([0-9a-f]*)")?\},?'
)
_GIT = re.compile(r'\s*"([\w.-]+)": \{:git, "([^"]+)", "([0-9a-f]+)", \[.*\]\},?')
_WANTED = re.compile(r"\{:\"?([\w@/.-]+)\"?, ")


def read(file: File) -> Lock:
    """Read the lines of the map."""
    text = text_of(file.raw).replace("\r\n", "\n").strip()
    if not (text.startswith("%{") and text.endswith("}")):
        raise Unreadable("is no map, so it is no mix.lock")
    found, wanted = {}, {}
    for number, line in enumerate(text.split("\n"), 1):
        if line in ("%{", "}", "%{}", ""):
            continue
        package, source = _HEX.fullmatch(line), _GIT.fullmatch(line)
        if package:
            hashes = tuple(f"sha256:{digest}" for digest in (package[7] or package[4],) if digest)
            host = "" if package[6] == "hexpm" else registry(package[6])
            found[package[1]] = Pin(package[1], package[2], package[3], host, hashes)
            wanted[package[1]] = _WANTED.findall(package[5])
        elif source:
            found[source[1]] = Pin(source[1], source[1], "", git(source[2], source[3]))
        else:
            raise Unreadable(f"cannot be read: {line.strip()[:80]!r}", number)
    pins = [pin._replace(requires=tuple(o for o in wanted.get(key, ()) if o in found)) for key, pin in found.items()]
    return Lock(pins)


FORMAT = Format(
    name="mix",
    ecosystem="hex",
    files=("mix.lock",),
    read=read,
    manifests=("mix.exs",),
    needles=lambda name, _version: (f'"{name}":',),
)
