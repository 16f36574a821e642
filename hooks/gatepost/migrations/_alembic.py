"""Read the two functions of an Alembic revision as neutral operations and pieces of SQL."""

from __future__ import annotations

import ast
from typing import Any

from gatepost.migrations import Script, Scripts, Sql, _alembic_operations, _python, _sqltext
from gatepost.migrations._python import UNKNOWN, name
from gatepost.migrations._sqlalchemy import Reader
from gatepost.migrations._values import Scope
from gatepost.sql import operations as ops

DEPTH, TURNS = 6, 200
SILENT = ("get_bind", "get_context", "f", "implementation", "get_isolation_level")


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions of a revision. Raises Unreadable."""
    tree = _python.parse(text, path)
    functions = _python.functions(tree)
    scope = Scope(dict(_python.assigned(tree)))
    up, down = functions.get("upgrade"), functions.get("downgrade")
    if up is None:
        first = Script(path, (), dialect, state="not-analysed", reason="has no function upgrade()", certain=False)
    else:
        first = _script(up, functions, scope, path, dialect)
    second = _script(down, functions, scope, path, dialect) if down else None
    return Scripts(first, second, _sqltext.marker(text, path))


def _script(
    function: _python.Function, functions: dict[str, _python.Function], scope: Scope, path: str, dialect: str
) -> Script:
    state, reason, line = _python.form(function.body)
    if state != "ok":
        return Script(path, (), dialect, True, line, state, reason)
    walker = Walker(functions, dialect)
    try:
        walker.body(function.body, scope)
    except RecursionError:
        return Script(path, (), dialect, state="not-analysed", reason="is nested too deeply", certain=False)
    steps = tuple(walker.steps)
    if steps and walker.certain and all(isinstance(step, Sql) for step in steps):
        state, reason = _sqltext.state(";\n".join(step.text for step in steps))
    elif not steps and walker.certain:
        state, reason = "empty", "it calls no operation"
    return Script(path, steps, dialect, walker.transaction, line, state, reason, certain=walker.certain)


class Walker:
    """Goes through statements as they would run and collects what they do."""

    def __init__(self, functions: dict[str, _python.Function], dialect: str) -> None:
        self.functions = functions
        self.dialect = dialect
        self.steps: list[Any] = []
        self.certain = True
        self.transaction = True
        self.depth = 0
        self.turns = 0

    def body(self, body: list[ast.stmt], scope: Scope) -> None:
        """Take the statements of a block in turn."""
        for node in body:
            self.statement(node, scope)

    def statement(self, node: ast.stmt, scope: Scope) -> None:
        """Take one statement."""
        if _python.idle(node) or isinstance(node, (ast.Import, ast.ImportFrom, ast.Assert, ast.Delete)):
            return
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            self._assign(node, scope)
        elif isinstance(node, (ast.Expr, ast.Return)) and node.value is not None:
            self._expression(node.value, scope)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.functions = {**self.functions, node.name: node}
        else:
            self._block(node, scope)

    def _block(self, node: ast.stmt, scope: Scope) -> None:
        if isinstance(node, ast.With):
            self._with(node, scope)
        elif isinstance(node, ast.If):
            self._if(node, scope)
        elif isinstance(node, ast.For):
            self._for(node, scope)
        elif isinstance(node, ast.Try):
            self.certain = False
            self.body([*node.body, *node.orelse, *node.finalbody], scope)
        else:
            self._unknown(node)

    def _assign(self, node: ast.Assign | ast.AnnAssign, scope: Scope) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if node.value is None:
            return
        for target in targets:
            if isinstance(target, ast.Name):
                scope.expressions[target.id] = node.value
                scope.values.pop(target.id, None)
        if isinstance(node.value, ast.Call) and _runs(node.value):
            self._expression(node.value, scope)

    def _with(self, node: ast.With, scope: Scope) -> None:
        for item in node.items:
            call = item.context_expr
            called = name(call.func) if isinstance(call, ast.Call) else ""
            if called.endswith("batch_alter_table") and isinstance(call, ast.Call):
                table = _alembic_operations.batch_table(call, Reader(scope, self.dialect))
                if isinstance(item.optional_vars, ast.Name):
                    scope.values["batch:" + item.optional_vars.id] = table
            elif called.endswith("autocommit_block") or _autocommits(call):
                self.transaction = False
            elif not called.endswith(("begin_transaction", "begin", "begin_nested", "connect")):
                self.certain = False
        self.body(node.body, scope)

    def _if(self, node: ast.If, scope: Scope) -> None:
        chosen = self._dialect_test(node.test, scope)
        if chosen is not None:
            self.body(node.body if chosen else node.orelse, scope)
            return
        if "is_offline_mode" in ast.dump(node.test):
            self.body(node.orelse, scope)
            return
        self.certain = False
        self.body([*node.body, *node.orelse], scope)

    def _dialect_test(self, test: ast.expr, scope: Scope) -> bool | None:
        """Decide ``bind.dialect.name == "postgresql"``; None where the test is another one."""
        if not isinstance(test, ast.Compare) or len(test.ops) != 1:
            return None
        left = scope.expression(test.left)
        dotted = name(left) or (left.attr if isinstance(left, ast.Attribute) else "")
        if not (dotted.endswith("name") and "dialect" in ast.dump(left)) and not dotted.endswith("dialect_name"):
            return None
        value = scope.value(test.comparators[0])
        names = value if isinstance(value, list) else [value]
        same = any(isinstance(one, str) and one.startswith(self.dialect[:6]) for one in names)
        return same if isinstance(test.ops[0], (ast.Eq, ast.In)) else not same

    def _for(self, node: ast.For, scope: Scope) -> None:
        turns = scope.value(node.iter)
        known = isinstance(turns, list) and isinstance(node.target, (ast.Name, ast.Tuple))
        if not known or self.turns > TURNS:
            self.certain = False
            self.body(node.body, scope.inner({}))
            return
        for turn in turns:
            self.turns += 1
            values = _bound(node.target, turn)
            if values is None or self.turns > TURNS:
                self.certain = False
                return
            self.body(node.body, scope.inner(values))

    def _expression(self, node: ast.expr, scope: Scope) -> None:
        if isinstance(node, ast.Await):
            node = node.value
        if isinstance(node, ast.Constant):
            return
        if not isinstance(node, ast.Call):
            self._unknown(node)
            return
        self._call(node, scope)

    def _call(self, call: ast.Call, scope: Scope) -> None:
        called = name(call.func)
        owner, _, last = called.rpartition(".")
        if _python.says(ast.Expr(call)) or last in SILENT or called == "print":
            return
        if isinstance(call.func, ast.Name) and call.func.id in self.functions:
            self._own(self.functions[call.func.id], call, scope)
            return
        reader = Reader(scope, self.dialect)
        table = scope.values.get("batch:" + owner) if owner else None
        if table is not None or owner in ("op", "alembic.op"):
            made = _alembic_operations.operations(last, call, reader, table if isinstance(table, str) else None)
        else:
            made = _alembic_operations.beside(call, reader)
        if made is None:
            self._unknown(call)
        else:
            self.steps += made

    def _own(self, function: _python.Function, call: ast.Call, scope: Scope) -> None:
        """Go into a function of the same file, its parameters bound to what is passed."""
        if self.depth >= DEPTH:
            self._unknown(call)
            return
        names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
        values = {key: scope.value(node) for key, node in zip(names, call.args, strict=False)}
        values |= {word.arg: scope.value(word.value) for word in call.keywords if word.arg}
        defaults = function.args.defaults
        for key, node in zip(names[len(names) - len(defaults) :], defaults, strict=False):
            values.setdefault(key, scope.value(node))
        inner = scope.inner({key: value for key, value in values.items() if value is not UNKNOWN})
        self.depth += 1
        self.body(function.body, inner)
        self.depth -= 1

    def _unknown(self, node: ast.AST) -> None:
        self.certain = False
        line = getattr(node, "lineno", 1)
        text = ast.unparse(node).split("\n", 1)[0][:120]
        self.steps.append(ops.Opaque("Python that is not read", text, _alembic_operations.saw(text), line=line))


def _runs(call: ast.Call) -> bool:
    """Tell whether an assigned call may do something and is not merely a value."""
    called = name(call.func)
    owner, _, last = called.rpartition(".")
    if last in SILENT or last in ("Table", "Enum", "ENUM", "MetaData", "table", "column", "Column", "text", "inspect"):
        return False
    return owner in ("op", "alembic.op") or last in ("execute", "create", "drop", "scalar", "scalars", "Session")


def _autocommits(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "autocommit_block"


def _bound(target: ast.expr, turn: Any) -> dict[str, Any] | None:
    if isinstance(target, ast.Name):
        return {target.id: turn}
    if isinstance(target, ast.Tuple) and isinstance(turn, list) and len(turn) == len(target.elts):
        return {part.id: value for part, value in zip(target.elts, turn, strict=True) if isinstance(part, ast.Name)}
    return None
