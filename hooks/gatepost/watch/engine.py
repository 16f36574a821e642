"""The databases that can hold the watches: SQLite by default, PostgreSQL where several servers share them.

An Engine is what the two do differently; all statements are the Store's, and the same for both.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from gatepost.errors import CannotJudge, PolicyError
from gatepost.model import printable

TIMEOUT = 15.0
LONGEST = 63
URL = "GATEPOST_QUEUE_URL"
# Any number, as long as nobody else locks the same one: "gp" in ASCII.
_LOCK = 0x6770


class Cursor(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchone(self) -> Any:
        """Give the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Give all rows."""

    def close(self) -> None:
        """Let go of it."""


class Connection(Protocol):
    """What the Store needs of a connection; each statement stands for itself unless ``begin`` came before."""

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        """Run one statement, its values marked with ``?``."""

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        """Run one statement for many rows."""

    def close(self) -> None:
        """Close it."""


@dataclass(frozen=True, slots=True)
class Engine:
    """One database: how it is opened and locked, and what its errors are.

    ``begin`` starts a transaction that changes one row, ``alone`` one that no other may run beside. ``taking`` ends the
    statement that picks a row to lease. ``shared``: workers on other machines may hold leases.
    """

    name: str
    connect: Callable[[], Connection]
    begin: tuple[str, ...]
    alone: tuple[str, ...]
    taking: str
    errors: tuple[type[Exception], ...]
    advice: str
    shared: bool


def sqlite(path: Path) -> Engine:
    """Give the embedded engine: a file."""

    def connect() -> Connection:
        db = sqlite3.connect(path, timeout=TIMEOUT, isolation_level=None, check_same_thread=False)
        db.execute("pragma journal_mode=wal")
        db.execute("pragma synchronous=normal")
        return db

    only = ("begin immediate",)
    advice = "see that the disk is not full and the file is ours"
    return Engine(str(path), connect, only, only, "", (sqlite3.Error,), advice, shared=False)


def postgresql(url: str, schema: str) -> Engine:
    """Give the shared engine: a schema in a PostgreSQL database (9.5 or newer)."""
    try:
        from pg8000 import dbapi
    except ImportError:
        raise CannotJudge(
            'queue = "postgresql" needs pg8000', "pip install 'gatepost[watch-postgres]' for the server's Python"
        ) from None
    if not schema.replace("_", "").replace("-", "").isalnum() or not schema.isascii() or len(schema) > LONGEST:
        raise PolicyError(["verification.queue_name: letters, digits, - and _, at most 63"])
    arguments = _arguments(url)
    lock = f"select pg_advisory_xact_lock({_LOCK}, hashtext('{schema}'))"

    def connect() -> Connection:
        found = _Postgres(dbapi.connect(**arguments, timeout=TIMEOUT, application_name="gatepost"))
        found.execute(f'set search_path to "{schema}"')
        if not found.execute("select 1 from pg_namespace where nspname = ?", (schema,)).fetchone():
            for statement in ("begin", lock, f'create schema if not exists "{schema}"', "commit"):
                found.execute(statement)
        return found

    errors = (dbapi.Error, OSError)
    name = f"PostgreSQL at {arguments['host'] or arguments['unix_sock']}"
    advice = f"see that the database answers and its role may use the schema {schema}"
    return Engine(name, connect, ("begin",), ("begin", lock), " for update skip locked", errors, advice, shared=True)


class _Postgres:
    """A connection of pg8000 that takes what sqlite3's takes."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        connection.autocommit = True

    def execute(self, sql: str, parameters: Sequence[Any] = (), /) -> Cursor:
        cursor: Cursor = self._connection.cursor()
        cursor.execute(sql.replace("?", "%s"), tuple(map(_storable, parameters)))  # type: ignore[attr-defined]
        return cursor

    def executemany(self, sql: str, parameters: Iterable[Sequence[Any]], /) -> Cursor:
        cursor: Cursor = self._connection.cursor()
        text = sql.replace("?", "%s")
        for row in parameters:
            cursor.execute(text, tuple(map(_storable, row)))  # type: ignore[attr-defined]
        return cursor

    def close(self) -> None:
        self._connection.close()


def _storable(value: Any) -> Any:
    # PostgreSQL's text cannot hold NUL; signatures, which are compared later, have none (printable).
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def address(file: str, variables: dict[str, str] | None = None) -> str:
    """Give the database's address: the first line of a file, else the variable GATEPOST_QUEUE_URL."""
    if file:
        try:
            return Path(file).read_text().partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CannotJudge(
                f"verification.queue_url_file: {printable(str(error), 200)}", "see who may read it"
            ) from None
    found = (os.environ if variables is None else variables).get(URL, "")
    if not found:
        raise PolicyError([f"verification.queue: no address; set queue_url_file, or {URL} in the environment"])
    return found


def _arguments(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port or 5432
    except ValueError:
        raise _wrong() from None
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise _wrong()
    options = dict(parse_qsl(parts.query))
    directory = options.get("host", "") if options.get("host", "").startswith("/") else ""
    return {
        "user": unquote(parts.username or "gatepost"),
        "password": unquote(parts.password) if parts.password else None,
        "database": unquote(parts.path.strip("/")),
        "host": None if directory else parts.hostname or "localhost",
        "port": int(options.get("port", port)) if options.get("port", "1").isdigit() else port,
        "unix_sock": f"{directory}/.s.PGSQL.{options.get('port', port)}" if directory else None,
        "ssl_context": False if directory else _encryption(parts, options.get("sslmode", "")),
    }


def _encryption(parts: SplitResult, mode: str) -> Any:
    """Give pg8000's ``ssl_context``; without ``sslmode`` another machine must prove who it is."""
    import ssl

    if not mode:
        mode = "prefer" if parts.hostname in (None, "localhost", "127.0.0.1", "::1") else "verify-full"
    if mode not in ("disable", "prefer", "require", "verify-full"):
        raise PolicyError(["verification.queue: sslmode is one of disable, prefer, require, verify-full"])
    return ssl.create_default_context() if mode == "verify-full" else {"disable": False, "require": True}.get(mode)


def _wrong() -> PolicyError:
    return PolicyError(["verification.queue: the address is postgresql://user:password@host:port/database"])
