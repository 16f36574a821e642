"""Work out the values that Python code names, as far as they stand there as text."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gatepost.migrations import Sql
from gatepost.migrations._python import UNKNOWN, name

DEPTH = 12
PLACEHOLDER = "gatepost_unknown"
TEXT_CALLS = ("text", "dedent", "DDL", "cleandoc")
STRING_METHODS = ("strip", "lstrip", "rstrip", "lower", "upper")


@dataclass(slots=True)
class Scope:
    """What names stand for: expressions of the module and of the function, and values of parameters."""

    expressions: dict[str, ast.expr] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def inner(self, values: Mapping[str, Any]) -> Scope:
        """Give the scope of a called function or of one turn of a loop."""
        return Scope({k: v for k, v in self.expressions.items() if k not in values}, {**self.values, **values})

    def expression(self, node: ast.expr, depth: int = 0) -> ast.expr:
        """Follow names to the expression that they stand for."""
        while isinstance(node, ast.Name) and node.id in self.expressions and depth < DEPTH:
            node, depth = self.expressions[node.id], depth + 1
        return node

    def value(self, node: ast.expr | None, depth: int = 0) -> Any:
        """Give the value of an expression, or UNKNOWN."""
        if node is None or depth > DEPTH:
            return UNKNOWN
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name):
            if node.id in self.values:
                return self.values[node.id]
            return self.value(self.expressions.get(node.id), depth + 1)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return [self.value(item, depth + 1) for item in node.elts]
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not)):
            return self._negated(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        return self._joined(node, depth)

    def _negated(self, node: ast.UnaryOp, depth: int) -> Any:
        inner = self.value(node.operand, depth + 1)
        if isinstance(node.op, ast.Not):
            return (not inner) if isinstance(inner, bool) else UNKNOWN
        return -inner if isinstance(inner, (int, float)) else UNKNOWN

    def _call(self, node: ast.Call, depth: int) -> Any:
        called = name(node.func)
        last = called.rpartition(".")[2]
        if last == "f" and node.args:
            return self.value(node.args[0], depth + 1)
        if last in TEXT_CALLS and node.args:
            return self.value(node.args[0], depth + 1)
        if isinstance(node.func, ast.Attribute) and node.func.attr in STRING_METHODS and not node.args:
            inner = self.value(node.func.value, depth + 1)
            return getattr(inner, node.func.attr)() if isinstance(inner, str) else UNKNOWN
        return UNKNOWN

    def _joined(self, node: ast.expr, depth: int) -> Any:
        if isinstance(node, ast.JoinedStr):
            parts = [self.value(part.value if isinstance(part, ast.FormattedValue) else part) for part in node.values]
            plain = all(isinstance(part, (str, int)) for part in parts)
            return "".join(str(part) for part in parts) if plain else UNKNOWN
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.value(node.left, depth + 1), self.value(node.right, depth + 1)
            if isinstance(left, str) and isinstance(right, str):
                return left + right
            if isinstance(left, list) and isinstance(right, list):
                return left + right
        return UNKNOWN

    def sql(self, node: ast.expr, depth: int = 0) -> Sql | None:
        """Give the SQL text of an expression; what is filled in at run time is a name of our own in it."""
        value = self.value(node)
        if isinstance(value, str):
            return Sql(value, _line(self.expression(node)))
        if depth > DEPTH:
            return None
        node = self.expression(node)
        if isinstance(node, ast.JoinedStr):
            return Sql("".join(self._piece(part) for part in node.values), node.lineno, dynamic=True)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
            return self._assembled(node, depth)
        if isinstance(node, ast.Call) and node.args:
            return self._wrapped(node, depth)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in STRING_METHODS:
            return self.sql(node.func.value, depth + 1)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return self._format(node)
        return None

    def _piece(self, part: ast.expr) -> str:
        value = self.value(part.value if isinstance(part, ast.FormattedValue) else part)
        return str(value) if isinstance(value, (str, int)) else PLACEHOLDER

    def _assembled(self, node: ast.BinOp, depth: int) -> Sql | None:
        left = self.sql(node.left, depth + 1)
        if left is None:
            return None
        if isinstance(node.op, ast.Mod):
            return Sql(_filled(left.text, "%s", "%d"), left.line, dynamic=True)
        right = self.sql(node.right, depth + 1)
        return Sql(left.text + (right.text if right else PLACEHOLDER), left.line, dynamic=True)

    def _wrapped(self, node: ast.Call, depth: int) -> Sql | None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return self._format(node)
        if name(node.func).rpartition(".")[2] in TEXT_CALLS:
            return self.sql(node.args[0], depth + 1)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("bindparams", "execution_options"):
            return self.sql(node.func.value, depth + 1)
        return None

    def _format(self, node: ast.Call) -> Sql | None:
        assert isinstance(node.func, ast.Attribute)
        template = self.value(node.func.value)
        if not isinstance(template, str):
            return None
        import re

        return Sql(re.sub(r"\{[^{}]*\}", PLACEHOLDER, template), _line(node.func.value), dynamic=True)


def _filled(text: str, *marks: str) -> str:
    for mark in marks:
        text = text.replace(mark, PLACEHOLDER)
    return text


def _line(node: ast.expr) -> int:
    while isinstance(node, ast.Call) and node.args:
        node = node.args[0]
    return node.lineno
