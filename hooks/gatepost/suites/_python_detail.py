"""Walk the body of one Python function: what it asserts, where, and under which guards."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gatepost.suites._python_assertions import Resolver, Spot, called, demanded, helped, text
from gatepost.suites._units import Assertion, Detail, Marker
from gatepost.suites._words import squeeze, words

Function = ast.FunctionDef | ast.AsyncFunctionDef
_BROAD = frozenset(("Exception", "BaseException", "AssertionError"))
_SKIPS = {
    "pytest.skip": "skip",
    "self.skipTest": "skip",
    "pytest.xfail": "xfail",
    "unittest.SkipTest": "skip",
    "SkipTest": "skip",
}
_DEAD_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
LIVE = ""


@dataclass(slots=True)
class _Walk:
    """What is collected on the way through one function."""

    resolve: Resolver
    used: frozenset[str]
    assertions: list[Assertion] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    markers: list[Marker] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)

    def block(self, body: Sequence[ast.stmt], guards: tuple[str, ...], dead: str) -> None:
        """Walk statements that run one after the other."""
        for statement in body:
            self.statement(statement, guards, dead)
            if isinstance(statement, _DEAD_ENDS):
                dead = dead or f"stands behind {_word(statement)} in line {statement.lineno}"
            elif self.skips(statement, guards):
                dead = dead or ("" if guards else f"stands behind a skip in line {statement.lineno}")
            elif isinstance(statement, ast.If) and not statement.orelse and _leaves(statement.body):
                if truth(statement.test) is True:
                    dead = dead or f"stands behind a return in line {statement.body[-1].lineno}"
                elif _may_guard(statement.body[-1]):
                    guards = (*guards, f"unless it returns first: {squeeze(text(statement.test), 80)}")

    def statement(self, node: ast.stmt, guards: tuple[str, ...], dead: str) -> None:
        """Walk one statement."""
        spot = Spot(node.lineno, guards, dead)
        if isinstance(node, ast.Assert):
            self.statements.append("assert " + squeeze(text(node.test), 200))
            never = isinstance(node.test, ast.Constant) and not node.test.value
            fails = Assertion("fail", "fails", " / ".join(guards), node.lineno, guards=guards, dead=dead)
            found = [fails] if never else list(demanded(node.test, spot))
            shown = squeeze(f"assert {text(node.test)}", 200)
            self.assertions += [replace(one, source=shown if len(found) == 1 else "") for one in found]
            self.expressions([node.test], spot)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.nested(node, guards, dead)
        elif isinstance(node, (ast.If, ast.While, ast.For, ast.AsyncFor, ast.With, ast.AsyncWith, ast.Try, ast.Match)):
            self.compound(node, spot)
        elif type(node).__name__ == "TryStar":
            self.block(getattr(node, "body", []), guards, dead)
        else:
            self.statements.append(squeeze(text(node), 200))
            self.expressions(ast.iter_child_nodes(node), spot)
            if isinstance(node, ast.Raise) and "AssertionError" in text(node.exc):
                self.assertions.append(
                    Assertion("fail", "fails", " / ".join(guards), node.lineno, guards=guards, dead=dead)
                )

    def compound(self, node: ast.stmt, spot: Spot) -> None:
        """Walk a statement that holds others."""
        if isinstance(node, ast.If):
            self.condition(node, spot)
        elif isinstance(node, (ast.While, ast.For, ast.AsyncFor)):
            self.loop(node, spot)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            self.context(node, spot)
        elif isinstance(node, ast.Try):
            self.attempt(node, spot)
        elif isinstance(node, ast.Match):
            for case in node.cases:
                self.block(case.body, spot.guards, spot.dead)

    def condition(self, node: ast.If, spot: Spot) -> None:
        """Walk both branches; where both assert, neither is a way around the assertions."""
        self.statements.append("if " + squeeze(text(node.test), 200))
        self.expressions([node.test], spot)
        known, line = truth(node.test), node.lineno
        if known is not None:
            dead = f"stands under a condition in line {line} that is never true"
            self.block(node.body, spot.guards, spot.dead or ("" if known else dead))
            self.block(node.orelse, spot.guards, spot.dead or (dead if known else ""))
            return
        guard = f"if {squeeze(text(node.test), 80)}"
        sided = _asserts(node.body, self.resolve) and _asserts(node.orelse, self.resolve)
        self.block(node.body, spot.guards if sided else (*spot.guards, guard), spot.dead)
        self.block(node.orelse, spot.guards if sided else (*spot.guards, f"if not ({guard[3:]})"), spot.dead)

    def loop(self, node: ast.While | ast.For | ast.AsyncFor, spot: Spot) -> None:
        """Walk a loop; the literal rows that it runs over count as parameter rows."""
        dead = spot.dead
        if isinstance(node, ast.While):
            self.statements.append("while " + squeeze(text(node.test), 200))
            self.expressions([node.test], spot)
            dead = dead or ("stands in a loop that never runs" if truth(node.test) is False else "")
        else:
            literal = isinstance(node.iter, (ast.List, ast.Tuple))
            shown = "…" if literal else squeeze(text(node.iter), 200)
            self.statements.append(f"for {text(node.target)} in {shown}")
            self.expressions([node.iter], spot)
            if isinstance(node.iter, (ast.List, ast.Tuple)):
                self.rows += [squeeze(text(item)) for item in node.iter.elts]
                dead = dead or ("" if node.iter.elts else "stands in a loop over nothing")
        self.block(node.body, spot.guards, dead)
        self.block(node.orelse, spot.guards, spot.dead)

    def context(self, node: ast.With | ast.AsyncWith, spot: Spot) -> None:
        """Walk a with statement: ``raises`` asserts about its body, ``suppress`` swallows it."""
        guards = spot.guards
        for item in node.items:
            call = item.context_expr
            self.statements.append("with " + squeeze(text(call), 200))
            before = len(self.assertions)
            self.expressions([call], spot)
            if isinstance(call, ast.Call) and text(call.func).rpartition(".")[2] == "suppress":
                if any(text(arg) in _BROAD for arg in call.args):
                    guards = (*guards, squeeze(f"with {text(call)}", 80))
            elif len(self.assertions) > before and self.assertions[before].operator in ("raises", "warns"):
                self.raising(before, node.body)
        self.block(node.body, guards, spot.dead)

    def raising(self, at: int, body: Sequence[ast.stmt]) -> None:
        """Make the statements under ``with raises(...)`` the subject of that assertion."""
        subject = "; ".join(squeeze(text(part)) for part in body[-2:])
        found = self.assertions[at]
        self.assertions[at] = replace(found, subject=squeeze(subject), names=found.names | words(subject))

    def attempt(self, node: ast.Try, spot: Spot) -> None:
        """Walk a try statement; a broad handler that goes on swallows what its body asserts."""
        swallowing = [handler for handler in node.handlers if _swallows(handler)]
        guards = spot.guards
        if swallowing:
            caught = text(swallowing[0].type)
            guards = (*guards, f"try … except{' ' + caught if caught else ''}")
        self.statements.append("try")
        self.block(node.body, guards, spot.dead)
        expected = [text(handler.type) for handler in node.handlers if handler not in swallowing]
        for handler in node.handlers:
            self.statements.append("except " + text(handler.type))
            self.block(handler.body, (*spot.guards, f"except {text(handler.type)}"), spot.dead)
        if expected:
            self.named_exception(node, expected, spot)
        self.block(node.orelse, spot.guards, spot.dead)
        self.block(node.finalbody, spot.guards, spot.dead)

    def named_exception(self, node: ast.Try, expected: list[str], spot: Spot) -> None:
        """Read ``try: f(); fail() except X:`` as the exception assertion that it is."""
        last = [*node.body[-1:], *node.orelse[-1:]]
        if not any(_fails(part) for part in last):
            return
        subject = "; ".join(squeeze(text(part)) for part in node.body if not _fails(part))
        names = words(subject + " " + " ".join(expected))
        self.assertions.append(
            Assertion(
                subject,
                "raises",
                "",
                node.lineno,
                names=names,
                exceptions=tuple(expected),
                guards=spot.guards,
                dead=spot.dead,
            )
        )

    def nested(self, node: Function | ast.ClassDef, guards: tuple[str, ...], dead: str) -> None:
        """Walk a definition inside the function; one that nobody names or registers never runs."""
        self.statements.append(f"{_word(node)} {node.name}")
        for decorator in node.decorator_list:
            self.statements.append("@" + squeeze(text(decorator), 200))
        if isinstance(node, ast.ClassDef):
            self.block(node.body, guards, dead)
            return
        idle = not node.decorator_list and node.name not in self.used and not node.name.startswith("__")
        inner = "" if self.in_class(node) else (f"stands in {node.name}(), which nobody calls" if idle else "")
        self.block(node.body, guards, dead or inner)

    def in_class(self, node: Function) -> bool:
        """Tell a method, whose callers need not stand here."""
        return bool(node.args.args) and node.args.args[0].arg in ("self", "cls")

    def expressions(self, nodes: Iterable[ast.AST], spot: Spot) -> None:
        """Find the assertions that calls in expressions make."""
        for call in _calls(nodes):
            via = helped(call, spot, self.resolve)
            found = list(called(call, spot)) or ([via] if via is not None else [])
            if found:
                shown = squeeze(text(call), 200)
                self.assertions += [replace(one, source=shown) for one in found]

    def skips(self, node: ast.stmt, guards: tuple[str, ...]) -> bool:
        """Note a statement that skips the rest of the test."""
        value = node.value if isinstance(node, ast.Expr) else node.exc if isinstance(node, ast.Raise) else None
        name = text(value.func) if isinstance(value, ast.Call) else ""
        kind = _SKIPS.get(name)
        if kind is None or value is None:
            return False
        self.markers.append(
            Marker("xfail" if kind == "xfail" else "skip", squeeze(text(value), 160), node.lineno, bool(guards))
        )
        return True


def examine(node: Function, resolve: Resolver, markers: Iterable[Marker], rows: Iterable[str]) -> Detail:
    """Work out the detail of one function; marks and rows of its decorators are given."""
    used = frozenset(n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load))
    walk = _Walk(resolve, used, markers=list(markers), rows=list(rows))
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    walk.block(body, (), LIVE)
    spoken = words(" ".join(walk.statements))
    asserting = {one.source for one in walk.assertions}
    arranged = tuple(s for s in walk.statements if not s.startswith("assert ") and s not in {*asserting, "pass", "..."})
    return Detail(
        assertions=tuple(walk.assertions),
        statements=tuple(walk.statements),
        arranged=arranged,
        words=spoken,
        markers=tuple(walk.markers),
        rows=tuple(walk.rows),
        limits=limits(node),
    )


def limits(node: Function) -> dict[str, float]:
    """Read limits of time and numbers of retries from the decorators."""
    found: dict[str, float] = {}
    for decorator in node.decorator_list:
        name = text(decorator.func).rpartition(".")[2] if isinstance(decorator, ast.Call) else ""
        if name in ("timeout", "flaky", "retry", "rerun") and isinstance(decorator, ast.Call):
            values = [*decorator.args, *(word.value for word in decorator.keywords)]
            numbers = [v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, (int, float))]
            found[name] = float(numbers[0]) if numbers else 1.0
    return found


def truth(node: ast.expr) -> bool | None:
    """Evaluate a condition that needs no evaluation: constants, and what negates or joins them."""
    if isinstance(node, ast.Constant):
        return bool(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        inner = truth(node.operand)
        return None if inner is None else not inner
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and not node.elts:
        return False
    if isinstance(node, ast.Name) and node.id == "TYPE_CHECKING":
        return False
    if isinstance(node, ast.BoolOp):
        values = [truth(value) for value in node.values]
        if isinstance(node.op, ast.And):
            return False if False in values else True if all(value is True for value in values) else None
        return True if True in values else False if all(value is False for value in values) else None
    return None


def _calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    stack = list(nodes)[::-1]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Call):
            yield node
        stack.extend(list(ast.iter_child_nodes(node))[::-1])


def _asserts(body: Sequence[ast.stmt], resolve: Resolver) -> bool:
    nodes = [node for statement in body for node in ast.walk(statement)]
    if any(isinstance(node, ast.Assert) for node in nodes):
        return True
    spot = Spot(1, (), "")
    calls = (node for node in nodes if isinstance(node, ast.Call))
    return any(next(iter(called(call, spot)), None) is not None or resolve(call) is not None for call in calls)


def _leaves(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], (ast.Return, ast.Continue))


def _may_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.Return)


def _swallows(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught] if caught is not None else []
    broad = caught is None or any(text(kind) in _BROAD for kind in kinds)
    return broad and not any(isinstance(n, ast.Raise) or _fails(n) for part in handler.body for n in ast.walk(part))


def _fails(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return truth(node.test) is False
    if isinstance(node, ast.Raise):
        return "AssertionError" in text(node.exc)
    call = node.value if isinstance(node, ast.Expr) else node
    return isinstance(call, ast.Call) and text(call.func) in ("pytest.fail", "self.fail")


def _word(node: ast.AST) -> str:
    words_by_type = {
        "Return": "return",
        "Raise": "raise",
        "Continue": "continue",
        "Break": "break",
        "FunctionDef": "def",
        "AsyncFunctionDef": "def",
        "ClassDef": "class",
    }
    return words_by_type[type(node).__name__]
