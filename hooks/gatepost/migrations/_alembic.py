"""Read the two functions of an Alembic revision."""

from __future__ import annotations

import ast

from gatepost.migrations import Script, Scripts, _python, _sqltext


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions of a revision. Raises Unreadable."""
    tree = _python.parse(text, path)
    found = _python.functions(tree)
    up, down = found.get("upgrade"), found.get("downgrade")
    if up is None:
        first = Script(path, (), dialect, state="not-analysed", reason="has no function upgrade()", certain=False)
    else:
        first = _script(up, path, dialect)
    second = _script(down, path, dialect) if down else None
    return Scripts(first, second, _sqltext.marker(text, path))


def _script(function: ast.FunctionDef | ast.AsyncFunctionDef, path: str, dialect: str) -> Script:
    state, reason, line = _python.form(function.body)
    return Script(path, (), dialect, True, line, state, reason, certain=state != "ok")
