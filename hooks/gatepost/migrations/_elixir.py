"""Turn Elixir into the small shape of ``_code``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gatepost.migrations import _trees as trees
from gatepost.migrations._code import PLACEHOLDER, UNKNOWN, Block, Branch, Call, Name, Other, Raise, Text

if TYPE_CHECKING:
    from tree_sitter import Node

DEFINES = ("def", "defp")
CONDITIONS = ("if", "unless", "case", "cond", "for", "with", "try")


@dataclass(slots=True)
class Module:
    """The functions of a module, and its attributes (``@disable_ddl_transaction true``)."""

    functions: dict[str, Block] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)


def read(text: str, path: str) -> Module:
    """Give the functions of a file's module. Raises Unreadable."""
    root = trees.parse("Elixir", text, path)
    made = Module()
    reader = _Reader(made.attributes)
    for node in trees.every(root, "do_block"):
        for one in trees.named(node):
            _part(one, made, reader)
        break
    return made


def _part(node: Node, made: Module, reader: _Reader) -> None:
    if node.type == "call" and trees.text(node.child_by_field_name("target")) in DEFINES:
        arguments = trees.child(node, "arguments")
        head = trees.named(arguments)[0] if arguments is not None and trees.named(arguments) else None
        if head is not None:
            name = trees.text(head.child_by_field_name("target") or head)
            made.functions.setdefault(name, reader.function(node, arguments))
    elif node.type == "unary_operator":
        operand = node.child_by_field_name("operand")
        if operand is not None and operand.type == "call":
            call = reader.value(operand)
            made.attributes[call.name] = call.arg(0)


class _Reader(trees.Reader):
    """Reads expressions; attributes of the module are looked up."""

    def __init__(self, attributes: dict[str, Any]) -> None:
        super().__init__()
        self.attributes = attributes

    def function(self, node: Node, arguments: Node | None) -> Block:
        """Give the body of a function, in a block or behind ``do:``."""
        block = trees.child(node, "do_block")
        if block is not None:
            return Block(self.statements(block), [], trees.line(node))
        pairs = self._pairs(trees.child(arguments, "keywords")) if arguments is not None else {}
        return Block([pairs["do"]] if "do" in pairs else [], [], trees.line(node))

    def statements(self, node: Node) -> list[Any]:
        """Give the statements of a block."""
        found: list[Any] = []
        for one in trees.named(node):
            if one.type in ("stab_clause", "else_block", "rescue_block", "after_block", "body"):
                found += self.statements(one)
            elif one.type != "arguments":
                found.append(self.statement(one))
        return found

    def statement(self, node: Node) -> Any:
        """Give one statement."""
        if node.type == "binary_operator" and trees.text(node.child_by_field_name("operator")) == "=":
            right = node.child_by_field_name("right")
            return self.value(right) if right is not None and right.type == "call" else None
        if node.type == "call":
            called = trees.text(node.child_by_field_name("target"))
            if called == "raise":
                return Raise(trees.text(node), trees.line(node))
            if called in CONDITIONS:
                block = trees.child(node, "do_block")
                body = self.statements(block) if block is not None else []
                return Branch(body, trees.line(node), trees.text(node).split("\n", 1)[0][:120])
        return self.value(node)

    def _value(self, node: Node) -> Any:
        text = trees.text(node)
        if node.type in ("atom", "quoted_atom"):
            return Text(text.lstrip(":").strip('"'), trees.line(node))
        if node.type in ("string", "charlist", "sigil"):
            return self._text(node)
        if node.type == "boolean":
            return text == "true"
        if node.type == "nil":
            return None
        if node.type == "integer":
            return int(text.replace("_", "")) if text.replace("_", "").isdecimal() else UNKNOWN
        if node.type in ("list", "tuple"):
            keywords = trees.child(node, "keywords")
            return self._pairs(keywords) if keywords is not None else [self.value(one) for one in trees.named(node)]
        if node.type == "call":
            return self._call(node)
        return self._named(node, text)

    def _named(self, node: Node, text: str) -> Any:
        if node.type == "identifier":
            return Call(text, None, [], line=trees.line(node))
        if node.type == "alias":
            return Name(text)
        if node.type == "unary_operator" and text.startswith("@"):
            found = self.attributes.get(text[1:], UNKNOWN)
            return found if isinstance(found, (Text, bool, int, list)) else Name(text)
        if node.type == "binary_operator" and trees.text(node.child_by_field_name("operator")) == "|>":
            right = node.child_by_field_name("right")
            left = node.child_by_field_name("left")
            call = self.value(right) if right is not None else UNKNOWN
            if isinstance(call, Call) and left is not None:
                call.args = [self.value(left), *(call.args or [])]
                return call
        return Other(text[:120], trees.line(node))

    def _text(self, node: Node) -> Text:
        parts, dynamic = [], False
        for one in trees.named(node):
            if one.type == "interpolation":
                parts.append(PLACEHOLDER)
                dynamic = True
            elif one.type in ("quoted_content", "escape_sequence"):
                parts.append(trees.text(one))
        return Text("".join(parts), trees.line(node), dynamic)

    def _pairs(self, node: Node | None) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for pair in trees.named(node) if node is not None else ():
            key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
            if value is not None:
                made[trees.text(key).strip().rstrip(":").strip('"')] = self.value(value)
        return made

    def _call(self, node: Node) -> Call:
        arguments = trees.child(node, "arguments")
        args: list[Any] = []
        words: dict[str, Any] = {}
        for one in trees.named(arguments) if arguments is not None else ():
            if one.type == "keywords":
                words.update(self._pairs(one))
            else:
                args.append(self.value(one))
        block = trees.child(node, "do_block")
        body = Block(self.statements(block), [], trees.line(block)) if block is not None else None
        target = node.child_by_field_name("target")
        receiver: Any = None
        name = trees.text(target)
        if target is not None and target.type == "dot":
            receiver, name = Name(name.rpartition(".")[0]), name.rpartition(".")[2]
        return Call(name, receiver, args, words, body, trees.line(node))
