"""Read Django's operations that run Python or SQL of the project's own."""

from __future__ import annotations

import ast
from typing import Any

from gatepost.migrations import Sql, _python, _sqltext
from gatepost.migrations._django_effect import Call, Effect, Handlers
from gatepost.migrations._python import name
from gatepost.sql import operations as ops


def _run_python(call: Call) -> Effect:
    up = _code(call.words.get("code"), call)
    made = Effect(call.line, up[0], certain=up[1])
    node = call.words.get("reverse_code")
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        made.absent = f"RunPython({name(call.words.get('code') or call.node) or '…'}) has no reverse_code"
        return made
    return _reverse_code(made, node, call)


def _reverse_code(made: Effect, node: ast.expr, call: Call) -> Effect:
    named = name(node)
    function = call.file.functions.get(named)
    forward = name(call.words["code"]) if "code" in call.words else ""
    if named.endswith("noop"):
        made.idle = f"its reverse_code is {named}"
    elif isinstance(node, ast.Lambda) and isinstance(node.body, (ast.Constant, ast.Tuple)):
        made.idle = "its reverse_code is an empty lambda"
    elif named and named == forward:
        made.idle = f"its reverse_code is {named} itself, which is the way up"
    elif function is not None:
        state, reason, _ = _python.form(function.body)
        if state in ("empty", "noop"):
            made.idle = f"its reverse_code {named} does nothing"
        elif state == "raising":
            made.raising = reason
    if not made.idle and not made.raising:
        down, certain = _code(node, call)
        made.down, made.certain = down, made.certain and certain
    return made


def _code(node: ast.expr | None, call: Call) -> tuple[list[Any], bool]:
    """Say that a function changes rows; one that uses the schema editor may do anything."""
    if node is None or name(node).endswith("noop"):
        return [], True
    function = call.file.functions.get(name(node))
    if function is not None and _python.form(function.body)[0] == "empty":
        return [], True
    text = ast.dump(function) if function is not None else ""
    if "attr='execute'" in text or "attr='cursor'" in text:
        return [ops.Opaque("Python that runs SQL of its own", name(node), line=call.line)], False
    return [ops.Data("code", line=call.line)], True


def run_sql(call: Call) -> Effect:
    """Give what RunSQL does, without its operations on the state."""
    up = _statements(call.words.get("sql"), call)
    made = Effect(call.line, up or [], certain=up is not None)
    node = call.words.get("reverse_sql")
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        made.absent = "RunSQL has no reverse_sql"
        return made
    if name(node).endswith("noop"):
        made.idle = "its reverse_sql is RunSQL.noop"
        return made
    down = _statements(node, call)
    made.certain = made.certain and down is not None
    texts = ";\n".join(step.text for step in down or ())
    if down is not None and _sqltext.state(texts)[0] in ("empty", "noop"):
        made.idle = "its reverse_sql does nothing"
        return made
    made.down = down or []
    return made


def _statements(node: ast.expr | None, call: Call) -> list[Sql] | None:
    """Give the SQL of a string, or of a list of strings and of pairs with parameters."""
    if node is None:
        return None
    if name(node).endswith("noop"):
        return []
    node = call.file.scope.expression(node)
    if isinstance(node, (ast.List, ast.Tuple)):
        found: list[Sql] = []
        for item in node.elts:
            inner = item.elts[0] if isinstance(item, ast.Tuple) and item.elts else item
            sql = call.file.scope.sql(inner)
            if sql is None:
                return None
            found.append(sql)
        return found
    sql = call.file.scope.sql(node)
    return None if sql is None else [sql]


HANDLERS: Handlers = {
    "RunPython": (_run_python, ("code", "reverse_code")),
}
