"""Outline one Go test file: test functions, Ginkgo specs, and what an ``if`` that reports demands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gatepost.suites._parsing import Node, parse, parser, raw_text
from gatepost.suites._tree import Outline, Syntax, Walk
from gatepost.suites._units import BOUND, EXACT, NEAR, PART, TRUTHY, Assertion, Marker, Source
from gatepost.suites._words import squeeze, words

_REPORTS = frozenset(("Error", "Errorf", "Fatal", "Fatalf", "Fail", "FailNow"))
_SKIPS = frozenset(("Skip", "Skipf", "SkipNow"))
_NEGATION = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_PACKAGES = frozenset(("assert", "require", "s", "suite", "ts", "t"))
_METHODS: dict[str, tuple[str, int, bool, int]] = {
    **dict.fromkeys(
        ("Equal", "EqualValues", "Exactly", "JSONEq", "YAMLEq", "Same", "ElementsMatch"), ("==", EXACT, False, 2)
    ),
    **dict.fromkeys(("EqualError", "ErrorContains", "Len", "FileExists", "DeepEqual"), ("equals", EXACT, False, 2)),
    **dict.fromkeys(("NotEqual", "NotSame", "NotEqualValues"), ("!=", BOUND, False, 2)),
    **dict.fromkeys(("True",), ("truthy", TRUTHY, False, 1)),
    **dict.fromkeys(("False",), ("truthy", TRUTHY, True, 1)),
    **dict.fromkeys(("Nil", "NoError", "Empty", "Zero"), ("==", EXACT, False, 1)),
    **dict.fromkeys(("NotNil", "NotEmpty", "NotZero", "Error"), ("!=", BOUND, False, 1)),
    **dict.fromkeys(("ErrorIs", "ErrorAs"), ("error", NEAR, False, 2)),
    **dict.fromkeys(("Contains", "Subset", "Regexp"), ("contains", PART, False, 2)),
    **dict.fromkeys(("NotContains", "NotSubset", "NotRegexp"), ("contains", PART, True, 2)),
    **dict.fromkeys(("InDelta", "InEpsilon", "WithinDuration"), ("approx", NEAR, False, 2)),
    **dict.fromkeys(("Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Positive"), ("bound", BOUND, False, 2)),
    **dict.fromkeys(("IsType", "Implements"), ("isinstance", BOUND, False, 2)),
    **dict.fromkeys(("Panics", "PanicsWithValue", "PanicsWithError"), ("panics", EXACT, False, 1)),
    **dict.fromkeys(("NotPanics", "Eventually", "Never", "Condition", "Fail", "FailNow"), ("holds", EXACT, False, 1)),
    **dict.fromkeys(
        ("AssertExpectations", "AssertCalled", "AssertNotCalled", "AssertNumberOfCalls"), ("called", EXACT, False, 1)
    ),
}
_EXPECTED = {"Nil": "nil", "NoError": "nil", "Empty": '""', "Zero": "0", "NotNil": "nil", "Error": "nil"}
_MATCHERS: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("Equal", "BeEquivalentTo", "BeIdenticalTo", "ConsistOf", "MatchJSON", "MatchYAML"), ("==", EXACT)),
    **dict.fromkeys(("BeNil", "BeEmpty", "BeZero", "Succeed", "BeFalse"), ("==", EXACT)),
    **dict.fromkeys(
        ("ContainSubstring", "ContainElement", "ContainElements", "HaveKey", "MatchRegexp"), ("contains", PART)
    ),
    **dict.fromkeys(("HaveOccurred", "BeNumerically", "BeAssignableToTypeOf"), ("bound", BOUND)),
    **dict.fromkeys(("BeTrue",), ("truthy", TRUTHY)),
}
_SPECS = frozenset(("It", "Specify", "Entry", "DescribeTableSubtree"))
_GROUPS = frozenset(("Describe", "Context", "When", "DescribeTable"))
_TESTING = re.compile(r"\*?testing\.(?:T|B|F|TB)\b")
_BUILD = re.compile(rb"^//(?:go:build| ?\+build)\s+ignore\b", re.MULTILINE)


def outline(raw: bytes, path: str) -> Source:
    """Give the units of one file."""
    root, problem = parse(parser("tree_sitter_go"), raw)
    if root is None:
        return Source(problem=f"{problem} as Go")
    found = Outline(path, SYNTAX)
    off = "a build constraint leaves its file out" if _BUILD.search(raw) else ""
    for node in root.named_children:
        if node.type in ("function_declaration", "method_declaration"):
            found.known[raw_text(node.child_by_field_name("name"))] = node
    tables = {raw_text(d.child_by_field_name("name")): d for d in _variables(root)}
    for node in root.named_children:
        if node.type in ("function_declaration", "method_declaration"):
            _function(found, node, off, tables)
        elif node.type == "var_declaration":
            _specs(found, node, "", (), off)
    return found.source(raw)


def _variables(root: Node) -> Iterator[Node]:
    for node in root.named_children:
        if node.type == "var_declaration":
            yield from (spec for spec in node.named_children if spec.type == "var_spec")


def _function(found: Outline, node: Node, off: str, tables: dict[str, Node]) -> None:
    name, body = raw_text(node.child_by_field_name("name")), node.child_by_field_name("body")
    parameters = raw_text(node.child_by_field_name("parameters"))
    receiver = raw_text(node.child_by_field_name("receiver"))
    method = node.type == "method_declaration"
    wants = bool(_TESTING.search(parameters)) if not method else parameters == "()"
    tests = wants and re.match(r"(?:Test|Fuzz)(?![a-z])", name) is not None
    owner = re.sub(r"[^\w]", " ", receiver).split()[-1:]
    full = "::".join([*owner, name])
    rows: list[str] = []
    walk = Walk(SYNTAX, {})
    for table in (tables[word] for word in tables if body is not None and re.search(rf"\b{word}\b", raw_text(body))):
        rows += _rows(walk, table)
    why = off or ("" if tests else "its name does not begin with Test, or its signature is another one")
    found.add(full, node, body, why, (), rows, helper=not tests and not off)
    if body is not None and any(call in raw_text(body) for call in ("It(", "Describe(", "Context(")):
        _specs(found, body, f"{full}::", (), off)


def _rows(walk: Walk, node: Node) -> list[str]:
    found: list[str] = []
    for value in node.named_children:
        stack = [value]
        while stack:
            at = stack.pop()
            if at.type == "composite_literal":
                found += _elements(walk, at)
            else:
                stack += at.named_children
    return found


def _elements(walk: Walk, node: Node) -> list[str]:
    kind = node.child_by_field_name("type")
    body = node.child_by_field_name("body")
    if (
        kind is None
        or body is None
        or kind.type not in ("slice_type", "map_type", "array_type", "implicit_length_array_type")
    ):
        return []
    rows = [child for child in body.named_children if child.type in ("literal_element", "keyed_element")]
    return [walk.text(row) for row in rows if "{" in raw_text(row)]


def _specs(found: Outline, node: Node, prefix: str, marks: tuple[Marker, ...], off: str) -> None:
    """Find Ginkgo's specs."""
    stack = [node]
    while stack:
        at = stack.pop()
        name = raw_text(at.child_by_field_name("function")).rpartition(".")[2] if at.type == "call_expression" else ""
        plain = name[1:] if name[:1] in "FPX" and name[1:] in _SPECS | _GROUPS else name
        if plain not in _SPECS | _GROUPS:
            stack += reversed(at.named_children)
            continue
        given = at.child_by_field_name("arguments").named_children
        title = squeeze(raw_text(given[0]).strip('"`'), 120).replace("::", ":") if given else ""
        body = next((part.child_by_field_name("body") for part in given if part.type == "func_literal"), None)
        own = (*marks, *_mark(at, name, plain, title, given))
        if plain in _SPECS:
            found.add(f"{prefix}{title}", at, body, off, own)
        elif body is not None:
            _specs(found, body, f"{prefix}{title}::", own, off)


