"""Outline one Rust file: its test functions, and what their macros demand."""

from __future__ import annotations

from collections.abc import Sequence

from gatepost.suites._parsing import Node, parse, parser, raw_text
from gatepost.suites._tree import Outline, Syntax, Walk
from gatepost.suites._units import BOUND, EXACT, PART, TRUTHY, Assertion, Marker, Source
from gatepost.suites._words import squeeze

_TESTS = ("test", "rstest", "test_case", "quickcheck", "proptest", "wasm_bindgen_test")
_SIGNS = (("==", EXACT), ("!=", BOUND), (">=", BOUND), ("<=", BOUND), (">", BOUND), ("<", BOUND))


def outline(raw: bytes, path: str) -> Source:
    """Give the units of one file."""
    if b"test]" not in raw and b"assert" not in raw and b"test(" not in raw:
        return Source()
    root, problem = parse(parser("tree_sitter_rust"), raw)
    if root is None:
        return Source(problem=f"{problem} as Rust")
    found = Outline(path, SYNTAX)
    _functions(found, root, 0)
    _walk(found, root, "", 0)
    return found.source(raw)


def _functions(found: Outline, node: Node, depth: int) -> None:
    for child in node.named_children:
        if child.type == "function_item":
            found.known[raw_text(child.child_by_field_name("name"))] = child
        elif child.type in ("mod_item", "declaration_list", "impl_item") and depth < 40:
            _functions(found, child, depth + 1)


def _walk(found: Outline, node: Node, prefix: str, depth: int) -> None:
    attributes: list[str] = []
    for child in node.named_children:
        if child.type == "attribute_item":
            attributes.append(raw_text(child)[2:-1].strip())
            continue
        if child.type == "function_item":
            _function(found, child, prefix, attributes)
        elif child.type == "mod_item" and depth < 40 and child.child_by_field_name("body") is not None:
            name = raw_text(child.child_by_field_name("name"))
            _walk(found, child.child_by_field_name("body"), f"{prefix}{name}::", depth + 1)
        if child.type not in ("line_comment", "block_comment"):
            attributes = []


def _function(found: Outline, node: Node, prefix: str, attributes: Sequence[str]) -> None:
    name, body = raw_text(node.child_by_field_name("name")), node.child_by_field_name("body")
    kinds = [attribute.partition("(")[0].partition("=")[0].strip() for attribute in attributes]
    test = any(kind.rpartition("::")[2] in _TESTS for kind in kinds)
    line = node.start_point[0] + 1
    marks = [
        Marker("skip", f"#[{squeeze(a, 100)}]", line) for a in attributes if a.partition(" ")[0].startswith("ignore")
    ]
    marks += [
        Marker("skip", f"#[{squeeze(a, 100)}]", line, True)
        for a in attributes
        if a.startswith("cfg_attr") and "ignore" in a
    ]
    rows = [squeeze(a, 200) for a in attributes if a.startswith(("case", "test_case"))]
    panics = next((a for a in attributes if a.startswith("should_panic")), "")
    why = "" if test else "it has no #[test]"
    if "#[cfg(any())]" in attributes or "cfg(any())" in attributes:
        why = "#[cfg(any())] leaves it out"
    found.add(f"{prefix}{name}", node, body, why, marks, rows, helper=not test)
    if test and panics:
        _panicking(found, panics, node)


def _panicking(found: Outline, attribute: str, node: Node) -> None:
    """Take ``should_panic`` as an assertion: it stands on the function, not in it."""
    from dataclasses import replace as changed
    from hashlib import sha256

    unit = found.units[-1]
    pattern = attribute.partition("expected")[2].strip(" =)")
    name = raw_text(node.child_by_field_name("name"))
    panics = Assertion(name, "raises", "", unit.line, exceptions=("panic",), pattern=pattern, source=f"#[{attribute}]")
    plain = unit.detail
    found.units[-1] = changed(
        unit,
        digest=sha256(f"{unit.digest}{attribute}".encode()).hexdigest(),
        detail=lambda: changed(plain(), assertions=(*plain().assertions, panics)),
    )


