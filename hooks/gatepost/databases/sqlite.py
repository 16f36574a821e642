"""SQLite: scratch databases are files in a private directory, and SQL runs in a process of its own.

The library is the one that Python brings; its version is said. Templates are copies of files.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gatepost.databases import (
    EXTENSIONS,
    Connection,
    Database,
    Engine,
    Failed,
    Limits,
    Needs,
    Scratch,
    Statement,
    Unable,
)
from gatepost.databases import _sqlite_catalog as catalog
from gatepost.databases._places import account, base
from gatepost.databases._sqlite_connection import connect
from gatepost.databases._sqlite_process import Asked, Process, Refusal, named
from gatepost.databases._templates import Store
from gatepost.sql.schema import Schema
from gatepost.sql.splitter import split

PREFIX = "gatepost-sqlite-"
FUNCTIONS = 'name what the application registers itself in [[migrations]]: functions = ["name/arguments"]'


@dataclass
class _Database:
    """One file."""

    name: str
    file: Path
    process: Process

    def run(self, statements: Sequence[Statement], *, transaction: bool = True, setup: Sequence[str] = ()) -> float:
        """Run the statements of one script on a connection of its own; give seconds. Raises Failed or Unable."""
        texts = [one for statement in statements for one in _single(statement)]
        try:
            seconds = self.process.ask(
                "run",
                file=str(self.file),
                setup=[text for piece in setup for text in _texts(piece)],
                statements=[statement.text for statement in texts],
                transaction=transaction,
            )
        except Failed as error:
            found = _at(texts, error.position)
            if error.message.startswith("no such function"):
                raise Unable(f"line {found.line}: {error.message}", FUNCTIONS) from None
            raise Failed(error.message, error.code, found.text, found.line) from None
        except Refusal as error:
            found = _at(texts, error.at)
            raise Unable(f"line {found.line}: {error.message}" if error.at >= 0 else error.message) from None
        return float(seconds)

    def trusted(self) -> Connection:
        """Give a connection for seeding and comparing; what triggers and views do there is bounded too."""
        return Asked(self.process, str(self.file), sqlite3.sqlite_version)

    def confined(self) -> Connection:
        """Give a connection on which known queries are prepared."""
        return Asked(self.process, str(self.file), sqlite3.sqlite_version)

    def schema(self) -> Schema:
        """Introspect it."""
        connection = self.trusted()
        try:
            return catalog.inspect(connection)
        finally:
            connection.close()

    def drop(self) -> None:
        """Take the file away, with its journal."""
        for behind in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{self.file}{behind}").unlink()


@dataclass
class _Scratch:
    """The private directory and the process that works in it."""

    folder: Path
    process: Process
    store: Store
    how: str
    engine: str = "sqlite"
    version: str = sqlite3.sqlite_version
    made: list[str] = field(default_factory=list)

    def empty(self) -> Database:
        """Make an empty database."""
        return self._new()

    def _new(self) -> _Database:
        name = f"scratch{len(self.made) + 1}"
        self.made.append(name)
        file = self.folder / f"{name}.db"
        file.touch(0o600)
        self._give(file)
        return _Database(name, file, self.process)

    def template(self, key: str, build: Callable[[Database], None]) -> Callable[[], Database]:
        """Give what clones a template; where nobody has it yet ``build`` fills an empty database first."""
        file = self.folder / f"template-{Store.name(key)}"
        if not file.exists() and not self.store.fetch(key, file):
            built = self._new()
            build(built)
            shutil.copyfile(built.file, file)
            built.drop()
            self.store.keep(key, file)

        def clone() -> Database:
            made = self._new()
            shutil.copyfile(file, made.file)
            return made

        return clone

    def url(self, database: Database) -> str:
        """Give the URL of a database for a configured command."""
        return f"sqlite:///{self.folder / database.name}.db"

    def _give(self, file: Path) -> None:
        if self.process.user:
            os.chown(file, self.process.user, self.process.group)


def _single(statement: Statement) -> list[Statement]:
    """Split what a caller has left in one piece."""
    if ";" not in statement.text.rstrip().rstrip(";"):
        return [statement]
    return [Statement(found.text, found.line) for found in split(statement.text, "sqlite", statement.line)]


def _texts(piece: str) -> list[str]:
    return [statement.text for statement in _single(Statement(piece))]


def _at(texts: Sequence[Statement], position: int) -> Statement:
    return texts[position] if 0 <= position < len(texts) else Statement("")


@contextmanager
def scratch(needs: Needs, limits: Limits) -> Iterator[Scratch]:
    """Open a scratch directory. Raises Unable where another major version is needed."""
    version = sqlite3.sqlite_version
    if needs.version and needs.version.split(".")[0] != version.split(".")[0]:
        raise Unable(f"SQLite {needs.version} is needed, and Python brings {version}", "mend server of [[migrations]]")
    if needs.extensions:
        raise Unable(f"a scratch database of SQLite has no extensions: {', '.join(needs.extensions)}", EXTENSIONS)
    for function in needs.functions:
        named(function)
    place = base(limits.disk)
    user, group = account(needs.account, place)
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=place, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            os.chown(folder, user, group)
        process = Process(limits, folder, user, group, needs.functions)
        store = Store(needs.folder, f"sqlite-{version}")
        try:
            yield _Scratch(folder, process, store, f"SQLite {version} of Python, in a process of its own")
        finally:
            process.close()


ENGINE = Engine(
    "sqlite",
    "SQLite, as Python brings it: files in a private directory, run in a confined process",
    ("sqlite",),
    scratch,
    connect,
    catalog.inspect,
    catalog.facts,
)