def _mark(node: Node, name: str, plain: str, title: str, given: Sequence[Node]) -> Iterator[Marker]:
    line = node.start_point[0] + 1
    words_given = {raw_text(part) for part in given}
    if (name != plain and name[0] == "F") or "Focus" in words_given:
        yield Marker("focus", f"{name}({title[:60]})", line)
    elif name != plain or "Pending" in words_given:
        yield Marker("skip", f"{name}({title[:60]})", line)


def assertion(walk: Walk, node: Node) -> list[Assertion] | None:
    """Read one node as an assertion; None where it is none."""
    if node.type == "if_statement":
        return _reported(walk, node)
    if node.type == "composite_literal":
        walk.rows += _elements(walk, node)
        return None
    if node.type != "call_expression":
        return None
    function = node.child_by_field_name("function")
    name = raw_text(function).rpartition(".")[2]
    receiver = raw_text(function.child_by_field_name("operand")) if function.type == "selector_expression" else ""
    given = [part for part in node.child_by_field_name("arguments").named_children if part.type != "comment"]
    if name in ("To", "NotTo", "ToNot", "Should", "ShouldNot"):
        return _gomega(walk, node, function, name, given)
    if name in _REPORTS and receiver in ("t", "b", "tb", "f") and walk.guards == ():
        return [walk.made(node, "fail", "fails")]
    if name in _METHODS or name.removesuffix("f") in _METHODS:
        return _testify(walk, node, receiver, name if name in _METHODS else name.removesuffix("f"), given)
    return None


