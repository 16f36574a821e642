"""MySQL and MariaDB: a server of our own from the binaries that are installed, or the operator's scratch server.

Its definition language commits on its own, so that nothing can be rolled back: a database is dropped and made anew, and
a template is kept as the statements that make it again.
"""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from gatepost.databases import (
    EXTENSIONS,
    Connection,
    Database,
    Engine,
    Failed,
    Limits,
    Needs,
    Row,
    Scratch,
    Statement,
    Unable,
)
from gatepost.databases import _mysql_catalog as catalog
from gatepost.databases import _mysql_dump as dump
from gatepost.databases import _mysql_server as local
from gatepost.databases._mysql_address import Address, read_url
from gatepost.databases._mysql_connection import Wire, connect, driver, open_wire
from gatepost.databases._mysql_watch import Watch
from gatepost.databases._templates import Store
from gatepost.sql.schema import Schema
from gatepost.sql.splitter import split

OPEN = 10.0
LOCK = 5  # seconds that a script waits for what another connection holds


@dataclass
class _Place:
    """Where the server is, ours or the operator's, and who administers it."""

    limits: Limits
    administrator: Address
    server: local.Server | None = None
    _kept: Wire | None = None

    def admin(self) -> Wire:
        """Give the connection of the administrator that stays open."""
        if self._kept is None or not self._kept.answers():
            self.close()
            self._kept = self.wire()
        return self._kept

    def close(self) -> None:
        """Close it."""
        kept, self._kept = self._kept, None
        if kept:
            kept.close()

    def wire(
        self, database: str = "", *, account: Address | None = None, lifted: bool = False, several: bool = False
    ) -> Wire:
        """Open a connection; a server of ours that had to be killed is started again."""
        if self.server and not self.server.alive():
            self.server.start()
        address = replace(account or self.administrator, database=database)
        limit = 0.0 if lifted else self.limits.seconds
        try:
            return open_wire(address, OPEN, limit=limit, lifted=lifted, several=several)
        except Unable:
            if self.server is None or self.server.answers():
                raise
        self.server.start()
        return open_wire(address, OPEN, limit=limit, lifted=lifted, several=several)

    def watch(self) -> Watch:
        """Give what watches over scripts."""
        size, kill = (self.server.size, self.server.kill) if self.server else (self._size, None)
        return Watch(self.limits, lambda: open_wire(self.administrator, 2.0), size, kill)

    def _size(self) -> int:
        return 0  # of a server that others use too nothing can be said by its size


@dataclass
class _Database:
    """One database, with an account that has rights in it only."""

    name: str
    account: Address
    place: _Place

    def run(self, statements: Sequence[Statement], *, transaction: bool = True, setup: Sequence[str] = ()) -> float:
        """Run the statements of one script on a connection of its own; give seconds. Raises Failed or Unable."""
        texts = [one for statement in statements for one in _single(statement)]
        wire = self.place.wire(self.name, account=self.account, lifted=True)
        began = time.monotonic()
        try:
            with self.place.watch().over(wire):
                wire.run(f"SET SESSION lock_wait_timeout = {LOCK}, innodb_lock_wait_timeout = {LOCK}")
                for text in (*setup, *(["START TRANSACTION"] if transaction else [])):
                    wire.run(text)
                for statement in texts:
                    _run(wire, statement)
                wire.run("COMMIT")
        finally:
            wire.close()
        return time.monotonic() - began

    def trusted(self) -> Connection:
        """Give a connection of the administrator, in this database."""
        return _Kept(self.place, self.name, None)

    def confined(self) -> Connection:
        """Give a connection of the confined account."""
        return _Kept(self.place, self.name, self.account)

    def schema(self) -> Schema:
        """Introspect it."""
        wire = self.place.wire(self.name, several=True)
        try:
            return catalog.inspect(wire)
        finally:
            wire.close()

    def drop(self) -> None:
        """Take it away, with whoever is still connected."""
        wire = self.place.admin()
        for (number,) in wire.rows(
            "SELECT id FROM information_schema.processlist WHERE user = %s OR (db = %s AND id <> CONNECTION_ID())",
            [self.account.user, self.name],
        ):
            with suppress(Failed):
                wire.run(f"KILL CONNECTION {int(number)}")
        wire.run(f"DROP DATABASE IF EXISTS {dump.quoted(self.name)}")
        wire.rows("DROP USER IF EXISTS %s@'%%'", [self.account.user])


