"""requirements*.txt: pip's own files, and what pip-compile and uv write into them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._pep508 import Requirement, requirement, source_of
from gatepost.lockfiles._text import pypi_name, text_of
from gatepost.lockfiles.pyproject import DEV
from gatepost.paths import join, normal, parent

DEPTH = 20
_COMMENT = re.compile(r"(?:^|\s)#(.*)$")
_HASH = re.compile(r"--hash[= ]\s*([\w-]+:[0-9A-Fa-f]+)")
_EGG = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_EXACT = re.compile(r"={2,3}\s*([^\s,;*]+)")
_INCLUDE = re.compile(r"(?:-r|-c|--requirement|--constraint)[ =]?\s*(\S+)")
_OPTION_TAIL = re.compile(r"\s--?(?:hash|global-option|config-settings|install-option|no-binary|only-binary)\b.*$")


@dataclass(slots=True)
class _Row:
    text: str
    line: int
    via: list[str] = field(default_factory=list)


def read(file: File) -> Lock:
    """Read one file; what it includes is checked, and stands for itself."""
    _check_includes(file, (file.path,), set())
    scope = scope_of(file.path)
    pins: dict[str, Pin] = {}
    declared: list[Declared] = []
    parents: dict[str, list[str]] = {}
    rows = list(_rows(text_of(file.raw, bom=True)))
    traced = any(row.via for row in rows)
    for row in rows:
        found = _requirement(row)
        if found is None:
            continue
        exact = _EXACT.fullmatch(found.range)
        key = f"{found.name}@{exact[1] if exact else found.source}"
        if exact or found.source:
            hashes = tuple(sorted(set(_HASH.findall(row.text))))
            pins[key] = Pin(key, found.name, exact[1] if exact else "", found.source, hashes, (), scope)
        names = [_parent(entry) for entry in row.via]
        if not traced or not names or None in names:
            pinned = key if key in pins else ""
            declared.append(Declared(found.name, found.range or found.source, scope, "", pinned))
        for name in names:
            if name:
                parents.setdefault(name, []).append(key)
    linked = [pin._replace(requires=tuple(k for k in parents.get(pin.name, ()) if k in pins)) for pin in pins.values()]
    return Lock(linked, declared, edges=traced)


def scope_of(path: str) -> str:
    """Give the scope that a file's name tells: dev, test, docs, lint and the like are not shipped."""
    words = re.split(r"[^a-z]+", path.rpartition("/")[2].lower().rpartition(".")[0])
    return "dev" if any(word in DEV or word == "development" for word in words) else "prod"


def _parent(via: str) -> str | None:
    """Give the package that a "via" names, or None where it is a file: ``-r x.in``, ``app (pyproject.toml)``."""
    if via.startswith(("-r", "-c", "--")) or "(" in via or via.endswith((".in", ".txt", ".toml")):
        return None
    return pypi_name(via.partition("[")[0].strip())


def _rows(text: str) -> Iterator[_Row]:
    """Give the logical lines, each with the "via" comments that follow it."""
    row: _Row | None = None
    listing, carried = False, ""
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        comment = _COMMENT.search(line)
        body = line[: comment.start()] if comment else line
        if comment and row is not None and (carried or not body.strip()):
            listing = _note(row, comment[1].strip(), listing)
        if not body.strip() and not carried:
            continue
        if carried and row is not None:
            row.text += " " + body.strip().rstrip("\\").strip()
        else:
            if row is not None:
                yield row
            row, listing = _Row(body.strip().rstrip("\\").strip(), number), False
            if comment:
                listing = _note(row, comment[1].strip(), listing)
        carried = "\\" if body.rstrip().endswith("\\") else ""
    if row is not None:
        yield row


def _note(row: _Row, comment: str, listing: bool) -> bool:
    if comment == "via":
        return True
    if comment.startswith("via "):
        names = comment[4:].split(",")
        row.via += [name.strip() for name in names if name.strip() and name.strip() not in row.via]
        return False
    if listing and comment and comment not in row.via:
        row.via.append(comment)
    return listing


def _requirement(row: _Row) -> Requirement | None:
    text = _OPTION_TAIL.sub("", row.text).strip()
    editable = re.match(r"(?:-e|--editable)[ =]\s*(.*)", text)
    if editable:
        text = editable[1].strip()
    elif text.startswith("-"):
        return None
    if "://" in text.partition(" @ ")[0] or text.startswith(("git+", "./", "../", "/", "file:")) or editable:
        return _reference(text)
    found = requirement(text)
    if found is None:
        if re.fullmatch(r"[\w./-]+\.(?:whl|zip|tar\.gz)|[\w./-]*/[\w./-]*", text):
            return None
        raise Unreadable(f"{text[:80]!r} is no requirement", row.line)
    return found


def _reference(text: str) -> Requirement | None:
    egg = _EGG.search(text)
    if egg is None or not text.startswith(("git+", "http", "hg+", "svn+", "bzr+")):
        return None  # our own code, or a file that only pip can name
    return Requirement(pypi_name(egg[1]), "", source_of(text), "")


def includes(file: File) -> Iterator[tuple[str, int]]:
    """Give the files that a file includes, as written, each with its line."""
    for row in _rows(text_of(file.raw, bom=True)):
        found = _INCLUDE.match(row.text)
        if found:
            yield found[1].strip("\"'"), row.line


def _check_includes(file: File, chain: tuple[str, ...], done: set[str]) -> None:
    for target, line in includes(file):
        if "://" in target:
            continue
        path = None if target.startswith("/") else normal(join(parent(file.path), target))
        if path is None:
            raise Unreadable(f"includes {target[:80]!r}, which is outside the repository", line)
        if path in chain:
            raise Unreadable(f"includes itself through {target[:80]!r}", line)
        if len(chain) > DEPTH:
            raise Unreadable("includes are nested too deeply", line)
        raw = file.open(path)
        if raw is None:
            raise Unreadable(f"includes {target[:80]!r}, which is not a file of the repository", line)
        if path not in done:
            done.add(path)
            _check_includes(File(path, raw, file.open), (*chain, path), done)


FORMAT = Format(
    name="requirements",
    ecosystem="pypi",
    files=("*requirements*.txt", "**/requirements/*.txt", "*requirements*.in", "**/requirements/*.in"),
    read=read,
    kind="both",
    needles=lambda name, version: (f"\n{name}=={version}", f"\n{name}"),
)