def _testify(walk: Walk, node: Node, receiver: str, name: str, given: list[Node]) -> list[Assertion] | None:
    known = receiver.rpartition(".")[2].partition("(")[0] in _PACKAGES or receiver.endswith(
        (".Require()", ".Assert()", "New(t)")
    )
    operator, strength, negated, wanted = _METHODS[name]
    if operator == "called" and given:
        return [walk.made(node, receiver, name, ", ".join(walk.text(part) for part in given[1:]))]
    if given and raw_text(given[0]) in ("t", "s.T()", "suite.T()", "tt", "b", "tb", "ts.T()", "c"):
        given = given[1:]
    elif receiver in ("t", "b"):
        return None
    if not known or len(given) < wanted:
        return None
    subject, expected = given[0], _EXPECTED.get(name, "")
    if wanted == 2:
        subject, other = (
            (given[1], given[0])
            if name not in ("Contains", "Len", "EqualError", "ErrorIs", "ErrorContains")
            else given[:2]
        )
        if walk.literal(subject) and not walk.literal(other):
            subject, other = other, subject
        expected = walk.text(other)
    if operator in ("equals", "bound", "holds", "panics"):
        operator = name
    shown = walk.text(subject)
    why = _never_fails(walk, subject, shown, operator, expected, negated, wanted)
    tolerance = _number(given[2]) if operator == "approx" and len(given) > 2 else None
    if expected in ("true", "false") and operator == "==":
        return [walk.made(node, shown, "truthy", "", TRUTHY, negated=expected == "false", trivial=why)]
    return [walk.made(node, shown, operator, expected, strength, negated=negated, trivial=why, tolerance=tolerance)]


def _never_fails(
    walk: Walk, subject: Node, shown: str, operator: str, expected: str, negated: bool, wanted: int
) -> str:
    if operator == "==" and wanted == 2 and shown == expected:
        return "compares a value with itself"
    constant = walk.literal(subject) and (operator == "truthy" or (operator == "==" and wanted == 2))
    if constant and (operator != "truthy" or (shown == "true") != negated):
        return "compares constants"
    return "has an alternative that is always true" if operator == "truthy" and shown.endswith("|| true") else ""


def _number(node: Node) -> float | None:
    try:
        return float(raw_text(node).replace("_", ""))
    except ValueError:
        return None


def _gomega(walk: Walk, node: Node, function: Node, name: str, given: list[Node]) -> list[Assertion] | None:
    operand = function.child_by_field_name("operand")
    if operand is None or operand.type != "call_expression" or not given:
        return None
    head = raw_text(operand.child_by_field_name("function")).rpartition(".")[2]
    if not head.startswith(("Expect", "Eventually", "Consistently", "Ω")):
        return None
    values = operand.child_by_field_name("arguments").named_children
    subject = walk.text(values[0]) if values else ""
    matcher = given[0]
    word = (
        raw_text(matcher.child_by_field_name("function")).rpartition(".")[2]
        if matcher.type == "call_expression"
        else ""
    )
    operator, strength = _MATCHERS.get(word, (word or "matches", EXACT))
    expected = walk.text(matcher.child_by_field_name("arguments")) if word in _MATCHERS else walk.text(matcher)
    same = operator == "==" and expected == f"({subject})"
    why = "compares a value with itself" if same else "compares constants" if values and walk.literal(values[0]) else ""
    if operator == "==" and expected == "()":
        expected = word
    negated = "Not" in name
    strength = BOUND if negated and operator == "==" else strength
    return [walk.made(node, subject, operator, expected, strength, negated=negated, trivial=why)]


def _reported(walk: Walk, node: Node) -> list[Assertion] | None:
    """Read ``if got != want { t.Errorf(…) }`` as the assertion that got is want."""
    then = node.child_by_field_name("consequence")
    if then is None or not any(_reports(part) for part in _statements(then)):
        return None
    names = _named_by(walk, node.child_by_field_name("initializer"))
    return list(_demanded(walk, node, node.child_by_field_name("condition"), names))


