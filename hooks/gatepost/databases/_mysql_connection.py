"""Connections to MySQL and MariaDB. Values are marked ``%s``.

A value comes as int, float, Decimal, bytes, str or None; dates, times and JSON as the text of the server, which loses
nothing. Rows are read as they come, so that an answer without end is cut and not kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from gatepost.databases import Connection, Failed, Row, Unable
from gatepost.databases._mysql_address import Address, read_url
from gatepost.model import printable

ANSWER = 256 * 1024 * 1024
ROWS = 500
# What a role may not do, what a server has run out of, what ends a connection:
# https://mariadb.com/kb/en/mariadb-error-code-reference/
DENIED = frozenset((1044, 1045, 1095, 1142, 1143, 1148, 1227, 1289, 1290, 1370, 1410, 1419, 1698, 4166))
LIMITS = frozenset(
    (3, 5, 20, 28, 1021, 1023, 1037, 1038, 1040, 1041, 1114, 1203, 1205, 1206, 1226, 1317, 1877, 1969, 3024)
)
LOST = frozenset((1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2002, 2003, 2006, 2013, 2055))
FULL = ("rror: 28", "rror: 27", "code: 28", "code: 27", "no: 28", "no: 27", "no: 135", "No space left",
        "File too large", "Out of memory", "out of memory")  # fmt: skip


class Wire:
    """One connection; each statement commits unless a BEGIN came before."""

    def __init__(self, driver: Any, address: Address, seconds: float = 0.0, *, several: bool = False) -> None:
        self._driver, self._seconds, self._several = driver, seconds, several
        self.where = address.shown
        self.number = int(driver.thread_id())  # by which KILL knows it
        self.version = str(driver.get_server_info()).removeprefix("5.5.5-")

    @property
    def open(self) -> bool:
        """Tell whether it still stands."""
        return bool(self._driver.open)

    def answers(self) -> bool:
        """Tell whether somebody answers at the other end."""
        try:
            return self.open and self.rows("SELECT 1") == [(1,)]
        except (Failed, Unable):
            return False

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a statement. Raises Failed, or Unable where the server or a limit is to blame."""
        with self._said(sql):
            return list(self._fetched(sql, values))

    def together(self, texts: Sequence[str]) -> list[list[Row]]:
        """Give the rows of several statements, in one question where the connection was opened for that."""
        if not self._several or not texts:
            return [self.rows(text) for text in texts]
        with self._said(texts[0]):
            cursor = self._driver.cursor()
            try:
                cursor.execute("; ".join(texts))
                found = [list(cursor.fetchall())]
                while cursor.nextset():
                    found.append(list(cursor.fetchall()))
            finally:
                self._leave(cursor)
        return found

    def run(self, sql: str) -> None:
        """Run a statement and let its rows go by."""
        with self._said(sql):
            for _ in self._fetched(sql, (), whole=True):
                pass

    def close(self) -> None:
        """Close it; what it did not commit is gone."""
        with suppress(Exception):
            self._driver.close()

    def _fetched(self, sql: str, values: Sequence[Any], *, whole: bool = False) -> Iterator[Row]:
        size, deadline = 0, time.monotonic() + self._seconds if self._seconds else 0.0
        cursor = self._driver.cursor()
        try:
            cursor.execute(sql, tuple(values) or None)
            while some := cursor.fetchmany(ROWS):
                yield from some
                size += sum(len(value) if isinstance(value, (str, bytes)) else 16 for row in some for value in row)
                if (size > ANSWER and not whole) or (deadline and time.monotonic() > deadline):
                    self._driver._force_close()  # noqa: SLF001  # close() would read the rest
                    raise Unable(f"{self.where}: the answer is too large or takes too long")
        finally:
            self._leave(cursor)

    def _leave(self, cursor: Any) -> None:
        """Close a cursor; that of a lost connection would read on (PyMySQL 1.2)."""
        if self._driver.open:
            cursor.close()
            return
        result, cursor.connection = cursor._result, None  # noqa: SLF001
        if result is not None:
            result.unbuffered_active, result.connection = False, None

    @contextmanager
    def _said(self, sql: str) -> Iterator[None]:
        import pymysql

        try:
            yield
        except pymysql.MySQLError as error:
            raise judged(error, sql, self.where) from None
        except (ValueError, OverflowError, TypeError) as error:  # text that is not UTF-8, values that do not fit
            raise Failed(printable(str(error), 400), "", sql) from None
        except OSError as error:
            raise Unable(f"{self.where}: the connection was lost ({type(error).__name__})") from None


def judged(error: Exception, sql: str, where: str) -> Exception:
    """Tell whose fault it is: that of the SQL, or that of the role, the limits, the connection."""
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    message = printable(str(error.args[-1] if error.args else error), 1000)
    if code in LOST or code == 0:
        return Unable(f"{where}: the connection was lost ({message})")
    if code in DENIED:
        return Unable(f"the role may not do that: {message}")
    if code in LIMITS or any(sign in message for sign in FULL):
        return Unable(f"it was stopped: {message}")
    return Failed(message, str(code), sql)


@cache
def _decoders() -> dict[int, Any]:
    """Give the driver's own, less those that make dates: 0000-00-00 and 838:59:59 are values too."""
    from pymysql.constants import FIELD_TYPE
    from pymysql.converters import decoders

    temporal = (FIELD_TYPE.DATE, FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.TIME, FIELD_TYPE.NEWDATE)
    return {kind: convert for kind, convert in decoders.items() if kind not in temporal}


def open_wire(
    address: Address, seconds: float, *, limit: float = 0.0, lifted: bool = False, several: bool = False
) -> Wire:
    """Open a connection; with ``limit`` every answer has so many seconds. Raises Unable.

    ``lifted`` waits for ever: somebody else watches. ``several`` takes several statements in one text: for our own.
    """
    import pymysql
    from pymysql.cursors import SSCursor

    try:
        found = address.open(seconds, None if lifted else (limit or seconds), several=several)
    except pymysql.MySQLError as error:
        raise Unable(f"{address.shown}: {printable(str(error.args[-1] if error.args else error), 300)}") from None
    except OSError as error:
        raise Unable(f"{address.shown}: {printable(str(error), 300)}") from None
    found.cursorclass = SSCursor
    found.decoders = _decoders()
    return Wire(found, address, limit, several=several)


def connect(url: str, timeout: float) -> Connection:
    """Open a read-only transaction on a running server, which sees one state. Raises Unable."""
    address = read_url(url)
    if not address.database:
        raise Unable("the URL names no database", "mysql://user:password@host:3306/database")
    driver()
    wire = open_wire(address, timeout, limit=timeout)
    try:
        wire.run("SET SESSION TRANSACTION READ ONLY")
        wire.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        wire.run(f"SET SESSION lock_wait_timeout = {max(1, int(timeout))}")
        with suppress(Failed):  # MariaDB's; MySQL counts milliseconds and has another name
            wire.run(f"SET SESSION max_statement_time = {timeout}")
        with suppress(Failed):
            wire.run(f"SET SESSION max_execution_time = {int(timeout * 1000)}")
        wire.run("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
    except Failed as error:
        wire.close()
        raise Unable(f"{wire.where}: {error.message}") from None
    except Unable:
        wire.close()
        raise
    return wire


def driver() -> None:
    """Say so where PyMySQL is not installed. Raises Unable."""
    try:
        import pymysql  # noqa: F401
    except ImportError:
        raise Unable("PyMySQL is not installed", "pip install 'gatepost[databases]'") from None
