"""Write the placeholders of a query in one way: ``$1`` for PostgreSQL, ``?`` for the others.

A text with parts that are only known when it runs (``{{ … }}``, ``${…}``, ``%v``) is no query that can be judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatepost.sql.tokens import Token, tokens, words

LONGEST = 100_000
_BEFORE_OPERAND = frozenset(
    words(
        "SELECT WHERE AND OR NOT IN LIKE ILIKE BETWEEN THEN ELSE WHEN CASE LIMIT OFFSET VALUES SET ON BY RETURNING ANY"
        " ALL SOME INTERVAL IS FROM USING HAVING AS DISTINCT ESCAPE TO FETCH FIRST NEXT SIMILAR REGEXP GLOB MATCH XOR"
        " RLIKE DIV MOD TOP CALL DATE TIME TIMESTAMP ZONE RETURN"
    )
)
_IDENTIFIERS = frozenset(("i", "identifier", "identifier*", "i*", "sql", "snip", "snippet", "snip*"))
_CALLS = frozenset(("arg", "narg", "slice", "embed"))


def normal(text: str, dialect: str, style: str = "") -> str | None:
    """Give the text with its placeholders in one form; None where it is a template, or too long."""
    if len(text) > LONGEST or "\0" in text:
        return None
    try:
        return _Rewriter(text.strip().rstrip(";"), dialect, style).run()
    except _TemplateError:
        return None


class _TemplateError(Exception):
    """Say that a part of the text is filled in when it runs."""


class _Rewriter:
    """One pass over the tokens of one query."""

    def __init__(self, text: str, dialect: str, style: str) -> None:
        self.text, self.dialect, self.style = text, dialect, style
        named: Any = dialect if dialect in ("postgresql", "mysql", "sqlite") else "postgresql"
        self.tokens: Sequence[Token] = list(tokens(text, named))
        self.numbers: dict[str, int] = {}
        self.out: list[str] = []
        self.done = 0
        self.at = 0

    def run(self) -> str:
        """Rewrite the text."""
        self._count()
        if self.dialect in ("mysql", "sqlite") and self.tokens and self.tokens[0].value == "REPLACE":
            self.replace(1, "INSERT")
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            handle = _OPERATORS.get(token.text) if token.kind == "op" else None
            width = handle(self) if handle else self._word(token)
            self.at += width or 1
        return "".join((*self.out, self.text[self.done :]))

    def _count(self) -> None:
        """Leave the numbers alone that are in use already."""
        for number, token in enumerate(self.tokens[:-1]):
            following = self.tokens[number + 1]
            if token.text == "$" and following.kind == "number" and following.text.isdigit():
                self.numbers.setdefault("$" + following.text, int(following.text))

    def near(self, count: int) -> Token | None:
        """Give the token so many places on, where nothing stands between."""
        at = self.at + count
        if at >= len(self.tokens):
            return None
        before, here = self.tokens[at - 1], self.tokens[at]
        return here if before.at + len(before.text) == here.at else None

    def replace(self, count: int, by: str) -> int:
        """Put a text in the place of so many tokens."""
        first, last = self.tokens[self.at], self.tokens[self.at + count - 1]
        self.out += [self.text[self.done : first.at], by]
        self.done = last.at + len(last.text)
        return count

    def placeholder(self, count: int, name: str = "") -> int:
        """Put a placeholder there; the same name has the same number."""
        if self.dialect != "postgresql":
            return self.replace(count, "?")
        name = name or f"?{len(self.numbers) + 1}"
        if name not in self.numbers:
            self.numbers[name] = max(self.numbers.values(), default=0) + 1
        return self.replace(count, f"${self.numbers[name]}")

    def in_operand(self) -> bool:
        """Tell whether an operand is awaited here, so that ``?`` and ``%`` are no operators."""
        if self.at == 0:
            return True
        before = self.tokens[self.at - 1]
        if before.kind == "op":
            return before.text not in (")", "]")
        return before.kind == "word" and before.value in _BEFORE_OPERAND

    def _word(self, token: Token) -> int:
        if token.kind != "word" or token.value not in ("SQLC", "PGGEN"):
            return 1
        parts = self.tokens[self.at : self.at + 6]
        if len(parts) < 6 or [parts[1].text, parts[3].text, parts[5].text] != [".", "(", ")"]:
            return 1
        name = parts[4].text.strip("'\"")
        if parts[2].text == "embed":
            return self.replace(6, f"{parts[4].text}.*")
        return self.placeholder(6, name) if parts[2].text in _CALLS else 1

    def colon(self) -> int:
        """Read ``:name``; not ``::``, not ``a[1:2]``; HugSQL's ``:v:name``, whose ``:i:name`` is a name to fill in."""
        token, name = self.tokens[self.at], self.near(1)
        before = self.text[token.at - 1 : token.at]
        if name is None or name.kind != "word" or before.isalnum() or before in ("]", "_"):
            return 1
        colon, last = self.near(2), self.near(3)
        if colon and colon.text == ":" and last and last.kind == "word":
            if name.text in _IDENTIFIERS:
                raise _TemplateError
            return self.placeholder(4, last.text)
        return self.placeholder(2, name.text)

    def at_sign(self) -> int:
        """Read ``@name``; MySQL's are variables of the session."""
        name = self.near(1)
        if self.dialect == "mysql" or name is None or name.kind != "word" or not self.in_operand():
            return 1
        return self.placeholder(2, name.text)

    def dollar(self) -> int:
        """Read ``$1`` and SQLite's ``$name``; ``${…}`` is filled in."""
        name = self.near(1)
        if name is not None and name.text == "{":
            raise _TemplateError
        if name is None or name.kind not in ("number", "word") or self.dialect == "postgresql":
            return 2 if name is not None and name.kind == "number" else 1
        return self.placeholder(2)

    def question(self) -> int:
        """Read ``?``, which is an operator of jsonb too."""
        if not self.in_operand():
            return 1
        number = self.near(1)
        return self.placeholder(2 if number is not None and number.kind == "number" else 1)

    def percent(self) -> int:
        """Read ``%s`` and ``%(name)s``; another letter is put in by the program."""
        first, name, close, last = (self.near(count) for count in range(1, 5))
        if first and first.text == "(" and name and close and close.text == ")" and last and last.text == "s":
            return self.placeholder(5, name.text)
        if first is not None and first.text == "%":
            return self.replace(2, "%") if self.style == "percent" else 2
        if first is None or first.kind != "word" or not (self.style == "percent" or self.in_operand()):
            return 1
        if first.text == "s":
            return self.placeholder(2)
        raise _TemplateError

    def brace(self) -> int:
        """Refuse what a template engine or the program fills in."""
        raise _TemplateError


_OPERATORS: dict[str, Any] = {
    ":": _Rewriter.colon,
    "@": _Rewriter.at_sign,
    "$": _Rewriter.dollar,
    "?": _Rewriter.question,
    "%": _Rewriter.percent,
    "{": _Rewriter.brace,
    "}": _Rewriter.brace,
}
