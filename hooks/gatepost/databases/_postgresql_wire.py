"""pg8000 made fit for hostile SQL: bounded memory, whole protocol, one round trip; needs the driver to import.

What pg8000 1.31 does not do by itself: it keeps every row, however many; a COPY without a stream, or a
notification that is not ASCII, leaves the protocol out of step; COMMIT in a failed transaction raises.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
from collections import defaultdict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from pg8000.converters import PG_TYPES, make_params
from pg8000.core import Context, CoreConnection
from pg8000.exceptions import DatabaseError, InterfaceError
from scramp import ScramException

ERRORS: tuple[type[Exception], ...] = (InterfaceError, ScramException, OSError, struct.error)
__all__ = ["ERRORS", "DatabaseError", "Driver", "NoData", "TooMuch"]

LARGEST = 1 << 20
TOTAL = 512 << 20
_HEAD = struct.Struct("!ci")
_LENGTH = struct.Struct("!i")
_EXECUTE = b"E" + struct.pack("!i", 9) + b"\0" + struct.pack("!i", 0)
_TERMINATE = b"X" + struct.pack("!i", 4)
_SYNC = b"S" + struct.pack("!i", 4)
_ARRAYS = (1000, 1002, 1003, 1005, 1007, 1009, 1015, 1016, 1028, 22, 30)


class TooMuch(Exception):
    """Say that an answer is larger than we keep."""


class NoData(Exception):
    """Say that the SQL wants data from its client: COPY … FROM STDIN."""


def _converters() -> dict[int, Callable[[str], Any] | None]:
    found: dict[int, Callable[[str], Any] | None] = defaultdict(lambda: None)
    found.update(dict.fromkeys((20, 21, 23, 26), int))
    found.update(dict.fromkeys((700, 701), float))
    found.update(dict.fromkeys((114, 3802), json.loads))
    found[16] = "t".__eq__
    found[17] = lambda text: bytes.fromhex(text[2:])
    found[1700] = Decimal
    found.update({oid: PG_TYPES[oid] for oid in _ARRAYS if oid in PG_TYPES})
    return found


class Driver(CoreConnection):  # type: ignore[misc]  # pg8000 has no types that can be read
    """One connection; ``keep`` says whether rows are kept or passed over."""

    def __init__(self, *, keep: bool = True, **arguments: Any) -> None:
        self.keep = keep
        self.completed = 0
        self.tag = ""
        self._size = 0
        self._wanted = False
        super().__init__(**arguments)
        self.pg_types = _converters()

    @property
    def pid(self) -> int:
        """The process on the server that serves us."""
        return int(_LENGTH.unpack_from(self._backend_key_data)[0]) if self._backend_key_data else 0

    @property
    def status(self) -> str:
        """I idle, T in a transaction, E in a failed one."""
        return (self._transaction_status or b"I").decode("ascii")

    def patience(self, seconds: float | None) -> None:
        """Wait so long for each piece of an answer; None for ever."""
        self._usock.settimeout(seconds)

    def abort(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError, AttributeError):
            self._usock.shutdown(socket.SHUT_RDWR)

    def leave(self, seconds: float) -> None:
        """Say good-bye, and wait until the backend has ended: its locks are gone only then."""
        if self._sock is None:
            return
        self._usock.settimeout(seconds)
        self._sock.write(_TERMINATE)
        self._sock.flush()
        self._usock.shutdown(socket.SHUT_WR)
        while self._sock.read(LARGEST):
            pass

    def close(self) -> None:
        """Close it; pg8000 itself calls this when the server refuses us, and must not then fail with another error."""
        with contextlib.suppress(InterfaceError, OSError):
            super().close()

    def simple(self, sql: str) -> list[tuple[Any, ...]]:
        """Send a text, of several statements if it likes, by the simple protocol."""
        context = self._begin(sql)
        self._send_message(b"Q", sql.encode(self._client_encoding) + b"\0")
        return self._answer(context)

    def extended(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Send one statement with its values, in one round trip."""
        context = self._begin(sql)
        self._send_message(b"P", b"\0" + sql.encode(self._client_encoding) + b"\0\0\0")
        self.send_BIND(b"\0", make_params(self.py_types, values))
        self._send_message(b"D", b"P\0")
        self._sock.write(_EXECUTE + _SYNC)
        return self._answer(context)

    def _begin(self, sql: str) -> Any:
        if self._sock is None:
            raise InterfaceError("connection is closed")
        self.completed, self._size, self.tag, self._wanted = 0, 0, "", False
        return Context(sql)

    def _answer(self, context: Any) -> list[tuple[Any, ...]]:
        self._sock.flush()
        self.handle_messages(context)
        return context.rows or []

    def handle_messages(self, context: Any) -> None:
        """Read until the server is ready; long messages of which nothing is wanted are not kept."""
        code, read = b"", self._sock.read
        while code != b"Z":
            head = read(5)
            if len(head) < 5:
                raise InterfaceError("the server closed the connection")
            code, size = _HEAD.unpack(head)
            handler = self.message_types.get(code)
            if handler is None:
                raise InterfaceError("the server does not speak PostgreSQL's protocol")
            handler(self._body(size - 4, whole=self.keep and code == b"D"), context)
        self._complain(context)

    def _complain(self, context: Any) -> None:
        if self._wanted:
            raise NoData
        if self._size > TOTAL:
            raise TooMuch
        if context.error is not None:
            raise context.error

    def _body(self, size: int, *, whole: bool) -> bytes:
        if size <= LARGEST or (whole and size + self._size <= TOTAL):
            body: bytes = self._sock.read(size)
            if len(body) < size:
                raise InterfaceError("the server closed the connection")
            return body
        body, left = self._sock.read(LARGEST), size - LARGEST
        if whole:
            self._size = TOTAL + 1
        while left:
            part = self._sock.read(min(left, LARGEST))
            if not part:
                raise InterfaceError("the server closed the connection")
            left -= len(part)
        return body

    def handle_DATA_ROW(self, data: bytes, context: Any) -> None:  # noqa: N802  # the driver's name
        """Keep a row, as a tuple, while there is room."""
        if not self.keep or self._size > TOTAL:
            return
        self._size += len(data)
        if self._size > TOTAL:
            context.rows.clear()
            return
        at, unpack = 2, _LENGTH.unpack_from
        row: list[Any] = []
        for convert in context.input_funcs:
            (length,) = unpack(data, at)
            at += 4
            if length < 0:
                row.append(None)
                continue
            text = str(data[at : at + length], "utf-8")
            at += length
            row.append(text if convert is None else convert(text))
        context.rows.append(tuple(row))

    def handle_COMMAND_COMPLETE(self, data: bytes, context: Any) -> None:  # noqa: ARG002, N802
        """Count what is done: that tells which statement of a text failed."""
        self.completed += 1
        self.tag = data[:-1].decode("ascii", "replace")

    def handle_EMPTY_QUERY_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: N802
        """Pass over a text without a statement."""

    def handle_NOTIFICATION_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: N802
        """Pass over notifications."""

    def handle_NOTICE_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: N802
        """Pass over notices."""

    def handle_COPY_IN_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: ARG002, N802
        """Refuse: there is no data to send."""
        self._wanted = True
        self._send_message(b"f", b"no data\0")
        self._sock.flush()

    def handle_COPY_OUT_RESPONSE(self, data: bytes, context: Any) -> None:  # noqa: N802
        """Pass over what COPY … TO STDOUT gives."""

    def handle_COPY_DATA(self, data: bytes, context: Any) -> None:  # noqa: N802
        """Pass over it."""

    def handle_AUTHENTICATION_REQUEST(self, data: bytes, context: Any) -> None:  # noqa: N802
        """Answer it; where the server wants a password there must be one."""
        if _LENGTH.unpack_from(data)[0] in (3, 5, 10) and self.password is None:
            raise InterfaceError("the server asks for a password")
        super().handle_AUTHENTICATION_REQUEST(data, context)
