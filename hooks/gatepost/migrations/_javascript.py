"""What the migration tools of JavaScript and TypeScript have in common."""

from __future__ import annotations

from dataclasses import replace

from gatepost.migrations import Script, Scripts, _script, _sqltext
from gatepost.migrations._code import Block, script
from gatepost.migrations._interpret import Handler, Interpreter
from gatepost.migrations._script import Module

WRAPPERS = ("all", "then", "catch", "finally", "transaction", "series", "sequence")


def both(
    text: str, path: str, dialect: str, handler: Handler, wrappers: tuple[str, ...] = ()
) -> tuple[Scripts, Module]:
    """Give both directions of a file that offers ``up`` and ``down``. Raises Unreadable."""
    module = _script.read(text, path)
    up, down = module.functions.get("up"), module.functions.get("down")
    reason = "offers no function up that can be read"
    first = (
        direction(up, path, dialect, handler, wrappers)
        if up
        else Script(path, (), dialect, state="not-analysed", reason=reason, certain=False)
    )
    second = direction(down, path, dialect, handler, wrappers) if down else None
    if down is None and "down" in module.values and module.values["down"] is not False:
        second = Script(path, (), dialect, certain=False)
    return Scripts(first, second, _sqltext.marker(text, path)), module


def direction(block: Block, path: str, dialect: str, handler: Handler, wrappers: tuple[str, ...] = ()) -> Script:
    """Give the Script of one function."""
    runner = Interpreter(handler, (*WRAPPERS, *wrappers)).run(block)
    return script(path, block, dialect, runner.steps, runner.certain)


def outside(scripts: Scripts) -> Scripts:
    """Give the same scripts outside of a transaction."""
    down = replace(scripts.down, transaction=False) if scripts.down else None
    return replace(scripts, up=replace(scripts.up, transaction=False), down=down)
