"""Turn one Python expression or statement into the assertions that it makes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from gatepost.suites._units import BOUND, EXACT, NEAR, PART, TRUTHY, Assertion
from gatepost.suites._words import squeeze, words

_OPERATORS: dict[type, tuple[str, int, bool]] = {
    ast.Eq: ("==", EXACT, False),
    ast.Is: ("==", EXACT, False),
    ast.NotEq: ("!=", BOUND, False),
    ast.IsNot: ("!=", BOUND, False),
    ast.In: ("in", PART, False),
    ast.NotIn: ("in", PART, True),
    ast.Lt: ("<", BOUND, False),
    ast.LtE: ("<=", BOUND, False),
    ast.Gt: (">", BOUND, False),
    ast.GtE: (">=", BOUND, False),
}
_SWAPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}

# unittest's methods: operator, strength, negated, number of operands.
_METHODS: dict[str, tuple[str, int, bool, int]] = {
    "assertEqual": ("==", EXACT, False, 2),
    "assertEquals": ("==", EXACT, False, 2),
    "assertListEqual": ("==", EXACT, False, 2),
    "assertDictEqual": ("==", EXACT, False, 2),
    "assertSetEqual": ("==", EXACT, False, 2),
    "assertTupleEqual": ("==", EXACT, False, 2),
    "assertSequenceEqual": ("==", EXACT, False, 2),
    "assertMultiLineEqual": ("==", EXACT, False, 2),
    "assertCountEqual": ("same-items", NEAR, False, 2),
    "assertItemsEqual": ("same-items", NEAR, False, 2),
    "assertNotEqual": ("!=", BOUND, False, 2),
    "assertNotEquals": ("!=", BOUND, False, 2),
    "assertIs": ("==", EXACT, False, 2),
    "assertIsNot": ("!=", BOUND, False, 2),
    "assertIn": ("in", PART, False, 2),
    "assertNotIn": ("in", PART, True, 2),
    "assertIsInstance": ("isinstance", BOUND, False, 2),
    "assertNotIsInstance": ("isinstance", BOUND, True, 2),
    "assertGreater": (">", BOUND, False, 2),
    "assertGreaterEqual": (">=", BOUND, False, 2),
    "assertLess": ("<", BOUND, False, 2),
    "assertLessEqual": ("<=", BOUND, False, 2),
    "assertRegex": ("matches", PART, False, 2),
    "assertRegexpMatches": ("matches", PART, False, 2),
    "assertNotRegex": ("matches", PART, True, 2),
    "assertAlmostEqual": ("approx", NEAR, False, 2),
    "assertAlmostEquals": ("approx", NEAR, False, 2),
    "assertNotAlmostEqual": ("approx", NEAR, True, 2),
}
_MOCKS = {
    "assert_called_once_with": EXACT,
    "assert_awaited_once_with": EXACT,
    "assert_not_called": EXACT,
    "assert_not_awaited": EXACT,
    "assert_called_with": NEAR,
    "assert_awaited_with": NEAR,
    "assert_has_calls": NEAR,
    "assert_has_awaits": NEAR,
    "assert_any_call": PART,
    "assert_any_await": PART,
    "assert_called_once": PART,
    "assert_awaited_once": PART,
    "assert_called": BOUND,
    "assert_awaited": BOUND,
}
_RAISING = """
    raises assertRaises assertRaisesRegex assertRaisesRegexp assertRaisesMessage RaisesGroup
    warns assertWarns assertWarnsRegex deprecated_call
