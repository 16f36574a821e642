"""Turn a script of a migration into statements that a scratch server can run, or say why it cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from gatepost.databases import Statement
from gatepost.migrations import Script, Sql
from gatepost.sql.splitter import Statement as Piece
from gatepost.sql.splitter import split

# Lines for psql that set up only how it prints, or that newer pg_dumps put around their text.
_HARMLESS = ("echo", "qecho", "set", "unset", "pset", "timing", "encoding", "restrict", "unrestrict", "x", "a", "t")
_BEGINS = ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT")


@dataclass(frozen=True, slots=True)
class Runnable:
    """A script as it is sent: its statements, and whether they run in one transaction."""

    path: str
    statements: tuple[Statement, ...]
    transaction: bool
    digest: str


@dataclass(frozen=True, slots=True)
class NotSql:
    """Why a script cannot be sent to a server: it is code, or in parts computed when it runs."""

    path: str
    reason: str
    fix: str
    line: int = 1


COMMAND = "set command_up and command_down of [[migrations]]: the project's own tool, with {url} and {version}"


def runnable(script: Script, dialect: str) -> Runnable | NotSql:
    """Give the statements of a script."""
    dialect = script.dialect or dialect
    if script.state == "not-analysed":
        return NotSql(script.path, script.reason, script.fix or COMMAND, script.line)
    if script.state == "raising" and not script.sql:
        return NotSql(script.path, "always fails: it is written to", "", script.line)
    if len(script.sql) != len(script.steps) or not script.certain:
        return NotSql(script.path, "is not SQL alone, and code is not run", COMMAND, script.line)
    for step in script.sql:
        if step.dynamic:
            return NotSql(script.path, "holds SQL that is computed when it runs", COMMAND, step.line)
    pieces = [piece for step in script.sql for piece in _pieces(step, dialect)]
    for piece in pieces:
        why = _unsendable(piece)
        if why:
            return NotSql(script.path, why, "write it as SQL that any driver can send", piece.line)
    statements = tuple(Statement(piece.text, piece.line) for piece in pieces if not piece.client)
    return Runnable(script.path, statements, _transaction(script, pieces, dialect), digest(script))


def _pieces(step: Sql, dialect: str) -> Iterator[Piece]:
    yield from split(step.text, dialect, step.line)  # type: ignore[arg-type]  # one of the three


def _unsendable(piece: Piece) -> str:
    if piece.broken:
        return piece.broken
    if piece.client and piece.text.lstrip("\\").split(maxsplit=1)[0].lower() not in _HARMLESS:
        return f"holds a line for psql, which no server sees: {piece.text[:40]}"
    head = piece.text[:4000].upper()
    if head.startswith("COPY") and "STDIN" in head:
        return "copies rows from standard input, which no driver sends"
    return ""


def _transaction(script: Script, pieces: list[Piece], dialect: str) -> bool:
    """Tell whether the server runs it as one transaction: several statements in one query are one in PostgreSQL."""
    if script.transaction:
        return True
    own = any(piece.text[:8].upper().startswith(_BEGINS) for piece in pieces)
    return dialect == "postgresql" and script.at_once and len(pieces) > 1 and not own


def digest(script: Script | None) -> str:
    """Identify what a script runs (SHA-256); "" where there is none."""
    if script is None:
        return ""
    told = hashlib.sha256(f"{script.dialect} {script.transaction} {script.at_once}".encode())
    for step in script.steps:
        text = step.text if isinstance(step, Sql) else repr(step)
        told.update(b"\0" + text.encode("utf-8", "surrogateescape"))
    if not script.steps:
        told.update(script.reason.encode("utf-8", "surrogateescape"))
    return told.hexdigest()
