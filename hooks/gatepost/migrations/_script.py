"""Turn JavaScript and TypeScript into the small shape of ``_code``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gatepost.migrations import _trees as trees
from gatepost.migrations._code import PLACEHOLDER, UNKNOWN, Block, Branch, Call, Name, Other, Raise, Text, plain

if TYPE_CHECKING:
    from tree_sitter import Node

FUNCTIONS = ("arrow_function", "function_expression", "function_declaration", "method_definition", "generator_function")
WRAPPERS = (
    "await_expression",
    "parenthesized_expression",
    "as_expression",
    "non_null_expression",
    "satisfies_expression",
)


@dataclass(slots=True)
class Module:
    """The functions that a file offers by name, what else it offers, and the constants that it knows."""

    functions: dict[str, Block] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    constants: dict[str, Any] = field(default_factory=dict)


def read(text: str, path: str) -> Module:
    """Give what a file offers. Raises Unreadable."""
    language = "TypeScript" if path.endswith((".ts", ".cts", ".mts")) else "JavaScript"
    root = trees.parse(language, text, path)
    module = Module()
    reader = _Reader(module.constants)
    for node in trees.named(root):
        _top(node, module, reader)
    return module


def _top(node: Node, module: Module, reader: _Reader) -> None:
    if node.type in ("export_statement", "expression_statement"):
        for inner in trees.named(node):
            _top(inner, module, reader)
    elif node.type in ("function_declaration", "generator_function_declaration"):
        module.functions[trees.text(node.child_by_field_name("name"))] = reader.function(node)
    elif node.type in ("lexical_declaration", "variable_declaration"):
        for one in trees.named(node):
            _offer(trees.text(one.child_by_field_name("name")), one.child_by_field_name("value"), module, reader)
    elif node.type in ("class_declaration", "class", "abstract_class_declaration"):
        _methods(node, module, reader)
    else:
        {"assignment_expression": _assignment, "object": _members}.get(node.type, _nothing)(node, module, reader)


def _nothing(node: Node, module: Module, reader: _Reader) -> None:
    """Pass over what offers nothing."""


def _assignment(node: Node, module: Module, reader: _Reader) -> None:
    left, right = trees.text(node.child_by_field_name("left")), node.child_by_field_name("right")
    if left in ("module.exports", "exports.default") and right is not None:
        _members(right, module, reader) if right.type == "object" else _methods(right, module, reader)
    elif left.startswith(("exports.", "module.exports.")):
        _offer(left.rpartition(".")[2], right, module, reader)


def _members(node: Node, module: Module, reader: _Reader) -> None:
    for member in trees.named(node):
        if member.type == "pair":
            key = trees.text(member.child_by_field_name("key")).strip("'\"")
            _offer(key, member.child_by_field_name("value"), module, reader)
        elif member.type == "method_definition":
            module.functions[trees.text(member.child_by_field_name("name"))] = reader.function(member)


def _methods(node: Node, module: Module, reader: _Reader) -> None:
    body = node.child_by_field_name("body")
    for member in trees.named(body) if body is not None else ():
        if member.type == "method_definition":
            module.functions[trees.text(member.child_by_field_name("name"))] = reader.function(member)
        elif member.type == "public_field_definition":
            _offer(trees.text(member.child_by_field_name("name")), member.child_by_field_name("value"), module, reader)


def _offer(name: str, node: Node | None, module: Module, reader: _Reader) -> None:
    while node is not None and node.type in WRAPPERS:
        node = next(iter(trees.named(node)), None)
    if node is None:
        return
    if node.type in FUNCTIONS:
        module.functions[name] = reader.function(node)
    else:
        module.values[name] = module.constants[name] = reader.value(node)


class _Reader(trees.Reader):
    """Reads expressions; names that stand for plain values of the file are looked up."""

    def __init__(self, constants: dict[str, Any]) -> None:
        super().__init__()
        self.constants = constants

    def function(self, node: Node) -> Block:
        """Give the body of a function."""
        body = node.child_by_field_name("body")
        params = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        block = Block([], self._params(params), trees.line(node))
        if body is None:
            return block
        if body.type == "statement_block":
            block.body = self.statements(body)
        else:
            block.body = [self.value(body)]
        return block

    def _params(self, node: Node | None) -> list[str]:
        if node is None:
            return []
        if node.type == "identifier":
            return [trees.text(node)]
        return [trees.text(one.child_by_field_name("pattern") or one).partition(":")[0] for one in trees.named(node)]

    def statements(self, node: Node) -> list[Any]:
        """Give the statements of a block."""
        found: list[Any] = []
        for one in trees.named(node):
            made = self.statement(one)
            if made is not None:
                found.append(made)
        return found

    def statement(self, node: Node) -> Any:
        """Give one statement."""
        inner = trees.named(node)
        if node.type in ("expression_statement", "return_statement"):
            return self.value(inner[0]) if inner else None
        if node.type == "throw_statement":
            return Raise(trees.text(node), trees.line(node))
        if node.type in ("lexical_declaration", "variable_declaration"):
            return self._declared(inner)
        if node.type == "statement_block":
            return Branch(self.statements(node), trees.line(node))
        if node.type in ("empty_statement", "function_declaration"):
            return None
        if node.type in ("if_statement", "for_in_statement", "for_statement", "while_statement", "try_statement"):
            return self._branch(node)
        return Other(trees.text(node)[:120], trees.line(node))

    def _branch(self, node: Node) -> Branch:
        body: list[Any] = []
        for part in trees.every(node, "statement_block", "expression_statement", "return_statement", "throw_statement"):
            body += self.statements(part) if part.type == "statement_block" else [self.statement(part)]
        return Branch(body, trees.line(node), trees.text(node.child_by_field_name("condition"))[:120])

    def _declared(self, inner: list[Node]) -> Any:
        made: list[Any] = []
        for one in inner:
            value = one.child_by_field_name("value")
            if value is None:
                continue
            found = self.value(value)
            self.constants[trees.text(one.child_by_field_name("name"))] = found
            if isinstance(found, Call) and value.type == "await_expression":
                made.append(found)
        return made or None

    def _value(self, node: Node) -> Any:
        if node.type in WRAPPERS:
            inner = trees.named(node)
            return self.value(inner[0]) if inner else UNKNOWN
        if node.type in ("string", "template_string"):
            return self._text(node)
        if node.type in ("true", "false"):
            return node.type == "true"
        if node.type in ("null", "undefined"):
            return None
        if node.type == "number":
            return _number(trees.text(node))
        if node.type in FUNCTIONS:
            return self.function(node)
        return self._composed(node)

    def _composed(self, node: Node) -> Any:
        if node.type == "array":
            return [self.value(one) for one in trees.named(node)]
        if node.type == "object":
            return self._object(node)
        if node.type == "call_expression":
            return self._call(node)
        if node.type == "member_expression":
            return self._member(node)
        if node.type == "identifier":
            found = self.constants.get(trees.text(node), UNKNOWN)
            plain = isinstance(found, (Text, bool, int, float, list, dict))
            return found if plain else Name(trees.text(node))
        if node.type == "this":
            return Name("this")
        if node.type == "binary_expression":
            return self._joined(node)
        return Other(trees.text(node)[:120], trees.line(node))

    def _text(self, node: Node) -> Text:
        parts, dynamic = [], False
        for one in trees.named(node):
            if one.type == "template_substitution":
                inner = trees.named(one)
                found = self.value(inner[0]) if inner else UNKNOWN
                known = plain(found)
                parts.append(known or PLACEHOLDER)
                dynamic = dynamic or not known
            else:
                parts.append(_unescaped(trees.text(one)) if one.type == "escape_sequence" else trees.text(one))
        return Text("".join(parts), trees.line(node), dynamic)

    def _joined(self, node: Node) -> Any:
        left, right = (node.child_by_field_name(side) for side in ("left", "right"))
        if trees.text(node.child_by_field_name("operator")) != "+" or left is None or right is None:
            return Other(trees.text(node)[:120], trees.line(node))
        first, second = self.value(left), self.value(right)
        if not isinstance(first, Text):
            return Other(trees.text(node)[:120], trees.line(node))
        if isinstance(second, Text):
            return Text(first.value + second.value, first.line, first.dynamic or second.dynamic)
        return Text(first.value + PLACEHOLDER, first.line, True)

    def _object(self, node: Node) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for member in trees.named(node):
            if member.type == "pair":
                value = member.child_by_field_name("value")
                key = trees.text(member.child_by_field_name("key")).strip("'\"")
                made[key] = self.value(value) if value is not None else UNKNOWN
            elif member.type == "shorthand_property_identifier":
                made[trees.text(member)] = Name(trees.text(member))
            elif member.type == "spread_element":
                made["..."] = UNKNOWN
        return made

    def _member(self, node: Node) -> Any:
        target, name = node.child_by_field_name("object"), trees.text(node.child_by_field_name("property"))
        receiver = self.value(target) if target is not None else UNKNOWN
        if isinstance(receiver, Name):
            return Name(f"{receiver.value}.{name}")
        return Call(name, receiver, None, line=trees.line(node))

    def _call(self, node: Node) -> Any:
        function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
        args = [self.value(one) for one in trees.named(arguments)] if arguments is not None else []
        at = trees.line(node)
        if function is None or function.type not in ("member_expression", "identifier"):
            return Other(trees.text(node)[:120], at)
        if function.type == "identifier":
            return Call(trees.text(function), None, args, line=at)
        target = function.child_by_field_name("object")
        prop = function.child_by_field_name("property")
        receiver = self.value(target) if target is not None else UNKNOWN
        return Call(trees.text(prop), receiver, args, line=trees.line(prop) if prop is not None else at)


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return UNKNOWN


_ESCAPES = {"\\n": "\n", "\\t": "\t", "\\'": "'", '\\"': '"', "\\\\": "\\", "\\`": "`", "\\$": "$"}


def _unescaped(text: str) -> str:
    return _ESCAPES.get(text, text)
