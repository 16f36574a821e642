"""Write expressions in one canonical way, so that spelling alone is no difference."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gatepost.sql.tokens import Dialect, Token, words

_NO_SPACE_BEFORE = frozenset((",", ")", "]", ".", "::", "["))
_NO_SPACE_AFTER = frozenset(("(", "[", ".", "::"))
_OPERATORS = frozenset(
    words("IN AND OR NOT WHEN THEN ELSE IS AS ON FROM WHERE SELECT BETWEEN LIKE ILIKE SIMILAR CASE ANY ALL EXISTS")
)
_SIMPLE = re.compile(r"[a-z_][a-z0-9_$]*\Z")
_NOW = re.compile(r"\b(?:current_timestamp|now|localtimestamp)\b(?:\(\))?(?!\()")
LONGEST = 4000


def canonical(found: Sequence[Token], dialect: Dialect) -> str:
    """Give tokens as text: unquoted words in lower case, single spaces, no parentheses around the whole."""
    found = bare(found)
    out: list[str] = []
    before = ""
    for token in found:
        if out and not _joined(before, token):
            out.append(" ")
        out.append(_spelling(token, dialect))
        before = token.value or token.kind
    return "".join(out)


def _joined(before: str, token: Token) -> bool:
    if token.value == "(":
        return before not in _OPERATORS and (before[:1].isalpha() or before in _NO_SPACE_AFTER)
    return token.value in _NO_SPACE_BEFORE or before in _NO_SPACE_AFTER


def _spelling(token: Token, dialect: Dialect) -> str:
    if token.kind == "word":
        return token.text.lower()
    if token.kind == "body":
        return f"$${token.text}$$"
    if token.kind != "name":
        return token.text
    name = token.text[1:-1]
    if dialect != "postgresql":
        name = name.lower()
    return name if _SIMPLE.match(name) else f'"{name}"'


def bare(found: Sequence[Token]) -> Sequence[Token]:
    """Take off parentheses that enclose the whole, in one pass however many there are."""
    if len(found) < 2 or found[0].value != "(" or found[-1].value != ")":
        return found
    opened: list[int] = []
    partner: dict[int, int] = {}
    for at, token in enumerate(found):
        if token.value == "(":
            opened.append(at)
        elif token.value == ")" and opened:
            partner[opened.pop()] = at
    start, end = 0, len(found) - 1
    while start < end and partner.get(start) == end:
        start, end = start + 1, end - 1
    return found[start : end + 1]


def default(found: Sequence[Token], dialect: Dialect) -> str | None:
    """Give a default as the database keeps it: NULL is none, a cast of a plain literal says nothing."""
    found = bare(found)
    if (
        len(found) > 2
        and found[1].value == "::"
        and (found[0].kind in ("string", "number") or found[0].value == "NULL")
    ):
        found = found[:1]
    text = canonical(found, dialect)
    if text == "null":
        return None
    return _NOW.sub("now()", text)
