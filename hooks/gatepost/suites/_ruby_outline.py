"""Outline one Ruby file: examples, test methods, and what expectations demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gatepost.suites._parsing import Node, parse, parser, raw_text
from gatepost.suites._tree import Outline, Syntax, Walk
from gatepost.suites._units import BOUND, EXACT, NEAR, PART, TRUTHY, Assertion, Marker, Source
from gatepost.suites._words import squeeze

_GROUPS = frozenset(("describe", "context", "feature", "shared_examples", "shared_examples_for", "shared_context"))
_TESTS = frozenset(("it", "specify", "example", "scenario", "test", "its"))
_MATCHERS: dict[str, tuple[str, int]] = {
    **dict.fromkeys(
        ("eq", "eql", "equal", "be", "match_array", "contain_exactly", "be_nil", "be_empty"), ("==", EXACT)
    ),
    **dict.fromkeys(("include", "start_with", "end_with", "match", "have_attributes", "cover"), ("contains", PART)),
    **dict.fromkeys(
        ("be_a", "be_an", "be_kind_of", "be_instance_of", "be_an_instance_of", "respond_to"), ("isinstance", BOUND)
    ),
    **dict.fromkeys(("be_truthy", "be_present", "exist"), ("truthy", TRUTHY)),
    **dict.fromkeys(("be_within",), ("approx", NEAR)),
    **dict.fromkeys(("raise_error", "raise_exception"), ("raises", EXACT)),
    **dict.fromkeys(("have_received", "receive"), ("called", NEAR)),
}
_METHODS: dict[str, tuple[str, int, bool]] = {
    **dict.fromkeys(("assert_equal", "assert_same", "must_equal"), ("==", EXACT, False)),
    **dict.fromkeys(("assert_not_equal", "refute_equal", "assert_not_same"), ("!=", BOUND, False)),
    **dict.fromkeys(("assert", "assert_predicate", "assert_operator"), ("truthy", TRUTHY, False)),
    **dict.fromkeys(("refute", "assert_not", "refute_predicate"), ("truthy", TRUTHY, True)),
    **dict.fromkeys(("assert_nil", "assert_empty"), ("==", EXACT, False)),
    **dict.fromkeys(("refute_nil", "assert_not_nil", "refute_empty", "assert_not_empty"), ("!=", BOUND, False)),
    **dict.fromkeys(("assert_includes", "assert_match", "assert_include"), ("contains", PART, False)),
    **dict.fromkeys(
        ("refute_includes", "refute_match", "assert_no_match", "assert_not_includes"), ("contains", PART, True)
    ),
    **dict.fromkeys(("assert_instance_of", "assert_kind_of", "assert_respond_to"), ("isinstance", BOUND, False)),
    **dict.fromkeys(("assert_in_delta", "assert_in_epsilon"), ("approx", NEAR, False)),
    **dict.fromkeys(("assert_raises", "assert_raise"), ("raises", EXACT, False)),
    **dict.fromkeys(("assert_nothing_raised",), ("raises", EXACT, True)),
}
_SELF_EXPECTED = ("assert_nil", "assert_empty", "refute_nil", "assert_not_nil", "refute_empty", "assert_not_empty")
_ACTUAL_FIRST = ("assert_includes", "assert_include", "refute_includes", "assert_predicate", "assert_not_includes")


def outline(raw: bytes, path: str, collected: bool) -> Source:
    """Give the units of one file."""
    root, problem = parse(parser("tree_sitter_ruby"), raw)
    if root is None:
        return Source(problem=f"{problem} as Ruby")
    found = Outline(path, SYNTAX)
    off = "" if collected else "the runner does not look into this file"
    found.known.update(_methods(root))
    try:
        _walk(found, root, "", (), off)
    except RecursionError:
        return Source(problem="is nested too deeply")
    return found.source(raw)


def _methods(root: Node) -> Iterator[tuple[str, Node]]:
    stack = [root]
    while stack:
        node = stack.pop()
        if node.type == "method":
            yield raw_text(node.child_by_field_name("name")), node
        else:
            stack += reversed(node.named_children)


def _walk(found: Outline, node: Node, prefix: str, marks: tuple[Marker, ...], off: str, depth: int = 0) -> None:
    if depth > 100:
        raise RecursionError
    for child in node.named_children:
        if child.type in ("class", "module"):
            name = raw_text(child.child_by_field_name("name"))
            _walk(found, child, f"{prefix}{name}::", marks, off, depth + 1)
        elif child.type == "method":
            _method(found, child, prefix, off)
        elif child.type == "call" and _registered(found, child, prefix, marks, off, depth):
            continue
        elif child.type in ("if", "if_modifier") and raw_text(child.child_by_field_name("condition")) == "false":
            _walk(found, child, prefix, marks, off or "it stands under `if false`", depth + 1)
        else:
            _walk(found, child, prefix, marks, off, depth + 1)


def _method(found: Outline, node: Node, prefix: str, off: str) -> None:
    name = raw_text(node.child_by_field_name("name"))
    test = name.startswith("test_")
    why = off or ("" if test else "its name does not begin with test_")
    found.add(f"{prefix}{name}", node, node.child_by_field_name("body"), why, helper=not test and not off)


def _registered(found: Outline, node: Node, prefix: str, marks: tuple[Marker, ...], off: str, depth: int) -> bool:
    name = raw_text(node.child_by_field_name("method"))
    plain = name[1:] if name[:1] in "fxp" and name[1:] in _GROUPS | _TESTS else name
    block = node.child_by_field_name("block")
    if plain not in _GROUPS | _TESTS or (block is None and plain == name):
        return False
    given = _given(node)
    title = squeeze(raw_text(given[0]).strip("'\""), 140).replace("::", ":") if given else "it"
    own = (*marks, *_marks(node, name, plain, title, given))
    body = block.child_by_field_name("body") if block is not None else None
    if plain in _TESTS:
        one_line = squeeze(raw_text(body), 120).replace("::", ":") if not given else title
        found.add(f"{prefix}{one_line}", node, body, off, own)
    elif block is not None:
        _walk(found, block, f"{prefix}{title}::", own, off, depth + 1)
    return True


def _given(node: Node) -> list[Node]:
    arguments = node.child_by_field_name("arguments")
    return [part for part in arguments.named_children if part.type != "comment"] if arguments is not None else []


def _marks(node: Node, name: str, plain: str, title: str, given: Sequence[Node]) -> Iterator[Marker]:
    line = node.start_point[0] + 1
    said = [raw_text(part).replace(" ", "") for part in given[1:]]
    if (name != plain and name[0] == "f") or any(part in (":focus", "focus:true", ":focus=>true") for part in said):
        yield Marker("focus", f"{name} {title[:60]}", line)
    elif name != plain or any(
        part.startswith((":skip", "skip:", ":pending", "pending:")) and "false" not in part for part in said
    ):
        yield Marker("skip", f"{name} {title[:60]}" if name != plain else f"{said[-1]}", line)


def assertion(walk: Walk, node: Node) -> list[Assertion] | None:
    """Read one call as an assertion; None where it is none."""
    if node.type != "call":
        return None
    name = raw_text(node.child_by_field_name("method"))
    receiver, given = node.child_by_field_name("receiver"), _given(node)
    if name in ("to", "not_to", "to_not", "should", "should_not"):
        return _expected(walk, node, receiver, name, given)
    if receiver is None and name in _METHODS:
        return _method_call(walk, node, name, given)
    if receiver is None and name in ("flunk", "fail") and not walk.guards:
        return [walk.made(node, "fail", "fails")]
    if receiver is None and name.startswith(("assert_", "refute_")):
        subject = walk.text(given[0]) if given else name
        return [walk.made(node, subject, name, ", ".join(walk.text(part) for part in given[1:]))]
    return None


def _expected(walk: Walk, node: Node, receiver: Node | None, name: str, given: list[Node]) -> list[Assertion] | None:
    if not given or (receiver is None and not name.startswith("should")):
        return None
    head = (
        raw_text(receiver.child_by_field_name("method"))
        if receiver is not None and receiver.type == "call"
        else raw_text(receiver)
    )
    if name in ("to", "not_to", "to_not") and head not in ("expect", "is_expected", "expect_any_instance_of", "allow"):
        return None
    if head == "allow":
        return None
    block = receiver.child_by_field_name("block") if receiver is not None and receiver.type == "call" else None
    values = _given(receiver) if receiver is not None and receiver.type == "call" and head == "expect" else []
    subject = walk.text(block) if block is not None else walk.text(values[0]) if values else walk.text(receiver)
    return [_matched(walk, node, subject, given[0], "not" in name, values)]


def _matched(walk: Walk, node: Node, subject: str, matcher: Node, negated: bool, values: list[Node]) -> Assertion:
    chained: list[str] = []
    inner = matcher
    while (
        inner.type == "call"
        and inner.child_by_field_name("receiver") is not None
        and inner.child_by_field_name("receiver").type in ("call", "identifier")
    ):
        chained.append(
            raw_text(inner.child_by_field_name("method")) + walk.text(inner.child_by_field_name("arguments"))
        )
        inner = inner.child_by_field_name("receiver")
    word = raw_text(inner.child_by_field_name("method")) if inner.type == "call" else raw_text(inner)
    arguments = _given(inner) if inner.type == "call" else []
    operator, strength = _MATCHERS.get(word, (word or "matches", EXACT))
    expected = ", ".join([*(walk.text(part) for part in arguments), *chained[::-1]])
    if operator == "raises":
        kinds = tuple(raw_text(part) for part in arguments if part.type in ("constant", "scope_resolution"))
        pattern = ", ".join(walk.text(part) for part in arguments if raw_text(part) not in kinds)
        found = walk.made(node, subject, "raises", "", EXACT, negated=negated)
        return replace(found, exceptions=kinds, pattern=squeeze(" ".join([pattern, *chained]).strip()))
    if operator == "==" and expected in ("true", "false"):
        return walk.made(
            node, subject, "truthy", "", TRUTHY, negated=negated != (expected == "false"), trivial=_same(walk, values)
        )
    if operator == "==" and not expected:
        expected = word
    if operator == "==" and negated:
        operator, strength, negated = "!=", BOUND, False
    why = "compares a value with itself" if operator == "==" and expected == subject else _same(walk, values)
    return walk.made(node, subject, operator, expected, strength, negated=negated, trivial=why)


def _same(walk: Walk, values: list[Node]) -> str:
    return "compares constants" if values and walk.literal(values[0]) else ""


def _method_call(walk: Walk, node: Node, name: str, given: list[Node]) -> list[Assertion] | None:
    operator, strength, negated = _METHODS[name]
    if operator == "raises":
        kinds = tuple(raw_text(part) for part in given if part.type in ("constant", "scope_resolution"))
        block = node.child_by_field_name("block")
        return [replace(walk.made(node, walk.text(block), "raises", negated=negated), exceptions=kinds)]
    if not given:
        return None
    values = given[:1]
    subject, expected = walk.text(given[0]), ""
    if operator in ("==", "!=", "contains", "isinstance", "approx") and name not in _SELF_EXPECTED and len(given) > 1:
        one, other = (given[0], given[1]) if name in _ACTUAL_FIRST else (given[1], given[0])
        if walk.literal(one) and not walk.literal(other):
            one, other = other, one
        subject, expected, values = walk.text(one), walk.text(other), [one]
    elif name in _SELF_EXPECTED:
        expected, values = "nil", []
    elif name in ("assert_operator", "assert_predicate"):
        expected = ", ".join(walk.text(part) for part in given[1:])
    why = "compares a value with itself" if operator == "==" and subject == expected else _same(walk, values)
    return [walk.made(node, subject, operator, expected, strength, negated=negated, trivial=why)]


def skipping(walk: Walk, node: Node) -> Marker | None:  # noqa: ARG001 - the signature is the walk's
    """Read ``skip`` and ``pending`` as a skip."""
    text = raw_text(node)
    word = text.partition(" ")[0].partition("(")[0]
    if word not in ("skip", "pending") or node.type not in ("call", "identifier") or len(text) > 300:
        return None
    conditional = " if " in text or " unless " in text
    return Marker("xfail" if word == "pending" else "skip", squeeze(text, 100), node.start_point[0] + 1, conditional)


SYNTAX = Syntax(
    calls=frozenset(("call",)),
    ifs=frozenset(("if", "unless", "if_modifier", "unless_modifier")),
    functions=frozenset(("block", "do_block", "lambda")),
    leaving=frozenset(("return", "next", "break")),
    assertion=assertion,
    blocks=frozenset(("body_statement", "block_body", "then", "else", "program")),
    tries=frozenset(("begin",)),
    named=frozenset(),
    skipping=skipping,
)
