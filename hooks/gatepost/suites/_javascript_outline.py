"""Outline one JavaScript or TypeScript file: its tests, its helpers, and what a call asserts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gatepost.suites._parsing import Node, parse, parser, raw_text
from gatepost.suites._tree import Outline, Syntax, Walk
from gatepost.suites._units import BOUND, EXACT, NEAR, PART, TRUTHY, Assertion, Marker, Source
from gatepost.suites._words import squeeze

_GROUPS = frozenset(("describe", "context", "suite", "fdescribe", "xdescribe", "fcontext", "xcontext"))
_TESTS = frozenset(("it", "test", "specify", "fit", "xit", "xtest", "xspecify", "ftest"))
_SKIPS = frozenset(("skip", "todo", "failing", "fails", "fixme"))
_FUNCTIONS = frozenset(("arrow_function", "function_expression", "function", "generator_function"))

EQUALITY = """
    toBe toEqual toStrictEqual equal equals eql eq strictEqual deepEqual deepStrictEqual toMatchInlineSnapshot is same
    toMatchSnapshot toThrowErrorMatchingInlineSnapshot toThrowErrorMatchingSnapshot toEqualTypeOf deep
    calledOnceWithExactly toHaveBeenCalledExactlyOnceWith notCalled toMatchFileSnapshot isEqual sameMembers
"""
_MATCHERS: dict[str, tuple[str, int]] = {
    **dict.fromkeys(EQUALITY.split(), ("==", EXACT)),
    **dict.fromkeys(
        ("toBeNull", "toBeUndefined", "null", "undefined", "isNull", "isUndefined", "toBeNaN"), ("==", EXACT)
    ),
    **dict.fromkeys(("toHaveLength", "lengthOf", "length"), ("length", EXACT)),
    **dict.fromkeys(("toBeCloseTo", "closeTo", "approximately"), ("approx", NEAR)),
    **dict.fromkeys(("toMatchObject", "toMatchTypeOf", "containSubset"), ("like", NEAR)),
    **dict.fromkeys(
        ("toHaveBeenCalledWith", "toHaveBeenLastCalledWith", "toBeCalledWith", "calledWith"), ("called", NEAR)
    ),
    **dict.fromkeys(("toHaveBeenNthCalledWith", "lastCalledWith", "nthCalledWith"), ("called", NEAR)),
    **dict.fromkeys(("toHaveBeenCalledTimes", "toBeCalledTimes", "callCount"), ("called", PART)),
    **dict.fromkeys(("toHaveBeenCalledOnce", "calledOnce"), ("called", PART)),
    **dict.fromkeys(("toHaveBeenCalled", "toBeCalled", "called"), ("called", BOUND)),
    **dict.fromkeys(("toContain", "toContainEqual", "include", "contain", "includes", "contains"), ("contains", PART)),
    **dict.fromkeys(("toMatch", "match", "matches", "toHaveProperty", "property", "members"), ("matches", PART)),
    **dict.fromkeys(("toBeGreaterThan", "above", "greaterThan", "isAbove", "gt"), (">", BOUND)),
    **dict.fromkeys(("toBeGreaterThanOrEqual", "least", "isAtLeast", "gte", "greaterThanOrEqual"), (">=", BOUND)),
    **dict.fromkeys(("toBeLessThan", "below", "lessThan", "isBelow", "lt"), ("<", BOUND)),
    **dict.fromkeys(("toBeLessThanOrEqual", "most", "isAtMost", "lte"), ("<=", BOUND)),
    **dict.fromkeys(
        ("toBeInstanceOf", "instanceof", "instanceOf", "a", "an", "toBeTypeOf", "isArray"), ("isinstance", BOUND)
    ),
    **dict.fromkeys(("toBeDefined", "exist", "exists", "isDefined"), ("!=", BOUND)),
    **dict.fromkeys(("toBeTruthy", "ok", "isOk", "isTrue", "true"), ("truthy", TRUTHY)),
    **dict.fromkeys(("toThrow", "toThrowError", "throw", "throws", "rejects", "rejectedWith"), ("raises", EXACT)),
}
_NEGATED: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("toBeFalsy", "notOk", "isFalse", "false", "isNotOk"), ("truthy", TRUTHY)),
    **dict.fromkeys(("notEqual", "notStrictEqual", "notDeepEqual", "notDeepStrictEqual", "isNotNull"), ("==", EXACT)),
    **dict.fromkeys(("doesNotThrow", "notThrow"), ("raises", EXACT)),
    **dict.fromkeys(("doesNotMatch",), ("matches", PART)),
}
_ASSERTERS = frozenset(("assert", "t", "should", "sinon.assert", "t.assert", "chai.assert", "QUnit.assert", "test"))


class Link(NamedTuple):
    """One link of a chain of calls: a name, and the arguments where it is called."""

    name: str
    arguments: tuple[Node, ...] | None


def outline(raw: bytes, path: str) -> Source:
    """Give the units of one file."""
    root, problem = parse(grammar(path), raw)
    if root is None:
        return Source(problem=f"{problem} as {'TypeScript' if '.ts' in path else 'JavaScript'}")
    found = Outline(path, SYNTAX)
    found.known.update(functions(root))
    try:
        _Reader(found).walk(root, "", ())
    except RecursionError:
        return Source(problem="is nested too deeply")
    for name, node in found.known.items():
        found.add(name, node, node.child_by_field_name("body"), "it is no test", helper=True)
    return found.source(raw)


def grammar(path: str) -> object:
    """Give the parser for a file's name."""
    if path.endswith((".ts", ".mts", ".cts")):
        return parser("tree_sitter_typescript", "language_typescript")
    return (
        parser("tree_sitter_typescript", "language_tsx") if path.endswith(".tsx") else parser("tree_sitter_javascript")
    )


