"""Scan TOML locks as their tools generate them, some ten times as fast as a TOML parser.

Read are tables, keys with strings, numbers and arrays of strings or of inline tables; of the files of a
release only the hashes. Anything else raises Unusual; the caller then takes the full parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gatepost.lockfiles._text import array, text_of, toml_of
from gatepost.lockfiles._yaml import Unusual

__all__ = ["Unusual", "hashes", "load", "scan"]

_KEY = r'(?:[A-Za-z0-9_-]+|"[^"\\\n]*")'
_STRING = r'"(?:[^"\\\n\x00-\x1f\x7f]|\\["\\])*"'
_HEAD = re.compile(rf"\[\[?({_KEY}(?:\.{_KEY})*)\]\]?")
_PAIR = re.compile(rf"({_KEY}) = (.+)")
_ITEM = re.compile(rf"({_KEY}) = ({_STRING}|\d{{1,18}}|true|false|\[[^\[\]{{}}\n]*\]|\{{[^\[\]{{}}\n]*\}})(?:, |$)")
_STRINGS = re.compile(rf"({_STRING})(?:, ?|$)")
_FILE = r'\{ ?(?:url|file|path) = "[^"]*", hash = "([^"]*)"(?:, size = \d+)?(?:, upload-time = "[^"]*")? ?\}'
_ONE_FILE = re.compile(_FILE.replace('[^"]', r'[^"\\\n]'))
_FILES = re.compile(rf"    {_FILE},\n")
_TEXT = r'"([^"\\\x00-\x1f\x7f]*)"'
_NAMED = re.compile(rf"\{{ name = {_TEXT} \}}")
_LINES = r"((?:\n [^\n]*)*)\n\]"
_PACKAGE = re.compile(
    rf"name = {_TEXT}\nversion = {_TEXT}\nsource = (?:{_TEXT}|(\{{[^\n]*\}}))(?:\nchecksum = {_TEXT})?"
    rf"(?:\ndependencies = \[{_LINES})?(?:\nsdist = {_ONE_FILE.pattern})?(\nwheels = \[\n)?"
)
_USUAL = frozenset(
    (
        *("name", "version", "source", "checksum", "dependencies", "sdist", "wheels", "files"),
        *("description", "optional", "groups", "markers", "summary", "requires_python", "python-versions"),
    )
)
_ESCAPED = re.compile(_STRING)
_OPEN = object()
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
            memo[block] = found = _package(block, memo) or _part("[[package]]\n" + block, memo)
        packages += found["package"]
        if len(found) > 1:  # what follows the last package
            rest = {name: value for name, value in found.items() if name != "package"}
            if rest.keys() & root.keys():
                raise Unusual
            root |= rest
    return root


def _package(block: str, memo: dict[str, Any]) -> dict[str, Any] | None:
    """Read a package as Cargo and uv write most; None where a line is another."""
    block = block.rstrip("\n")
    found = _PACKAGE.match(block)
    if not found or (block.find("\n]", found.end() - 1) + 2 if found[8] else found.end()) != len(block):
        return None
    name, version, source, origin, checksum, wanted, sdist, wheels = found.groups()
    entry: dict[str, Any] = {"name": name, "version": version, "source": source}
    if origin is not None:
        if origin not in memo:
            memo[origin] = _value(origin)
        entry["source"] = memo[origin]
    if checksum is not None:
        entry["checksum"] = checksum
    if wanted is not None:
        entry["dependencies"] = _elements(wanted[1:], memo) if wanted else []
    if sdist is not None:
        entry["sdist"] = (sdist,)
    if wheels:
        entry["wheels"] = _elements(block[found.end() : -2], memo)
    return {"package": [entry]}


def _part(text: str, memo: dict[str, Any]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    place = root
    opened: set[int] = set()
    at, end = 0, len(text)
    while at < end:
        stop = text.find("\n", at)
        stop = end if stop < 0 else stop
        line = text[at:stop]
        at = stop + 1
        if not line or line[0] == "#":
            continue
        if line[0] == "[":
            place = _open(root, line, opened)
            continue
        name, value = _pair(line, memo)
        if name in place:
            raise Unusual
        if value is _OPEN:
            close = text.find("\n]", stop)
            if close < 0 or text[close + 2 : close + 3] not in ("", "\n"):
                raise Unusual
            value = _elements(text[stop + 1 : close], memo) if close > stop else []
            at = close + 3
        place[name] = value
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


def _pair(line: str, memo: dict[str, Any]) -> tuple[str, Any]:
    """Read ``name = value``; the value is _OPEN where an array of several lines begins."""
    name, _, text = line.partition(" = ")
    if name not in _USUAL:
        found = _PAIR.fullmatch(line)
        if not found:
            raise Unusual
        name, text = _name(found[1]), found[2]
    if not text:
        raise Unusual
    if text == "[":
        return name, _OPEN
    if text[0] == '"':
        return name, _value(text)
    file = _ONE_FILE.fullmatch(text)
    if file:
        return name, (file[1],)
    if text not in memo:
        memo[text] = _value(text)
    return name, memo[text]


def _name(text: str) -> str:
    return text[1:-1] if text[0] == '"' else text


def hashes(files: Any) -> Iterator[str]:
    """Give the hashes of the files of a release, which the scanner keeps as a tuple of nothing else."""
    if type(files) is tuple:
        yield from files
        return
    for entry in array(files, "files"):
        value = entry.get("hash") if isinstance(entry, dict) else entry
        if isinstance(value, str):
            yield value


def _files(body: str) -> tuple[str, ...] | None:
    """Give the hashes of files, which most lines of a Python lock are; None where one line is anything else.

    One brace and one match a line, and each line beginning with that brace: so each match is a whole line.
    """
    if body[:6] != "    { " or "\\" in body:
        return None
    lines = body.count("\n")
    if not lines == body.count("{") == body.count("\n    { ") + 1:
        return None
    found = _FILES.findall(body)
    return tuple(found) if len(found) == lines else None


def _elements(body: str, memo: dict[str, Any]) -> list[Any] | tuple[str, ...]:
    """Read the lines of an array: an element with a comma behind it on each; files come as their hashes."""
    files = _files(f"{body}\n")
    if files is not None:
        return files
    found = []
    for line in body.split("\n"):
        if line not in memo:
            memo[line] = _element(line.strip(" "))
        found.append(memo[line])
    return found


def _element(text: str) -> Any:
    text = text.removesuffix(",")
    if not text:
        raise Unusual
    named = _NAMED.fullmatch(text)
    if named:
        return {"name": named[1]}
    file = _ONE_FILE.fullmatch(text)
    return {"hash": file[1]} if file else _value(text)


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
