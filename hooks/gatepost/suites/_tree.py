"""Walk the bodies of tests in languages that tree-sitter parses: one walk, one small table per language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from gatepost.suites._parsing import Node, raw_text
from gatepost.suites._units import Assertion, Detail, Marker, Source, Unit
from gatepost.suites._words import repeated, squeeze, successors, words

DEPTH = 400

_LITERALS = """
    number string true false null undefined nil integer float regex template_string int_literal float_literal
    interpreted_string_literal raw_string_literal rune_literal simple_symbol string_literal decimal_integer_literal
    null_literal character_literal integer_literal boolean_literal char_literal decimal_floating_point_literal
"""


def never_skips(walk: Walk, node: Node) -> Marker | None:  # noqa: ARG001 - the signature is the walk's
    """Find no skip."""
    return None


@dataclass(frozen=True, slots=True)
class Syntax:
    """What the nodes of a language are called, and how its assertions are read."""

    calls: frozenset[str]
    ifs: frozenset[str]
    functions: frozenset[str]
    leaving: frozenset[str]
    assertion: Callable[[Walk, Node], list[Assertion] | None]
    blocks: frozenset[str] = frozenset(
        ("statement_block", "block", "body_statement", "then", "program", "statement_list")
    )
    tries: frozenset[str] = frozenset(("try_statement", "try_with_resources_statement", "begin"))
    catches: frozenset[str] = frozenset(("catch_clause", "rescue"))
    comments: frozenset[str] = frozenset(("comment", "line_comment", "block_comment"))
    strings: frozenset[str] = frozenset(
        ("string", "template_string", "interpreted_string_literal", "raw_string_literal", "string_literal")
    )
    literals: frozenset[str] = frozenset(_LITERALS.split())
    skipping: Callable[[Walk, Node], Marker | None] = never_skips
    named: frozenset[str] = frozenset(("function_declaration", "function_item"))
    tables: frozenset[str] = frozenset()


def norm(node: Node | None, syntax: Syntax) -> str:
    """Give the source of a node in one normal form: layout, comments, quotes and semicolons do not matter."""
    if node is None:
        return ""
    parts: list[str] = []
    stack = [node]
    while stack:
        at = stack.pop()
        if at.type in syntax.comments or at.type in (";", ","):
            if at.type == ",":
                parts.append(",")
        elif at.type in syntax.strings and not any(
            child.is_named
            for child in at.children
            if "content" not in child.type and "fragment" not in child.type and child.type != "escape_sequence"
        ):
            parts.append('"' + raw_text(at).strip("'\"`") + '"')
        elif at.child_count:
            stack.extend(reversed(at.children))
        else:
            parts.append(raw_text(at))
    return (
        " ".join(parts)
        .replace(" . ", ".")
        .replace(" ( ", "(")
        .replace(" )", ")")
        .replace(", )", ")")
        .replace(",)", ")")
    )


@dataclass(slots=True)
class Walk:
    """Collect what one body asserts; ``known`` are the functions of the file."""

    syntax: Syntax
    known: Mapping[str, Node]
    assertions: list[Assertion] = field(default_factory=list)
    statements: list[str] = field(default_factory=list)
    arranged: list[str] = field(default_factory=list)
    asserting: set[str] = field(default_factory=set)
    within: int = 0
    markers: list[Marker] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    limits: dict[str, float] = field(default_factory=dict)
    unit: str = ""
    guards: tuple[str, ...] = ()
    dead: str = ""
    depth: int = 0
    helping: frozenset[str] = frozenset()

    def text(self, node: Node | None) -> str:
        """Give the normal form of a node."""
        return squeeze(norm(node, self.syntax))

    def made(
        self, node: Node, subject: str, operator: str, expected: str = "", strength: int = 5, **more: Any
    ) -> Assertion:
        """Make an assertion that stands here."""
        names = more.pop("names", words(f"{subject} {expected}"))
        return Assertion(
            squeeze(subject),
            operator,
            squeeze(expected),
            node.start_point[0] + 1,
            strength,
            names=names,
            guards=self.guards,
            dead=self.dead,
            source=squeeze(raw_text(node), 200),
            **more,
        )

    def literal(self, node: Node | None) -> bool:
        """Tell a literal, also a list of literals."""
        if node is None:
            return False
        if node.type in self.syntax.literals:
            return not any(child.type in ("template_substitution", "interpolation") for child in node.children)
        holds = node.type in ("array", "unary_expression", "unary", "array_expression", "reference_expression")
        return holds and all(self.literal(child) for child in node.named_children)

    def visit(self, node: Node) -> None:
        """Walk any node."""
        self.depth += 1
        if self.depth > DEPTH:
            raise RecursionError
        kind = node.type
        if kind in self.syntax.ifs:
            self.condition(node)
        elif kind in self.syntax.tries:
            self.attempt(node)
        elif kind in self.syntax.blocks:
            self.block(node)
        elif kind in self.syntax.named:
            self.nested(node)
        elif kind not in self.syntax.comments:
            self.expression(node)
        self.depth -= 1

    def inside(self, nodes: Iterable[Node], guards: tuple[str, ...] = (), dead: str = "") -> None:
        """Walk nodes under more guards."""
        before = self.guards, self.dead
        self.guards, self.dead = (*self.guards, *guards), self.dead or dead
        for node in nodes:
            self.visit(node)
        self.guards, self.dead = before

    def block(self, node: Node) -> None:
        """Walk statements that run one after the other."""
        before = self.guards, self.dead
        for statement in node.named_children:
            if statement.type in self.syntax.comments:
                continue
            if statement.type not in self.syntax.ifs | self.syntax.tries | self.syntax.blocks:
                self.state(self.text(statement))
            self.visit(statement)
            self.after(statement)
        self.guards, self.dead = before

    def state(self, text: str) -> None:
        """Keep a statement; what stands inside an assertion arranges nothing."""
        self.statements.append(text)
        if not self.within:
            self.arranged.append(text)

    def after(self, statement: Node) -> None:
        """See whether what follows a statement can still run."""
        line = statement.start_point[0] + 1
        marker = self.syntax.skipping(self, statement)
        if marker is not None:
            self.markers.append(replace(marker, conditional=marker.conditional or bool(self.guards)))
            if not self.guards:
                self.dead = self.dead or f"stands behind a skip in line {line}"
        elif _kind(statement) in self.syntax.leaving:
            self.dead = self.dead or f"stands behind {_kind(statement).partition('_')[0]} in line {line}"
        elif statement.type in self.syntax.ifs:
            self.early(statement, line)

    def early(self, statement: Node, line: int) -> None:
        """See whether an ``if`` leaves the test before what follows."""
        then = _branch(statement)
        inner = [child for child in then.named_children if child.type not in self.syntax.comments] if then else []
        if then is not None and _kind(then) in self.syntax.leaving:
            inner = [then]
        leaves = bool(inner) and _kind(inner[-1]) in self.syntax.leaving and "return" in _kind(inner[-1])
        if not leaves or statement.child_by_field_name("alternative") is not None:
            return
        condition = statement.child_by_field_name("condition")
        known = self.truth(condition)
        if known is True:
            self.dead = self.dead or f"stands behind a return in line {line}"
        elif known is None and len(inner) == 1:
            self.guards = (*self.guards, f"unless it returns first: {squeeze(raw_text(condition), 80)}")

    def condition(self, node: Node) -> None:
        """Walk an ``if``; where both branches assert, neither is a way around."""
        condition = node.child_by_field_name("condition")
        known = self.truth(condition)
        negated = node.type.startswith("unless")
        shown = squeeze(raw_text(condition), 80)
        stated = f"if {self.text(condition)}"
        self.state(stated)
        begin = node.child_by_field_name("initializer")
        if condition is not None:
            self.inside([part for part in (begin, condition) if part is not None])
        then, other = _branch(node), node.child_by_field_name("alternative")
        if known is not None:
            dead = f"stands under a condition in line {node.start_point[0] + 1} that is never true"
            runs = known is not negated
            self.inside([then] if then else [], (), "" if runs else dead)
            self.inside([other] if other else [], (), dead if runs else "")
            return
        found = self.syntax.assertion(self, node)
        if found is not None:  # Go: an if that reports is the assertion itself
            self.found(node, found)
            self.asserting.add(stated)
        sided = other is not None and self.asserts(then) and self.asserts(other)
        self.inside([then] if then else [], () if sided or found is not None else (f"if {shown}",))
        self.inside([other] if other else [], () if sided else (f"if not ({shown})",))

    def attempt(self, node: Node) -> None:
        """Walk a ``try``; a handler that neither raises nor asserts swallows what the body asserts."""
        catches = [child for child in node.children if child.type in self.syntax.catches]
        swallows = [child for child in catches if not self.raises(child) and not self.asserts(child)]
        self.state("try")
        for child in node.named_children:
            if child in catches:
                self.inside(child.named_children, ("in a handler",))
            elif child.type == "finally_clause" or not swallows:
                self.inside([child])
            else:
                self.inside([child], (f"try … {squeeze(raw_text(swallows[0]), 40)}",))

    def raises(self, node: Node) -> bool:
        """Tell whether a handler passes the failure on."""
        text = raw_text(node)
        return any(word in text for word in ("throw", "raise", "fail(", "fail ", "done(", "reject(", "flunk", "panic!"))

    def nested(self, node: Node) -> None:
        """Walk a named function inside the body; one that nobody names never runs."""
        name = raw_text(node.child_by_field_name("name"))
        body = node.child_by_field_name("body")
        idle = bool(name) and self.unit.count(name) < 2
        if body is not None:
            self.inside([body], (), f"stands in {name}(), which nobody calls" if idle else "")

    def expression(self, node: Node) -> None:
        """Look for assertions, outermost call first; what an assertion holds is only searched for functions."""
        found = self.syntax.assertion(self, node)
        if found is not None:
            self.found(node, found)
            self.within += 1
            for function in _functions(node, self.syntax.functions):
                self.body(function)
            self.within -= 1
            return
        if node.type in self.syntax.functions:
            self.body(node)
            return
        if node.type in self.syntax.calls:
            via = self.helper(node)
            if via is not None:
                self.found(node, [via])
        if node.type in self.syntax.tables and node.named_child_count:
            self.table(node)
        for child in node.named_children:
            self.visit(child)

    def found(self, node: Node, assertions: list[Assertion]) -> None:
        """Keep assertions, and which statement they are."""
        self.assertions += assertions
        if assertions:
            self.asserting.add(self.text(node))

    def body(self, function: Node) -> None:
        """Walk the body of a function."""
        body = function.child_by_field_name("body")
        idle = ""
        owner = function.parent
        if owner is not None and owner.type == "variable_declarator":
            name = raw_text(owner.child_by_field_name("name"))
            idle = f"stands in {name}(), which nobody calls" if self.unit.count(name) < 2 else ""
        if body is not None:
            self.inside([body], (), idle)

    def table(self, node: Node) -> None:
        """Take the elements of a literal table as rows."""
        self.rows += [self.text(child) for child in node.named_children if child.type not in self.syntax.comments]

    def asserts(self, node: Node | None) -> bool:
        """Tell whether something below a node asserts."""
        if node is None:
            return False
        probe = Walk(self.syntax, self.known, unit=self.unit, helping=self.helping, depth=self.depth)
        probe.visit(node)
        return bool(probe.assertions)

    def helper(self, call: Node) -> Assertion | None:
        """Give the assertion that a call to a function of the file, or one that is called so, stands for."""
        function = (
            call.child_by_field_name("function")
            or call.child_by_field_name("method")
            or call.child_by_field_name("name")
        )
        name = raw_text(function).rpartition(".")[2]
        names = self.helped(name) if name else None
        if names is None:
            return None
        arguments = self.text(call.child_by_field_name("arguments"))
        return self.made(call, arguments, name, names=words(arguments) | names, via=name)

    def helped(self, name: str) -> frozenset[str] | None:
        """Give what a helper asserts about, or None where it asserts nothing."""
        node = self.known.get(name)
        if node is None:
            checking = name.lower().startswith(("assert", "expect", "verify", "check", "should"))
            return frozenset() if checking and len(name) > 6 else None
        if name in self.helping or len(self.helping) >= 2:
            return None
        probe = Walk(self.syntax, self.known, unit=raw_text(node), helping=self.helping | {name}, depth=self.depth)
        body = node.child_by_field_name("body")
        if body is not None:
            probe.visit(body)
        live = [one for one in probe.assertions if one.live]
        return frozenset().union(*(one.names for one in live)) if live else None

    def truth(self, node: Node | None) -> bool | None:
        """Evaluate a condition that is a constant."""
        text = raw_text(node).strip("() \t")
        if text in ("true", "1", "!0", "!false"):
            return True
        never = text in ("false", "0", "null", "undefined", "nil", "!1", "!true", "''", '""')
        return False if never or text.startswith(("false &&", "false and")) else None


def detail(
    syntax: Syntax, known: Mapping[str, Node], body: Node | None, markers: Sequence[Marker], rows: Sequence[str]
) -> Detail:
    """Work out the detail of one test."""
    walk = Walk(syntax, known, markers=list(markers), rows=list(rows), unit=raw_text(body))
    try:
        if body is not None and body.type in syntax.blocks:
            walk.visit(body)
        elif body is not None:
            walk.state(walk.text(body))
            walk.visit(body)
    except RecursionError:
        return Detail()
    arranged = tuple(text for text in walk.arranged if not any(said in text for said in walk.asserting))
    return Detail(
        assertions=tuple(walk.assertions),
        statements=tuple(walk.statements),
        arranged=arranged,
        words=words(" ".join(walk.statements)),
        markers=tuple(walk.markers),
        rows=tuple(walk.rows),
        limits=walk.limits,
    )


@dataclass(slots=True)
class Outline:
    """Collect the units of a file."""

    path: str
    syntax: Syntax
    known: dict[str, Node] = field(default_factory=dict)
    units: list[Unit] = field(default_factory=list)
    places: list[tuple[int, int, str]] = field(default_factory=list)

    def add(
        self,
        name: str,
        node: Node,
        body: Node | None,
        why: str = "",
        markers: Sequence[Marker] = (),
        rows: Sequence[str] = (),
        helper: bool = False,
        limits: Mapping[str, float] | None = None,
    ) -> None:
        """Add one test, or one function that is none."""
        marks = "\n".join(f"{marker.kind} {marker.text}" for marker in markers)
        digest = hashlib.sha256(
            b"\0".join((node.text or b"", why.encode(), marks.encode("utf-8", "replace")))
        ).hexdigest()
        line = node.start_point[0] + 1
        work = partial(_once, {}, self.syntax, self.known, body, markers, rows, limits or {})
        size = node.end_byte - node.start_byte
        self.units.append(Unit(self.path, name, line, digest, work, why, helper, size))
        if not helper:
            self.places.append((line, node.end_point[0] + 1, name))

    def source(self, raw: bytes) -> Source:
        """Give the finished outline."""
        text = raw.decode("utf-8", "replace")
        return Source(tuple(self.units), "", repeated(text), successors(text, self.places))


def _once(
    memory: dict[str, Detail],
    syntax: Syntax,
    known: Mapping[str, Node],
    body: Node | None,
    markers: Sequence[Marker],
    rows: Sequence[str],
    limits: Mapping[str, float],
) -> Detail:
    if "" not in memory:
        found = detail(syntax, known, body, markers, rows)
        memory[""] = replace(found, limits={**found.limits, **limits})
    return memory[""]


def _kind(node: Node) -> str:
    if node.type in ("expression_statement", "statement") and node.named_child_count == 1:
        return str(node.named_children[0].type)
    return str(node.type)


def _branch(node: Node) -> Node | None:
    return node.child_by_field_name("consequence") or node.child_by_field_name("body")


def _functions(node: Node, kinds: frozenset[str]) -> Iterator[Node]:
    stack = list(reversed(node.named_children))
    while stack:
        at = stack.pop()
        if at.type in kinds:
            yield at
        else:
            stack.extend(reversed(at.named_children))
