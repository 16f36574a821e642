"""Turn PHP into the small shape of ``_code``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gatepost.migrations import _trees as trees
from gatepost.migrations._code import PLACEHOLDER, UNKNOWN, Block, Branch, Call, Name, Other, Raise, Text

if TYPE_CHECKING:
    from tree_sitter import Node

CALLS = (
    "member_call_expression",
    "scoped_call_expression",
    "function_call_expression",
    "nullsafe_member_call_expression",
)
STRINGS = ("string", "encapsed_string", "heredoc", "nowdoc")
BRANCHES = (
    "if_statement",
    "foreach_statement",
    "for_statement",
    "while_statement",
    "try_statement",
    "switch_statement",
)


@dataclass(slots=True)
class Class:
    """The methods of a class, and its properties with a plain value."""

    methods: dict[str, Block] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def read(text: str, path: str) -> Class | None:
    """Give the first class of a file. Raises Unreadable."""
    root = trees.parse("PHP", text, path)
    for node in trees.every(root, "class_declaration", "anonymous_class", "object_creation_expression"):
        body = node.child_by_field_name("body")
        if body is None and (holder := trees.child(node, "anonymous_class")) is not None:
            body = holder.child_by_field_name("body")
        if body is not None:
            return _class(body)
    return None


def _class(body: Node) -> Class:
    made = Class()
    reader = _Reader(made.values)
    for one in trees.named(body):
        if one.type == "method_declaration":
            made.methods[trees.text(one.child_by_field_name("name"))] = reader.function(one)
        elif one.type in ("property_declaration", "const_declaration"):
            for element in trees.every(one, "property_element", "const_element"):
                parts = trees.named(element)
                if len(parts) > 1:
                    made.values[trees.text(parts[0]).lstrip("$")] = reader.value(parts[-1])
    return made


class _Reader(trees.Reader):
    """Reads expressions; variables that stand for a plain value are looked up."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__()
        self.values = values

    def function(self, node: Node) -> Block:
        """Give the body of a function."""
        body, params = node.child_by_field_name("body"), node.child_by_field_name("parameters")
        names = (
            [trees.text(one.child_by_field_name("name")) for one in trees.named(params)] if params is not None else []
        )
        if body is None:
            return Block([], names, trees.line(node))
        statements = self.statements(body) if body.type == "compound_statement" else [self.value(body)]
        return Block(statements, names, trees.line(node))

    def statements(self, node: Node) -> list[Any]:
        """Give the statements of a block."""
        return [made for one in trees.named(node) if (made := self.statement(one)) is not None]

    def statement(self, node: Node) -> Any:
        """Give one statement."""
        inner = trees.named(node)
        if node.type in ("expression_statement", "return_statement"):
            if not inner:
                return None
            if inner[0].type == "throw_expression":
                return Raise(trees.text(node), trees.line(node))
            if inner[0].type == "assignment_expression":
                return self._assign(inner[0])
            return self.value(inner[0])
        if node.type == "throw_statement":
            return Raise(trees.text(node), trees.line(node))
        if node.type == "echo_statement":
            return Call("echo", None, [], line=trees.line(node))
        if node.type in BRANCHES:
            return self._branch(node)
        if node.type == "compound_statement":
            return Branch(self.statements(node), trees.line(node))
        return Other(trees.text(node)[:120], trees.line(node))

    def _assign(self, node: Node) -> Any:
        left, right = trees.text(node.child_by_field_name("left")), node.child_by_field_name("right")
        value = self.value(right) if right is not None else UNKNOWN
        self.values[left.lstrip("$")] = value
        return value if isinstance(value, Other) else None

    def _branch(self, node: Node) -> Branch:
        body: list[Any] = []
        for one in trees.every(node, "compound_statement", "expression_statement"):
            body += self.statements(one) if one.type == "compound_statement" else [self.statement(one)]
        return Branch(body, trees.line(node), trees.text(node.child_by_field_name("condition"))[:120])

    def _value(self, node: Node) -> Any:
        if node.type in STRINGS:
            return self._text(node)
        if node.type == "boolean":
            return trees.text(node).lower() == "true"
        if node.type == "null":
            return None
        if node.type == "integer":
            return int(trees.text(node)) if trees.text(node).isdecimal() else UNKNOWN
        if node.type in ("anonymous_function", "arrow_function", "anonymous_function_creation_expression"):
            return self.function(node)
        if node.type in CALLS:
            return self._call(node)
        if node.type == "array_creation_expression":
            return self._array(node)
        return self._named(node)

    def _named(self, node: Node) -> Any:
        text = trees.text(node)
        if node.type == "variable_name":
            found = self.values.get(text.lstrip("$"), UNKNOWN)
            known = isinstance(found, (Text, bool, int, list, dict, Call))
            return found if known else Name(text)
        if node.type in ("name", "qualified_name", "relative_scope"):
            return Name(text.rpartition("\\")[2])
        if node.type == "class_constant_access_expression":
            return Name(text)
        if node.type == "member_access_expression":
            found = self.values.get(trees.text(node.child_by_field_name("name")), UNKNOWN)
            return found if isinstance(found, Text) else Name(text)
        if node.type == "binary_expression" and trees.text(node.child_by_field_name("operator")) == ".":
            return self._joined(node)
        if node.type == "parenthesized_expression" and trees.named(node):
            return self.value(trees.named(node)[0])
        return Other(text[:120], trees.line(node))

    def _joined(self, node: Node) -> Any:
        sides = [self.value(one) for side in ("left", "right") if (one := node.child_by_field_name(side)) is not None]
        if not any(isinstance(side, Text) for side in sides):
            return Other(trees.text(node)[:120], trees.line(node))
        value = "".join(side.value if isinstance(side, Text) else PLACEHOLDER for side in sides)
        dynamic = any(not isinstance(side, Text) or side.dynamic for side in sides)
        return Text(value, trees.line(node), dynamic)

    def _text(self, node: Node) -> Text:
        parts, dynamic = [], False
        stack = trees.named(node)[::-1]
        while stack:
            one = stack.pop()
            if one.type in ("string_content", "escape_sequence", "nowdoc_string"):
                parts.append(trees.text(one))
            elif one.type in ("heredoc_body", "nowdoc_body"):
                stack += trees.named(one)[::-1]
            elif one.type not in ("heredoc_start", "heredoc_end"):
                parts.append(PLACEHOLDER)
                dynamic = True
        return Text("".join(parts), trees.line(node), dynamic)

    def _array(self, node: Node) -> Any:
        words: dict[str, Any] = {}
        items: list[Any] = []
        for element in trees.named(node):
            parts = trees.named(element)
            if len(parts) > 1:
                key = self.value(parts[0])
                words[key.value if isinstance(key, (Text, Name)) else str(key)] = self.value(parts[1])
            elif parts:
                items.append(self.value(parts[0]))
        return words or items

    def _call(self, node: Node) -> Call:
        arguments = node.child_by_field_name("arguments")
        args: list[Any] = []
        words: dict[str, Any] = {}
        for one in trees.named(arguments) if arguments is not None else ():
            named = one.child_by_field_name("name")
            inner = trees.named(one)
            if not inner:
                continue
            if named is not None:
                words[trees.text(named)] = self.value(inner[-1])
            else:
                args.append(self.value(inner[-1]))
        target = node.child_by_field_name("object") or node.child_by_field_name("scope")
        name = node.child_by_field_name("name") or node.child_by_field_name("function")
        at = trees.line(name) if name is not None else trees.line(node)
        return Call(trees.text(name), self.value(target) if target is not None else None, args, words, None, at)