"""
_RAISES = frozenset(_RAISING.split())
_FLAT = frozenset(("all", "any", "bool"))
_TOLERANCES = (
    "delta",
    "abs",
    "rel",
    "rtol",
    "atol",
    "abs_tol",
    "rel_tol",
    "tolerance",
    "tol",
    "places",
    "decimal",
    "significant",
)
# pytest's LineMatcher, Playwright's expectations, snapshot libraries: calls that fail by themselves.
_LINES = ("fnmatch_lines", "re_match_lines", "no_fnmatch_line", "no_re_match_line", "fnmatch_lines_random")
_ASSERTING = ("to_be_", "to_have_", "to_contain_", "not_to_", "assert_", "expect_")
CHECKING = ("check", "verify", "expect", "compare", "ensure_")
_NOT_ASSERTING = frozenset(("assert_never", "assert_type", "assertLogs", "assertNumQueries", "assert_no_warnings"))


class Spot(NamedTuple):
    """Where an assertion stands."""

    line: int
    guards: tuple[str, ...]
    dead: str


def text(node: ast.AST | None) -> str:
    """Give an expression in one normal form."""
    return "" if node is None else ast.unparse(node)


def demanded(node: ast.expr, spot: Spot, negated: bool = False) -> Iterator[Assertion]:
    """Give the assertions of ``assert node``: conjunctions are split, negations carried inwards."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield from demanded(node.operand, spot, not negated)
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or if negated else ast.And):
        for value in node.values:
            yield from demanded(value, spot, negated)
    elif isinstance(node, ast.Compare):
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            yield _comparison(left, operator, right, spot, negated)
            left = right
    else:
        yield _plain(node, spot, negated)


def _comparison(left: ast.expr, operator: ast.cmpop, right: ast.expr, spot: Spot, negated: bool) -> Assertion:
    word, strength, flipped = _OPERATORS[type(operator)]
    if word in ("==", "!=") and negated:
        word, strength, negated = ("!=", BOUND, False) if word == "==" else ("==", EXACT, False)
    if word in _SWAPPED and _literal(left) and not _literal(right):
        left, right, word = right, left, _SWAPPED[word]
    if word == "in" and _literal(left) and not _literal(right):
        left, right, word = right, left, "contains"
    subject, expected = text(left), text(right)
    if word == "==" and isinstance(left, ast.Call) and text(left.func) == "type" and len(left.args) == 1:
        return _made(text(left.args[0]), "isinstance", expected, spot, BOUND, negated, left)
    if expected in ("True", "False") and word in ("==", "!="):
        # "is True" against plain truth is style, not strength.
        return _made(subject, "truthy", "", spot, TRUTHY, (expected == "False") != (word == "!="), left, right)
    tolerance = _tolerance_of(left, word, right)
    if isinstance(right, ast.Call) and text(right.func).rpartition(".")[2] == "approx" and word == "==":
        word, strength, tolerance = "approx", NEAR, _tolerance(right)
        expected = text(right.args[0]) if right.args else expected
    found = _made(subject, word, expected, spot, strength, negated != flipped, left, right, tolerance)
    return _with_trivial(found, _never_fails(left, word, right, negated != flipped))


def _tolerance_of(left: ast.expr, word: str, right: ast.expr) -> float | None:
    """Read ``abs(a - b) < 0.1`` and ``elapsed < 5`` alike: the bound is what may be raised."""
    value = right.value if isinstance(right, ast.Constant) else None
    close = isinstance(left, ast.Call) and text(left.func) in ("abs", "math.fabs", "np.abs")
    return float(value) if close and word in ("<", "<=") and isinstance(value, (int, float)) else None


def _plain(node: ast.expr, spot: Spot, negated: bool) -> Assertion:
    if isinstance(node, ast.Call):
        name, args = text(node.func), node.args
        if name == "isinstance" and len(args) == 2:
            found = _made(text(args[0]), "isinstance", text(args[1]), spot, BOUND, negated, *args)
            return _with_trivial(found, "everything is an object" if text(args[1]) == "object" and not negated else "")
        if isinstance(node.func, ast.Attribute) and node.func.attr in (
            "startswith",
            "endswith",
            "issubset",
            "match",
            "search",
        ):
            return _made(text(node.func.value), node.func.attr, _arguments(node), spot, PART, negated, node)
        if name.rpartition(".")[2] in ("isclose", "allclose", "array_equal") and len(args) >= 2:
            return _made(text(args[0]), "approx", text(args[1]), spot, NEAR, negated, node, None, _tolerance(node))
        if name in ("all", "any") and len(args) == 1:
            return _made(text(args[0]), name, "", spot, PART, negated, node)
    return _with_trivial(_made(text(node), "truthy", "", spot, TRUTHY, negated, node), _constant_truth(node, negated))