def assertion(walk: Walk, node: Node) -> list[Assertion] | None:
    """Read one macro as an assertion; None where it is none."""
    if node.type != "macro_invocation":
        return None
    name = raw_text(node.child_by_field_name("macro")).rpartition("::")[2].removeprefix("debug_").removeprefix("prop_")
    if not name.startswith("assert"):
        return None
    given = _arguments(node)
    if not given:
        return [walk.made(node, name, "fails")]
    if name == "assert":
        return [_truth(walk, node, given[0])]
    if name in ("assert_eq", "assert_ne") and len(given) > 1:
        one, other = given[0], given[1]
        if _literal(one) and not _literal(other):
            one, other = other, one
        return [_compared(walk, node, one, "==" if name == "assert_eq" else "!=", other)]
    if name == "assert_matches" and len(given) > 1:
        return [walk.made(node, given[0], "matches", given[1], PART)]
    return [walk.made(node, given[0], name, ", ".join(given[1:2]))]


def _arguments(node: Node) -> list[str]:
    """Split the tokens of a macro at its own commas."""
    tree = next((child for child in node.children if child.type == "token_tree"), None)
    inner = tree.children[1:-1] if tree is not None else []
    parts: list[list[Node]] = [[]]
    for token in inner:
        if token.type == ",":
            parts.append([])
        elif "comment" not in token.type:
            parts[-1].append(token)
    whole, start = (tree.text or b"", tree.start_byte) if tree is not None else (b"", 0)
    texts = [whole[p[0].start_byte - start : p[-1].end_byte - start].decode("utf-8", "replace") for p in parts if p]
    return [squeeze(text) for text in texts]


def _truth(walk: Walk, node: Node, text: str) -> Assertion:
    if text.startswith("matches!"):
        subject, _, pattern = text.partition("(")[2].rstrip(")").partition(",")
        return walk.made(node, subject.strip(), "matches", pattern.strip(), PART)
    if text.endswith(("|| true",)) or text.startswith("true ||"):
        return walk.made(node, text, "truthy", "", TRUTHY, trivial="has an alternative that is always true")
    for sign, _ in _SIGNS:
        left, found, right = text.partition(f" {sign} ")
        if found and "&&" not in text and "||" not in text and "|" not in left:
            return _compared(walk, node, left, sign, right)
    negated = text.startswith("!")
    trivial = "compares constants" if text in ("true", "!false") else ""
    return walk.made(node, text.lstrip("!"), "truthy", "", TRUTHY, negated=negated, trivial=trivial)


def _compared(walk: Walk, node: Node, one: str, sign: str, other: str) -> Assertion:
    same = "compares a value with itself" if one == other and sign in ("==", ">=", "<=") else ""
    same = same or ("compares constants" if _literal(one) and _literal(other) else "")
    if other in ("true", "false") and sign in ("==", "!="):
        return walk.made(node, one, "truthy", "", TRUTHY, negated=(other == "false") != (sign == "!="), trivial=same)
    return walk.made(node, one, sign, other, EXACT if sign == "==" else BOUND, trivial=same)


def _literal(text: str) -> bool:
    plain = text.strip().lstrip("-&*")
    quoted = len(plain) > 1 and plain[0] in "\"'" and plain[-1] == plain[0] and plain.count(plain[0]) == 2
    return quoted or plain in ("true", "false") or plain.replace("_", "").replace(".", "", 1).isdigit()


SYNTAX = Syntax(
    calls=frozenset(("call_expression",)),
    ifs=frozenset(("if_expression",)),
    functions=frozenset(("closure_expression", "async_block")),
    leaving=frozenset(("return_expression", "break_expression", "continue_expression")),
    assertion=assertion,
    blocks=frozenset(("block",)),
)
