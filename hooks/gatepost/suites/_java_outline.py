"""Outline one Java test class: its test methods, and what their assertions demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gatepost.suites._parsing import Node, parse, parser, raw_text
from gatepost.suites._tree import Outline, Syntax, Walk
from gatepost.suites._units import BOUND, EXACT, NEAR, PART, TRUTHY, Assertion, Marker, Source
from gatepost.suites._words import squeeze, words

_TESTS = frozenset(("Test", "ParameterizedTest", "RepeatedTest", "TestFactory", "TestTemplate", "Property", "Theory"))
_OFF = frozenset(("Disabled", "Ignore"))
_CONDITIONAL = ("DisabledOn", "EnabledOn", "DisabledIf", "EnabledIf")
_ROWS = frozenset(("CsvSource", "ValueSource", "MethodSource", "Examples"))
_METHODS: dict[str, tuple[str, int, bool]] = {
    **dict.fromkeys(("assertEquals", "assertSame", "assertArrayEquals", "assertIterableEquals"), ("==", EXACT, False)),
    **dict.fromkeys(("assertNotEquals", "assertNotSame"), ("!=", BOUND, False)),
    **dict.fromkeys(("assertTrue",), ("truthy", TRUTHY, False)),
    **dict.fromkeys(("assertFalse",), ("truthy", TRUTHY, True)),
    **dict.fromkeys(("assertNull",), ("==", EXACT, False)),
    **dict.fromkeys(("assertNotNull",), ("!=", BOUND, False)),
    **dict.fromkeys(("assertThrows", "assertThrowsExactly"), ("raises", EXACT, False)),
    **dict.fromkeys(("assertDoesNotThrow",), ("raises", EXACT, True)),
    **dict.fromkeys(("assertInstanceOf",), ("isinstance", BOUND, False)),
}
_LINKS: dict[str, tuple[str, int, bool]] = {
    **dict.fromkeys(("isEqualTo", "isSameAs", "containsExactly", "isZero", "isEmpty", "isNull"), ("==", EXACT, False)),
    **dict.fromkeys(("containsExactlyInAnyOrder", "hasSize", "isEqualToIgnoringCase"), ("==", EXACT, False)),
    **dict.fromkeys(("isNotEqualTo", "isNotNull", "isNotEmpty", "isNotZero", "isPresent"), ("!=", BOUND, False)),
    **dict.fromkeys(("isTrue",), ("truthy", TRUTHY, False)),
    **dict.fromkeys(("isFalse",), ("truthy", TRUTHY, True)),
    **dict.fromkeys(
        ("contains", "startsWith", "endsWith", "matches", "hasMessageContaining"), ("contains", PART, False)
    ),
    **dict.fromkeys(("doesNotContain",), ("contains", PART, True)),
    **dict.fromkeys(
        ("isGreaterThan", "isGreaterThanOrEqualTo", "isPositive", "isLessThan", "isBetween"), ("bound", BOUND, False)
    ),
    **dict.fromkeys(("isInstanceOf", "isExactlyInstanceOf"), ("isinstance", BOUND, False)),
    **dict.fromkeys(("isCloseTo",), ("approx", NEAR, False)),
}
_SETUP = frozenset(
    ("as", "describedAs", "withFailMessage", "extracting", "usingRecursiveComparison", "first", "element", "filteredOn")
)


def outline(raw: bytes, path: str) -> Source:
    """Give the units of one file."""
    root, problem = parse(parser("tree_sitter_java"), raw)
    if root is None:
        return Source(problem=f"{problem} as Java")
    found = Outline(path, SYNTAX)
    _methods(found, root, 0)
    for node in root.named_children:
        if node.type.endswith("class_declaration") or node.type == "class_declaration":
            _class(found, node, "", ())
    return found.source(raw)


def _methods(found: Outline, node: Node, depth: int) -> None:
    for child in node.named_children:
        if child.type == "method_declaration":
            found.known[raw_text(child.child_by_field_name("name"))] = child
        elif child.type in ("class_declaration", "class_body") and depth < 20:
            _methods(found, child, depth + 1)


def _class(found: Outline, node: Node, prefix: str, marks: tuple[Marker, ...]) -> None:
    name = raw_text(node.child_by_field_name("name"))
    body = node.child_by_field_name("body")
    own = (*marks, *_marks(_annotations(node)))
    old = "TestCase" in raw_text(node.child_by_field_name("superclass"))
    for child in body.named_children if body is not None else ():
        if child.type == "class_declaration" and prefix.count("::") < 20:
            _class(found, child, f"{prefix}{name}::", own)
        elif child.type == "method_declaration":
            _method(found, child, f"{prefix}{name}::", own, old)


def _method(found: Outline, node: Node, prefix: str, marks: tuple[Marker, ...], old: bool) -> None:
    name = raw_text(node.child_by_field_name("name"))
    annotations = _annotations(node)
    kinds = {kind for kind, _ in annotations}
    test = bool(kinds & _TESTS) or (old and name.startswith("test"))
    walk = Walk(SYNTAX, {})
    rows: list[str] = []
    limits: dict[str, float] = {}
    for kind, mark in annotations:
        arguments = mark.child_by_field_name("arguments")
        if kind in _ROWS and arguments is not None:
            rows += _elements(walk, arguments)
        if kind in ("Test", "Timeout", "RetryingTest"):
            limits.update(_limit(kind, raw_text(arguments)))
    why = "" if test else "it has no @Test"
    found.add(
        f"{prefix}{name}",
        node,
        node.child_by_field_name("body"),
        why,
        (*marks, *_marks(annotations)),
        rows,
        not test,
        limits,
    )


def _limit(kind: str, text: str) -> dict[str, float]:
    for part in text.strip("()").split(","):
        key, _, value = part.rpartition("=")
        number = value.strip().rstrip("L")
        if number.isdigit() and (kind != "Test" or key.strip() == "timeout"):
            return {"retry" if kind == "RetryingTest" else "timeout": float(number)}
    return {}


def _elements(walk: Walk, node: Node) -> list[str]:
    stack, found = [node], []
    while stack:
        at = stack.pop()
        if at.type == "element_value_array_initializer":
            found += [walk.text(part) for part in at.named_children]
        else:
            stack += at.named_children
    return found


def _annotations(node: Node) -> list[tuple[str, Node]]:
    modifiers = next((child for child in node.named_children if child.type == "modifiers"), None)
    marks = [c for c in modifiers.named_children if "annotation" in c.type] if modifiers is not None else []
    return [(raw_text(mark.child_by_field_name("name")).rpartition(".")[2], mark) for mark in marks]


def _marks(annotations: Sequence[tuple[str, Node]]) -> tuple[Marker, ...]:
    return tuple(
        Marker("skip", squeeze(raw_text(mark), 120), mark.start_point[0] + 1, kind not in _OFF)
        for kind, mark in annotations
        if kind in _OFF or kind.startswith(_CONDITIONAL)
    )


def assertion(walk: Walk, node: Node) -> list[Assertion] | None:
    """Read one call as an assertion; None where it is none."""
    if node.type != "method_invocation":
        return None
    links = _links(node)
    name, given = links[0]
    if name in ("assertThat", "assertThatThrownBy", "assertThatCode", "assertThatExceptionOfType", "then") and given:
        return _fluent(walk, node, links)
    if name == "verify" and len(links) == 2:
        mock = ", ".join(walk.text(part) for part in given)
        return [
            walk.made(
                node, mock, "called", f"{links[1][0]}({', '.join(walk.text(part) for part in links[1][1])})", NEAR
            )
        ]
    last, arguments = links[-1]
    if last in _METHODS and arguments and len(links) == 1:
        return _called(walk, node, last, arguments)
    if last == "fail" and len(links) == 1:
        return [walk.made(node, "fail", "fails", " / ".join(walk.guards))]
    if last.startswith("assert") and len(links) == 1 and last not in walk.known:
        rest = ", ".join(walk.text(part) for part in arguments[1:])
        return [walk.made(node, walk.text(arguments[0]) if arguments else last, last, rest)]
    return None


def _links(node: Node) -> list[tuple[str, list[Node]]]:
    """Take ``a(x).b().c(y)`` apart; a class in front, as in ``Assertions.fail()``, is left away."""
    found: list[tuple[str, list[Node]]] = []
    at: Node | None = node
    while at is not None and at.type == "method_invocation":
        arguments = at.child_by_field_name("arguments")
        given = (
            [part for part in arguments.named_children if "comment" not in part.type] if arguments is not None else []
        )
        found.append((raw_text(at.child_by_field_name("name")), given))
        at = at.child_by_field_name("object")
    if at is not None and not raw_text(at)[:1].isupper():
        found.append((raw_text(at), []))
    return found[::-1]


def _fluent(walk: Walk, node: Node, links: list[tuple[str, list[Node]]]) -> list[Assertion]:
    subject, rest = walk.text(links[0][1][0]), links[0][1][1:]
    constant = walk.literal(links[0][1][0])
    if rest:  # Hamcrest: assertThat(actual, matcher) or assertThat(reason, actual, matcher)
        subject = walk.text(links[0][1][-2])
        return [walk.made(node, subject, "matches", walk.text(rest[-1]), EXACT)]
    found: list[Assertion] = []
    for name, given in links[1:]:
        if name in _SETUP:
            continue
        operator, strength, negated = _LINKS.get(name, (name, EXACT, False))
        expected = ", ".join(walk.text(part) for part in given)
        why = "compares a value with itself" if operator == "==" and expected == subject else ""
        why = why or ("compares constants" if constant and operator in ("==", "truthy") else "")
        if operator == "bound" or (operator in ("==", "!=") and not given):
            operator = operator if operator != "bound" else name
            expected = expected or name
        found.append(walk.made(node, subject, operator, expected, strength, negated=negated, trivial=why))
    return found or [walk.made(node, subject, "truthy", trivial="has no matcher")]


def _called(walk: Walk, node: Node, name: str, given: list[Node]) -> list[Assertion]:
    operator, strength, negated = _METHODS[name]
    if operator == "raises":
        kinds = (raw_text(given[0]).removesuffix(".class"),) if not negated else ()
        body = walk.text(given[1] if len(given) > 1 else given[0])
        return [replace(walk.made(node, body, "raises", negated=negated, names=words(body)), exceptions=kinds)]
    if len(given) > 1 and operator in ("truthy", "==", "!=") and given[0].type == "string_literal" and len(given) != 2:
        given = given[1:]  # JUnit 4: the message comes first
    if operator == "truthy" or name in ("assertNull", "assertNotNull"):
        value = given[0] if len(given) == 1 or given[0].type != "string_literal" else given[1]
        constant = walk.literal(value) and operator == "truthy"
        same = "compares constants" if constant and (raw_text(value) == "true") != negated else ""
        or_true = "has an alternative that is always true" if raw_text(value).endswith("|| true") else ""
        expected = "" if operator == "truthy" else "null"
        return [
            walk.made(node, walk.text(value), operator, expected, strength, negated=negated, trivial=same or or_true)
        ]
    one, other = (given[1], given[0]) if len(given) > 1 else (given[0], given[0])
    if walk.literal(one) and not walk.literal(other):
        one, other = other, one
    subject, expected = walk.text(one), walk.text(other)
    same = "compares a value with itself" if operator == "==" and subject == expected else ""
    same = same or ("compares constants" if walk.literal(one) and walk.literal(other) else "")
    tolerance = _number(given[2]) if len(given) > 2 and operator == "==" else None
    return [walk.made(node, subject, operator, expected, strength, trivial=same, tolerance=tolerance)]


def _number(node: Node) -> float | None:
    try:
        return float(raw_text(node).rstrip("fFdDlL"))
    except ValueError:
        return None


def skipping(walk: Walk, node: Node) -> Marker | None:  # noqa: ARG001 - the signature is the walk's
    """Read an assumption that can never hold as a skip; the others are the author's condition."""
    text = raw_text(node)[:200]
    never = "assumeTrue(false" in text or "assumeFalse(true" in text
    return Marker("skip", squeeze(text, 100), node.start_point[0] + 1) if never else None


SYNTAX = Syntax(
    calls=frozenset(("method_invocation",)),
    ifs=frozenset(("if_statement",)),
    functions=frozenset(("lambda_expression",)),
    leaving=frozenset(("return_statement", "throw_statement", "break_statement", "continue_statement")),
    assertion=assertion,
    blocks=frozenset(("block", "constructor_body")),
    named=frozenset(),
    skipping=skipping,
)
