"""Cut SQL into tokens, for each dialect by its own rules of quoting. Standard library only.

Patterns never backtrack over more than one token: what is not terminated runs to the end of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

Dialect = Literal["postgresql", "mysql", "sqlite"]
DIALECTS: tuple[Dialect, ...] = ("postgresql", "mysql", "sqlite")

_PLAIN_STRING = r"'[^']*(?:''[^']*)*(?:'|\Z)"
_ESCAPED = r"[^{q}\\]*(?:(?:\\(?:.|\Z)|{q}{q})[^{q}\\]*)*(?:{q}|\Z)"
_QUOTED = r'"[^"]*(?:""[^"]*)*(?:"|\Z)'
_BACKTICK = r"`[^`]*(?:``[^`]*)*(?:`|\Z)"
DOLLAR = r"(?<![\w$])\$(?:[^\W\d]\w*)?\$"
_WORD = r"[^\W\d][\w$]*"
_NUMBER = r"(?:0[xX][0-9a-fA-F]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
_OPERATOR = r"::|!~\*|!~|~\*|:=|<=|>=|<>|!=|\|\||->>|->|#>>|#>|@>|<@|&&|=>|\.\.|[-+*/%^~!@#&|=<>?:;,.(){}\[\]\\$]"

STRING: dict[Dialect, str] = {
    "postgresql": rf"[eE]'{_ESCAPED.format(q=chr(39))}|(?:[bBxXnN]|[uU]&)?{_PLAIN_STRING}",
    "mysql": rf"(?:[bBxXnN]|_\w+\s*)?'{_ESCAPED.format(q=chr(39))}|\"{_ESCAPED.format(q=chr(34))}",
    "sqlite": rf"[xX]?{_PLAIN_STRING}",
}
NAME: dict[Dialect, str] = {
    "postgresql": rf"(?:[uU]&)?{_QUOTED}",
    "mysql": _BACKTICK,
    "sqlite": _QUOTED + "|" + _BACKTICK + r"|\[[^\]\n]{0,128}\]",
}
COMMENT: dict[Dialect, str] = {
    "postgresql": r"--[^\r\n]*",
    # a conditional comment, /*!50003 … */ or MariaDB's /*M! … */, is executed: only its marks are skipped
    "mysql": r"--(?=[\s]|\Z)[^\r\n]*|\#[^\r\n]*|/\*M?!\d*|\*/",
    "sqlite": r"--[^\r\n]*",
}


def words(text: str) -> tuple[str, ...]:
    """Give the words of a text: a list of keywords that can be read."""
    return tuple(text.split())


class Token(NamedTuple):
    """One token: ``kind`` word, name, string, body, number or op; ``value`` is upper case for words."""

    kind: str
    value: str
    text: str
    at: int


@lru_cache(maxsize=8)
def _pattern(dialect: Dialect) -> re.Pattern[str]:
    dollar = rf"|(?P<dollar>{DOLLAR})" if dialect == "postgresql" else ""
    return re.compile(
        rf"\s+|(?P<comment>{COMMENT[dialect]})|(?P<block>/\*){dollar}|(?P<string>{STRING[dialect]})"
        rf"|(?P<name>{NAME[dialect]})|(?P<word>{_WORD})|(?P<number>{_NUMBER})|(?P<op>{_OPERATOR})|(?P<other>.)",
        re.DOTALL,
    )


def tokens(text: str, dialect: Dialect, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Give the tokens of ``text[start:end]``, without space and comments."""
    pattern, at, end = _pattern(dialect), start, len(text) if end is None else end
    while at < end:
        found = pattern.match(text, at, end)
        if found is None:
            return
        kind, at = found.lastgroup, found.end()
        if kind is None or kind == "comment":
            continue
        if kind == "block":
            at = block_end(text, found.start(), dialect, end)
        elif kind == "dollar":
            close = text.find(found[0], at, end)
            inner, at = (text[at:close], close + len(found[0])) if close >= 0 else (text[at:end], end)
            yield Token("body", "", inner, found.start())
        elif kind == "word":
            yield Token(kind, found[0].upper(), found[0], found.start())
        elif kind in ("op", "other"):
            yield Token("op", found[0], found[0], found.start())
        else:
            yield Token(kind, "", found[0], found.start())


_BLOCK = re.compile(r"/\*|\*/")


def block_end(text: str, start: int, dialect: Dialect, end: int | None = None) -> int:
    """Give where the comment that opens at ``start`` ends; PostgreSQL nests them, the others do not."""
    end = len(text) if end is None else end
    if dialect != "postgresql":
        close = text.find("*/", start + 2, end)
        return close + 2 if close >= 0 else end
    depth, at = 0, start
    while found := _BLOCK.search(text, at, end):
        depth, at = depth + (1 if found[0] == "/*" else -1), found.end()
        if depth == 0:
            return at
    return end


def sniff(text: str) -> Dialect:
    """Guess the dialect of a text that nobody has named; PostgreSQL where nothing speaks against it."""
    head = text[:65536]
    if re.search(
        r"`|\bAUTO_INCREMENT\b|\bENGINE\s*=|^\s*DELIMITER\b|/\*!\d|\bUNSIGNED\b", head, re.IGNORECASE | re.MULTILINE
    ):
        return "mysql"
    if re.search(r"\bAUTOINCREMENT\b|\bPRAGMA\b|\bWITHOUT\s+ROWID\b|\bsqlite_", head, re.IGNORECASE):
        return "sqlite"
    return "postgresql"
