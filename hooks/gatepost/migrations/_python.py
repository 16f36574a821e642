"""Read Python migrations as a syntax tree; nothing is imported or run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from gatepost.migrations import State
from gatepost.migrations._look import Unreadable
from gatepost.model import printable

UNKNOWN = object()
PLAIN = rb"\x41\n+AAo-~{~}"  # what escapes, UTF-7 and HZ read as something else
Function = ast.FunctionDef | ast.AsyncFunctionDef


def parse(text: str, path: str) -> ast.Module:
    """Parse a file; Unreadable where this interpreter cannot, newer syntax than its own included."""
    import warnings

    _refuse_coding(text, path)
    try:
        with warnings.catch_warnings():  # an invalid escape in a pushed file is none of our business
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        reason = f"is no Python that this interpreter can read: {error.msg}"
        fix = "mend the syntax, or run gatepost under the Python version that the file is written for"
        raise Unreadable(path, reason, fix, error.lineno or 1) from None
    except (RecursionError, MemoryError, ValueError):
        raise Unreadable(path, "is nested too deeply to be read", "split it up") from None


def _refuse_coding(text: str, path: str) -> None:
    """Refuse a declared encoding (PEP 263) in which Python reads other statements than stand there, such as utf-7."""
    for number, said in enumerate(text.split("\n", 2)[:2], 1):
        found = re.match(r"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)", said[:400])
        if found is None:
            continue
        try:
            same = PLAIN.decode(found[1]) == PLAIN.decode()
        except (LookupError, ValueError):
            same = False
        if not same:
            raise Unreadable(path, f"is written in {printable(found[1], 40)}", "save it as UTF-8", number)


def name(node: ast.AST) -> str:
    """Give the dotted name of an expression (``op.create_table``), or "" where it is none."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def functions(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give the functions of a module by name; those inside an ``if`` or ``try`` too."""
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    queue: list[ast.stmt] = list(tree.body)
    while queue:
        node = queue.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found[node.name] = node
        elif isinstance(node, (ast.If, ast.Try)):
            queue += [*node.body, *node.orelse]
    return found


def assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Give the names that a module assigns at its top level, with the expressions."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value


def idle(node: ast.stmt) -> bool:
    """Tell a statement that does nothing by its form: ``pass``, a docstring, ``...``, ``return``."""
    if isinstance(node, ast.Pass):
        return True
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def says(node: ast.stmt) -> bool:
    """Tell a statement that only tells or fetches something: ``print``, logging, ``op.get_bind()``, imports."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    value = node.value if isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign)) else None
    if not isinstance(value, ast.Call):
        return isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(value, ast.Constant)
    called = name(value.func)
    last = called.rpartition(".")[2]
    return called in ("print", "warnings.warn", "op.get_bind", "op.get_context") or (
        "log" in called.lower() and last in ("debug", "info", "warning", "error", "exception", "critical")
    )


def form(body: Sequence[ast.stmt]) -> tuple[State, str, int]:
    """Say what a function's body amounts to by its form, in which words, and on which line."""
    line = body[0].lineno if body else 1
    active = [node for node in body if not idle(node)]
    if not active:
        kept = [ast.unparse(node)[:60] for node in body if isinstance(node, (ast.Pass, ast.Return))]
        return "empty", f"its body is {kept[0] if kept else 'a docstring'}", line
    rest = [node for node in active if not says(node)]
    if not rest:
        return "noop", f"it only runs {ast.unparse(active[0])[:60]}", active[0].lineno
    if isinstance(rest[0], ast.Raise):
        return "raising", ast.unparse(rest[0])[:80], rest[0].lineno
    return "ok", "", rest[0].lineno
