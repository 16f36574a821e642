"""Connections to PostgreSQL: to a running server, where we only read, and to a scratch server.

Values are marked ``$1``. A value comes as bool, int, float, Decimal, bytes, None, a list of these, or what JSON holds;
everything else (dates, intervals, ranges, …) as the text of the server, which loses nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from gatepost.databases import Failed, Row, Unable
from gatepost.databases._postgresql_address import Address, address, encryption
from gatepost.model import printable

T = TypeVar("T")
STAGING = "begin transaction isolation level repeatable read read only"
INSTALL = f"{sys.executable} -m pip install 'gatepost[databases]'"
# How much longer we wait for the network than for the server's own time-out.
_SPARE = 5.0
_LONGEST = 2000


class NotYet(Unable):
    """Say that the server is starting, or recovering from the crash of a backend."""


class Wire:
    """One connection. Each ``rows`` commits unless a ``begin`` came before; several statements may be one text."""

    def __init__(self, driver: Any, where: str, limit: float = 0.0) -> None:
        self._driver = driver
        self._limit = limit
        self.where = where
        self.version = driver.parameter_statuses.get("server_version", "").partition(" ")[0]
        self.pid: int = driver.pid

    @property
    def status(self) -> str:
        """I idle, T in a transaction, E in a failed one."""
        return str(self._driver.status)

    @property
    def completed(self) -> int:
        """How many statements of the last text were completed."""
        return int(self._driver.completed)

    @property
    def tag(self) -> str:
        """What the last statement that was completed says of itself (``COMMIT``, ``INSERT 0 1``)."""
        return str(self._driver.tag)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a query. Raises Failed, and Unable where the server cannot be asked any more."""
        with self._said(sql), _deadline(self._limit + _SPARE if self._limit else 0, self.abort):
            return self._driver.extended(sql, values) if values else self._driver.simple(sql)  # type: ignore[no-any-return]

    def run(self, sql: str) -> None:
        """Run a text by the simple protocol, as frameworks send a whole file. Raises as ``rows`` does."""
        self.rows(sql)

    def abort(self) -> None:
        """Hang up, from another thread: who waits for an answer is told that the connection was lost."""
        self._driver.abort()

    def close(self) -> None:
        """Close it; what it did not commit is gone."""
        from gatepost.databases._postgresql_wire import ERRORS

        with contextlib.suppress(*ERRORS):
            if not self._limit:
                self._driver.leave(_SPARE)
        with contextlib.suppress(*ERRORS):
            self._driver.close()

    @contextlib.contextmanager
    def _said(self, sql: str) -> Iterator[None]:
        from gatepost.databases._postgresql_wire import ERRORS, DatabaseError, NoData, TooMuch

        if "\0" in sql:
            raise Failed("the SQL has a NUL character, which PostgreSQL cannot read", "22021", sql)
        try:
            yield
        except DatabaseError as error:
            raise self._judged(failure(error.args[0], sql)) from None
        except (UnicodeEncodeError, LookupError):
            raise Failed("the SQL cannot be written in the client_encoding that is set", "22021", sql) from None
        except TooMuch:
            raise Unable(f"{self.where}: the answer is larger than 512 MiB") from None
        except NoData:
            raise Unable(
                "COPY … FROM STDIN takes its data from a client, and drivers have none to give",
                "write the rows as INSERT",
            ) from None
        except ERRORS as error:
            self.close()
            raise Unable(f"{self.where}: the connection was lost ({_why(error)})") from None

    def _judged(self, failed: Failed) -> Exception:
        if self._limit and failed.code in ("57014", "55P03"):
            return Unable(f"{self.where} did not answer within {self._limit:g} s", "see what it is busy with")
        if failed.code[:2] in ("08", "58") or failed.code in ("57P01", "57P02", "57P03", "57P05"):
            return Unable(f"{self.where}: {failed.message}")
        return failed


def failure(fields: Mapping[str, str] | str, sql: str) -> Failed:
    """Give what the server says of a statement: message and detail, SQLSTATE, the position in the text."""
    if isinstance(fields, str):
        return Failed(printable(fields, _LONGEST), "", sql)
    message = fields.get("M", "unknown error")
    for more in (fields.get("D"), _context(fields.get("W", ""))):
        message += f" ({more})" if more else ""
    position = fields.get("P", "0")
    return Failed(
        printable(message, _LONGEST), fields.get("C", ""), sql, position=int(position) if position.isdigit() else 0
    )


