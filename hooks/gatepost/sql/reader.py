"""Read SQL text as neutral operations, one statement at a time; nothing is ever left out.

The definition language is read here, from tokens: sqlglot 30 makes one opaque command of an ALTER TABLE that has
one action which it does not know, and hides a DROP COLUMN beside it; reads ``ALTER TABLE t RENAME a TO b`` as a
rename of the table; and raises for a whole file where one statement is new to it. What is not known here is asked
of the second reader (``gatepost.sql.second``: libpg_query if installed, else sqlglot), and is Opaque at last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from gatepost.model import printable
from gatepost.sql.alter import alter
from gatepost.sql.block import block
from gatepost.sql.create import create
from gatepost.sql.cursor import Cursor, Unread
from gatepost.sql.data import READERS as DATA
from gatepost.sql.drop import comment, drop, rename, truncate
from gatepost.sql.opaque import scan
from gatepost.sql.operations import Nothing, Opaque, Operation
from gatepost.sql.splitter import Statement, split
from gatepost.sql.tokens import Dialect, Token, sniff

HEAD = 4096
_ROWS = ("INSERT", "REPLACE", "COPY")
_STRUCTURE: dict[str, Callable[[Cursor], Iterator[Operation]]] = {
    "CREATE": create,
    "DROP": drop,
    "TRUNCATE": truncate,
    "RENAME": rename,
    "COMMENT": comment,
}


def read(text: str, dialect: str = "", line: int = 1) -> tuple[Operation, ...]:
    """Give the operations of a script; ``line`` is the number of its first line. The dialect is guessed if ""."""
    named: Dialect = dialect if dialect in ("postgresql", "mysql", "sqlite") else sniff(text)  # type: ignore[assignment]  # mypy does not narrow by a tuple
    return tuple(operation for statement in split(text, named, line) for operation in read_statement(statement))


def read_statement(statement: Statement) -> Iterator[Operation]:
    """Give the operations of one statement, with their lines."""
    if statement.broken:
        yield _opaque(statement, statement.broken)
        return
    if statement.client:
        yield _client(statement)
        return
    try:
        found = _read(statement)
        if statement.dialect == "postgresql" and any(isinstance(operation, Opaque) for _, operation in found):
            found = _unless_refused(found, statement)
        for at, operation in found:
            yield operation.at(statement.line_at(at), statement.line)
    except Unread as error:
        yield from _asked(statement, str(error))


def _read(statement: Statement) -> list[tuple[int, Operation]]:
    """Read a whole statement before anything of it is given away."""
    head = statement.tokens(HEAD)
    if not head:
        return []
    word = head[0].value
    found = head if word in _ROWS or len(statement.text) <= HEAD else statement.tokens()
    cursor = Cursor(found, statement.dialect)
    cursor.next()
    if word == "ALTER":
        return list(alter(cursor))
    if word in _STRUCTURE:
        operations = list(_STRUCTURE[word](cursor))
        cursor.finish()
        return [(0, operation) for operation in operations]
    if word == "DO" and statement.dialect == "postgresql":
        return [(0, operation) for operation in _block(found, statement)]
    if word in DATA:
        return [(0, operation) for operation in DATA[word](cursor, statement)]
    raise Unread(f"a statement that begins with {printable(head[0].text, 20)!r} is not known")


def _block(found: list[Token], statement: Statement) -> Iterator[Operation]:
    """Read DO $$ … $$; what it does is Opaque where the block does not say it plainly."""
    body = next((token for token in found if token.kind == "body"), None)
    try:
        yield from block(body.text if body else "EXECUTE", _read)
    except Unread as error:
        yield Opaque(str(error), printable(" ".join(statement.text[:120].split()), 120), scan(found, statement.dialect))


def _asked(statement: Statement, reason: str) -> Iterator[Operation]:
    """Ask the second reader about a statement that is new to this one."""
    from gatepost.sql.second import opinion

    said = opinion(statement.text, statement.dialect)
    if said and said.operations:
        yield from (operation.at(statement.line, statement.line) for operation in said.operations)
        return
    if said and said.text:
        try:
            again = [operation for _, operation in _read(replace(statement, text=said.text))]
        except Unread:
            again = []
        if again:
            yield from (operation.at(statement.line, statement.line) for operation in again)
            return
    refused = said.refused if said else ""
    yield _opaque(statement, refused or reason, refused=bool(refused))


def _unless_refused(found: list[tuple[int, Operation]], statement: Statement) -> list[tuple[int, Operation]]:
    """Let libpg_query, where it is installed, say of a half-read ALTER TABLE whether it is PostgreSQL at all."""
    from gatepost.sql.second import refusal

    refused = refusal(statement.text)
    if not refused:
        return found
    return [
        (at, Opaque(refused, op.text, op.saw, op.table, refused=True) if isinstance(op, Opaque) else op)
        for at, op in found
    ]


def _client(statement: Statement) -> Operation:
    word = statement.text.split()[0]
    if word in (
        "\\set",
        "\\echo",
        "\\timing",
        "\\pset",
        "\\unset",
        "\\restrict",
        "\\unrestrict",
        "\\encoding",
        "\\qecho",
    ):
        return Nothing(word, line=statement.line, start=statement.line)
    return Opaque(
        "a command for psql, which no migration tool runs", printable(statement.text, 120), line=statement.line
    )


def _opaque(statement: Statement, reason: str, *, refused: bool = False) -> Operation:
    saw = scan(statement.tokens(200_000), statement.dialect)
    text = printable(statement.text, 120)
    return Opaque(reason, text, saw, refused=refused, line=statement.line, start=statement.line)
