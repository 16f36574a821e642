"""Find whole string literals in languages that tree-sitter parses; one small table for each language."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gatepost.git import Snapshot
from gatepost.migrations._look import Unreadable
from gatepost.queries import Query
from gatepost.queries._text import LONGEST, is_query, source

Node = Any  # tree_sitter.Node; the package is an extra
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": "", "b": "\b", "f": "\f", "v": "\v"}
_NAMED = re.compile(r"\s*-- name: (\w+)")  # what sqlc has made of a query file
_SUMS = ("binary_expression", "binary")


@dataclass(frozen=True, slots=True)
class Language:
    """How a language writes strings. ``strings`` are its literals, ``filled`` the parts that are computed in them.

    ``pieces`` are the nodes that hold text as it stands. ``tags`` name functions whose templates are queries with
    values in them (``sql`…${id}` ``).
    """

    package: str
    function: str
    strings: frozenset[str]
    filled: frozenset[str]
    raw: frozenset[str] = frozenset()
    pieces: frozenset[str] = frozenset(("string_fragment", "string_content", "interpreted_string_literal_content"))
    tags: frozenset[str] = frozenset()
    joined: frozenset[str] = frozenset()


def queries(language: Language, snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the queries in the strings of one file. Raises Unreadable."""
    from gatepost.suites._parsing import absent, parse, parser

    missing = absent(language.package)
    if missing:
        raise Unreadable(path, f"needs {missing} to be read", "pip install 'gatepost[suites,frameworks]'")
    text = source(snapshot, path)
    root, reason = parse(parser(language.package, language.function), text.encode("utf-8", "replace"))
    if root is None:
        raise Unreadable(path, reason, "mend it")
    for found, line in _whole(root, language):
        if is_query(found + " "):
            named = _NAMED.match(found)
            yield Query(found, path, line, named[1] if named else "")


def _whole(root: Node, language: Language) -> Iterator[tuple[str, int]]:
    stack = [root]
    while stack:
        node = stack.pop()
        kind = node.type
        if kind in language.strings or kind in language.joined or (kind in _SUMS and _is_sum(node)):
            text = _value(node, language)
            if text is not None:
                yield text, node.start_point[0] + 1
            elif kind not in language.strings:
                stack += [part for part in _leaves(node) if part.type not in language.strings]
            continue
        stack += reversed(node.named_children)


def _is_sum(node: Node) -> bool:
    operator = node.child_by_field_name("operator")
    return operator is not None and operator.type == "+"


def _leaves(node: Node) -> list[Node]:
    """Give the terms of a sum, or the parts of adjacent strings."""
    found, stack = [], [node]
    while stack:
        here = stack.pop()
        if here is node or (here.type in _SUMS and _is_sum(here)):
            stack += reversed(here.named_children)
        else:
            found.append(here)
    return found


def _value(node: Node, language: Language) -> str | None:
    """Give a text that is all there; None where a part is computed."""
    if node.type not in language.strings:
        parts = [_value(part, language) if part.type in language.strings else None for part in _leaves(node)]
        return None if None in parts else "".join(part for part in parts if part is not None)
    if node.end_byte - node.start_byte > LONGEST:
        return None
    if node.type in language.raw:
        return str(node.text.decode("utf-8", "replace"))[1:-1]
    tagged = _tagged(node, language)
    parts = [_piece(child, language, tagged) for child in node.named_children]
    return None if None in parts else "".join(part for part in parts if part is not None)


def _tagged(node: Node, language: Language) -> bool:
    """Tell a template whose tag makes parameters of the values in it."""
    called = node.parent.child_by_field_name("function") if node.parent is not None and language.tags else None
    name = called.text.decode("utf-8", "replace").rpartition(".")[2] if called is not None else ""
    return name.partition("<")[0] in language.tags


def _piece(node: Node, language: Language, tagged: bool) -> str | None:
    text: str = node.text.decode("utf-8", "replace")
    if node.type in language.pieces:
        return text
    if node.type == "escape_sequence":
        return _escaped(text)
    if node.type in language.filled:
        return f":gatepost_{node.start_byte}" if tagged else None
    return ""


def _escaped(text: str) -> str:
    known: Mapping[str, str] = _ESCAPES
    rest = text[1:]
    return known.get(rest[:1], rest if len(rest) == 1 else " ")
