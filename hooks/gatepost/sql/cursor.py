"""Walk over the tokens of one statement: what every reader of statements is written with."""

from __future__ import annotations

from collections.abc import Sequence

from gatepost.model import printable
from gatepost.sql.expressions import canonical
from gatepost.sql.names import folded, without_default_schema
from gatepost.sql.tokens import Dialect, Token

_OPEN, _CLOSE = "([", ")]"


class Unread(Exception):
    """Say that a statement, or a part of one, has a form that the reader does not know."""


class Cursor:
    """A place in a list of tokens. Every method that takes something moves the place behind it."""

    def __init__(self, found: Sequence[Token], dialect: Dialect) -> None:
        self.tokens, self.dialect, self.at = found, dialect, 0

    @property
    def done(self) -> bool:
        """Tell whether nothing is left."""
        return self.at >= len(self.tokens)

    @property
    def value(self) -> str:
        """The upper-case word or the sign here; "" for names, strings and at the end."""
        return self.tokens[self.at].value if self.at < len(self.tokens) else ""

    @property
    def token(self) -> Token:
        """The token here; raises Unread at the end."""
        if self.done:
            raise Unread("the statement ends early")
        return self.tokens[self.at]

    def ahead(self, by: int = 1) -> str:
        """Give the value so many tokens on."""
        return self.tokens[self.at + by].value if self.at + by < len(self.tokens) else ""

    def next(self) -> Token:
        """Take one token."""
        token = self.token
        self.at += 1
        return token

    def accept(self, *words: str) -> bool:
        """Take the words if they all stand here, in this order."""
        for by, word in enumerate(words):
            if self.ahead(by) != word:
                return False
        self.at += len(words)
        return True

    def one_of(self, *words: str) -> str:
        """Take one of the words if it stands here, and say which; "" otherwise."""
        if self.value and self.value in words:
            self.at += 1
            return self.tokens[self.at - 1].value
        return ""

    def expect(self, *words: str) -> None:
        """Take the words, or raise Unread."""
        if not self.accept(*words):
            raise Unread(f"{' '.join(words)} expected")

    def finish(self) -> None:
        """Raise Unread if something is left."""
        if not self.done:
            raise Unread(f"{printable(self.token.text, 20)!r} is not known there")

    def name(self) -> str:
        """Take one identifier, folded as the database folds it."""
        token = self.next()
        if token.kind in ("word", "name") or (token.kind == "string" and self.dialect != "postgresql"):
            return folded(token, self.dialect)
        raise Unread(f"a name expected, not {token.text[:20]!r}")

    def qualified(self) -> str:
        """Take an identifier with what stands before its dots; the default schema is left out."""
        parts = [self.name()]
        while self.accept("."):
            parts.append(self.name())
        return without_default_schema(parts, self.dialect)

    def group(self) -> list[Token]:
        """Take a pair of parentheses and give the tokens between them."""
        if self.value != "(":
            raise Unread("a parenthesis expected")
        start, depth = self.at + 1, 0
        while self.at < len(self.tokens):
            value = self.tokens[self.at].value
            self.at += 1
            if value == "(":
                depth += 1
            elif value == ")":
                depth -= 1
                if depth == 0:
                    return list(self.tokens[start : self.at - 1])
        raise Unread("a parenthesis is not closed")

    def names(self) -> tuple[str, ...]:
        """Take a parenthesised list of identifiers; a MySQL prefix length and an order are passed over."""
        return tuple(Cursor(part, self.dialect).name() for part in commas(self.group()))

    def until(self, *stops: str) -> list[Token]:
        """Take what stands before one of the words outside parentheses, or everything."""
        start, depth = self.at, 0
        while self.at < len(self.tokens):
            value = self.tokens[self.at].value
            if depth == 0 and value and value in stops:
                break
            if value and value in _OPEN:
                depth += 1
            elif value and value in _CLOSE:
                depth -= 1
            self.at += 1
        return list(self.tokens[start : self.at])

    def rest(self) -> list[Token]:
        """Take everything that is left."""
        start, self.at = self.at, len(self.tokens)
        return list(self.tokens[start:])

    def text(self, *stops: str) -> str:
        """Take what stands before one of the words, as canonical text."""
        return canonical(self.until(*stops), self.dialect)

    def if_exists(self) -> bool:
        """Take ``IF EXISTS``."""
        return self.accept("IF", "EXISTS")

    def if_not_exists(self) -> bool:
        """Take ``IF NOT EXISTS``."""
        return self.accept("IF", "NOT", "EXISTS")

    def cascade(self) -> bool:
        """Take ``CASCADE`` or ``RESTRICT``, and tell whether it was the former."""
        return self.one_of("CASCADE", "RESTRICT") == "CASCADE"


def commas(found: Sequence[Token]) -> list[list[Token]]:
    """Split tokens at the commas outside parentheses; no empty parts."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        if token.value == "," and depth == 0:
            parts.append([])
            continue
        if token.value and token.value in _OPEN:
            depth += 1
        elif token.value and token.value in _CLOSE:
            depth -= 1
        parts[-1].append(token)
    return [part for part in parts if part]
