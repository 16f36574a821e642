"""Scan TOML locks as their tools generate them, some ten times as fast as a TOML parser.

Read are tables, keys with strings, numbers and arrays of strings or of inline tables; of the files of a
release only the hashes. Anything else raises Unusual; the caller then takes the full parser.
"""

from __future__ import annotations

import re
from typing import Any

from gatepost.lockfiles._text import text_of, toml_of
from gatepost.lockfiles._yaml import Unusual

__all__ = ["Unusual", "load", "scan"]

_KEY = r'(?:[A-Za-z0-9_-]+|"[^"\\\n]*")'
_STRING = r'"(?:[^"\\\n\x00-\x1f\x7f]|\\["\\])*"'
_HEAD = re.compile(rf"\[\[?({_KEY}(?:\.{_KEY})*)\]\]?")
_PAIR = re.compile(rf"({_KEY}) = (.+)")
_ITEM = re.compile(rf"({_KEY}) = ({_STRING}|\d{{1,18}}|true|false|\[[^\[\]{{}}\n]*\]|\{{[^\[\]{{}}\n]*\}})(?:, |$)")
_STRINGS = re.compile(rf"({_STRING})(?:, ?|$)")
_FILE = re.compile(
    r'\{ ?(?:url|file|path) = "[^"\\\n]*", hash = "([^"\\\n]*)"(?:, size = \d+)?(?:, upload-time = "[^"\\\n]*")? ?\},?'
)
_ESCAPED = re.compile(_STRING)
_NUMBER = re.compile(r"(?:0|[1-9]\d{0,17})\Z")


def load(raw: bytes, memo: dict[str, Any] | None) -> dict[str, Any]:
    """Read a lock, by the full parser where a line is not as its tool writes it."""
    try:
        return scan(text_of(raw), memo)
    except Unusual:
        return toml_of(raw)


def scan(text: str, memo: dict[str, Any] | None = None) -> dict[str, Any]:
    """Read a whole file; ``memo`` keeps the packages, of which two versions of a lock share nearly all."""
    if "\r" in text or '"""' in text or "'''" in text:
        raise Unusual
    memo = {} if memo is None else memo
    first, *others = text.split("\n[[package]]\n")
    root = _part(first, memo)
    if not others:
        return root
    packages = root.setdefault("package", [])
    if not isinstance(packages, list):
        raise Unusual
    for block in others:
        found = memo.get(block)
        if found is None:
            found = memo[block] = _part("[[package]]\n" + block, memo)
        packages += found["package"]
        if len(found) > 1:  # what follows the last package
            rest = {name: value for name, value in found.items() if name != "package"}
            if rest.keys() & root.keys():
                raise Unusual
            root |= rest
    return root


def _part(text: str, memo: dict[str, Any]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    place = root
    opened: set[int] = set()
    pending: list[Any] | None = None
    for line in text.split("\n"):
        if pending is not None:
            if line == "]":
                pending = None
            else:
                pending.append(_element(line, memo))
        elif not line or line[0] == "#":
            continue
        elif line[0] == "[":
            place = _open(root, line, opened)
        else:
            pending = _assign(place, line)
    if pending is not None:
        raise Unusual
    return root


def _open(root: dict[str, Any], line: str, opened: set[int]) -> dict[str, Any]:
    found = _HEAD.fullmatch(line)
    if not found:
        raise Unusual
    names = [_name(part) for part in re.findall(_KEY, found[1])]
    many = line[:2] == "[["
    if many != (line[-2:] == "]]"):
        raise Unusual
    place: Any = root
    for name in names[:-1]:
        place = place.setdefault(name, {})
        place = place[-1] if isinstance(place, list) else place
        if not isinstance(place, dict):
            raise Unusual
    last = names[-1]
    if many:
        entries = place.setdefault(last, [])
        if not isinstance(entries, list) or (entries and not isinstance(entries[-1], dict)):
            raise Unusual
        entry: dict[str, Any] = {}
        entries.append(entry)
        return entry
    table = place.setdefault(last, {})
    if not isinstance(table, dict) or id(table) in opened or table:
        raise Unusual
    opened.add(id(table))
    return table


def _assign(place: dict[str, Any], line: str) -> list[Any] | None:
    found = _PAIR.fullmatch(line)
    if not found:
        raise Unusual
    name, value = _name(found[1]), found[2]
    if name in place:
        raise Unusual
    if value == "[":
        pending: list[Any] = []
        place[name] = pending
        return pending
    place[name] = _value(value)
    return None


def _name(text: str) -> str:
    return text[1:-1] if text[0] == '"' else text


def _element(line: str, memo: dict[str, Any]) -> Any:
    """Read one line of an array: an element with a comma behind it."""
    bare = line.strip(" ")
    file = _FILE.fullmatch(bare)
    if file:  # most lines of a Python lock are files, of which the hash alone is wanted
        return {"hash": file[1]}
    if bare[-1:] == ",":
        bare = bare[:-1]
    if not bare:
        raise Unusual
    if bare in memo:
        return memo[bare]
    found = _value(bare)
    if len(bare) < 100:
        memo[bare] = found
    return found


def _value(text: str) -> Any:
    first = text[0]
    if first == '"':
        inner = text[1:-1]
        if text[-1] == '"' and len(text) > 1 and "\\" not in inner and '"' not in inner and inner.isprintable():
            return inner
        if not _ESCAPED.fullmatch(text):
            raise Unusual
        return re.sub(r'\\(["\\])', r"\1", inner)
    if first == "{":
        return _inline(text)
    if first == "[":
        return _array(text)
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.match(text):
        return int(text)
    raise Unusual


def _inline(text: str) -> dict[str, Any]:
    if text[-1] != "}":
        raise Unusual
    inner = text[1:-1].strip(" ")
    found: dict[str, Any] = {}
    at = 0
    while at < len(inner):
        item = _ITEM.match(inner, at)
        if not item or item[1] in found:
            raise Unusual
        found[_name(item[1])] = _value(item[2])
        at = item.end()
    return found


def _array(text: str) -> list[Any]:
    if text[-1] != "]":
        raise Unusual
    inner = text[1:-1].strip(" ")
    if inner[:1] == "{":
        return [_inline(part if part[-1] == "}" else part + "}") for part in _tables(inner)]
    found, at = [], 0
    while at < len(inner):
        item = _STRINGS.match(inner, at)
        if not item:
            raise Unusual
        found.append(_value(item[1]))
        at = item.end()
    return found


def _tables(inner: str) -> list[str]:
    if inner[-1] != "}" or "{" in inner.replace("}, {", "")[1:]:
        raise Unusual
    parts = inner.split("}, {")
    return [("" if n == 0 else "{") + part for n, part in enumerate(parts)]
