"""Read aerich's two functions, which return the SQL that is run."""

from __future__ import annotations

import ast
from dataclasses import replace

from gatepost.migrations import Script, Scripts, _python, _sqltext
from gatepost.migrations._values import Scope


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    tree = _python.parse(text, path)
    functions = _python.functions(tree)
    scope = Scope(dict(_python.assigned(tree)))
    up, down = functions.get("upgrade"), functions.get("downgrade")
    if up is None:
        reason = "has no function upgrade()"
        return Scripts(Script(path, (), dialect, state="not-analysed", reason=reason, certain=False))
    first = _script(up, scope, path, dialect)
    return Scripts(first, _script(down, scope, path, dialect) if down else None, _sqltext.marker(text, path))


def _script(function: _python.Function, scope: Scope, path: str, dialect: str) -> Script:
    returned = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value is not None]
    state, reason, line = _python.form(function.body)
    if state == "raising":
        return Script(path, (), dialect, True, line, state, reason)
    if len(returned) != 1:
        made = "empty" if not returned and state == "empty" else "ok"
        return Script(path, (), dialect, True, line, made, reason, certain=made == "empty")  # type: ignore[arg-type]
    sql = scope.sql(returned[0])
    if sql is None:
        return Script(path, (), dialect, True, line, certain=False)
    return replace(_sqltext.script(sql.text, path, dialect, sql.line), steps=(sql,))