def _never_fails(left: ast.expr, word: str, right: ast.expr, negated: bool) -> str:
    if negated:
        return ""
    if _literal(left) and _literal(right) and word in ("==", "<", "<=", ">", ">=", "!=", "in"):
        return "compares two constants"
    if text(left) == text(right) and word in ("==", "<=", ">="):
        return "compares a value with itself"
    length = isinstance(left, ast.Call) and text(left.func) == "len"
    if length and (word, text(right)) in ((">=", "0"), (">", "-1"), ("!=", "-1"), ("!=", "None")):
        return "a length is never negative"
    return "holds the subject itself" if word == "in" and text(right) in _self_lists(text(left)) else ""


def _self_lists(subject: str) -> tuple[str, ...]:
    return (f"[{subject}]", f"({subject},)", f"{{{subject}}}")


def _constant_truth(node: ast.expr, negated: bool) -> str:
    if isinstance(node, ast.Constant) and bool(node.value) != negated:
        return "is a constant"
    if isinstance(node, (ast.Tuple, ast.List, ast.Dict, ast.JoinedStr, ast.Lambda)) and not negated:
        size = getattr(node, "elts", None) or getattr(node, "keys", None) or getattr(node, "values", None)
        return "is a value that is always true" if size or isinstance(node, ast.Lambda) else ""
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or) and not negated:
        return "has an alternative that is always true" if any(_always(value) for value in node.values) else ""
    return ""


def _always(node: ast.expr) -> bool:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        word = _OPERATORS[type(node.ops[0])][0]
        return bool(_never_fails(node.left, word, node.comparators[0], False))
    return bool(_constant_truth(node, False))


