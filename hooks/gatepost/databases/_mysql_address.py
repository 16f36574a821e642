"""Where a MySQL or MariaDB server is and who asks: read from a URL whose password is never printed."""

from __future__ import annotations

import socket as sockets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from gatepost.databases import Unable

SHAPE = "mysql://user:password@host:3306/database, or ?socket=/path/to/socket behind it"
PORT = 3306


@dataclass(frozen=True, slots=True)
class Address:
    """An account on a server, and the database that it begins in."""

    user: str
    password: str = field(default="", repr=False)
    host: str = ""
    port: int = PORT
    socket: str = ""
    database: str = ""
    tls: bool = False

    @property
    def shown(self) -> str:
        """The place without the password."""
        where = self.socket or f"{self.host}:{self.port}"
        return f"{self.user}@{where}/{self.database}"

    def url(self) -> str:
        """Give it as a URL, password and all: for the environment of a command, never for a message."""
        account = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        place = f"localhost/{quote(self.database)}?unix_socket={quote(self.socket)}"
        return f"mysql://{account}@{place if self.socket else f'{self.host}:{self.port}/{quote(self.database)}'}"

    def open(self, seconds: float, read_timeout: float | None = None, *, several: bool = False) -> Any:
        """Open a connection of the driver. Raises the driver's errors, and Unable where it is not installed."""
        try:
            import pymysql
            from pymysql.constants import CLIENT
        except ImportError:
            raise Unable("PyMySQL is not installed", "pip install 'gatepost[databases]'") from None
        # Without ssl_disabled each connection costs the 20 ms of an SSL context (PyMySQL 1.2).
        where: dict[str, Any] = {"ssl_disabled": True} if self.socket else {"host": self.host, "port": self.port}
        if self.tls and not self.socket:
            where["ssl"] = {"check_hostname": False}
        made = pymysql.connect(
            user=self.user,
            password=self.password,
            database=self.database or None,
            charset="utf8mb4",
            autocommit=True,
            local_infile=False,
            connect_timeout=max(1, int(seconds)),
            read_timeout=read_timeout,
            write_timeout=read_timeout,
            client_flag=CLIENT.MULTI_STATEMENTS if several else 0,
            defer_connect=True,
            **where,
        )
        made._secure = bool(self.socket)  # noqa: SLF001  # as PyMySQL has it for a socket that it opens itself
        made.connect(self._plug(seconds) if self.socket else None)
        return made

    def _plug(self, seconds: float) -> sockets.socket:
        """Open the socket; PyMySQL 1.2 leaves one open that nobody answers."""
        made = sockets.socket(sockets.AF_UNIX)
        try:
            made.settimeout(seconds)
            made.connect(self.socket)
            made.settimeout(None)
        except OSError as error:
            made.close()
            raise ConnectionError(f"Can't connect to {self.socket} ({error.strerror or error})") from None
        return made


def read_url(url: str) -> Address:
    """Read a URL. Raises Unable, without the URL in the message."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
        port = parts.port or PORT
    except ValueError:
        raise Unable("not a URL of MySQL or MariaDB", SHAPE) from None
    if parts.scheme not in ("mysql", "mariadb"):
        raise Unable("not a URL of MySQL or MariaDB", SHAPE)
    socket = (query.get("unix_socket") or query.get("socket") or [""])[0]
    return Address(
        unquote(parts.username or "root"),
        unquote(parts.password or ""),
        parts.hostname or "localhost",
        port,
        socket,
        unquote(parts.path.lstrip("/")),
        (query.get("ssl") or query.get("tls") or ["0"])[0].lower() in ("1", "true", "required", "on"),
    )
