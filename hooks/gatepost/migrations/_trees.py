"""Parse other languages with single-grammar tree-sitter wheels, where they are installed."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gatepost.migrations._code import Other
from gatepost.migrations._look import Unreadable

if TYPE_CHECKING:
    from tree_sitter import Node

# Language by its users' name: module, function that gives the grammar.
GRAMMARS = {
    "Ruby": ("tree_sitter_ruby", "language"),
    "PHP": ("tree_sitter_php", "language_php"),
    "JavaScript": ("tree_sitter_javascript", "language"),
    "TypeScript": ("tree_sitter_typescript", "language_typescript"),
    "Elixir": ("tree_sitter_elixir", "language"),
    "C#": ("tree_sitter_c_sharp", "language"),
}
INSTALL = "install the grammars: pip install 'gatepost[frameworks]'"
LIMIT = 2 * 1024 * 1024
DEPTH = 60


def parse(language: str, text: str, path: str) -> Node:
    """Give the root of the syntax tree; Unreadable where the grammar is missing or the text is damaged."""
    if len(text) > LIMIT:
        raise Unreadable(path, f"is larger than {LIMIT} characters", "load data outside of migrations")
    grammar = _grammar(language)
    if grammar is None:
        raise Unreadable(path, f"is {language}, which needs an extra to be read", INSTALL)
    from tree_sitter import Parser

    from gatepost.endless import ends

    parser, raw = Parser(grammar), text.encode("utf-8", "replace")
    if not ends(parser, raw):
        raise Unreadable(path, "takes too long to parse", "split it up")
    root = parser.parse(raw).root_node
    if root.has_error:
        line = next((node.start_point[0] + 1 for node in _errors(root)), 1)
        raise Unreadable(path, f"is no {language} that can be read", "mend the syntax", line)
    return root


def _grammar(language: str) -> Any:
    module, function = GRAMMARS[language]
    try:
        tree_sitter = importlib.import_module("tree_sitter")
        found = importlib.import_module(module)
        return tree_sitter.Language(getattr(found, function)())
    except (ImportError, ValueError):  # ValueError: the grammar was built for another tree-sitter
        return None


def _errors(root: Node) -> Iterator[Node]:
    """Walk with a stack of our own: hostile nesting must not end in a RecursionError."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.is_error or node.is_missing:
            yield node
        if node.has_error:
            stack += reversed(node.children)


def text(node: Node | None) -> str:
    """Give the text of a node."""
    return node.text.decode("utf-8", "replace") if node is not None and node.text is not None else ""


def line(node: Node) -> int:
    """Give the line on which a node begins."""
    return int(node.start_point[0]) + 1


def named(node: Node) -> list[Node]:
    """Give the named children that are no comments."""
    return [child for child in node.named_children if child.type != "comment"]


def every(root: Node, *types: str) -> Iterator[Node]:
    """Give the nodes of some types, outermost first; what is inside of one is not looked at."""
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in types:
            yield node
        else:
            stack += reversed(node.named_children)


def child(node: Node, *types: str) -> Node | None:
    """Give the first child of some types."""
    return next((one for one in node.named_children if one.type in types), None)


class Reader(ABC):
    """Reads expressions no deeper than ``DEPTH``: what is nested deeper is not understood."""

    def __init__(self) -> None:
        self.depth = 0

    def value(self, node: Node) -> Any:
        """Give an expression."""
        self.depth += 1
        try:
            return Other(text(node)[:80], line(node)) if self.depth > DEPTH else self._value(node)
        finally:
            self.depth -= 1

    @abstractmethod
    def _value(self, node: Node) -> Any:
        """Give an expression that is not too deep."""
