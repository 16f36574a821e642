"""SQL in strings of Python: whole literals only; what is formatted, or put together with values, is left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.queries import Query, Source

if TYPE_CHECKING:
    from gatepost.git import Snapshot


def wanted(path: str) -> bool:
    """Tell Python files."""
    return path.endswith(".py")


def read(snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the queries of one file. Raises Unreadable."""
    from gatepost.migrations import _python
    from gatepost.queries._text import is_query, source

    for text, line in _literals(_python.parse(source(snapshot, path), path)):
        if is_query(text + " "):
            yield Query(text, path, line, style="percent")


def _literals(tree: ast.Module) -> Iterator[tuple[str, int]]:
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        text = _folded(node)
        if text is not None:
            yield text, node.lineno  # type: ignore[attr-defined]  # an expression
            continue
        stack += [child for child in ast.iter_child_nodes(node) if not _part(node, child)]


def _folded(node: ast.AST) -> str | None:
    """Give the value of a string, or of several that are added; None for all else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add)):
        return None
    parts: list[str] = []
    here: ast.AST = node
    while isinstance(here, ast.BinOp) and isinstance(here.op, ast.Add):
        if not (isinstance(here.right, ast.Constant) and isinstance(here.right.value, str)):
            return None
        parts.append(here.right.value)
        here = here.left
    if not (isinstance(here, ast.Constant) and isinstance(here.value, str)):
        return None
    return "".join(reversed([*parts, here.value]))


def _part(node: ast.AST, child: ast.AST) -> bool:
    """Tell a literal that is only a part of a text: in a sum, in an f-string, formatted; and a docstring."""
    if isinstance(node, (ast.JoinedStr, ast.Expr)):
        return isinstance(child, ast.Constant)
    if isinstance(node, ast.BinOp):
        return _folded(child) is not None
    return isinstance(node, ast.Attribute) and node.attr in ("format", "format_map", "join", "replace", "startswith")


SOURCE = Source("python", "SQL in strings of Python", wanted, read)
