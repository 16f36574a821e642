"""Turn the migrations of EF Core into the small shape of ``_code``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gatepost.migrations import _trees as trees
from gatepost.migrations._code import PLACEHOLDER, UNKNOWN, Block, Branch, Call, Name, Other, Raise, Text

if TYPE_CHECKING:
    from tree_sitter import Node

STRINGS = ("string_literal", "verbatim_string_literal", "raw_string_literal", "interpolated_string_expression")


def read(text: str, path: str) -> dict[str, Block]:
    """Give the methods of a file by name. Raises Unreadable."""
    root = trees.parse("C#", text, path)
    found: dict[str, Block] = {}
    for node in trees.every(root, "method_declaration"):
        body = node.child_by_field_name("body")
        block = Block([], [], trees.line(node))
        if body is not None:
            block.body = statements(body) if body.type == "block" else [value(trees.named(body)[0])]
        found[trees.text(node.child_by_field_name("name"))] = block
    return found


def statements(node: Node) -> list[Any]:
    """Give the statements of a block."""
    return [made for one in trees.named(node) if (made := statement(one)) is not None]


def statement(node: Node) -> Any:
    """Give one statement."""
    inner = trees.named(node)
    if node.type in ("expression_statement", "return_statement"):
        return value(inner[0]) if inner else None
    if node.type == "throw_statement":
        return Raise(trees.text(node), trees.line(node))
    if node.type in ("preproc_region", "preproc_endregion", "empty_statement"):
        return None
    if node.type in ("if_statement", "foreach_statement", "for_statement", "block"):
        body: list[Any] = []
        for part in [node] if node.type == "block" else trees.every(node, "block", "expression_statement"):
            body += statements(part) if part.type == "block" else [statement(part)]
        return Branch(body, trees.line(node))
    return Other(trees.text(node)[:120], trees.line(node))


def value(node: Node, depth: int = 0) -> Any:
    """Give an expression."""
    if depth > trees.DEPTH:
        return Other(trees.text(node)[:80], trees.line(node))
    if node.type in STRINGS:
        return _text(node)
    if node.type == "boolean_literal":
        return trees.text(node) == "true"
    if node.type == "null_literal":
        return None
    if node.type == "integer_literal":
        return int(trees.text(node)) if trees.text(node).isdecimal() else UNKNOWN
    if node.type == "invocation_expression":
        return _call(node, depth)
    if node.type == "lambda_expression":
        return _lambda(node, depth)
    if node.type in ("identifier", "member_access_expression", "generic_name", "qualified_name"):
        return Name(trees.text(node))
    return _collected(node, depth)


def _collected(node: Node, depth: int) -> Any:
    if node.type in ("array_creation_expression", "implicit_array_creation_expression", "collection_expression"):
        holder = trees.child(node, "initializer_expression") or node
        return [value(one, depth + 1) for one in trees.named(holder) if one.type != "array_type"]
    if node.type == "anonymous_object_creation_expression":
        made: dict[str, Any] = {}
        parts = trees.named(node)
        for key, one in zip(parts[::2], parts[1::2], strict=False):
            made[trees.text(key)] = value(one, depth + 1)
        return made
    return Other(trees.text(node)[:120], trees.line(node))


def _lambda(node: Node, depth: int) -> Any:
    body = node.child_by_field_name("body")
    if body is None:
        return UNKNOWN
    if body.type == "block":
        return Block(statements(body), [], trees.line(node))
    return value(body, depth + 1)


def _text(node: Node) -> Text:
    text = trees.text(node)
    dynamic = any(True for _ in trees.every(node, "interpolation"))
    if node.type == "string_literal":
        return Text("".join(trees.text(one) for one in trees.named(node)), trees.line(node))
    if node.type == "raw_string_literal":
        return Text(text.strip('"'), trees.line(node))
    text = text.lstrip("$@").strip('"').replace('""', '"')
    for one in trees.every(node, "interpolation"):
        text = text.replace(trees.text(one), PLACEHOLDER)
    return Text(text, trees.line(node), dynamic)


def _call(node: Node, depth: int) -> Call:
    function, arguments = node.child_by_field_name("function"), node.child_by_field_name("arguments")
    args: list[Any] = []
    words: dict[str, Any] = {}
    for one in trees.named(arguments) if arguments is not None else ():
        named = one.child_by_field_name("name")
        inner = trees.named(one)
        if named is not None and len(inner) > 1:
            words[trees.text(named)] = value(inner[-1], depth + 1)
        elif inner:
            args.append(value(inner[-1], depth + 1))
    receiver: Any = None
    name = function
    if function is not None and function.type == "member_access_expression":
        target = function.child_by_field_name("expression")
        receiver = value(target, depth + 1) if target is not None else None
        name = function.child_by_field_name("name")
    return Call(trees.text(name).partition("<")[0], receiver, args, words, None, trees.line(name or node))
