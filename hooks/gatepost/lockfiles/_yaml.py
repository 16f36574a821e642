"""Read YAML as plain text values: no types, no objects, no references."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import Unreadable
from gatepost.lockfiles._text import text_of

DEPTH = 50
_MARKS = ("&", "*", "!")


def documents(text: str) -> list[dict[str, Any]]:
    """Read all documents of a YAML text with PyYAML; Unreadable where it is broken, or PyYAML is not installed.

    CBaseLoader makes strings only. Anchors, aliases and tags have no place in a generated lock, and a
    nest of them could grow without end: they are refused before anything is built.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise Unreadable(
            "is written in an unusual way, and PyYAML is not installed: pip install gatepost[yaml]"
        ) from None
    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        _check(yaml.parse(text, Loader=loader), yaml)
        found = [document for document in yaml.load_all(text, Loader=loader) if document]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = str(getattr(error, "problem", "") or error).splitlines()[0]
        raise Unreadable(f"is not YAML: {problem[:120]}", mark.line + 1 if mark else 1) from None
    except RecursionError:
        raise Unreadable("is nested too deeply") from None
    if not found or not all(isinstance(document, dict) for document in found):
        raise Unreadable("is empty" if not found else "is YAML, but not a table")
    return found


def _check(events: Any, yaml: Any) -> None:
    """Refuse references, tags, deep nesting and a key that stands twice in one table."""
    stack: list[tuple[set[str], list[bool]] | None] = []
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Unreadable("uses anchors or aliases", event.start_mark.line + 1)
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            stack.pop()
            _turn(stack, None, event)
        elif isinstance(event, yaml.MappingStartEvent):
            stack.append((set(), [True]))
        elif isinstance(event, yaml.SequenceStartEvent):
            stack.append(None)
        elif isinstance(event, yaml.ScalarEvent):
            _turn(stack, event.value, event)
        if len(stack) > DEPTH:
            raise Unreadable("is nested too deeply", event.start_mark.line + 1)


def _turn(stack: list[tuple[set[str], list[bool]] | None], value: str | None, event: Any) -> None:
    """Note one key or value of the innermost table."""
    if not stack or stack[-1] is None:
        return
    keys, expects = stack[-1]
    if expects[0] and value is not None:
        if value in keys:
            raise Unreadable(f"has the key {value[:80]!r} twice", event.start_mark.line + 1)
        keys.add(value)
    expects[0] = not expects[0]


class Unusual(Exception):
    """Say to a fast scanner's caller that a line is not as the generator writes it."""


def scalar(text: str) -> str:
    """Read a scalar as generators write it: plain, in single or in double quotes without escapes."""
    if not text:
        return text
    first = text[0]
    if first == "'":
        if len(text) < 2 or text[-1] != "'" or "'" in text[1:-1]:
            raise Unusual
        return text[1:-1]
    if first == '"':
        if len(text) < 2 or text[-1] != '"' or "\\" in text or '"' in text[1:-1]:
            raise Unusual
        return text[1:-1]
    if first in " &*!|>%@`{[?,]}#" or text[-1] == " " or ": " in text or " #" in text or text[-1] == ":":
        raise Unusual
    return text


def put(table: dict[str, str], pair: tuple[str, str]) -> None:
    """Put a pair into a table. Raises Unreadable where its key is there already."""
    name, value = pair
    if name in table:
        raise Unreadable(f"has the key {name[:80]!r} twice")
    table[name] = value


def flow(text: str) -> dict[str, str]:
    """Read a flow table of one line, ``{integrity: …, tarball: …}``, without nesting."""
    if len(text) < 2 or text[0] != "{" or text[-1] != "}" or "{" in text[1:] or "[" in text:
        raise Unusual
    found: dict[str, str] = {}
    for part in text[1:-1].split(", "):
        key, colon, value = part.partition(": ")
        if not colon or key in found or not key.isalnum() or "," in value:
            raise Unusual
        found[key] = scalar(value)
    return found


def tree(body: str) -> dict[str, Any]:
    """Read nested tables by their indentation; values are scalars."""
    root: dict[str, Any] = {}
    stack: list[tuple[int, dict[str, Any]]] = [(-1, root)]
    for line in body.split("\n"):
        if not line.strip():
            continue
        bare = line.lstrip(" ")
        indent = len(line) - len(bare)
        while stack[-1][0] >= indent:
            stack.pop()
        table = stack[-1][1]
        if bare[-1] == ":":
            key, value = scalar(bare[:-1]), None
        else:
            key, colon, text = bare.partition(": ")
            key = scalar(key)
            if not colon:
                raise Unusual
            value = {} if text == "{}" else scalar(text)
        if key in table or (len(stack) > 1 and indent % 2) or len(stack) > 8:
            raise Unusual
        if value is None:
            table[key] = value = {}
            stack.append((indent, value))
        else:
            table[key] = value
    return root


def load(raw: bytes, *, bom: bool = False) -> dict[str, Any]:
    """Read a small file of nested tables, by the full parser where it holds more than that."""
    text = text_of(raw, bom=bom)
    lines = [line for line in text.split("\n") if not line.lstrip().startswith("#")]
    try:
        return tree("\n".join(lines))
    except Unusual:
        return documents(text)[0]
