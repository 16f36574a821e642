"""Scan pnpm-lock.yaml as pnpm writes it, some twenty times as fast as a YAML parser.

Anything that pnpm does not write raises Unusual; the caller then takes the full parser.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gatepost.lockfiles import Unreadable
from gatepost.lockfiles._yaml import Unusual, flow, put, scalar, tree

_TOP = re.compile(r"\n(?=[^ \n])")
_TABLES = frozenset(("dependencies", "optionalDependencies", "devDependencies", "specifiers"))
_FLAGS = frozenset(("dev", "optional", "name", "version", "id"))
_OTHER = frozenset(
    (
        *("engines", "cpu", "os", "libc", "deprecated", "hasBin", "peerDependencies", "peerDependenciesMeta"),
        *(
            "bundledDependencies",
            "transitivePeerDependencies",
            "requiresBuild",
            "patched",
            "prepare",
            "publishDirectory",
        ),
        *("dependenciesMeta", "bundleDependencies"),
    )
)
_Block = tuple[str, Any]  # a usual block comes as a tuple: the hash of a package, or what a snapshot requires
_KEY = r"""  ('[^'\n]+'|[A-Za-z0-9][^\s:'"#,\[\]{}]*):"""
_USUAL_PACKAGE = re.compile(
    _KEY
    + r"\n    resolution: \{integrity: ([A-Za-z0-9+/=-]+)\}(?:\n    engines: \{[^\n]*\})?(?:\n    cpu: \[[^\n]*\])?"
    r"(?:\n    os: \[[^\n]*\])?(?:\n    libc: \[[^\n]*\])?"
    r"(?:\n    deprecated: [^|>\n][^\n]*)?(?:\n    hasBin: true)?(?:\n    peerDependencies:(?:\n      [^\n]+)+)?"
    r"(?:\n    peerDependenciesMeta:(?:\n      [^\n]+)+)?\n?"
)
_USUAL_SNAPSHOT = re.compile(
    _KEY + r"(?: \{\}|(?:\n    dependencies:((?:\n      [^ \n][^\n]*)+))?"
    r"(?:\n    optionalDependencies:((?:\n      [^ \n][^\n]*)+))?"
    r"(?:\n    transitivePeerDependencies:(?:\n      - [^\n]+)+)?(?:\n    optional: true)?)\n?"
)
_SKIPPED: dict[str, str] = {}  # stands for a table that is of no interest
_WANTED = frozenset(("importers", "packages", "snapshots", "catalogs", "lockfileVersion"))
_SINGLE = frozenset(("specifiers", "dependencies", "devDependencies", "optionalDependencies"))


class _Pairs(dict[str, tuple[str, str]]):
    """The lines of tables as name and descriptor: each line stands many times in a lock, and is read once."""

    def __missing__(self, line: str) -> tuple[str, str]:
        name, value = _pair(line)
        found = self[line] = name, f"{name}@{value}"
        return found


def scan(text: str, memo: dict[str, Any]) -> dict[str, Any]:
    """Read one document: the tables that matter, values as text."""
    if "\t" in text or "\r" in text or "\n---" in text or "\n..." in text:
        raise Unusual
    found: dict[str, Any] = {}
    for section in _TOP.split(text):
        head, _, body = section.partition("\n")
        if not section.strip():
            continue
        if head[0] in "#-":
            if head[0] == "-" or body.strip():  # what stands below a comment belongs to what stands above it
                raise Unusual
            continue
        key, colon, rest = head.partition(":")
        if not colon or key in found or not key.isalnum():
            raise Unusual
        if key in ("packages", "snapshots"):
            found[key] = _entries(body, memo, _USUAL[key]) if not rest else _nothing(rest)
        elif key in _WANTED or key in _SINGLE:
            found[key] = scalar(rest.strip()) if rest.strip() not in ("", "{}") else tree(body)
        else:
            found[key] = None
    return found


def _nothing(rest: str) -> dict[str, Any]:
    if rest.strip() != "{}":
        raise Unusual
    return {}


def _entries(body: str, memo: dict[str, Any], usual: Callable[..., _Block | None]) -> dict[str, Any]:
    """Read the blocks; within one, every line is indented deeper than its head, so that no head is missed."""
    blocks = body.strip("\n").split("\n\n")
    found: dict[str, Any] = {}
    pairs: _Pairs = memo.setdefault("\0pairs", _Pairs())
    for block in blocks if blocks != [""] else []:
        known = memo.get(block)
        if known is None:
            known = memo[block] = usual(block, pairs) or _block(block)
        name, entry = known
        if name in found:
            raise Unreadable(f"has the key {name[:80]!r} twice")
        found[name] = entry
    return found


def _package(block: str, _pairs: _Pairs) -> _Block | None:
    """Read a package as pnpm writes most: its archive is known by a hash, which is what is given."""
    found = _USUAL_PACKAGE.fullmatch(block)
    return (found[1].strip("'"), (found[2],)) if found else None


def _snapshot(block: str, pairs: _Pairs) -> _Block | None:
    """Read what a package requires, as pnpm writes it: the descriptors are given."""
    found = _USUAL_SNAPSHOT.fullmatch(block)
    if not found:
        return None
    name, *groups = found.groups()
    wanted: tuple[str, ...] = ()
    for group in groups:
        if group:
            rows = [pairs[line] for line in group[1:].split("\n")]
            if len({row[0] for row in rows}) < len(rows):
                raise Unreadable(f"has a key twice below {name[:80]!r}")
            wanted += tuple([row[1] for row in rows])
    return name.strip("'"), wanted


_USUAL = {"packages": _package, "snapshots": _snapshot}


def _block(block: str) -> _Block:
    lines = block.split("\n")
    head = lines[0]
    if head[:4] == "  ? " and len(lines) > 1 and lines[1][:4] == "  : ":  # keys of more than 128 characters
        lines[:2] = [f"  {head[4:]}:", "    " + lines[1][4:]]
        head = lines[0]
    if head[:2] != "  " or head[2:3] in (" ", "", "?", "-", "#"):
        raise Unusual
    if head.endswith(": {}") and len(lines) == 1:
        return scalar(head[2:-4]), {}
    if head[-1] != ":":
        raise Unusual
    entry: dict[str, Any] = {}
    table: dict[str, str] | None = None
    for line in lines[1:]:
        if line[:6] == "      ":
            if table is None:
                raise Unusual
            if table is not _SKIPPED:
                put(table, _pair(line))
            continue
        if line[:4] != "    ":
            raise Unusual
        table = _attribute(entry, line[4:])
    return scalar(head[2:-1]), entry


def _pair(line: str) -> tuple[str, str]:
    name, colon, value = line[6:].partition(": ")
    if not colon or not name or name[0] == " " or not value:
        raise Unusual
    return scalar(name), scalar(value)


def _attribute(entry: dict[str, Any], line: str) -> dict[str, str] | None:
    key, colon, value = line.partition(":")
    if not colon or key in entry or value[:1] not in ("", " "):
        raise Unusual
    value = value[1:]
    if key in _TABLES:
        if value not in ("", "{}"):
            raise Unusual
        table: dict[str, str] = {}
        entry[key] = table
        return None if value else table
    if key == "resolution":
        entry[key] = flow(value)
    elif key in _FLAGS:
        entry[key] = scalar(value)
    elif key in _OTHER:
        entry[key] = ""
        return _SKIPPED if value[:1] in ("", "|", ">") else None
    else:
        raise Unusual
    return None
