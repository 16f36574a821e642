"""go.mod and go.sum: since Go 1.17 the first lists every module of the build, the second their hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import local, text_of
from gatepost.paths import join, parent

_MAJOR = re.compile(r"(?:/v\d+|\.v\d+)$")
_WORDS = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|\(|\)|=>|[^\s()]+')
_VERBS = frozenset(
    ("module", "go", "toolchain", "godebug", "require", "replace", "exclude", "retract", "tool", "ignore", "use")
)


class Line(NamedTuple):
    """One statement: its verb, its words, the comment behind it, the line."""

    verb: str
    words: list[str]
    comment: str
    number: int


def read(file: File) -> Lock:
    """Read the modules that are required, what replaces them, and their hashes."""
    lines = list(statements(text_of(file.raw)))
    if not any(line.verb == "module" for line in lines):
        raise Unreadable("has no module line, so it is no go.mod")
    raw = file.open(join(parent(file.path), "go.sum"))
    hashes = sums(text_of(raw)) if raw else {}
    swapped = replacements(lines)
    pins: dict[str, Pin] = {}
    declared = []
    for line in lines:
        if line.verb != "require":
            continue
        if len(line.words) != 2:
            raise Unreadable("a require line needs a module and a version", line.number)
        module, version = line.words
        pin = _pin(module, version, swapped, hashes)
        if pin.key in pins:
            continue
        pins[pin.key] = pin
        if "indirect" not in line.comment.split(";")[0].split():
            declared.append(Declared(pin.name, version, "prod", "", pin.key))
    return Lock(list(pins.values()), declared, edges=False, sums=hashes)


def statements(text: str) -> Iterator[Line]:
    """Give the statements of a go.mod or go.work, blocks taken apart."""
    block = ""
    for number, line in enumerate(text.split("\n"), 1):
        code, _, comment = line.partition("//") if "//" in line else (line, "", "")
        words = [w.strip('"`') if w[0] in '"`' else w for w in _WORDS.findall(code)]
        if not words:
            continue
        if block:
            if words == [")"]:
                block = ""
            else:
                yield Line(block, words, comment.strip(), number)
            continue
        if words[0] not in _VERBS:
            raise Unreadable(f"has an unknown statement: {words[0][:80]!r}", number)
        if words[1:] == ["("]:
            block = words[0]
        else:
            yield Line(words[0], words[1:], comment.strip(), number)
    if block:
        raise Unreadable(f"ends within a {block} block")


def replacements(lines: list[Line]) -> dict[str, tuple[str, str]]:
    """Give what replaces each module (or ``module version``): a path, or a module and its version."""
    found = {}
    for line in lines:
        if line.verb == "replace" and "=>" in line.words:
            at = line.words.index("=>")
            new = [*line.words[at + 1 :], ""]
            found[" ".join(line.words[:at])] = (new[0], new[1])
    return found


def _pin(
    module: str, version: str, swapped: dict[str, tuple[str, str]], hashes: dict[tuple[str, str], tuple[str, ...]]
) -> Pin:
    name, key = _MAJOR.sub("", module), f"{module}@{version}"
    new = swapped.get(f"{module} {version}") or swapped.get(module)
    if new is None:
        return Pin(key, name, version, "", hashes.get((module, version), ()))
    target, pinned = new
    if target.startswith((".", "/")):
        return Pin(key, name, version, local(target), (), (), "", True)
    return Pin(key, name, pinned or version, f"replace:{target}", hashes.get((target, pinned), ()))


def sums(text: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Read go.sum: module, version, hash; the hash of a go.mod alone does not count."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        if not words:
            continue
        if len(words) != 3:
            raise Unreadable(f"go.sum: line {number} has not three words")
        module, version, digest = words
        if not version.endswith("/go.mod"):
            found[module, version] = (*found.get((module, version), ()), digest)
    return found


FORMAT = Format(
    name="go.mod",
    ecosystem="golang",
    files=("go.mod",),
    read=read,
    kind="both",
    companions=("go.sum",),
    needles=lambda name, version: (f"{name} {version}", name),
)
