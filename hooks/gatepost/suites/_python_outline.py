"""Outline one Python file: which functions are tests, which are not, and what they may call."""

from __future__ import annotations

import ast
import hashlib
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from gatepost.suites import Files
from gatepost.suites._python_assertions import CHECKING, Spot, called, demanded, text
from gatepost.suites._python_detail import Function, examine, truth
from gatepost.suites._units import Detail, Marker, Source, Unit
from gatepost.suites._words import squeeze, successors, words
from gatepost.suites.python import claims

_SKIP_MARKS = {
    "skip": "skip",
    "skipif": "skip",
    "xfail": "xfail",
    "expectedFailure": "xfail",
    "skipIf": "skip",
    "skipUnless": "skip",
}
_PLAIN_BASES = frozenset(("object", "Generic", "Protocol", "ABC", "abc.ABC", "NamedTuple", "Enum"))
_DEPTH = 2
_HELPER_FILES = 6


def outline(raw: bytes, path: str, files: Files, collected: bool) -> Source:
    """Give the units of one file; a problem where it cannot be parsed."""
    tree = parse(raw)
    if isinstance(tree, str):
        return Source(problem=tree)
    source = raw.decode("utf-8", "replace")
    module = _Module(path, tree, source.splitlines(), files)
    off = "" if collected else "the runner does not look into this file"
    reader = _Reader(module)
    reader.body(tree.body, "", off, module.marks(tree.body))
    used = frozenset(
        n.id if isinstance(n, ast.Name) else n.attr
        for n in ast.walk(tree)
        if (isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)) or isinstance(n, ast.Attribute)
    )
    units = tuple(_shadowed(reader.units, tree.body))
    told = successors(source, reader.places)
    return Source(units, "", used, told)


