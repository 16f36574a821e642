"""Go through the statements of a migration in the small shape of ``_code`` and collect what they do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gatepost.migrations import Sql
from gatepost.migrations._code import Block, Branch, Call, Name, Other, Raise, Text, idle
from gatepost.sql import operations as ops

Steps = list[Any]
Handler = Callable[[Call], "Steps | None"]
SILENT = ("puts", "say", "log", "info", "print", "echo", "warn", "error", "debug", "resolve", "write", "flush")
WRAPPED = ("squish", "sql", "raw", "trim", "strip", "strip_heredoc")
DANGER = ("drop", "remove", "delete", "rename", "truncate", "DROP", "TRUNCATE")


class Interpreter:
    """Collects the steps of one direction; ``certain`` falls where something is not understood."""

    def __init__(self, call: Handler, wrappers: tuple[str, ...] = ()) -> None:
        self.handle = call
        self.wrappers = wrappers
        self.steps: Steps = []
        self.certain = True

    def run(self, block: Block | None) -> Interpreter:
        """Take the statements of a block in turn."""
        for node in block.body if block else ():
            self.take(node)
        return self

    def take(self, node: Any) -> None:
        """Take one statement."""
        if isinstance(node, Branch):
            self.certain = False
            for inner in node.body:
                self.take(inner)
        elif isinstance(node, list):
            for inner in node:
                self.take(inner)
        elif isinstance(node, Block):
            self.run(node)
        elif isinstance(node, Call):
            self._call(node)
        elif isinstance(node, Other):
            self.opaque(node.text, node.line)
        elif not idle(node) and not isinstance(node, (Raise, Name, Text, dict)):
            self.certain = False

    def _call(self, call: Call) -> None:
        if call.name in SILENT and call.block_of() is None:
            return
        if call.name in self.wrappers:
            for inner in [*(call.args or ()), call.block]:
                if isinstance(inner, (Block, list, Call)):
                    self.take(inner)
            return
        made = self.handle(call)
        if made is None:
            self.opaque(shown(call), call.line)
            if call.block is not None:
                self.run(call.block)
        else:
            self.steps += made

    def opaque(self, text: str, line: int) -> None:
        """Note what is not understood."""
        self.certain = False
        saw = tuple(word for word in DANGER if word in text)
        self.steps.append(ops.Opaque("code that is not read", text, saw, line=line))


def shown(call: Call) -> str:
    """Give a call as a reader would write it, roughly."""
    origin = call.origin()
    names = ".".join(one.name for one in call.chain())
    args = ", ".join(one.value for one in call.args or () if isinstance(one, Text))
    return f"{origin + '.' if origin else ''}{names}({args})"[:120]


def literal(value: Any) -> str | None:
    """Write a default as SQL; None where there is none, "" where it is computed."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, Text) and not value.dynamic:
        return "'" + value.value.replace("'", "''") + "'"
    return "'?'"


def sql(call: Call, at: int = 0) -> Steps | None:
    """Give an argument that is SQL."""
    value = call.arg(at)
    if isinstance(value, Call) and value.args and value.name in WRAPPED:
        value = value.args[0]
    elif isinstance(value, Call) and isinstance(value.receiver, Text):
        value = value.receiver
    return [value.sql()] if isinstance(value, Text) else None


def data(verb: str, call: Call, table: str = "", filtered: bool = True) -> Steps:
    """Give a change of rows."""
    return [ops.Data(verb, table, filtered, line=call.line)]


def only_sql(steps: Steps) -> bool:
    """Tell whether all steps are SQL text."""
    return all(isinstance(step, Sql) for step in steps)