def _context(said: str) -> str:
    lines = said.splitlines()
    return next((line for line in lines if line.startswith("PL/pgSQL")), lines[0] if lines else "")


def connect(url: str, seconds: float) -> Wire:
    """Open a read-only connection to a running server: one repeatable-read transaction that sees one state.

    ``seconds`` limit the connecting and each statement. Raises Unable where it cannot be reached or refuses us, and
    UsageError where the URL cannot be read; the password is in no message.
    """
    wire = open_wire(address(url, os.environ), seconds, limit=seconds)
    try:
        for statement in (
            STAGING,
            f"set local statement_timeout = {max(1, int(seconds * 1000))}",
            f"set local lock_timeout = {max(1, int(seconds * 1000))}",
            "set local search_path = ''",
        ):
            wire.rows(statement)
    except Failed as error:
        wire.close()
        raise Unable(f"{wire.where}: {error.message}") from None
    return wire


def driver() -> None:
    """See that the driver is installed, before a server is started for it. Raises Unable."""
    from importlib.util import find_spec

    if find_spec("pg8000") is None:
        raise Unable("PostgreSQL's driver pg8000 is not installed", INSTALL)


def open_wire(place: Address, seconds: float, *, limit: float = 0.0, keep: bool = True, **settings: str) -> Wire:
    """Open a connection within ``seconds``; answers may take ``limit``, 0 for as long as they like. Raises Unable.

    Without ``keep`` rows are passed over. ``settings`` are those of the session.
    """
    try:
        from gatepost.databases._postgresql_wire import ERRORS, DatabaseError, Driver
    except ImportError:
        raise Unable("PostgreSQL's driver pg8000 is not installed", INSTALL) from None
    try:
        driver = _opened(Driver, place, seconds, keep, settings)
    except DatabaseError as error:
        failed = failure(error.args[0] if error.args else "it refuses the connection", "")
        raise (NotYet if failed.code == "57P03" else Unable)(f"{place.where}: {failed.message[:200]}") from None
    except ERRORS as error:
        # A server that takes the connection and drops it may be busy with the crash of a backend.
        kind = NotYet if isinstance(error, ConnectionError) or not isinstance(error, OSError) else Unable
        raise kind(f"{place.where} cannot be reached: {_why(error)}", "see that it runs and lets us in") from None
    driver.patience(limit + _SPARE if limit else None)
    return Wire(driver, place.where, limit)


def _opened(driver: Callable[..., T], place: Address, seconds: float, keep: bool, settings: Mapping[str, str]) -> T:
    channel = _socket(place, seconds)
    # TLS takes the socket over; what is shut down through its twin is shut down.
    twin = channel.dup()

    def abort() -> None:
        with contextlib.suppress(OSError):
            twin.shutdown(socket.SHUT_RDWR)

    try:
        # A little later than the socket, which can say that it was silence.
        with _deadline(seconds + 0.5, abort):
            return driver(
                keep=keep,
                sock=channel,
                user=place.user,
                password=place.password,
                database=place.database,
                host=place.host or None,
                ssl_context=encryption(place),
                application_name="gatepost",
                startup_params=dict(settings),
            )
    except BaseException:
        channel.close()
        raise
    finally:
        twin.close()


@contextlib.contextmanager
def _deadline(seconds: float, abort: Callable[[], None]) -> Iterator[None]:
    """Hang up after so many seconds, 0 for never: a socket's own time-out starts anew with each byte that comes."""
    if not seconds:
        yield
        return
    timer = threading.Timer(seconds, abort)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _socket(place: Address, seconds: float) -> socket.socket:
    if not place.directory:
        return socket.create_connection((place.host, place.port), seconds)
    channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        channel.settimeout(seconds)
        channel.connect(place.socket)
    except BaseException:
        channel.close()
        raise
    return channel


def _why(error: Exception) -> str:
    cause = error.__cause__ or error
    said = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
    return printable(str(said), 200)