def parse(raw: bytes) -> ast.Module | str:
    """Parse Python without a word on standard error; the reason where that fails."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(raw)
    except SyntaxError as error:
        return f"does not parse as Python: {squeeze(str(error.msg), 80)} in line {error.lineno}"
    except (ValueError, RecursionError, MemoryError, UnicodeDecodeError) as error:
        return f"does not parse as Python: {squeeze(str(error), 80) or type(error).__name__}"


@dataclass(slots=True)
class _Module:
    """The names that a file offers to its tests."""

    path: str
    tree: ast.Module
    lines: list[str]
    files: Files
    functions: dict[str, Function] = field(default_factory=dict)
    methods: dict[str, Function] = field(default_factory=dict)
    values: dict[str, ast.expr] = field(default_factory=dict)
    _beside: list[_Module] | None = None
    _known: dict[str, frozenset[str] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for node in self.tree.body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.functions[node.name] = node
            elif isinstance(node, ast.ClassDef):
                own = (item for item in node.body if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)))
                self.methods.update((item.name, item) for item in own)
            elif isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.values[node.targets[0].id] = node.value

    def marks(self, body: Sequence[ast.stmt]) -> tuple[ast.expr, ...]:
        """Give the marks of ``pytestmark`` in a body."""
        for node in body:
            if isinstance(node, ast.Assign) and any(text(target) == "pytestmark" for target in node.targets):
                value = node.value
                return tuple(value.elts) if isinstance(value, (ast.List, ast.Tuple)) else (value,)
        return ()

    def resolve(self, call: ast.Call) -> tuple[str, frozenset[str]] | None:
        """Find the helper that a call reaches, where it asserts within two calls."""
        function = call.func
        if isinstance(function, ast.Name):
            name, method = function.id, False
        elif isinstance(function, ast.Attribute) and text(function.value) in ("self", "cls", "super()"):
            name, method = function.attr, True
        else:
            return None
        key = f"{'.' if method else ''}{name}"
        if key not in self._known:
            self._known[key] = None  # a helper that calls itself adds nothing
            self._known[key] = self.asserted(name, method, _DEPTH)
        found = self._known[key]
        if found is None and name.startswith(CHECKING) and name not in (self.methods if method else self.functions):
            found = frozenset()  # its name says what it does, and its body is not to be had
        return None if found is None else (name, found)

    def asserted(self, name: str, method: bool, depth: int) -> frozenset[str] | None:
        """Give the names in the assertions of a helper, or None where it asserts nothing."""
        node = self.methods.get(name) if method else self.functions.get(name)
        home = self
        if node is None and not method:
            home, node = next(((m, m.functions[name]) for m in self.beside() if name in m.functions), (self, None))
        if node is None or depth == 0:
            return None
        found: set[str] = set()
        asserts = False
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assert):
                asserts = asserts or any(one.live for one in demanded(inner.test, Spot(1, (), "")))
                found |= words(text(inner.test))
            elif isinstance(inner, ast.Call):
                named = home.names_of(inner, depth)
                asserts = asserts or named is not None
                found |= named or frozenset()
        return frozenset(found) if asserts else None

    def names_of(self, call: ast.Call, depth: int) -> frozenset[str] | None:
        """Give what a call inside a helper asserts about."""
        own = next(iter(called(call, Spot(1, (), ""))), None)
        if own is not None:
            return own.names
        function = call.func
        if isinstance(function, ast.Name):
            return self.asserted(function.id, False, depth - 1)
        if isinstance(function, ast.Attribute) and text(function.value) in ("self", "cls"):
            return self.asserted(function.attr, True, depth - 1)
        return None

    def beside(self) -> list[_Module]:
        """Give the modules that lend this one helpers: conftest files above it, and what it imports nearby."""
        if self._beside is None:
            self._beside = []
            for path in self.lenders():
                raw = self.files(path) if len(self._beside) < _HELPER_FILES and path != self.path else None
                tree = parse(raw) if raw is not None else ""
                if not isinstance(tree, str):
                    module = _Module(path, tree, [], self.files)
                    module._beside = []  # two deep, not the whole tree
                    self._beside.append(module)
        return self._beside

    def lenders(self) -> list[str]:
        """Give the paths where helpers may stand, nearest first."""
        directories = self.path.split("/")[:-1]
        above = ["/".join(directories[:count]) for count in range(len(directories), -1, -1)]
        found = [f"{directory}/conftest.py".lstrip("/") for directory in above]
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom):
                parts = (node.module or "").replace(".", "/")
                starts = (
                    [above[min(node.level - 1, len(above) - 1)]]
                    if node.level
                    else [above[0], "", *above[1:-1][::-1][:1]]
                )
                found += [f"{start}/{parts}.py".lstrip("/") for start in starts if parts]
        return [path for path in dict.fromkeys(found) if claims(path)][:24]  # an assert in the product is no test


@dataclass(slots=True)
class _Reader:
    """Collect the units of a module, class by class."""

    module: _Module
    units: list[Unit] = field(default_factory=list)
    places: list[tuple[int, int, str]] = field(default_factory=list)
    classes: dict[str, str] = field(default_factory=dict)

    def body(self, body: Sequence[ast.stmt], prefix: str, off: str, marks: tuple[ast.expr, ...]) -> None:
        """Read the definitions of a module or a class, also those under conditions."""
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self.function(node, prefix, off, marks)
            elif isinstance(node, ast.ClassDef):
                self.klass(node, prefix, off, marks)
            elif isinstance(node, ast.If):
                known = truth(node.test)
                never = f"it stands under `if {squeeze(text(node.test), 40)}`"
                self.body(node.body, prefix, off or (never if known is False else ""), marks)
                self.body(node.orelse, prefix, off or (never if known is True else ""), marks)
            elif isinstance(node, (ast.Try, ast.With)):
                self.body(node.body, prefix, off, marks)
                for handler in getattr(node, "handlers", ()):
                    self.body(handler.body, prefix, off, marks)
                self.body(getattr(node, "orelse", ()), prefix, off, marks)

    def klass(self, node: ast.ClassDef, prefix: str, off: str, marks: tuple[ast.expr, ...]) -> None:
        """Read one class: its own marks hold for each of its tests."""
        why = off or self.closed(node)
        self.classes[node.name] = why
        marks = (*marks, *node.decorator_list, *self.module.marks(node.body))
        self.body(node.body, f"{prefix}{node.name}::", why, marks)

    def closed(self, node: ast.ClassDef) -> str:
        """Say why the runner does not collect from a class, or nothing."""
        if any(isinstance(s, ast.Assign) and text(s) == "__test__ = False" for s in node.body):
            return "its class says __test__ = False"
        bases = [text(base) for base in node.bases if text(base).partition("[")[0] not in _PLAIN_BASES]
        if bases and not all(self.classes.get(base) for base in bases):
            return ""  # a base from elsewhere may be a TestCase
        if not node.name.startswith("Test"):
            return f"its class {node.name} does not begin with Test"
        made = any(isinstance(s, ast.FunctionDef) and s.name == "__init__" for s in node.body)
        return "its class has an __init__" if made else ""

    def function(self, node: Function, prefix: str, off: str, marks: tuple[ast.expr, ...]) -> None:
        """Add one function."""
        fixture = any(_name(mark).endswith("fixture") for mark in node.decorator_list)
        why = off
        if not node.name.startswith("test"):
            why = f"its name {node.name} does not begin with test"
        elif fixture:
            why = "it is a fixture"
        first = min([node.lineno, *(mark.lineno for mark in node.decorator_list)])
        last = node.end_lineno or node.lineno
        known = [self.known(mark) for mark in (*marks, *node.decorator_list)]
        inherited = [text(mark) for mark in known[: len(marks)]]
        tables = self.tables(known)
        digest = hashlib.sha256(
            "\n".join([*self.module.lines[first - 1 : last], why, *inherited, *tables[1]]).encode("utf-8", "replace")
        )
        name = f"{prefix}{node.name}"
        if node.name.startswith("test"):
            self.places.append((first, last, name))
        detail = partial(_once, {}, partial(_examine, node, self.module, known, tables[0]))
        helper = fixture or not node.name.startswith("test")
        size = sum(len(line) for line in self.module.lines[first - 1 : last])
        self.units.append(Unit(self.module.path, name, node.lineno, digest.hexdigest(), detail, why, helper, size))

    def known(self, mark: ast.expr) -> ast.expr:
        """Follow a mark that has a name of its own in this module."""
        return self.module.values.get(mark.id, mark) if isinstance(mark, ast.Name) else mark

    def tables(self, marks: Iterable[ast.expr]) -> tuple[tuple[ast.expr, ...], tuple[str, ...]]:
        """Give the literal rows of ``parametrize`` marks; also as text where they stand outside the test."""
        rows: list[ast.expr] = []
        outside: list[str] = []
        for mark in marks:
            if not isinstance(mark, ast.Call):
                continue
            name = text(mark.func).rpartition(".")[2]
            given = [*mark.args, *(word.value for word in mark.keywords if word.arg == "argvalues")]
            at = 1 if name == "parametrize" else 0 if text(mark.func) == "parameterized.expand" else None
            if at is None or len(given) <= at:
                continue
            table = given[at]
            if isinstance(table, ast.Name) and table.id in self.module.values:
                table = self.module.values[table.id]
                outside.append(text(table))
            if isinstance(table, (ast.List, ast.Tuple, ast.Set)):
                rows += table.elts
        return tuple(rows), tuple(outside)


def _name(mark: ast.expr) -> str:
    return text(mark.func if isinstance(mark, ast.Call) else mark)


def _examine(node: Function, module: _Module, marks: Sequence[ast.expr], rows: Sequence[ast.expr]) -> Detail:
    found = [marker for mark in marks for marker in _marked(mark)]
    shown: list[str] = []
    for row in rows:
        value, own = _row(row)
        shown.append(value)
        found += own
    try:
        return examine(node, module.resolve, found, shown)
    except RecursionError:
        return Detail()


def _once(memory: dict[str, Detail], work: Callable[[], Detail]) -> Detail:
    if "" not in memory:
        memory[""] = work()
    return memory[""]


def _row(row: ast.expr) -> tuple[str, list[Marker]]:
    """Give a parameter row without its marks, and the marks."""
    if not isinstance(row, ast.Call) or not text(row.func).endswith("param"):
        return squeeze(text(row)), []
    value = ", ".join(text(arg) for arg in row.args)
    given = next((word.value for word in row.keywords if word.arg == "marks"), None)
    marks = given.elts if isinstance(given, (ast.List, ast.Tuple)) else [given] if given is not None else []
    found = [
        Marker(m.kind, f"{m.text} on ({squeeze(value, 60)})", m.line, True) for mark in marks for m in _marked(mark)
    ]
    return squeeze(f"({value})" if len(row.args) > 1 else value), found


def _marked(mark: ast.expr) -> list[Marker]:
    """Read one decorator or mark as a skip or an expected failure."""
    call = mark if isinstance(mark, ast.Call) else None
    name = text(call.func if call else mark)
    kind = _SKIP_MARKS.get(name.rpartition(".")[2])
    if kind is None or not (name.startswith(("pytest.", "unittest.", "mark.")) or "." not in name):
        return []
    return [
        Marker("xfail" if kind == "xfail" else "skip", squeeze(text(mark), 160), mark.lineno, _conditional(name, call))
    ]


def _conditional(name: str, call: ast.Call | None) -> bool:
    if call is None or name.rpartition(".")[2] in ("skip", "expectedFailure"):
        return False
    given = [word for word in call.keywords if word.arg in ("condition", "raises")]
    condition = call.args[0] if call.args else next((word.value for word in given if word.arg == "condition"), None)
    if condition is None:
        return bool(given)
    known = True if isinstance(condition, ast.Constant) and isinstance(condition.value, str) else truth(condition)
    if isinstance(condition, ast.Constant) and isinstance(condition.value, str):
        return condition.value not in ("True", "1")
    return known is None


def _shadowed(units: Sequence[Unit], body: Sequence[ast.stmt]) -> Iterable[Unit]:
    """Say which tests the file itself takes away again: defined twice in one block, deleted, replaced."""
    from dataclasses import replace

    last: dict[str, int] = {}
    for node in _definitions(body, ""):
        last[node[0]] = node[1]
    gone = _taken(body)
    for unit in units:
        later = last.get(unit.name, unit.line)
        why = gone.get(unit.name, "") or (
            f"a later definition in line {later} replaces it" if later > unit.line else ""
        )
        if why and not unit.uncollected:
            digest = hashlib.sha256(f"{unit.digest} replaced".encode()).hexdigest()
            unit = replace(unit, uncollected=why, digest=digest)
        yield unit


def _definitions(body: Sequence[ast.stmt], prefix: str) -> Iterable[tuple[str, int]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not node.decorator_list:
            yield prefix + node.name, node.lineno
        elif isinstance(node, ast.ClassDef):
            yield from _definitions(node.body, f"{prefix}{node.name}::")


def _taken(body: Sequence[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.Delete):
            found |= {text(target): f"it is deleted in line {node.lineno}" for target in node.targets}
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            name, off = text(node.targets[0]).partition(".")[::2]
            if off == "__test__" and truth(node.value) is False:
                found[name] = f"__test__ is False in line {node.lineno}"
            elif not off and name.startswith("test") and isinstance(node.value, ast.Constant):
                found[name] = f"its name is assigned again in line {node.lineno}"
    return found
