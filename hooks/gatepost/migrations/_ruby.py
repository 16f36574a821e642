"""Turn Ruby into the small shape of ``_code``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gatepost.migrations import _trees as trees
from gatepost.migrations._code import PLACEHOLDER, UNKNOWN, Block, Branch, Call, Name, Other, Raise, Text, plain

if TYPE_CHECKING:
    from tree_sitter import Node

CONDITIONS = ("if", "unless", "if_modifier", "unless_modifier", "case", "begin", "while", "until", "for")


@dataclass(slots=True)
class Class:
    """The methods of a class, those of ``self`` with ``self.`` before them, and what its body calls."""

    methods: dict[str, Block] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    superclass: str = ""
    constants: dict[str, Any] = field(default_factory=dict)


def read(text: str, path: str) -> Class | None:
    """Give the class of a file that extends a migration, else its last one. Raises Unreadable."""
    root = trees.parse("Ruby", text, path)
    found: Class | None = None
    for node in trees.every(root, "class"):
        made = _class(node)
        if found is None or "Migration" in made.superclass:
            found = made
    return found


def _class(node: Node) -> Class:
    made = Class(superclass=trees.text(node.child_by_field_name("superclass")))
    body = node.child_by_field_name("body")
    reader = _Reader(made.constants)
    for one in trees.named(body) if body is not None else ():
        name = trees.text(one.child_by_field_name("name"))
        if one.type == "method":
            made.methods[name] = reader.method(one)
        elif one.type == "singleton_method":
            made.methods["self." + name] = reader.method(one)
        elif one.type == "assignment":
            reader.assign(one)
        elif one.type in ("call", "identifier"):
            made.calls.append(trees.text(one.child_by_field_name("method") or one))
    return made


class _Reader(trees.Reader):
    """Reads expressions; constants of the class are looked up."""

    def __init__(self, constants: dict[str, Any]) -> None:
        super().__init__()
        self.constants = constants

    def method(self, node: Node) -> Block:
        """Give the body of a method."""
        body = node.child_by_field_name("body")
        return Block(self.statements(body) if body is not None else [], [], trees.line(node))

    def assign(self, node: Node) -> Any:
        """Keep what a constant or variable is set to; give the call that makes it."""
        left, right = trees.text(node.child_by_field_name("left")), node.child_by_field_name("right")
        value = self.value(right) if right is not None else UNKNOWN
        self.constants[left] = value
        return value if isinstance(value, (Call, Other)) else None

    def statements(self, node: Node) -> list[Any]:
        """Give the statements of a body; a heredoc's body belongs to the call before it."""
        inner = trees.named(node)
        texts = [one for one in inner if one.type == "heredoc_body"]
        found: list[Any] = []
        if node.type not in ("body_statement", "block_body", "then", "else", "do", "ensure", "rescue", "when"):
            inner = [node]
        self.heredocs = [self._text(one) for one in texts] + getattr(self, "heredocs", [])
        for one in inner:
            if one.type not in ("heredoc_body", "comment"):
                made = self.statement(one)
                if made is not None:
                    found.append(made)
        return found

    def statement(self, node: Node) -> Any:
        """Give one statement."""
        if node.type == "assignment":
            return self.assign(node)
        if node.type in CONDITIONS:
            return self._branch(node)
        if node.type == "return":
            inner = trees.named(node)
            return self.value(inner[0]) if inner else None
        made = self.value(node)
        if isinstance(made, Call) and made.name in ("raise", "fail") and made.receiver is None:
            return Raise(trees.text(node), trees.line(node))
        return made

    def _branch(self, node: Node) -> Branch:
        body: list[Any] = []
        condition = node.child_by_field_name("condition")
        for one in trees.named(node):
            if condition is not None and one.id == condition.id:
                continue
            if one.type in ("then", "else", "do", "body_statement", "ensure", "rescue", "when", "elsif"):
                body += self.statements(one) if one.type != "elsif" else [self._branch(one)]
            else:
                made = self.statement(one)
                body += [made] if made is not None else []
        return Branch(body, trees.line(node), trees.text(condition)[:120])

    def _value(self, node: Node) -> Any:
        text = trees.text(node)
        if node.type in ("simple_symbol", "hash_key_symbol"):
            return Text(text.strip(":"), trees.line(node))
        if node.type in ("string", "delimited_symbol", "chained_string"):
            return self._text(node)
        if node.type == "heredoc_beginning":
            return self.heredocs.pop(0) if getattr(self, "heredocs", None) else Text("", trees.line(node), True)
        if node.type in ("true", "false"):
            return node.type == "true"
        if node.type == "nil":
            return None
        if node.type == "integer":
            return int(text.replace("_", "")) if text.replace("_", "").isdecimal() else UNKNOWN
        return self._composed(node, text)

    def _composed(self, node: Node, text: str) -> Any:
        if node.type in ("array", "string_array", "symbol_array"):
            if node.type != "array":
                return [Text(trees.text(one), trees.line(one)) for one in trees.named(node)]
            return [self.value(one) for one in trees.named(node)]
        if node.type == "hash":
            return self._pairs(trees.named(node))
        if node.type == "call":
            return self._call(node)
        if node.type in ("identifier", "constant", "scope_resolution", "instance_variable"):
            found = self.constants.get(text, UNKNOWN)
            if isinstance(found, (Text, bool, int, list, dict)):
                return found
            return Call(text, None, [], line=trees.line(node)) if node.type == "identifier" else Name(text)
        if node.type == "parenthesized_statements":
            inner = trees.named(node)
            return self.value(inner[0]) if len(inner) == 1 else Other(text[:120], trees.line(node))
        return Other(text[:120], trees.line(node))

    def _text(self, node: Node) -> Text:
        parts, dynamic = [], False
        for one in trees.named(node):
            if one.type == "interpolation":
                inner = trees.named(one)
                found = self.value(inner[0]) if inner else UNKNOWN
                known = plain(found)
                parts.append(known or PLACEHOLDER)
                dynamic = dynamic or not known
            elif one.type == "string":
                inner_text = self._text(one)
                parts.append(inner_text.value)
                dynamic = dynamic or inner_text.dynamic
            elif one.type != "heredoc_end":
                parts.append(trees.text(one))
        return Text("".join(parts), trees.line(node), dynamic)

    def _pairs(self, nodes: list[Node]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for one in nodes:
            if one.type == "pair":
                key, value = one.child_by_field_name("key"), one.child_by_field_name("value")
                name = trees.text(key).strip(":'\"")
                made[name] = self.value(value) if value is not None else Name(name)
            else:
                made["**"] = UNKNOWN
        return made

    def _call(self, node: Node) -> Call:
        receiver, arguments = node.child_by_field_name("receiver"), node.child_by_field_name("arguments")
        given = trees.named(arguments) if arguments is not None else []
        pairs = [one for one in given if one.type in ("pair", "hash_splat_argument")]
        args = [self.value(one) for one in given if one.type not in ("pair", "hash_splat_argument", "block_argument")]
        block = node.child_by_field_name("block")
        made = Call(
            trees.text(node.child_by_field_name("method")),
            self.value(receiver) if receiver is not None else None,
            args,
            self._pairs(pairs),
            self._block(block) if block is not None else None,
            trees.line(node),
        )
        if args and isinstance(args[-1], dict):
            made.words = {**args.pop(), **made.words}
        return made

    def _block(self, node: Node) -> Block:
        params = node.child_by_field_name("parameters")
        body = node.child_by_field_name("body")
        names = [trees.text(one) for one in trees.named(params)] if params is not None else []
        return Block(self.statements(body) if body is not None else [], names, trees.line(node))
