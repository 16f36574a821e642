"""Compare two versions of a migration, and tell schema from rows, without a parser."""

from __future__ import annotations

import re
from typing import Any

from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Change
from gatepost.migrations import Changed, Migration, Script, Sql
from gatepost.migrations._sqltext import statements
from gatepost.sql.operations import Operation

ROWS = ("insert", "update", "delete", "merge", "replace", "copy", "set", "select", "with", "begin", "commit", "do")
LOOK = 500
STRUCTURE = re.compile(r"\b(?:create|drop|alter|truncate|rename|execute)\b|(?<!insert )\binto\b")


def changes_rows_only(script: Script) -> bool:
    """Tell whether a script changes rows and no schema; what is not understood is a step too, and no such one."""
    return bool(script.steps) and all(_rows_only(step) for step in script.steps)


def _rows_only(step: Any) -> bool:
    if not isinstance(step, Sql):
        return type(step).__name__ in ("Data", "Nothing", "Setting", "Transaction", "Truncate")
    for number, statement in enumerate(statements(step.text)):
        if number > LOOK or (statement and statement.partition(" ")[0] not in ROWS):
            return False
        if statement.startswith(("with", "select", "do")) and STRUCTURE.search(statement):
            return False
    return not step.dynamic


def meaning(script: Script | None) -> Any:
    """Give what a script does, without comments, white space and line numbers, for comparing."""
    if script is None:
        return None
    return script.state, script.transaction, tuple(_meaning(step) for step in script.steps)


def _meaning(step: Any) -> Any:
    if isinstance(step, Sql):
        return tuple(statement for statement in statements(step.text, lower=False) if statement)
    if isinstance(step, Operation):
        values = step.held()
        return type(step).__name__, tuple(v for k, v in values.items() if k not in ("line", "start"))
    return step


def kind(changed: Changed, change: Change) -> str:
    """Say what an edit touched: ``comments`` only, the ``down`` only, ``code`` that is not read, or the ``up``."""
    before, after = changed.before, changed.after
    assert before is not None
    assert after is not None
    if all(_same_code(path, change) for path in {*before.files, *after.files}):
        return "comments"
    if meaning(before.up) != meaning(after.up) or after.up.state == "not-analysed":
        return "up"
    if not _comparable(before, after):
        return "code"
    return "down" if meaning(before.down) != meaning(after.down) else "comments"


def _comparable(before: Migration, after: Migration) -> bool:
    """Tell whether what the scripts hold is all that they do."""
    return all(
        side.up.certain and (side.up.state != "not-analysed") and side.up.path == side.path for side in (before, after)
    )


def _same_code(path: str, change: Change) -> bool:
    """Tell whether a file is the same on both sides but for comments and white space."""
    try:
        old, new = (look_at.read(path).decode("utf-8-sig") for look_at in (change.base, change.head))
    except (NotAFile, TooLarge, UnicodeDecodeError):
        return False
    return bare(old, path) == bare(new, path)


def bare(text: str, path: str) -> object:
    """Give a text without comments and white space that mean nothing in its language."""
    if path.endswith(".sql"):
        return [statement for statement in statements(text, lower=False) if statement]
    if path.endswith(".py"):
        import ast

        try:
            return ast.dump(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return text
    marks = ("#",) if path.endswith((".rb", ".exs", ".yaml", ".yml")) else ("//",)
    return [" ".join(line.split()) for line in text.splitlines() if line.strip() and not line.strip().startswith(marks)]
