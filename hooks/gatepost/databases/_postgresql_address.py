"""Where a PostgreSQL server is: read from a URL in libpq's way, without ever quoting the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from gatepost.errors import UsageError
from gatepost.model import printable

SCHEMES = ("postgresql", "postgres")
MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
LOCAL = ("localhost", "127.0.0.1", "::1")
_FORM = "the address is postgresql://user:password@host:port/database; @ : / ? # in a password are written %40 %3A …"


@dataclass(frozen=True, slots=True)
class Address:
    """A server, a database on it and who asks; ``directory`` is that of a Unix socket, else ``host`` counts."""

    user: str
    database: str
    password: str | None = field(default=None, repr=False)
    host: str = "localhost"
    port: int = 5432
    directory: str = ""
    mode: str = "prefer"
    authority: str = ""

    @property
    def where(self) -> str:
        """Name it for a message; the password is not in it."""
        place = self.directory or f"{self.host}:{self.port}"
        return printable(f"PostgreSQL at {place}, database {self.database}, role {self.user}")

    @property
    def socket(self) -> str:
        """Give the path of the Unix socket."""
        return f"{self.directory}/.s.PGSQL.{self.port}"

    def to(self, database: str, user: str = "", password: str | None = None) -> Address:
        """Give another database of the same server, for another role where one is named."""
        if not user:
            return replace(self, database=database)
        return replace(self, database=database, user=user, password=password)


def address(url: str, variables: Mapping[str, str] | None = None) -> Address:
    """Read a URL; ``variables`` (PGPASSWORD) stand in for a password that it does not have. Raises UsageError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError("the URL of the database cannot be read", _FORM) from None
    _refuse(parts)
    options = dict(parse_qsl(parts.query))
    user = options.get("user") or unquote(parts.username or "") or "postgres"
    host = options.get("host") or unquote(parts.hostname or "") or "localhost"
    password = options.get("password") or (unquote(parts.password) if parts.password else None)
    return Address(
        user=user,
        database=options.get("dbname") or unquote(parts.path.lstrip("/")) or user,
        password=password or (variables or {}).get("PGPASSWORD"),
        host="" if host.startswith("/") else host,
        port=_port(options.get("port", ""), port or 5432),
        directory=host if host.startswith("/") else "",
        mode=_mode(options.get("sslmode", ""), host),
        authority=options.get("sslrootcert", ""),
    )


def _refuse(parts: SplitResult) -> None:
    if parts.scheme.partition("+")[0] not in SCHEMES:
        raise UsageError("the URL is not one of PostgreSQL", _FORM)
    # What comes after an unescaped / ? or # of a password would be taken for a database, and printed.
    if "@" in parts.path or "@" in parts.fragment or parts.fragment or "@" in parts.query:
        raise UsageError("the URL of the database cannot be read: its password has characters to escape", _FORM)
    if "," in parts.netloc.rpartition("@")[2]:
        raise UsageError("the URL of the database names several hosts; name one", _FORM)


def _port(option: str, port: int) -> int:
    return int(option) if option.isascii() and option.isdigit() and len(option) <= 5 else port


def _mode(mode: str, host: str) -> str:
    if not mode:
        return "prefer" if host in LOCAL or host.startswith("/") else "verify-full"
    if mode not in MODES:
        raise UsageError(f"the URL of the database: sslmode is one of {', '.join(MODES)}")
    return mode


def encryption(place: Address) -> Any:
    """Give pg8000's ``ssl_context``: False for none, None for "if the server can", True for unverified, or a context.

    Without ``sslmode`` a server on another machine must prove who it is, as for the queue of the watches.
    """
    if place.directory or place.mode in ("disable", "allow"):
        return False
    if place.mode in ("prefer", "require"):
        return None if place.mode == "prefer" else True
    import ssl

    try:
        context = ssl.create_default_context(cafile=place.authority or None)
    except OSError as error:
        problem = printable(str(error), 200)
        raise UsageError(f"the URL of the database: sslrootcert cannot be read: {problem}") from None
    context.check_hostname = place.mode == "verify-full"
    return context
