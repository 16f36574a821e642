"""One file per database engine: a scratch server of its own, introspection, confinement.

SQL from a push is hostile. It is only ever run through a driver (the command-line clients run shell commands
from a script), on a scratch server, as a role that owns nothing but its own database, with a watchdog outside.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from gatepost import registry
from gatepost.errors import CannotJudge
from gatepost.sql.schema import Schema

__all__ = [
    "Connection",
    "Database",
    "Engine",
    "Facts",
    "Failed",
    "Limits",
    "Needs",
    "Scratch",
    "Statement",
    "Unable",
    "engine",
    "engines",
]

Row = tuple[Any, ...]
EXTENSIONS = "take them out of extensions of [[migrations]]: only PostgreSQL has any"


class Unable(CannotJudge):
    """Say that this scratch server cannot tell: another major, a missing extension, a feature the role may not use.

    Never a pass: a rehearsal that meets it has the verdict ``unknown``.
    """


class Failed(Exception):
    """Say that a statement failed: the engine's message and code, which statement, and its line in its file."""

    def __init__(self, message: str, code: str = "", statement: str = "", line: int = 1, position: int = 0) -> None:
        super().__init__(message)
        self.message, self.code, self.statement = message, code, statement
        self.line = line
        self.position = position


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as it stands in a file; ``line`` is the line of its first character."""

    text: str
    line: int = 1


@dataclass(frozen=True, slots=True)
class Needs:
    """What the policy, or the snapshot of staging, says of the server: its major version and its extensions.

    ``url`` is a scratch server of the operator's (from the environment or a file, never from a policy);
    ``folder`` is where prepared templates may be kept between runs, None for nowhere. ``account`` is whom root becomes
    to start a server of its own. ``functions`` are those that the application registers in SQLite, as
    ``name/arguments``.
    """

    version: str = ""
    extensions: tuple[str, ...] = ()
    url: str = ""
    folder: str | None = None
    account: str = "nobody"
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What pushed SQL may use: seconds for one script, bytes of disk, of memory, of one file."""

    seconds: float = 60.0
    disk: int = 1024 * 1024 * 1024
    memory: int = 1536 * 1024 * 1024
    connections: int = 3


class Connection(Protocol):
    """A connection that only asks: catalog queries and rows. All values are Python's own."""

    version: str

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a query. Raises Failed."""

    def close(self) -> None:
        """Close it; what it did not commit is gone."""


class Database(Protocol):
    """One database on a scratch server, empty or a clone of a template."""

    name: str

    def run(self, statements: Sequence[Statement], *, transaction: bool = True, setup: Sequence[str] = ()) -> float:
        """Run the statements of one script as the confined role, on a connection of its own, committed; give seconds.

        ``setup`` runs before, on the same connection (``before_sql`` of the policy). With ``transaction`` all
        run in one; else each on its own, as frameworks do for CONCURRENTLY. Raises Failed for what the SQL is
        to blame for, Unable for what the confinement or the server is to blame for.
        """

    def trusted(self) -> Connection:
        """Give a connection that may read and write everything in this database: for seeding and comparing.

        It commits each statement by itself, unless BEGIN is sent; text without ``values`` may hold any ``%`` and ``:``.
        """

    def confined(self) -> Connection:
        """Give a connection of the confined role, on which known queries are prepared."""

    def schema(self) -> Schema:
        """Introspect it, the bookkeeping of migration tools included."""

    def drop(self) -> None:
        """Take it away, with whoever is still connected."""


class Scratch(Protocol):
    """A scratch server, from ``Engine.scratch``; leaving the ``with`` leaves nothing behind."""

    engine: str
    version: str
    how: str

    def empty(self) -> Database:
        """Make an empty database."""

    def template(self, key: str, build: Callable[[Database], None]) -> Callable[[], Database]:
        """Give what clones the template ``key``; where nobody has it yet ``build`` fills an empty database first.

        Templates are kept between runs where ``Needs.folder`` allows it; a damaged one is made again.
        """

    def url(self, database: Database) -> str:
        """Give the URL of a database for a configured command (Alembic, Django, Rails), as the confined role."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a snapshot of a running database says beside its structure; no data.

    ``sizes`` maps a table to (estimated rows, bytes), ``index_use`` an index to the number of its scans.
    """

    engine: str
    version: str
    extensions: tuple[str, ...] = ()
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    index_use: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Engine:
    """One database engine; each module of this package has one as ``ENGINE``.

    ``schemes`` are those of its URLs. ``scratch`` opens a scratch server and says in ``Scratch.how`` where it came
    from; it raises Unable where there is none to be had. ``connect`` opens a read-only connection to a running
    server by its URL, whose password is never printed; ``inspect`` and ``facts`` ask it.
    """

    name: str
    summary: str
    schemes: tuple[str, ...]
    scratch: Callable[[Needs, Limits], AbstractContextManager[Scratch]]
    connect: Callable[[str, float], Connection]
    inspect: Callable[[Connection], Schema]
    facts: Callable[[Connection], Facts]


def engines() -> tuple[Engine, ...]:
    """Give every engine there is."""
    return registry.load(sys.modules[__name__], "ENGINE", Engine)


def engine(name: str) -> Engine:
    """Give the engine of a dialect (``postgresql``, ``mysql``, ``sqlite``). Raises Unable."""
    for found in engines():
        if found.name == name:
            return found
    raise Unable(f"there is no scratch server for {name or 'an unknown dialect'}", "say the dialect: [[migrations]]")