def functions(root: Node) -> dict[str, Node]:
    """Give the functions that stand at the top of a file."""
    found: dict[str, Node] = {}
    for node in root.named_children:
        inner = node.child_by_field_name("declaration") if node.type == "export_statement" else node
        if inner is None:
            continue
        if inner.type == "function_declaration":
            found[raw_text(inner.child_by_field_name("name"))] = inner
        elif inner.type in ("lexical_declaration", "variable_declaration"):
            for part in inner.named_children:
                value = part.child_by_field_name("value")
                if value is not None and value.type in _FUNCTIONS:
                    found[raw_text(part.child_by_field_name("name"))] = value
    return found


class _Reader:
    """Find the calls that register tests."""

    def __init__(self, found: Outline) -> None:
        self.found = found

    def walk(self, root: Node, prefix: str, marks: tuple[Marker, ...], off: str = "") -> None:
        """Search everything below a node, into groups but not into tests."""
        stack = [(root, off)]
        while stack:
            node, off = stack.pop()
            if node.type == "call_expression" and self.registered(node, prefix, marks, off):
                continue
            stack += [(child, self.under(node, child) or off) for child in reversed(node.named_children)]

    def under(self, node: Node, child: Node) -> str:
        """Say that a node stands under a condition that never holds."""
        if node.type != "if_statement" or child != node.child_by_field_name("consequence"):
            return ""
        condition = node.child_by_field_name("condition")
        never = Walk(SYNTAX, {}).truth(condition) is False
        return f"it stands under `if {raw_text(condition)}`" if never else ""

    def registered(self, node: Node, prefix: str, marks: tuple[Marker, ...], off: str) -> bool:
        """Take a call as a group or as a test, where it is one."""
        links = chain(node)
        name = links[0].name if links else ""
        if name not in _GROUPS | _TESTS or links[-1].arguments is None:
            return False
        arguments = links[-1].arguments
        names = [link.name for link in links]
        title = self.title(arguments)
        body = next((argument for argument in arguments if argument.type in _FUNCTIONS), None)
        if title is None or (body is None and not {"todo", "skip"} & set(names)):
            return False
        found = (*marks, *_marks(node, names, links, arguments))
        group = name in _GROUPS or "describe" in names[:2]
        if group and body is not None:
            self.walk(body, f"{prefix}{title}::", found, off)
        elif not group:
            self.test(f"{prefix}{title}", node, body, off, found, links)
        return True

    def title(self, arguments: Sequence[Node]) -> str | None:
        """Give the title of a test or group; what is computed is given as it is written."""
        if not arguments or arguments[0].type in _FUNCTIONS:
            return None
        return squeeze(raw_text(arguments[0]).strip("'\"`"), 160).replace("::", ":")

    def test(
        self, name: str, node: Node, body: Node | None, off: str, marks: Sequence[Marker], links: Sequence[Link]
    ) -> None:
        """Add one test."""
        rows: list[str] = []
        walk = Walk(SYNTAX, {})
        for link in links:
            if link.name == "each" and link.arguments and link.arguments[0].type == "array":
                rows += [walk.text(row) for row in link.arguments[0].named_children if row.type != "comment"]
        limits: dict[str, float] = {}
        last = (links[-1].arguments or ())[-1:]
        if last and last[0].type == "number":
            limits["timeout"] = _number(last[0])
        inner = body.child_by_field_name("body") if body is not None else None
        self.found.add(name, node, inner, off, marks, rows, limits=limits)