def _literal(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _literal(node.operand)
    if isinstance(node, ast.BinOp):
        return _literal(node.left) and _literal(node.right)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return all(_literal(value) for value in node.elts)
    if isinstance(node, ast.Dict):
        return all(value is not None and _literal(value) for value in (*node.keys, *node.values))
    return isinstance(node, ast.Constant)


def _made(
    subject: str,
    operator: str,
    expected: str,
    spot: Spot,
    strength: int,
    negated: bool,
    *nodes: ast.AST | float | None,
) -> Assertion:
    tolerance = next((node for node in nodes if isinstance(node, float)), None)
    return Assertion(
        subject=squeeze(subject),
        operator=operator,
        expected=squeeze(expected),
        line=spot.line,
        strength=strength,
        negated=negated,
        names=words(f"{subject} {expected}"),
        tolerance=tolerance,
        guards=spot.guards,
        dead=spot.dead,
    )


def _with_trivial(found: Assertion, why: str) -> Assertion:
    return replace(found, trivial=why) if why else found


def _arguments(call: ast.Call, skip: int = 0, drop: tuple[str, ...] = ("msg", "err_msg", "message")) -> str:
    parts = [text(arg) for arg in call.args[skip:]]
    parts += [f"{word.arg}={text(word.value)}" for word in call.keywords if word.arg not in drop]
    return ", ".join(parts)


def _tolerance(call: ast.Call) -> float:
    """Give how far off a value may be; places and decimals count downwards."""
    for word in call.keywords:
        value = word.value.value if isinstance(word.value, ast.Constant) else None
        if word.arg in _TOLERANCES and isinstance(value, (int, float)):
            return (
                10.0**-value if word.arg in ("places", "decimal", "significant") and abs(value) < 300 else float(value)
            )
    return 0.0


def called(call: ast.Call, spot: Spot) -> Iterator[Assertion]:
    """Give the assertions that one call makes by itself, none where it is an ordinary call."""
    name = (
        call.func.attr
        if isinstance(call.func, ast.Attribute)
        else call.func.id
        if isinstance(call.func, ast.Name)
        else ""
    )
    for reader in (_truth_call, _method_call, _mock_call, _fail_call, _raises_call, _unknown_call):
        found = reader(name, call, spot)
        if found is not None:
            yield from found
            return


def _truth_call(name: str, call: ast.Call, spot: Spot) -> list[Assertion] | None:
    if name in ("assertTrue", "assertFalse", "assert_", "failUnless", "failIf") and call.args:
        return list(demanded(call.args[0], spot, name in ("assertFalse", "failIf")))
    if name in ("assertIsNone", "assertIsNotNone") and call.args:
        subject = text(call.args[0])
        kind = ("==", EXACT) if name == "assertIsNone" else ("!=", BOUND)
        return [_made(subject, kind[0], "None", spot, kind[1], False, call)]
    return None


def _method_call(name: str, call: ast.Call, spot: Spot) -> list[Assertion] | None:
    known = _METHODS.get(name)
    if known is None or len(call.args) < 2:
        return None
    word, strength, negated, _ = known
    left, right = call.args[:2]
    if word == "in" and _literal(left) and not _literal(right):
        left, right, word = right, left, "contains"
    symmetric = word in ("==", "!=", "approx", "same-items")
    if symmetric and _literal(left) and not _literal(right):
        left, right = right, left
    if word in ("==", "!=") and text(right) in ("True", "False"):
        return [_made(text(left), "truthy", "", spot, TRUTHY, (text(right) == "False") != (word == "!="), left)]
    tolerance = _tolerance(call) if word == "approx" else None
    found = _made(text(left), word, text(right), spot, strength, negated, tolerance)
    return [_with_trivial(found, _never_fails(left, word, right, negated))]


def _mock_call(name: str, call: ast.Call, spot: Spot) -> list[Assertion] | None:
    if name not in _MOCKS or not isinstance(call.func, ast.Attribute):
        return None
    never = name in ("assert_not_called", "assert_not_awaited")
    found = _made(text(call.func.value), "called", _arguments(call), spot, _MOCKS[name], never, call)
    return [found]


def _fail_call(name: str, call: ast.Call, spot: Spot) -> list[Assertion] | None:
    if name != "fail" or text(call.func) not in ("pytest.fail", "self.fail"):
        return None
    return [_made("fail", "fails", " / ".join(spot.guards), spot, EXACT, False, call)]


def _raises_call(name: str, call: ast.Call, spot: Spot) -> list[Assertion] | None:
    if name not in _RAISES:
        return None
    raised = (
        call.args[0] if call.args else next((w.value for w in call.keywords if w.arg == "expected_exception"), None)
    )
    values = raised.elts if isinstance(raised, (ast.Tuple, ast.List)) else [raised] if raised is not None else []
    pattern = next((text(word.value) for word in call.keywords if word.arg in ("match", "expected_regex")), "")
    rest = call.args[1:]
    if name in ("assertRaisesRegex", "assertRaisesRegexp", "assertRaisesMessage", "assertWarnsRegex") and rest:
        pattern, rest = text(rest[0]), rest[1:]
    subject = ", ".join(text(arg) for arg in rest)
    if name == "deprecated_call":
        values, subject = [ast.Name("DeprecationWarning", ast.Load())], ", ".join(text(arg) for arg in call.args)
    warns = "warn" in name.lower() or name == "deprecated_call"
    found = _made(subject, "warns" if warns else "raises", "", spot, EXACT, False, call)
    names = words(f"{subject} {' '.join(text(value) for value in values)} {pattern}")
    return [replace(found, exceptions=tuple(text(value) for value in values), pattern=pattern, names=names)]


def _unknown_call(name: str, call: ast.Call, spot: Spot) -> list[Assertion] | None:
    """Take whatever is called assert-something for an assertion, as exact as can be."""
    known = name.startswith(("assert", "Assert", *_ASSERTING)) or name in _LINES
    if not known or name in _NOT_ASSERTING:
        return None
    subject = text(call.args[0]) if call.args else text(call.func)
    receiver = text(call.func.value) if isinstance(call.func, ast.Attribute) else ""
    if receiver and receiver not in ("self", "cls", "np.testing", "numpy.testing", "testing", "npt", "tm"):
        subject = f"{receiver}: {subject}"
    tolerance = _tolerance(call) if any(word.arg in _TOLERANCES for word in call.keywords) else None
    expected = ", ".join(part for part in (_arguments(call, 1, ("msg", "err_msg", "message", *_TOLERANCES)),) if part)
    return [_made(subject, name, expected, spot, EXACT, False, tolerance)]


Resolver = Callable[[ast.Call], "tuple[str, frozenset[str]] | None"]
"""Say which helper that asserts a call reaches, and what that helper names."""


def helped(call: ast.Call, spot: Spot, resolve: Resolver) -> Assertion | None:
    """Give the assertion that a call to a helper stands for."""
    found = resolve(call)
    if found is None:
        return None
    arguments = _arguments(call)
    made = _made(arguments, found[0], "", spot, EXACT, False)
    return replace(made, names=words(arguments) | found[1], via=found[0])
