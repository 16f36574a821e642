"""Parse a file with tree-sitter: find the grammar, refuse what takes too long or is broken."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from gatepost.endless import ends

Node = Any  # tree_sitter.Node; the package is an extra
ERRORS = 0.3  # the part of a file that may be broken


def parser(package: str, function: str = "language") -> Any:
    """Give a parser for the grammar that a package holds."""
    import tree_sitter

    grammar = getattr(import_module(package), function)
    return tree_sitter.Parser(tree_sitter.Language(grammar()))


def absent(*packages: str) -> str:
    """Name the first package that is not installed, as pip calls it; "" where all are there."""
    return next((name.replace("_", "-") for name in ("tree_sitter", *packages) if find_spec(name) is None), "")


def parse(parsing: Any, raw: bytes) -> tuple[Node | None, str]:
    """Parse a file: its root, or the reason why it cannot be used."""
    if not ends(parsing, raw):
        return None, "takes too long to parse"
    root = parsing.parse(raw).root_node
    if root.has_error and _broken(root, len(raw)) > ERRORS:
        return None, "does not parse"
    return root, ""


def _broken(root: Node, size: int) -> float:
    bad, stack = 0, [root]
    while stack:
        node = stack.pop()
        if node.type == "ERROR":
            bad += node.end_byte - node.start_byte
        elif node.has_error:
            stack.extend(node.children)
    return bad / max(size, 1)


def raw_text(node: Node | None) -> str:
    """Give the source of a node as it is written."""
    return "" if node is None else (node.text or b"").decode("utf-8", "replace")
