"""Read what a Piccolo migration asks of its manager."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from gatepost.migrations import Script, Scripts, _python, _sqltext, _types
from gatepost.migrations._python import name
from gatepost.migrations._values import Scope
from gatepost.sql import operations as ops

_TYPES = {
    "Varchar": "varchar",
    "Text": "text",
    "Integer": "integer",
    "BigInt": "bigint",
    "SmallInt": "smallint",
    "Boolean": "boolean",
    "Timestamp": "timestamp",
    "Timestamptz": "timestamptz",
    "Date": "date",
    "UUID": "uuid",
    "JSON": "json",
    "JSONB": "jsonb",
    "Real": "real",
    "Bytea": "bytea",
    "Serial": "serial",
    "ForeignKey": "integer",
}
Both = tuple[list[Any], list[Any]]


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    tree = _python.parse(text, path)
    function = _python.functions(tree).get("forwards")
    declared = _sqltext.marker(text, path)
    if function is None:
        reason = "has no function forwards()"
        return Scripts(Script(path, (), dialect, state="not-analysed", reason=reason, certain=False))
    up: list[Any] = []
    down: list[Any] = []
    certain, raw, backwards = True, 0, False
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
    managed = [call for call in calls if name(call.func).startswith("manager.")]
    for call in sorted(managed, key=lambda node: node.lineno):
        called = name(call.func).removeprefix("manager.")
        words = {word.arg: Scope().value(word.value) for word in call.keywords if word.arg}
        if called in ("add_raw", "add_raw_backwards"):
            raw, backwards, certain = raw or call.lineno, backwards or called.endswith("backwards"), False
            continue
        made = _HANDLERS[called](words, call.lineno, dialect) if called in _HANDLERS else None
        certain = certain and made is not None
        if made:
            up += made[0]
            down = made[1] + down
    first = Script(path, tuple(up), dialect, state="ok" if up or raw or not certain else "empty", certain=certain)
    if raw and not backwards and not up:
        return Scripts(first, None, declared, "add_raw has no add_raw_backwards", raw)
    state = "ok" if down or not certain else "empty"
    return Scripts(first, Script(path, tuple(down), dialect, state=state, certain=certain), declared)  # type: ignore[arg-type]


def _table(words: dict[str, Any], key: str = "tablename") -> str:
    value = words.get(key)
    return value if isinstance(value, str) else ""


def _add_table(words: dict[str, Any], line: int, _: str) -> Both:
    table = _table(words)
    return [ops.CreateTable(table, line=line)], [ops.DropTable(table, line=line)]


def _drop_table(words: dict[str, Any], line: int, _: str) -> Both:
    table = _table(words)
    return [ops.DropTable(table, line=line)], [ops.Opaque("a table whose columns are elsewhere", table, line=line)]


def _column(words: dict[str, Any], dialect: str) -> ops.Column:
    kind = str(words.get("column_class_name", ""))
    text = _TYPES.get(kind, "")
    named = str(words.get("db_column_name") or words.get("column_name"))
    return ops.Column(named, _types.canonical(text, dialect) if text else "", None)


def _add_column(words: dict[str, Any], line: int, dialect: str) -> Both:
    table, column = _table(words), _column(words, dialect)
    return [ops.AddColumn(table, column, line=line)], [ops.DropColumn(table, column.name, line=line)]


def _drop_column(words: dict[str, Any], line: int, _: str) -> Both:
    table, column = _table(words), str(words.get("db_column_name") or words.get("column_name"))
    step = ops.Opaque("a column whose definition is elsewhere", f"{table}.{column}", line=line)
    return [ops.DropColumn(table, column, line=line)], [step]


def _rename_column(words: dict[str, Any], line: int, _: str) -> Both:
    table = _table(words)
    old = str(words.get("old_db_column_name") or words.get("old_column_name"))
    new = str(words.get("new_db_column_name") or words.get("new_column_name"))
    return [ops.RenameColumn(table, old, new, line=line)], [ops.RenameColumn(table, new, old, line=line)]


def _rename_table(words: dict[str, Any], line: int, _: str) -> Both:
    old, new = _table(words, "old_tablename"), _table(words, "new_tablename")
    return [ops.RenameTable(old, new, line=line)], [ops.RenameTable(new, old, line=line)]


_HANDLERS: dict[str, Callable[[dict[str, Any], int, str], Both]] = {
    "add_table": _add_table,
    "drop_table": _drop_table,
    "add_column": _add_column,
    "drop_column": _drop_column,
    "rename_column": _rename_column,
    "rename_table": _rename_table,
}