def chain(node: Node) -> list[Link]:
    """Take ``a(1).b.c(2)`` apart: names from left to right, each with its arguments."""
    links: list[Link] = []
    arguments: tuple[Node, ...] | None = None
    while node is not None:
        kind = node.type
        if kind == "call_expression":
            given = node.child_by_field_name("arguments")
            if arguments is not None:  # f(1)(2)
                links.append(Link("", arguments))
            arguments = _given(given)
            node = node.child_by_field_name("function")
        elif kind in ("member_expression", "subscript_expression"):
            name = node.child_by_field_name("property") or node.child_by_field_name("index")
            links.append(Link(raw_text(name), arguments))
            arguments = None
            node = node.child_by_field_name("object")
        elif kind in ("await_expression", "non_null_expression", "parenthesized_expression") and node.named_child_count:
            node = node.named_children[0]
        else:
            links.append(Link(raw_text(node) if kind in ("identifier", "this") else "", arguments))
            break
    return _folded(links[::-1])


def _given(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    if node.type != "arguments":
        return (node,)
    return tuple(child for child in node.named_children if child.type != "comment")


def _folded(links: list[Link]) -> list[Link]:
    """Give ``each(rows)(name, body)`` its name back: the second call belongs to the link before."""
    found: list[Link] = []
    for link in links:
        found.append(Link(found[-1].name, link.arguments) if link.name == "" and found else link)
    return found


def _marks(node: Node, names: Sequence[str], links: Sequence[Link], arguments: Sequence[Node]) -> Iterator[Marker]:
    line = node.start_point[0] + 1
    shown = ".".join(dict.fromkeys(names[:3]))
    if names[0] in ("fit", "fdescribe", "fcontext", "ftest") or "only" in names:
        yield Marker("focus", f"{shown}({squeeze(raw_text(arguments[0]), 60)})", line)
    elif names[0].startswith("x") or _SKIPS & set(names):
        yield Marker("xfail" if {"failing", "fails"} & set(names) else "skip", shown, line)
    elif "skipIf" in names or "runIf" in names:
        condition = next((link.arguments for link in links if link.name in ("skipIf", "runIf") and link.arguments), ())
        text = raw_text(condition[0]) if condition else ""
        yield Marker("skip", f"{shown}({squeeze(text, 60)})", line, text not in ("true", "1"))
    for argument in arguments[1:]:
        if argument.type == "object":
            yield from _options(argument, line)


def _options(node: Node, line: int) -> Iterator[Marker]:
    for pair in node.named_children:
        key, value = raw_text(pair.child_by_field_name("key")), raw_text(pair.child_by_field_name("value"))
        if key in ("skip", "todo", "only") and value not in ("false", "undefined", ""):
            constant = value == "true" or value[:1] in "'\""
            yield Marker("focus" if key == "only" else "skip", f"{key}: {squeeze(value, 60)}", line, not constant)


def _number(node: Node | None) -> float:
    try:
        return float(raw_text(node).replace("_", ""))
    except ValueError:
        return 0.0


def assertion(walk: Walk, node: Node) -> list[Assertion] | None:
    """Read one node as an assertion; None where it is none."""
    if node.type not in ("call_expression", "member_expression"):
        return None
    links = chain(node)
    head = links[0].name
    if head in ("expect", "expectTypeOf", "expectType") and links[0].arguments is not None:
        return _expect(walk, node, links)
    if head == "expect" and len(links) > 2 and links[1].name in ("poll", "soft", "element") and links[1].arguments:
        return _expect(walk, node, links[1:])
    if head == "expect" and len(links) > 1:
        return [] if links[-1].name in ("assertions", "hasAssertions", "extend") else None
    if node.type != "call_expression":
        return None
    _limits(walk, links)
    return _asserted(walk, node, links) or _chained(walk, node, links)


def _expect(walk: Walk, node: Node, links: Sequence[Link]) -> list[Assertion] | None:
    subject = walk.text(links[0].arguments[0]) if links[0].arguments else ""
    names = [link.name for link in links[1:]]
    settled = "".join(f"{name} " for name in names if name in ("resolves", "rejects", "eventually"))
    matcher = next(
        (link for link in reversed(links[1:]) if link.name not in ("and", "be", "to", "resolves", "rejects")), None
    )
    if matcher is None or matcher.name == "not":
        return [walk.made(node, subject, "truthy", trivial="has no matcher")]
    if matcher.name in ("deep", "been", "have", "nested", "own"):
        return None
    negated = "not" in names
    return [_matched(walk, node, settled + subject, links[0].arguments or (), matcher, negated)]


def _matched(walk: Walk, node: Node, subject: str, given: Sequence[Node], matcher: Link, negated: bool) -> Assertion:
    arguments = matcher.arguments or ()
    if matcher.name in _NEGATED:
        operator, strength = _NEGATED[matcher.name]
        negated = not negated
    else:
        operator, strength = _MATCHERS.get(matcher.name, (matcher.name, EXACT))
    if operator == "raises":
        return _raises(walk, node, subject, arguments, negated)
    expected = _expected(walk, operator, matcher)
    if operator == "==" and expected in ("true", "false"):
        why = "compares constants" if given and walk.literal(given[0]) else ""
        return walk.made(node, subject, "truthy", "", TRUTHY, negated=negated != (expected == "false"), trivial=why)
    tolerance = 10.0 ** -min(_number(arguments[1]), 300) if operator == "approx" and len(arguments) > 1 else None
    known = matcher.name in _MATCHERS
    why = _never_fails(walk, given, subject, operator, arguments, expected, negated) if known else ""
    operator, strength, negated = _settled(operator, strength, negated, expected)
    return walk.made(node, subject, operator, expected, strength, negated=negated, tolerance=tolerance, trivial=why)


def _expected(walk: Walk, operator: str, matcher: Link) -> str:
    arguments = matcher.arguments or ()
    if operator == "!=":
        return "undefined"
    if operator == "==" and not arguments and matcher.name not in EQUALITY.split():
        return matcher.name.removeprefix("toBe").removeprefix("is").lower()
    shown = arguments[:1] if operator == "approx" else arguments
    return ", ".join(walk.text(argument) for argument in shown)


def _settled(operator: str, strength: int, negated: bool, expected: str) -> tuple[str, int, bool]:
    """Give a negated or a vague equality the operator that it amounts to."""
    if operator == "==" and expected.startswith(("expect.any", "expect.anything")):
        return "isinstance", BOUND, negated
    if operator == "==" and negated:
        return "!=", BOUND, False
    if operator == "!=" and negated:
        return "==", EXACT, False
    return operator, EXACT if operator == "called" and negated else strength, negated


def _raises(walk: Walk, node: Node, subject: str, arguments: Sequence[Node], negated: bool) -> Assertion:
    kinds = tuple(
        raw_text(a) for a in arguments if a.type in ("identifier", "member_expression") and raw_text(a)[:1].isupper()
    )
    pattern = ", ".join(walk.text(a) for a in arguments if raw_text(a) not in kinds and a.type not in _FUNCTIONS)
    return walk.made(node, subject, "raises", "", EXACT, negated=negated, exceptions=kinds, pattern=squeeze(pattern))


def _never_fails(
    walk: Walk,
    given: Sequence[Node],
    subject: str,
    operator: str,
    arguments: Sequence[Node],
    expected: str,
    negated: bool,
) -> str:
    if negated or not given:
        return ""
    constant = walk.literal(given[0])
    if operator == "==" and arguments and subject == expected:
        return "compares a value with itself"
    if constant and (operator in ("truthy", "!=") or all(walk.literal(argument) for argument in arguments)):
        return "compares constants"
    if operator == "truthy" and subject.replace("(", "").replace(")", "").endswith(("|| true", "|| 1")):
        return "has an alternative that is always true"
    counted = subject.endswith(".length") and (operator, expected) in ((">=", "0"), (">", "-1"), ("!=", "undefined"))
    return "a length is never negative" if counted else ""


def _asserted(walk: Walk, node: Node, links: Sequence[Link]) -> list[Assertion] | None:
    """Read ``assert.equal(a, b)``, ``assert(a)``, ``t.is(a, b)``."""
    head = ".".join(link.name for link in links[:-1])
    name, arguments = links[-1].name, links[-1].arguments or ()
    if len(links) == 1 and name in ("assert", "ok") and arguments:
        return list(_truth(walk, node, arguments[0]))
    if name in ("fail", "unreachable") and head in ("assert", "t", "expect", "chai", "done", ""):
        return [walk.made(node, "fail", "fails", " / ".join(walk.guards))]
    known = name in _MATCHERS or name in _NEGATED
    if head not in _ASSERTERS or not known or not arguments or (head == "test" and name not in ("equal", "ok")):
        return None
    if name in ("ok", "isOk", "true"):
        return list(_truth(walk, node, arguments[0]))
    left, rest = arguments[0], arguments[1:]
    if rest and walk.literal(left) and not walk.literal(rest[0]):
        left, rest = rest[0], (left,)
    expected = () if name in ("isTrue", "isFalse", "isNull", "isUndefined", "notOk", "false") else rest[:1]
    return [_matched(walk, node, walk.text(left), (left,), Link(name, tuple(expected)), False)]


def _truth(walk: Walk, node: Node, value: Node) -> Iterator[Assertion]:
    """Read what ``assert(value)`` demands."""
    if value.type == "parenthesized_expression" and value.named_child_count:
        value = value.named_children[0]
    sign = raw_text(value.child_by_field_name("operator"))
    left, right = value.child_by_field_name("left"), value.child_by_field_name("right")
    if value.type == "binary_expression" and sign == "&&" and left is not None and right is not None:
        yield from _truth(walk, node, left)
        yield from _truth(walk, node, right)
        return
    word = {"===": "==", "==": "==", "!==": "!=", "!=": "!=", "<": "<", ">": ">", "<=": "<=", ">=": ">="}.get(sign)
    if value.type == "binary_expression" and word and left is not None and right is not None:
        strength = EXACT if word == "==" else BOUND
        same = "compares a value with itself" if walk.text(left) == walk.text(right) and word == "==" else ""
        yield walk.made(node, walk.text(left), word, walk.text(right), strength, trivial=same)
    elif value.type == "unary_expression" and sign == "!":
        yield walk.made(node, walk.text(value.child_by_field_name("argument")), "truthy", "", TRUTHY, negated=True)
    else:
        constant = walk.literal(value) and walk.truth(value) is not False
        or_true = sign == "||" and raw_text(right) in ("true", "1")
        yield walk.made(
            node, walk.text(value), "truthy", "", TRUTHY, trivial="can never fail" if constant or or_true else ""
        )


def _chained(walk: Walk, node: Node, links: Sequence[Link]) -> list[Assertion] | None:
    """Read ``value.should.equal(b)``, supertest's ``.expect(200)`` and Cypress' ``.should("be.visible")``."""
    names = [link.name for link in links]
    last = links[-1]
    if "should" in names[1:]:
        at = names.index("should", 1)
        subject = squeeze(raw_text(node).partition(".should")[0])
        if at == len(links) - 1:
            return [walk.made(node, subject, "should", ", ".join(walk.text(a) for a in last.arguments or ()))]
        return [_matched(walk, node, subject, (), last, "not" in names[at:])]
    if len(links) > 1 and last.name == "expect" and last.arguments:
        text = raw_text(node)
        subject = squeeze(text[: text.rfind(".expect")])
        return [walk.made(node, subject, "expect", ", ".join(walk.text(a) for a in last.arguments))]
    return None


def _limits(walk: Walk, links: Sequence[Link]) -> None:
    name, arguments = links[-1].name, links[-1].arguments or ()
    if name in ("setTimeout", "timeout", "retries", "retryTimes", "slow") and len(links) == 2 and arguments:
        key = "timeout" if "imeout" in name else "retry"
        if links[0].name in ("jest", "vi", "this") and arguments[0].type == "number":
            walk.limits[key] = max(walk.limits.get(key, 0), _number(arguments[0]))


def skipping(walk: Walk, node: Node) -> Marker | None:  # noqa: ARG001 - the signature is the walk's
    """Read ``this.skip()``, ``t.skip()`` and ``ctx.skip()`` as a skip."""
    text = raw_text(node).rstrip(";")
    skips = text.startswith(("this.skip(", "t.skip(", "ctx.skip(", "context.skip(", "return this.skip("))
    return Marker("skip", squeeze(text, 80), node.start_point[0] + 1) if skips and len(text) < 200 else None


SYNTAX = Syntax(
    calls=frozenset(("call_expression",)),
    ifs=frozenset(("if_statement",)),
    functions=_FUNCTIONS,
    leaving=frozenset(("return_statement", "throw_statement", "break_statement", "continue_statement")),
    assertion=assertion,
    skipping=skipping,
)
