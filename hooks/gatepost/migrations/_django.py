"""Read the operations of a Django migration in both directions."""

from __future__ import annotations

import ast
from typing import Any

from gatepost.git import Entry
from gatepost.migrations import Script, Scripts, Sql, _python, _sqltext
from gatepost.migrations._django_effect import Effect
from gatepost.migrations._django_operations import effect
from gatepost.migrations._django_state import State
from gatepost.migrations._look import Unreadable
from gatepost.migrations._python import name
from gatepost.migrations._values import Scope
from gatepost.migrations.django import History
from gatepost.sql import operations as ops

NAMES = ("name", "model_name", "to", "old_name", "new_name")


class File:
    """A migration's syntax tree, parsed once: its operations, its functions and what its names stand for."""

    def __init__(self, text: str, path: str) -> None:
        tree = _python.parse(text, path)
        self.functions = _python.functions(tree)
        self.classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        top = dict(_python.assigned(tree))
        self.operations: list[ast.expr] | None = []
        self.atomic = True
        self.line = 1
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == "Migration":
                self._class(node, top)
        self.scope = Scope(top)

    def _class(self, node: ast.ClassDef, top: dict[str, ast.expr]) -> None:
        self.line = node.lineno
        for key, value in _python.assigned(ast.Module(node.body, [])):
            if key == "operations":
                self.operations = _list(value, Scope(top))
            elif key == "atomic" and isinstance(value, ast.Constant):
                self.atomic = value.value is not False


def _list(node: ast.expr, scope: Scope) -> list[ast.expr] | None:
    """Give the items of a list of operations, through names and sums; None where it is computed."""
    node = scope.expression(node)
    if isinstance(node, (ast.List, ast.Tuple)):
        return list(node.elts)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _list(node.left, scope), _list(node.right, scope)
        return left + right if left is not None and right is not None else None
    return None


def read(text: str, path: str, history: History, version: str) -> Scripts:
    """Give both directions of a migration. Raises Unreadable."""
    try:
        file = File(text, path)
        dialect = history.place.dialect
        state = _before(history, version, file)
        effects, certain = _effects(file, state)
    except RecursionError:
        raise Unreadable(path, "is nested too deeply to be read", "split it up") from None
    _remember(history, version, state)
    up = _up(effects, path, dialect, file, certain)
    declared = _sqltext.marker(text, path)
    absent = next((one for one in effects if one.absent), None)
    if absent:
        return Scripts(up, None, declared, absent.absent, absent.line)
    return Scripts(up, _down(effects, path, dialect, file, certain), declared)


def _effects(file: File, state: State) -> tuple[list[Effect], bool]:
    if file.operations is None:
        step = ops.Opaque("operations that are computed", line=file.line)
        return [Effect(file.line, [step], [step], certain=False)], False
    effects = [effect(node, file, state) for node in file.operations]
    return effects, all(one.certain for one in effects)


def _up(effects: list[Effect], path: str, dialect: str, file: File, certain: bool) -> Script:
    steps = tuple(step for one in effects for step in one.up)
    state = "ok" if steps or not certain else "empty"
    line = effects[0].line if effects else file.line
    return Script(path, steps, dialect, file.atomic, line, state, certain=certain)  # type: ignore[arg-type]


def _down(effects: list[Effect], path: str, dialect: str, file: File, certain: bool) -> Script:
    steps: list[Any] = []
    for one in reversed(effects):
        steps += one.down
    idle = next((one for one in effects if one.idle), None)
    raising = next((one for one in effects if one.raising), None)
    line = effects[0].line if effects else file.line
    if raising:
        return Script(path, tuple(steps), dialect, file.atomic, raising.line, "raising", raising.raising)
    only_sql = bool(steps) and all(isinstance(step, Sql) for step in steps)
    if only_sql and certain:
        state, reason = _sqltext.state(";\n".join(step.text for step in steps))
        return Script(path, tuple(steps), dialect, file.atomic, line, state, reason)
    if not steps and certain:
        if idle:
            return Script(path, (), dialect, file.atomic, idle.line, "noop", idle.idle)
        return Script(path, (), dialect, file.atomic, line, "empty", "it has no operation")
    return Script(path, tuple(steps), dialect, file.atomic, line, certain=certain)


def _before(history: History, version: str, file: File) -> State:
    """Give the models as they are before a migration, from the files that speak of those it touches.

    Where the whole history is read in order, the state after the one before is at hand.
    """
    earlier = history.before(version)
    if not earlier:
        return State(history.app, history.place.dialect)
    known = _known(history).get(_chain(earlier))
    return known.copy() if known else _replayed(history, earlier, file)


def _known(history: History) -> dict[int, State]:
    return history.look.once(f"django-state:{history.place.dialect}", history.place.root, dict)


def _chain(entries: list[Entry]) -> int:
    return hash(tuple(entry.oid for entry in entries))


def _remember(history: History, version: str, state: State) -> None:
    earlier = history.before(version)
    if not earlier or _chain(earlier) in _known(history):
        _known(history)[_chain([*earlier, history.entries[version]])] = state


def _replayed(history: History, earlier: list[Entry], file: File) -> State:
    state = State(history.app, history.place.dialect)
    wanted = _mentioned(file)
    texts = [(entry, _text(history, entry)) for entry in earlier]
    for _, text in texts:
        if "RenameModel" in text:
            wanted |= _mentioned_text(text)
    for entry, text in texts:
        lower = text.lower()
        if any(word in lower for word in wanted):
            found = _file(history, entry, text)
            if found:
                _effects(found, state)
    return state


def _text(history: History, entry: Entry) -> str:
    def build() -> str:
        try:
            return history.look.source(entry.path)
        except Unreadable:
            return ""

    return history.look.once("text", entry.oid, build)


def _file(history: History, entry: Entry, text: str) -> File | None:
    def build() -> File | None:
        try:
            return File(text, entry.path)
        except (Unreadable, RecursionError):
            return None

    return history.look.once("django-file", entry.oid, build)


def _mentioned(file: File) -> set[str]:
    """Give the models that operations name, in lower case."""
    calls = [call for node in file.operations or () for call in ast.walk(node) if isinstance(call, ast.Call)]
    values = [word.value for call in calls for word in call.keywords if word.arg in NAMES]
    values += [call.args[0] for call in calls if call.args and name(call.func).startswith("migrations.")]
    return {
        value.value.rpartition(".")[2].lower()
        for value in values
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def _mentioned_text(text: str) -> set[str]:
    import re

    found = re.findall(r"RenameModel\(\s*(?:old_name=)?['\"](\w+)['\"],\s*(?:new_name=)?['\"](\w+)['\"]", text)
    return {one.lower() for pair in found for one in pair}
