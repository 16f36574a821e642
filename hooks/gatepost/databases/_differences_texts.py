"""Tell whether two texts of SQL differ only in white space, comments, case or parentheses that change nothing."""

from __future__ import annotations

import re
from typing import Any, cast

from gatepost.sql.tokens import Dialect, Token, tokens

LONGEST = 200_000
_NESTED = 4  # bodies within bodies
_DEEPEST = 200  # parentheses; what is nested deeper was written to cost time, and its parentheses are kept
_SIMPLE = re.compile(r"[a-z_][a-z0-9_$]*\Z")
_EDGES = frozenset(
    ("", ",", ";", "and", "or", "where", "on", "when", "then", "else", "end", "return", "having", "check", "using",
     "default", "begin", "if", "elsif", "loop", "select", "as")
)  # fmt: skip
_WORDS_BEFORE = _EDGES | {"not", "is", "like", "between", "by", "from", "case", "+", "-", "*", "/"}


def alike(one: str | None, other: str | None, dialect: str) -> bool:
    """Tell whether two texts say the same."""
    if one is None or other is None:
        return one == other
    if one == other:
        return True
    return max(len(one), len(other)) <= LONGEST and plain(one, dialect) == plain(other, dialect)


def alike_views(one: str, other: str, dialect: str) -> bool:
    """Tell whether two views say the same; PostgreSQL 16 and later name the table of a column only among several."""
    if alike(one, other, dialect):
        return True
    if dialect != "postgresql" or max(len(one), len(other)) > LONGEST:
        return False
    texts = plain(one, dialect), plain(other, dialect)
    bare = [_unqualified(text) for text in texts]
    return bare[0] == bare[1] and any(text == less for text, less in zip(texts, bare, strict=True))


def _unqualified(text: str) -> str:
    """Take the names of tables off the columns of a text with single spaces."""
    words = text.split(" ")
    tables: set[str] = set()
    for at, word in enumerate(words):
        if word in ("from", "join"):
            name = words[at + 1 : at + 5]
            last = 2 if name[1:2] == ["."] else 0
            tables.update(name[last : last + 2])
    made: list[str] = []
    for at, word in enumerate(words):
        before = words[at - 1] if at else ""
        if words[at + 1 : at + 2] == ["."] and word in tables and before not in ("from", "join", "."):
            continue
        if word == "." and before in tables and words[at - 2 : at - 1] not in (["from"], ["join"], ["."]):
            continue
        made.append(word)
    return " ".join(made)


def plain(text: str, dialect: str, depth: int = 0) -> str:
    """Write a text without what says nothing; strings are kept as they are."""
    found = list(tokens(text, cast("Dialect", dialect)))
    words = [token.value if token.value in ("(", ")") else _word(token, dialect, depth) for token in found]
    while words and words[-1] == ";":
        words.pop()
    whole = _nested(words)
    while len(whole) == 1 and isinstance(whole[0], list):
        whole = whole[0]
    return _joined(whole)


def _nested(words: list[str]) -> list[Any]:
    """Give words with a list for each pair of parentheses that is needed."""
    stack: list[list[Any]] = [[]]
    for word in words:
        if word == "(":
            stack.append([])
        elif word == ")" and len(stack) > 1:
            closed = _opened(stack.pop())
            stack[-1].append(closed)
        else:
            stack[-1].append(word)
        if len(stack) > _DEEPEST:
            return list(words)
    while len(stack) > 1:
        closed = _opened(stack.pop())
        stack[-1].append(closed)
    return _opened(stack[0])


def _word(token: Token, dialect: str, depth: int) -> str:
    if token.kind == "word":
        return token.text.lower()
    if token.kind == "body":
        return f"$${plain(token.text, dialect, depth + 1) if depth < _NESTED else token.text}$$"
    if token.kind == "name":
        name = token.text[1:-1]
        name = name if dialect == "postgresql" else name.lower()
        return name if _SIMPLE.match(name) else f'"{name}"'
    return token.text


def _opened(group: list[Any]) -> list[Any]:
    """Take the parentheses off the parts of a group that mean the same without them."""
    made: list[Any] = []
    for at, item in enumerate(group):
        if isinstance(item, list) and _needless(item, _at(group, at - 1), _at(group, at + 1)):
            made += item
        else:
            made.append(item)
    return made


def _at(group: list[Any], at: int) -> str:
    if not 0 <= at < len(group):
        return ""
    return "()" if isinstance(group[at], list) else str(group[at])


def _needless(item: list[Any], before: str, after: str) -> bool:
    if len(item) == 1 and item[0] != "*":
        return not (before[:1].isalpha() or before[:1] in '_"') or before in _WORDS_BEFORE
    if before not in _EDGES or after not in _EDGES:
        return False
    held = [part for part in item if isinstance(part, str)]
    if not item or "," in held or "select" in held or ";" in held:
        return False
    return "or" not in held or (before not in ("and", "not") and after != "and")


def _joined(group: list[Any]) -> str:
    """Write a group out, without recursion: SQL may be nested as deep as its author likes."""
    out: list[str] = []
    todo: list[Any] = list(reversed(group))
    while todo:
        item = todo.pop()
        if isinstance(item, list):
            todo.append(")")
            todo.extend(reversed(item))
            todo.append("(")
        else:
            out.append(item)
    return " ".join(out)
