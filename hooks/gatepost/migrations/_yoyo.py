"""Read the steps of a yoyo migration in Python."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gatepost.migrations import Script, Scripts, Sql, _python, _sqltext


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions; a step without a rollback makes the whole down a missing one. Raises Unreadable."""
    tree = _python.parse(text, path)
    transaction = not any(
        name == "__transactional__" and isinstance(value, ast.Constant) and value.value is False
        for name, value in _python.assigned(tree)
    )
    ups: list[Sql] = []
    downs: list[Sql] = []
    certain, missing = True, 0
    calls = list(_steps(tree))
    for call in calls:
        both = _both(call)
        for wanted, found in zip((ups, downs), both, strict=True):
            piece = _sql(found)
            if piece:
                wanted.insert(0 if wanted is downs else len(wanted), piece)
            elif found is not None:
                certain = False
        missing += both[1] is None
    up = _script(ups, path, dialect, transaction, certain)
    declared = _sqltext.marker(text, path)
    if not calls:
        return Scripts(up, None, declared)
    if missing == len(calls) and certain:
        return Scripts(up, None, declared)
    return Scripts(up, _script(downs, path, dialect, transaction, certain), declared)


def _steps(tree: ast.Module) -> Iterator[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        if _python.name(call.func).rpartition(".")[2] in ("step", "transaction_step"):
            yield call


def _both(call: ast.Call) -> tuple[ast.expr | None, ast.expr | None]:
    by_name = {word.arg: word.value for word in call.keywords}
    first = call.args[0] if call.args else by_name.get("apply")
    second = call.args[1] if len(call.args) > 1 else by_name.get("rollback")
    if isinstance(second, ast.Constant) and second.value is None:
        second = None
    return first, second


def _sql(node: ast.expr | None) -> Sql | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return Sql(node.value, node.lineno)
    return None


def _script(steps: list[Sql], path: str, dialect: str, transaction: bool, certain: bool) -> Script:
    line = steps[0].line if steps else 1
    if not certain:
        return Script(path, tuple(steps), dialect, transaction, line, certain=False)
    text = ";\n".join(step.text for step in steps)
    state, reason = _sqltext.state(text)
    return Script(path, tuple(steps), dialect, transaction, line, state, reason)
