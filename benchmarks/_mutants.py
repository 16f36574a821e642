"""Weaken real tests in every way that the rules name: one changed file a mutant."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

Edit = tuple[int, int, bytes]


class Mutant(NamedTuple):
    """One weakened file."""

    kind: str
    path: str
    text: bytes
    rules: frozenset[str]


LOST = frozenset(("assertion-removed", "assertion-loosened"))
TRIVIAL = frozenset(("assertion-trivial",))
IDLE = frozenset(("assertion-unreachable",))
GUARDED = frozenset(("assertion-guarded",))
SKIPPED = frozenset(("test-skipped",))
UNCOLLECTED = frozenset(("not-collected",))
GONE = frozenset(("test-removed",))
ROWS = frozenset(("cases-removed",))
FOCUS = frozenset(("focus-added",))


def applied(raw: bytes, edits: list[Edit]) -> bytes:
    """Apply edits, last first."""
    for start, end, text in sorted(edits, reverse=True):
        raw = raw[:start] + text + raw[end:]
    return raw


def python(path: str, raw: bytes) -> Iterator[Mutant]:
    """Give the mutants of one Python file."""
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError):
        return
    lines = raw.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def span(node: Any) -> tuple[int, int]:
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    def text(node: Any) -> bytes:
        start, end = span(node)
        return raw[start:end]

    def mutant(kind: str, rules: frozenset[str], *edits: Edit) -> Mutant:
        return Mutant(kind, path, applied(raw, list(edits)), rules)

    for holder in [
        tree,
        *(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")),
    ]:
        for test in holder.body:
            if not isinstance(test, (ast.FunctionDef, ast.AsyncFunctionDef)) or not test.name.startswith("test_"):
                continue
            if any("skip" in ast.unparse(d) or "xfail" in ast.unparse(d) for d in test.decorator_list):
                continue
            yield from _python_test(test, raw, starts, span, text, mutant)


def _python_test(test: Any, raw: bytes, starts: list[int], span: Any, text: Any, mutant: Any) -> Iterator[Mutant]:
    asserts = [node for node in test.body if isinstance(node, ast.Assert)]
    if not asserts:
        return
    pad = b" " * test.body[0].col_offset
    first = min([test.lineno, *(d.lineno for d in test.decorator_list)])
    above = (starts[first - 1], starts[first - 1])
    outer = b" " * test.col_offset
    yield mutant("all assertions removed", LOST, *((*span(node), b"pass") for node in asserts))
    yield mutant("skip", SKIPPED, (*above, outer + b"@pytest.mark.skip(reason='flaky')\n"))
    yield mutant("expected failure", SKIPPED, (*above, outer + b"@pytest.mark.xfail\n"))
    end = starts[test.end_lineno]
    yield mutant("test removed", GONE, (starts[first - 1], end, b""))
    at = raw.index(b"def " + test.name.encode(), starts[test.lineno - 1]) + 4
    yield mutant("renamed", UNCOLLECTED, (at, at, b"_"))
    node = asserts[0]
    start, stop = span(node)
    condition = text(node.test)
    yield mutant("one assertion removed", LOST, (start, stop, b"pass"))
    yield mutant("constant", TRIVIAL, (start, stop, b"assert True"))
    yield mutant("or True", TRIVIAL, (start, stop, b"assert (" + condition + b") or True"))
    if b"\n" not in raw[start:stop]:
        yield mutant("if False", IDLE, (start, stop, b"if False:\n" + pad + b"    " + raw[start:stop]))
        yield mutant("new if", GUARDED, (start, stop, b"if sys.argv:\n" + pad + b"    " + raw[start:stop]))
        tried = b"try:\n" + pad + b"    " + raw[start:stop] + b"\n" + pad + b"except Exception:\n" + pad + b"    pass"
        yield mutant("broad try", GUARDED, (start, stop, tried))
    yield mutant("early return", IDLE, (start, start, b"return\n" + pad))
    compared = node.test
    if isinstance(compared, ast.Compare) and len(compared.ops) == 1 and isinstance(compared.ops[0], ast.Eq):
        left, right = text(compared.left), text(compared.comparators[0])
        if isinstance(compared.left, ast.Constant) or right in (b"True", b"False"):
            return
        yield mutant("== to in", LOST, (start, stop, b"assert " + left + b" in (" + right + b", None)"))
        yield mutant("== to is not None", LOST | TRIVIAL, (start, stop, b"assert " + left + b" is not None"))
        yield mutant("== to truthy", LOST, (start, stop, b"assert " + left))
        yield mutant("== to >=", LOST, (start, stop, b"assert " + left + b" >= " + right))
        yield mutant("self-comparison", TRIVIAL, (start, stop, b"assert " + left + b" == " + left))


def python_more(path: str, raw: bytes) -> Iterator[Mutant]:
    """Give the mutants that need an exception assertion or parameter rows."""
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError):
        return
    lines = raw.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def span(node: Any) -> tuple[int, int]:
        return starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset

    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name == "pytest.raises" and node.args and ast.unparse(node.args[0]) not in ("Exception", "BaseException"):
            yield Mutant("exception widened", path, applied(raw, [(*span(node.args[0]), b"Exception")]), LOST)
            match = next((word for word in node.keywords if word.arg == "match"), None)
            if match is not None and len(node.args) == 1 and len(node.keywords) == 1:
                bare = b"pytest.raises(" + raw[slice(*span(node.args[0]))] + b")"
                yield Mutant("match dropped", path, applied(raw, [(*span(node), bare)]), LOST)
        if name == "pytest.mark.parametrize" and len(node.args) > 1 and isinstance(node.args[1], (ast.List, ast.Tuple)):
            rows = node.args[1].elts
            if len(rows) > 2:
                cut = (span(rows[1])[0], span(rows[2])[0], b"")
                yield Mutant("row removed", path, applied(raw, [cut]), ROWS)


def _nodes(root: Any, kinds: tuple[str, ...]) -> Iterator[Any]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type in kinds:
            yield node
        stack.extend(reversed(node.named_children))


def javascript(path: str, raw: bytes) -> Iterator[Mutant]:
    """Give the mutants of one JavaScript or TypeScript file."""
    from gatepost.suites._javascript_outline import grammar

    root = grammar(path).parse(raw).root_node  # type: ignore[attr-defined]  # a tree_sitter.Parser
    if root.has_error:
        return

    def mutant(kind: str, rules: frozenset[str], *edits: Edit) -> Mutant:
        return Mutant(kind, path, applied(raw, list(edits)), rules)

    for call in _nodes(root, ("call_expression",)):
        head = call.child_by_field_name("function").text
        if head not in (b"it", b"test"):
            continue
        given = call.child_by_field_name("arguments").named_children
        body = next(
            (p.child_by_field_name("body") for p in given if p.type in ("arrow_function", "function_expression")), None
        )
        if body is None or body.type != "statement_block" or given[0].type != "string":
            continue
        statements = [s for s in body.named_children if s.type == "expression_statement"]
        expects = [s for s in statements if s.text.startswith((b"expect(", b"await expect("))]
        if not expects:
            continue
        name = call.child_by_field_name("function")
        at = (name.end_byte, name.end_byte)
        yield mutant("only", FOCUS, (*at, b".only"))
        yield mutant("skip", SKIPPED, (*at, b".skip"))
        yield mutant("xit", SKIPPED, (name.start_byte, name.end_byte, b"x" + head))
        whole = call.parent
        if whole.type == "expression_statement":
            yield mutant("test removed", GONE, (whole.start_byte, whole.end_byte, b""))
            yield mutant(
                "under if (false)",
                UNCOLLECTED,
                (whole.start_byte, whole.end_byte, b"if (false) { " + whole.text + b" }"),
            )
        yield mutant("all assertions removed", LOST, *((s.start_byte, s.end_byte, b"") for s in expects))
        yield from _javascript_assertion(expects[0], mutant)


def _javascript_assertion(node: Any, mutant: Callable[..., Mutant]) -> Iterator[Mutant]:
    span, text = (node.start_byte, node.end_byte), node.text
    yield mutant("one assertion removed", LOST, (*span, b""))
    yield mutant("commented out", LOST, (*span, b"/* " + text.replace(b"*/", b"* /") + b" */"))
    yield mutant("constant", TRIVIAL, (*span, b"expect(true).toBe(true);"))
    yield mutant("if (false)", IDLE, (*span, b"if (false) { " + text + b" }"))
    yield mutant("new if", GUARDED, (*span, b"if (process.env.CI) { " + text + b" }"))
    yield mutant("swallowing try", GUARDED, (*span, b"try { " + text + b" } catch {}"))
    yield mutant("early return", IDLE, (*span, b"return;\n" + text))
    inner = node.named_children[0]
    inner = inner.named_children[0] if inner.type == "await_expression" else inner
    member = inner.child_by_field_name("function")
    if inner.type != "call_expression" or member is None or member.type != "member_expression":
        return
    matcher, head = member.child_by_field_name("property").text, member.child_by_field_name("object")
    arguments = inner.child_by_field_name("arguments").text
    if matcher not in (b"toBe", b"toEqual", b"toStrictEqual") or not head.text.startswith(b"expect("):
        return
    if arguments in (b"(true)", b"(false)", b"(undefined)", b"(null)") or b").not" in head.text:
        return
    yield mutant("to toBeTruthy", LOST, (*span, head.text + b".toBeTruthy();"))
    yield mutant("to toBeDefined", LOST | TRIVIAL, (*span, head.text + b".toBeDefined();"))
    yield mutant("to anything", LOST, (*span, head.text + b".toEqual(expect.anything());"))
    subject = head.child_by_field_name("arguments") if head.type == "call_expression" else None
    if subject is not None and not subject.text.startswith((b"('", b'("')):
        yield mutant("self-comparison", TRIVIAL, (*span, head.text + b".toEqual" + subject.text + b";"))


def go(path: str, raw: bytes) -> Iterator[Mutant]:
    """Give the mutants of one Go file."""
    from gatepost.suites._go_outline import _PACKAGES, _REPORTS
    from gatepost.suites._parsing import parser

    root = parser("tree_sitter_go").parse(raw).root_node
    if root.has_error:
        return

    def mutant(kind: str, rules: frozenset[str], *edits: Edit) -> Mutant:
        return Mutant(kind, path, applied(raw, list(edits)), rules)

    def asserts(node: Any) -> bool:
        if node.type == "if_statement":
            then = node.child_by_field_name("consequence").text
            return any(b"t." + word.encode() + b"(" in then for word in _REPORTS) and b"for " not in then
        return (
            node.type == "expression_statement"
            and node.text.split(b".")[0] in (b"assert", b"require")
            and b"(t, " in node.text
        )

    assert _PACKAGES
    for function in root.named_children:
        if function.type != "function_declaration" or not function.child_by_field_name("name").text.startswith(b"Test"):
            continue
        name, block = function.child_by_field_name("name"), function.child_by_field_name("body")
        inner = block.named_children
        inner = inner[0].named_children if len(inner) == 1 and inner[0].type == "statement_list" else inner
        found = [node for node in inner if asserts(node)]
        if not found or b"t.Skip" in block.text:
            continue
        begin = (block.start_byte + 1, block.start_byte + 1)
        yield mutant("skip", SKIPPED, (*begin, b'\n\tt.Skip("flaky")\n'))
        yield mutant("early return", IDLE, (*begin, b"\n\treturn\n"))
        yield mutant("renamed", UNCOLLECTED, (name.start_byte, name.end_byte, b"t" + name.text[1:]))
        yield mutant("test removed", GONE, (function.start_byte, function.end_byte, b""))
        yield mutant("all assertions removed", LOST, *((s.start_byte, s.end_byte, b"") for s in found))
        node = found[0]
        span, text = (node.start_byte, node.end_byte), node.text
        yield mutant("one assertion removed", LOST, (*span, b""))
        yield mutant("if false", IDLE, (*span, b"if false {\n" + text + b"\n}"))
        yield mutant("new if", GUARDED, (*span, b'if os.Getenv("CI") != "" {\n' + text + b"\n}"))
        yield from _go_assertion(node, mutant)


def _go_assertion(node: Any, mutant: Callable[..., Mutant]) -> Iterator[Mutant]:
    span, text = (node.start_byte, node.end_byte), node.text
    if node.type == "if_statement":
        condition = node.child_by_field_name("condition")
        if condition.type == "binary_expression" and condition.child_by_field_name("operator").text == b"!=":
            left, right = condition.child_by_field_name("left").text, condition.child_by_field_name("right").text
            here = (condition.start_byte, condition.end_byte)
            if right not in (b"nil", b"true", b"false"):
                yield mutant("== loosened", LOST, (*here, left + b" < " + right))
            yield mutant("self-comparison", TRIVIAL, (*here, left + b" != " + left))
        return
    package, method = text.split(b"(")[0].split(b".")[:2]
    given = node.named_children[0].child_by_field_name("arguments").named_children
    yield mutant("constant", TRIVIAL, (*span, package + b".True(t, true)"))
    if method == b"Equal" and len(given) > 2 and "literal" not in given[2].type:
        yield mutant("Equal to NotNil", LOST, (*span, package + b".NotNil(t, " + given[2].text + b")"))
        yield mutant(
            "Equal to Contains",
            LOST,
            (*span, package + b".Contains(t, " + given[2].text + b", " + given[1].text + b")"),
        )
        yield mutant(
            "self-comparison", TRIVIAL, (*span, package + b".Equal(t, " + given[2].text + b", " + given[2].text + b")")
        )


LANGUAGES: dict[str, tuple[Callable[[str, bytes], Iterator[Mutant]], ...]] = {
    "python": (python, python_more),
    "javascript": (javascript,),
    "go": (go,),
}


def chosen(mutants: list[Mutant], sites: int) -> list[Mutant]:
    """Take so many of each kind, the same ones each time."""
    kinds: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        kinds.setdefault(mutant.kind, []).append(mutant)
    pick = random.Random(7)
    return [mutant for found in kinds.values() for mutant in pick.sample(found, min(sites, len(found)))]
