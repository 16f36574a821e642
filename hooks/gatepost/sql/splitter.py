"""Split a script into statements as the database's own client would. Standard library only.

Knows dollar quotes, ``E''``, nested comments, DELIMITER, BEGIN … END bodies of routines and triggers, psql's
backslash lines, the rows behind COPY … FROM stdin, and MySQL's executable comments. It reads the text once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from gatepost.sql.tokens import COMMENT, DOLLAR, NAME, STRING, Dialect, Token, block_end, tokens


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it stands, without its terminator; ``line`` is that of its first token.

    ``client`` marks a line for the client program (psql's backslash commands), which no server sees.
    ``broken`` says what is not closed in it.
    """

    text: str
    line: int
    end_line: int
    dialect: Dialect
    client: bool = False
    broken: str = ""

    def tokens(self, limit: int | None = None) -> list[Token]:
        """Give its tokens; with ``limit`` those of so many characters."""
        return list(tokens(self.text, self.dialect, 0, limit and min(limit, len(self.text))))

    def line_at(self, at: int) -> int:
        """Give the line of an offset in the text."""
        return self.line + self.text.count("\n", 0, at)


@lru_cache(maxsize=32)
def _pattern(dialect: Dialect, delimiter: str) -> re.Pattern[str]:
    dollar = rf"|(?P<dollar>{DOLLAR})" if dialect == "postgresql" else ""
    return re.compile(
        rf"(?P<end>{re.escape(delimiter)})|(?P<comment>{COMMENT[dialect]})|(?P<block>/\*){dollar}"
        rf"|(?P<quote>{STRING[dialect]}|{NAME[dialect]})"
        r"|(?P<word>(?<![\w.@$])(?:BEGIN|CASE|END(?:\s+(?:IF|LOOP|WHILE|REPEAT|FOR|CASE)\b)?)(?![\w.$]))"
        r"|(?P<client>^[ \t]*(?:\\[^\n]*|DELIMITER[ \t][^\n]*))",
        re.DOTALL | re.IGNORECASE | re.MULTILINE,
    )


_ROUTINE = re.compile(r"(?:TRIGGER|PROCEDURE|FUNCTION|EVENT|PACKAGE)\Z")
_ROWS_END = re.compile(r"^\\\.[ \t\r]*$", re.MULTILINE)
_SPACE = re.compile(r"\s+")


def split(text: str, dialect: Dialect, line: int = 1) -> list[Statement]:
    """Give the statements of a script in order; ``line`` is the number of its first line."""
    return list(_Splitter(text, dialect, line).run())


class _Splitter:
    """The state of one pass: where the statement began, how deep its body is, what ends it."""

    def __init__(self, text: str, dialect: Dialect, line: int) -> None:
        self.text, self.dialect = text, dialect
        self.start, self.at, self.depth = 0, 0, 0
        self.delimiter, self.broken = ";", ""
        self.body: bool | None = None
        self.counted, self.line = 0, line

    def run(self) -> Iterator[Statement]:
        while found := _pattern(self.dialect, self.delimiter).search(self.text, self.at):
            kind, self.at = found.lastgroup, found.end()
            if kind == "end" and not (self.depth and self.delimiter == ";"):
                yield from self.statement(found.start())
                self.skip_rows()
            elif kind == "word":
                self.nest(found[0])
            elif kind == "client":
                yield from self.client(found)
            elif kind in ("block", "dollar", "quote"):
                self.skip(kind, found)
        yield from self.statement(len(self.text))

    def skip(self, kind: str, found: re.Match[str]) -> None:
        if kind == "block":
            self.at = block_end(self.text, found.start(), self.dialect)
            self.note(self.text.endswith("*/", 0, self.at), "a comment")
        elif kind == "dollar":
            close = self.text.find(found[0], self.at)
            self.at = close + len(found[0]) if close >= 0 else len(self.text)
            self.note(close >= 0, f"the quote {found[0][:20]}")
        elif self.at == len(self.text):
            closed = len(found[0]) > 1 and found[0][-1] in "'\"`]"
            self.note(closed, "a quote")

    def note(self, closed: bool, what: str) -> None:
        if not closed:
            self.broken = f"{what} is not closed"

    def nest(self, word: str) -> None:
        """Count BEGIN, CASE and END, in the body of a routine only."""
        word = _SPACE.sub(" ", word.upper())
        if self.depth == 0 and (word != "BEGIN" or not self.in_routine()):
            return
        if word in ("BEGIN", "CASE"):
            self.depth += 1
        elif word in ("END", "END CASE"):
            self.depth -= 1

    def in_routine(self) -> bool:
        if self.dialect == "postgresql" and not re.match(
            r"\s+ATOMIC\b", self.text[self.at : self.at + 80], re.IGNORECASE
        ):
            return False
        if self.body is None:
            head = [
                token.value for token in tokens(self.text, self.dialect, self.start, min(self.at, self.start + 2000))
            ]
            self.body = head[:1] == ["CREATE"] and any(_ROUTINE.match(word) for word in head[1:24])
            self.body = self.body or (
                head[:1] == ["BEGIN"]
                and bool(re.match(r"\s+NOT\s+ATOMIC\b", self.text[self.at : self.at + 80], re.IGNORECASE))
            )
        return self.body

    def client(self, found: re.Match[str]) -> Iterator[Statement]:
        """Take a line for the client: psql's, between statements; DELIMITER, which MySQL's client reads."""
        word = found[0].strip()
        psql = word.startswith("\\")
        if self.started(found.start()) or psql != (self.dialect == "postgresql"):
            self.at = found.start() + len(found[0]) - len(found[0].lstrip()) + 1
            return
        if psql:
            line = self.line_of(found.start())
            yield Statement(word, line, line, self.dialect, client=True)
        else:
            self.delimiter = word[len("DELIMITER") :].split()[0] if len(word.split()) > 1 else ";"
        self.start = self.at

    def started(self, end: int) -> bool:
        return next(tokens(self.text, self.dialect, self.start, end), None) is not None

    def statement(self, end: int) -> Iterator[Statement]:
        first = next(tokens(self.text, self.dialect, self.start, end), None)
        if first is not None:
            line = self.line_of(first.at)
            text = self.text[first.at : end].rstrip()
            broken = self.broken or ("BEGIN is not closed" if self.depth and end == len(self.text) else "")
            yield Statement(text, line, line + text.count("\n"), self.dialect, broken=broken)
        self.start, self.depth, self.body, self.broken = self.at, 0, None, ""

    def line_of(self, at: int) -> int:
        self.line += self.text.count("\n", self.counted, at)
        self.counted = at
        return self.line

    def skip_rows(self) -> None:
        r"""Pass over the rows that follow COPY … FROM stdin, up to ``\\.``."""
        if self.dialect != "postgresql" or self.text[max(0, self.at - 400) : self.at].upper().find("STDIN") < 0:
            return
        head = re.search(
            r"\bCOPY\b[^;]*\bFROM\s+STDIN\b[^;]*;\Z", self.text[max(0, self.at - 2000) : self.at], re.IGNORECASE
        )
        if head:
            close = _ROWS_END.search(self.text, self.at)
            self.start = self.at = close.end() if close else len(self.text)