def _statements(block: Node) -> list[Node]:
    inner = block.named_children
    if len(inner) == 1 and inner[0].type == "statement_list":
        inner = inner[0].named_children
    return [part for part in inner if part.type != "comment"]


def _reports(statement: Node) -> bool:
    if statement.type == "expression_statement" and statement.named_child_count:
        statement = statement.named_children[0]
    if statement.type != "call_expression":
        return False
    function = statement.child_by_field_name("function")
    receiver, _, name = raw_text(function).rpartition(".")
    return (name in _REPORTS and receiver in ("t", "b", "tb", "f", "c", "s", "tt")) or (
        name == "panic" and not receiver
    )


def _named_by(walk: Walk, initializer: Node | None) -> dict[str, str]:
    """Give what the names of ``if err := f(); …`` stand for."""
    if initializer is None or initializer.type not in ("short_var_declaration", "assignment_statement"):
        return {}
    left, right = initializer.child_by_field_name("left"), initializer.child_by_field_name("right")
    names = [raw_text(part) for part in left.named_children] if left is not None else []
    return {name: f"{walk.text(right)}{'' if len(names) == 1 else ' ' + name}" for name in names if name != "_"}


def _demanded(walk: Walk, node: Node, condition: Node | None, names: dict[str, str]) -> Iterator[Assertion]:
    """Give what must hold so that ``condition`` does not."""
    if condition is None:
        return
    sign = raw_text(condition.child_by_field_name("operator"))
    left, right = condition.child_by_field_name("left"), condition.child_by_field_name("right")
    if condition.type == "parenthesized_expression" and condition.named_child_count:
        yield from _demanded(walk, node, condition.named_children[0], names)
    elif condition.type == "binary_expression" and sign == "||":
        yield from _demanded(walk, node, left, names)
        yield from _demanded(walk, node, right, names)
    elif condition.type == "binary_expression" and sign in _NEGATION:
        yield _compared(walk, node, left, _NEGATION[sign], right, names)
    elif condition.type == "unary_expression" and sign == "!":
        shown = walk.text(condition.child_by_field_name("operand"))
        yield walk.made(node, names.get(shown, shown), "truthy", "", TRUTHY, trivial=_constant(shown, "true"))
    else:
        shown = walk.text(condition)
        dead = "stands under a condition that never holds" if shown == "false" or "&& false" in shown else walk.dead
        found = walk.made(node, names.get(shown, shown), "truthy", "", TRUTHY, negated=True)
        yield found if not dead else _dead(found, dead)


def _dead(found: Assertion, why: str) -> Assertion:
    from dataclasses import replace

    return replace(found, dead=why)


def _constant(shown: str, word: str) -> str:
    return "compares constants" if shown == word else ""


def _compared(
    walk: Walk, node: Node, left: Node | None, word: str, right: Node | None, names: dict[str, str]
) -> Assertion:
    one, other = walk.text(left), walk.text(right)
    if walk.literal(left) and not walk.literal(right):
        one, other = other, one
    if other in ("true", "false") and word in ("==", "!="):
        return walk.made(node, names.get(one, one), "truthy", "", TRUTHY, negated=(other == "false") != (word == "!="))
    same = "compares a value with itself" if one == other and word == "==" else ""
    same = same or ("compares constants" if walk.literal(left) and walk.literal(right) else "")
    subject = names.get(one, one)
    strength = EXACT if word == "==" else BOUND
    found = words(f"{subject} {other}")
    return walk.made(node, subject, word, other, strength, trivial=same, names=found)


def skipping(walk: Walk, node: Node) -> Marker | None:  # noqa: ARG001 - the signature is the walk's
    """Read ``t.Skip()`` as a skip."""
    call = node.named_children[0] if node.type == "expression_statement" and node.named_child_count else node
    if call.type != "call_expression":
        return None
    receiver, _, name = raw_text(call.child_by_field_name("function")).rpartition(".")
    skips = name in _SKIPS and (receiver in ("t", "b", "tb", "f", "c") or receiver.endswith("T()"))
    skips = skips or (not receiver and name == "Skip")
    return Marker("skip", squeeze(raw_text(call), 100), node.start_point[0] + 1) if skips else None


SYNTAX = Syntax(
    calls=frozenset(("call_expression",)),
    ifs=frozenset(("if_statement",)),
    functions=frozenset(("func_literal",)),
    leaving=frozenset(("return_statement", "break_statement", "continue_statement", "goto_statement")),
    assertion=assertion,
    blocks=frozenset(("block", "statement_list")),
    skipping=skipping,
)
