"""Read an anonymous block, DO $$ … $$, as far as it says plainly what it does.

Generators wrap statements so: ``BEGIN CREATE TYPE …; EXCEPTION WHEN duplicate_object THEN null; END``.
Conditions are passed over, what stands under them is read as if it ran. A block that only changes rows is one step.
Anything that runs a text, calls code or is not known gives up: the caller says that it was not analysed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gatepost.sql.cursor import Unread
from gatepost.sql.operations import AddColumn, CreateIndex, CreateObject, CreateTable, Data, Operation
from gatepost.sql.splitter import Statement, split
from gatepost.sql.tokens import Token, words

_RUNS = frozenset(words("EXECUTE PERFORM CALL IMPORT LOAD"))
_STRUCTURE = frozenset(words("CREATE ALTER DROP TRUNCATE RENAME COMMENT GRANT REVOKE"))
_SILENT = frozenset(words("NULL RAISE RETURN END EXIT CONTINUE"))
Read = Callable[[Statement], list[tuple[int, Operation]]]


def block(body: str, read: Read) -> list[Operation]:
    """Give what the body of a block does; Unread where that is not plain."""
    statements = split(body, "postgresql")
    found = [token.value for statement in statements for token in statement.tokens()]
    if _RUNS & set(found):
        raise Unread("DO runs code that is only known when it runs")
    if not _STRUCTURE & set(found):
        return [Data("code")]
    return [operation for statement in statements for operation in _plain(statement, read)]


def _plain(statement: Statement, read: Read) -> Iterator[Operation]:
    tokens = statement.tokens()
    at = _behind_control(tokens)
    if at >= len(tokens) or tokens[at].value in _SILENT:
        return
    if tokens[at].value not in _STRUCTURE and tokens[at].value not in ("INSERT", "UPDATE", "DELETE"):
        raise Unread(f"DO holds {tokens[at].text[:20]!r}, which is only known when it runs")
    text = statement.text[tokens[at].at :]
    for _, operation in read(Statement(text, statement.line, statement.end_line, "postgresql")):
        yield _perhaps(operation)


def _behind_control(tokens: list[Token]) -> int:
    """Pass over BEGIN, IF … THEN, ELSE, EXCEPTION WHEN … THEN and the like."""
    at = 0
    while at < len(tokens):
        word = tokens[at].value
        if word in ("BEGIN", "ELSE"):
            at += 1
        elif word in ("IF", "ELSIF", "ELSEIF", "EXCEPTION", "WHEN"):
            ends = [place for place in range(at, len(tokens)) if tokens[place].value == "THEN"]
            if not ends:
                raise Unread("DO holds a condition without an end")
            at = ends[0] + 1
        else:
            return at
    return at


def _perhaps(operation: Operation) -> Operation:
    """Take what a block creates as IF NOT EXISTS: that is what blocks are written for."""
    if isinstance(operation, (CreateTable, AddColumn, CreateIndex, CreateObject)):
        return type(operation)(**{**operation.held(), "if_not_exists": True})
    return operation