class _Kept:
    """A connection that is opened when it is first asked, and again where the server had to be killed."""

    def __init__(self, place: _Place, database: str, account: Address | None) -> None:
        self._place, self._database, self._account = place, database, account
        self._wire: Wire | None = None
        self._closed = False
        self.version = self._open().version

    def _open(self) -> Wire:
        if self._closed:
            raise Failed("the connection is closed")
        if self._wire is None:
            self._wire = self._place.wire(self._database, account=self._account)
        return self._wire

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Give the rows of a statement; ``%s`` marks a value. Raises Failed, or Unable where a limit is met."""
        wire = self._open()
        try:
            return wire.rows(sql, values)
        except Unable:
            if not wire.open:  # it took too long, or the server is gone
                self._wire = None
                self._place.watch().end(wire.number)
            raise

    def close(self) -> None:
        """Close it; what it did not commit is gone."""
        wire, self._wire, self._closed = self._wire, None, True
        if wire:
            wire.close()


def _run(wire: Wire, statement: Statement) -> None:
    try:
        wire.run(statement.text)
    except Failed as error:
        line = statement.line + _line(error.message)
        raise Failed(error.message, error.code, statement.text, line) from None
    except Unable as error:
        raise Unable(f"line {statement.line}: {error.message}", error.hint) from None


def _line(message: str) -> int:
    """Give how many lines into its statement the server puts an error of syntax."""
    found = re.search(r" at line (\d+)\Z", message)
    return int(found[1]) - 1 if found else 0


def _single(statement: Statement) -> list[Statement]:
    """Split what is for the client program: DELIMITER."""
    if not re.search(r"^\s*DELIMITER\s", statement.text, re.IGNORECASE | re.MULTILINE):
        return [statement]
    return [Statement(found.text, found.line) for found in split(statement.text, "mysql", statement.line)]


@dataclass
class _Scratch:
    """The server, with what was made on it."""

    place: _Place
    folder: Path
    store: Store
    how: str
    version: str
    engine: str = "mysql"
    prefix: str = "gatepost"
    made: list[_Database] = field(default_factory=list)

    def empty(self) -> Database:
        """Make an empty database, and an account for it."""
        return self._new()

    def _new(self) -> _Database:
        name = f"{self.prefix}_{len(self.made) + 1}"
        account = replace(self.place.administrator, user=name, password=secrets.token_hex(12), database=name)
        made = _Database(name, account, self.place)
        wire = self.place.admin()
        try:
            wire.run(f"CREATE DATABASE {dump.quoted(name)}")
            self.made.append(made)
            most = self.place.limits.connections
            wire.rows(
                f"CREATE USER %s@'%%' IDENTIFIED BY %s WITH MAX_USER_CONNECTIONS {most}", [name, account.password]
            )
            pattern = dump.quoted(name.replace("_", "\\_"))  # an underscore is a wildcard in grants
            wire.rows(f"GRANT ALL ON {pattern}.* TO %s@'%%'", [name])
        except Failed as error:
            raise Unable(
                f"the scratch server's account may not make databases: {error.message}",
                "grant it CREATE, DROP and CREATE USER there, with GRANT OPTION",
            ) from None
        return made

    def template(self, key: str, build: Callable[[Database], None]) -> Callable[[], Database]:
        """Give what clones a template; where nobody has it yet ``build`` fills an empty database first."""
        file = self.folder / Store.name(key)
        found = self._kept(key, file)
        if found is None:
            built = self._new()
            build(built)
            wire = self.place.wire(built.name)
            try:
                found = dump.statements(wire)
            finally:
                wire.close()
            dump.write(file, found)
            self.store.keep(key, file)
            built.drop()
        return lambda: self._clone(found)

    def _kept(self, key: str, file: Path) -> list[tuple[str, str]] | None:
        if not file.exists() and not self.store.fetch(key, file):
            return None
        try:
            return dump.read(file)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _clone(self, found: list[tuple[str, str]]) -> Database:
        made = self._new()
        wire = self.place.wire(made.name, account=made.account)
        try:
            dump.replay(wire, found)
        except Failed as error:
            raise Unable(f"a template cannot be made again: {error.message} in {error.statement[:200]}") from None
        finally:
            wire.close()
        return made

    def url(self, database: Database) -> str:
        """Give the URL of a database for a configured command, as the confined account."""
        return next(made.account.url() for made in self.made if made.name == database.name)


@contextmanager
def scratch(needs: Needs, limits: Limits) -> Iterator[Scratch]:
    """Open a scratch server. Raises Unable where there is none, or one of another version."""
    driver()
    if needs.extensions:
        raise Unable(f"a scratch server of MySQL has no extensions: {', '.join(needs.extensions)}", EXTENSIONS)
    with _place(needs, limits) as (place, how), tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        version = place.admin().version
        agrees(needs.version, version)
        store = Store(needs.folder, f"mysql-{re.sub(r'[^0-9A-Za-z.]+', '-', version)}")
        made = _Scratch(place, Path(folder), store, f"{how}, {version}", version)
        made.prefix = "gatepost" if place.server else f"gatepost_{secrets.token_hex(4)}"
        try:
            yield made
        finally:
            if not place.server:
                _leave(made)
            place.close()


@contextmanager
def _place(needs: Needs, limits: Limits) -> Iterator[tuple[_Place, str]]:
    if needs.url:
        address = read_url(needs.url)
        yield _Place(limits, address), f"the scratch server {address.host or address.socket} of the operator"
        return
    program = local.program()
    agrees(needs.version, local.version_of(program))
    server = local.make(program, limits, needs.account)
    try:
        server.prepare()
        server.start()
        yield _Place(limits, server.address, server), f"a server of its own from {program}"
    finally:
        server.leave()


def _leave(scratch: _Scratch) -> None:
    """Leave nothing on the operator's server."""
    for made in scratch.made:
        with suppress(Failed, Unable):
            made.drop()


def agrees(wanted: str, version: str) -> None:
    """Compare versions as far as the wanted one says: ``10.11``, ``8.0.36``, ``10.6.4-MariaDB``. Raises Unable."""
    numbers = re.findall(r"\d+", wanted.partition("-")[0])[:2]
    ours = re.findall(r"\d+", version.partition("-")[0])[:2]
    maria = "mariadb" in version.lower()
    said = wanted.lower()
    asks = "mariadb" in said or (bool(numbers) and int(numbers[0]) >= 10)  # MySQL is at 9, MariaDB began again at 10
    if (numbers and numbers != ours[: len(numbers)]) or (numbers and asks != maria):
        raise Unable(f"{wanted} is needed, and this server is {version}", local.INSTALL)


ENGINE = Engine(
    "mysql",
    "MySQL and MariaDB: an own server from installed binaries (socket only), or the operator's scratch server",
    ("mysql", "mariadb"),
    scratch,
    connect,
    catalog.inspect,
    catalog.facts,
)
