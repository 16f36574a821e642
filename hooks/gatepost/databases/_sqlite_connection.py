"""Ask a running SQLite database: a file, opened to be read, never made."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from gatepost.databases import Connection, Failed, Row, Unable
from gatepost.model import printable

OPS_BETWEEN_LOOKS = 5000


class Reading:
    """A read-only connection; each question has the same time."""

    version = sqlite3.sqlite_version

    def __init__(self, connection: sqlite3.Connection, seconds: float) -> None:
        self._connection, self._seconds = connection, seconds
        self._deadline = 0.0
        connection.set_progress_handler(self._late, OPS_BETWEEN_LOOKS)

    def _late(self) -> bool:
        return time.monotonic() > self._deadline

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a query. Raises Failed, or Unable where it takes too long."""
        self._deadline = time.monotonic() + self._seconds
        try:
            return self._connection.execute(sql, tuple(values)).fetchall()
        except (sqlite3.Error, sqlite3.Warning) as error:
            if str(error) == "interrupted" and self._late():
                raise Unable(f"SQLite took more than {self._seconds:g} s") from None
            raise Failed(str(error), getattr(error, "sqlite_errorname", ""), sql) from None

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def connect(url: str, timeout: float) -> Connection:
    """Open ``sqlite:///path`` to be read. Raises Unable where there is no such database."""
    file = path_of(url)
    shown = printable(file)
    if not Path(file).is_file():
        raise Unable(f"{shown}: there is no such database", "sqlite:///relative.db or sqlite:////absolute.db")
    try:
        connection = sqlite3.connect(f"file:{quote(file)}?mode=ro", uri=True, timeout=timeout, isolation_level=None)
    except sqlite3.Error as error:
        raise Unable(f"{shown}: {error}") from None
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
    made = Reading(connection, timeout)
    try:
        made.rows("PRAGMA query_only=ON")
        made.rows("PRAGMA trusted_schema=OFF")
        made.rows("BEGIN")  # one snapshot for all that is asked
        made.rows("SELECT count(*) FROM sqlite_master")
    except (Failed, Unable) as error:
        made.close()
        raise Unable(f"{shown}: {error.message}") from None
    return made


def path_of(url: str) -> str:
    """Give the file of a URL: three slashes before a relative path, four before an absolute one."""
    parts = urlsplit(url)
    if parts.scheme != "sqlite" or parts.netloc:
        raise Unable("not a URL of SQLite", "sqlite:///relative.db or sqlite:////absolute.db")
    return unquote(parts.path[1:])
