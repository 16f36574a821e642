"""mix.exs: the dependencies of an Elixir project, as far as they can be told without running it."""

from __future__ import annotations

import re

from gatepost.lockfiles import Declared, File, Format, Lock
from gatepost.lockfiles._text import git, local, text_of

_DEP = re.compile(r'\{\s*:(\w+)\s*,\s*(?:"([^"]*)"\s*,?)?([^{}]*)\}')


def read(file: File) -> Lock:
    """Read the tuples of the function ``deps``."""
    text = re.sub(r"^\s*#.*$", "", text_of(file.raw, bom=True), flags=re.MULTILINE)
    begin = re.search(r"\bdefp?\s+deps\b", text)
    body = text[begin.end() :] if begin else ""
    end = re.search(r"^\s{0,2}end\b", body, re.MULTILINE)
    declared = [_declared(*found) for found in _DEP.findall(body[: end.start()] if end else body)]
    return Lock(declared=declared, application=bool(declared) and "package:" not in text)


def _declared(name: str, asked: str, options: str) -> Declared:
    only = re.search(r"only:\s*(\[[^\]]*\]|:\w+)", options)
    for kind, make in (("git", git), ("github", lambda place: git(f"https://github.com/{place}")), ("path", local)):
        place = re.search(rf'\b{kind}:\s*"([^"]+)"', options)
        if place:
            asked = make(place[1])
    return Declared(name, asked, "dev" if only and ":prod" not in only[1] else "prod")


FORMAT = Format(
    name="mix.exs",
    ecosystem="hex",
    files=("mix.exs",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f"{{:{name},", f":{name}"),
)
