"""Read the tools whose migrations are SQL in strings: TypeORM, MikroORM, Doctrine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gatepost.migrations import Script, Scripts, _javascript, _php, _sqltext
from gatepost.migrations._code import Block, Call, script
from gatepost.migrations._interpret import Interpreter, Steps, sql
from gatepost.sql import operations as ops

GUARDS = ("abortIf", "skipIf", "warnIf")
QUERIES = ("query", "addSql", "execute", "raw", "executeStatement", "executeQuery")


def _query(call: Call) -> Steps | None:
    if call.name in QUERIES:
        return sql(call)
    if call.name in GUARDS:
        return []
    if call.name in ("startTransaction", "commitTransaction", "connect", "release"):
        return []
    return _simple(call)


def _simple(call: Call) -> Steps | None:
    """Take the few calls of TypeORM's query runner that are plain names."""
    first, second, third = (call.text(at) for at in range(3))
    if call.name == "dropTable" and first:
        return [ops.DropTable(first, call.arg(1) is True, line=call.line)]
    if call.name == "renameTable" and first and second:
        return [ops.RenameTable(first, second, line=call.line)]
    if call.name == "dropColumn" and first and second:
        return [ops.DropColumn(first, second, line=call.line)]
    if call.name == "renameColumn" and first and second and third:
        return [ops.RenameColumn(first, second, third, line=call.line)]
    if call.name == "dropIndex" and first and second:
        return [ops.DropIndex(second, first, line=call.line)]
    if call.name == "dropForeignKey" and first and second:
        return [ops.DropConstraint(first, second, "foreign key", line=call.line)]
    return None


def typeorm(text: str, path: str, dialect: str) -> Scripts:
    """Read a TypeORM migration. Raises Unreadable."""
    scripts, module = _javascript.both(text, path, dialect, _query)
    return _javascript.outside(scripts) if module.values.get("transaction") is False else scripts


def mikroorm(text: str, path: str, dialect: str) -> Scripts:
    """Read a MikroORM migration. Raises Unreadable."""
    scripts, module = _javascript.both(text, path, dialect, _query)
    return _javascript.outside(scripts) if "isTransactional" in module.functions else scripts


def doctrine(text: str, path: str, dialect: str) -> Scripts:
    """Read a Doctrine migration. Raises Unreadable."""
    found = _php.read(text, path)
    declared = _sqltext.marker(text, path)
    up, down = (found.methods.get(name) if found else None for name in ("up", "down"))
    if up is None:
        return Scripts(Script(path, (), dialect, state="not-analysed", reason="has no method up()", certain=False))
    mode = found.methods.get("isTransactional") if found else None
    transaction = not (mode and mode.body == [False])
    first = _doctrine(up, path, dialect, transaction)
    return Scripts(first, _doctrine(down, path, dialect, transaction) if down else None, declared)


def _doctrine(block: Block, path: str, dialect: str, transaction: bool) -> Script:
    block.body = [node for node in block.body if not _guard(node)]
    if block.body and isinstance(block.body[0], Call) and block.body[0].name == "throwIrreversibleMigrationException":
        line = block.body[0].line
        reason = "throwIrreversibleMigrationException()"
        return Script(path, (), dialect, transaction, line, "irreversible", reason)
    runner = Interpreter(_query).run(block)
    made = script(path, block, dialect, runner.steps, runner.certain, transaction)
    if made.state == "raising" and "Irreversible" in made.reason:
        return replace(made, state="irreversible")
    return made


def _guard(node: Any) -> bool:
    """Tell ``$this->abortIf(…)`` and the like, which only ask for the right database."""
    return isinstance(node, Call) and node.name in GUARDS
