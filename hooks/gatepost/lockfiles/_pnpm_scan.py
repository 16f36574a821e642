"""Scan pnpm-lock.yaml as pnpm writes it, some twenty times as fast as a YAML parser.

Anything that pnpm does not write raises Unusual; the caller then takes the full parser.
"""

from __future__ import annotations

import re
from typing import Any

from gatepost.lockfiles import Unreadable
from gatepost.lockfiles._yaml import Unusual, flow, scalar, tree

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
_SKIPPED: dict[str, str] = {}  # stands for a table that is of no interest
_WANTED = frozenset(("importers", "packages", "snapshots", "catalogs", "lockfileVersion"))
_SINGLE = frozenset(("specifiers", "dependencies", "devDependencies", "optionalDependencies"))


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
            found[key] = _entries(body, memo) if not rest else _nothing(rest)
        elif key in _WANTED or key in _SINGLE:
            found[key] = scalar(rest.strip()) if rest.strip() not in ("", "{}") else tree(body)
        else:
            found[key] = None
    return found


def _nothing(rest: str) -> dict[str, Any]:
    if rest.strip() != "{}":
        raise Unusual
    return {}


def _entries(body: str, memo: dict[str, Any]) -> dict[str, Any]:
    """Read the blocks; within one, every line is indented deeper than its head, so that no head is missed."""
    blocks = body.strip("\n").split("\n\n")
    found: dict[str, Any] = {}
    for block in blocks if blocks != [""] else []:
        known = memo.get(block)
        if known is None:
            known = memo[block] = _block(block)
        name, entry = known
        if name in found:
            raise Unreadable(f"has the key {name[:80]!r} twice")
        found[name] = entry
    return found


def _block(block: str) -> tuple[str, dict[str, Any]]:
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
                _pair(table, line)
            continue
        if line[:4] != "    ":
            raise Unusual
        table = _attribute(entry, line[4:])
    return scalar(head[2:-1]), entry


def _pair(table: dict[str, str], line: str) -> None:
    name, colon, value = line[6:].partition(": ")
    if not colon or not name or name[0] == " " or not value:
        raise Unusual
    name = scalar(name)
    if name in table:
        raise Unreadable(f"has the key {name[:80]!r} twice")
    table[name] = scalar(value)


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
