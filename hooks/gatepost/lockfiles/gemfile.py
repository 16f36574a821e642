"""Gemfile: what a Ruby project asks for, as far as it can be told without running it."""

from __future__ import annotations

import re

from gatepost.lockfiles import Declared, File, Format, Lock
from gatepost.lockfiles._text import git, local, text_of

DEV = ("development", "test", "lint", "rubocop", "docs", "doc", "ci", "debug")
_GEM = re.compile(r"""^\s*gem[\s(]+["']([\w.-]+)["'](.*)$""")
_GROUP = re.compile(r"^\s*groups?[\s(]+(.*?)\)?\s+do\b")
_OPEN = re.compile(r"^\s*(?:if|unless|case|begin|def)\b|\bdo\s*(?:\|[^|]*\|)?\s*$")
_WORDS = re.compile(r"""[:"']?(\w+)""")
_TEXT = re.compile(r"""["']([^"']*)["']""")


def read(file: File) -> Lock:
    """Read the ``gem`` lines, with the groups around them."""
    declared, stack = [], []
    for line in text_of(file.raw, bom=True).split("\n"):
        line = re.sub(r"\s#\s.*$|^\s*#.*$", "", line)
        group = _GROUP.match(line)
        found = _GEM.match(line)
        if group:
            stack.append(_WORDS.findall(group[1]))
        elif found:
            declared.append(_gem(found[1], found[2], [name for names in stack for name in names]))
        elif _OPEN.search(line):
            stack.append([])
        elif re.match(r"^\s*end\b", line) and stack:
            stack.pop()
    return Lock(declared=declared, application=bool(declared))


def _gem(name: str, rest: str, groups: list[str]) -> Declared:
    own = re.search(r"groups?:\s*(\[[^\]]*\]|:\w+|%i\[[^\]]*\])", rest) or re.search(
        r":groups?\s*=>\s*(\[[^\]]*\]|:\w+)", rest
    )
    if own:
        groups = [*groups, *_WORDS.findall(own[1].removeprefix("%i"))]
    options = re.search(r",\s*(?::?\w+\s*(?:=>|:))", rest)
    ranges = _TEXT.findall(rest[: options.start()] if options else rest)
    asked = ", ".join(ranges)
    for kind, make in (("git", git), ("github", _github), ("path", local)):
        place = re.search(rf"""(?:\b{kind}:|:{kind}\s*=>)\s*["']([^"']+)["']""", rest)
        if place:
            asked = make(place[1])
    shipped = not groups or any(group not in DEV for group in groups)
    return Declared(name, asked, "prod" if shipped else "dev")


def _github(place: str) -> str:
    return git(f"https://github.com/{place}")


FORMAT = Format(
    name="Gemfile",
    ecosystem="gem",
    files=("Gemfile", "gems.rb"),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f'gem "{name}"', f"gem '{name}'", f'"{name}"', f"'{name}'"),
)
