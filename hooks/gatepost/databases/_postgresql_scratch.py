"""A scratch server that is a cluster of our own: databases, templates, what is kept of them between runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gatepost.databases import Connection, Database, Failed, Limits, Needs, Row, Statement, Unable
from gatepost.databases._postgresql_connection import Wire
from gatepost.databases._postgresql_image import Damaged, Images
from gatepost.databases._postgresql_programs import Account, Programs, account, find
from gatepost.databases._postgresql_roles import ADMIN, MIGRATOR, SEEDER, bounds
from gatepost.databases._postgresql_run import Script, run
from gatepost.databases._postgresql_server import Server, has_walls, key, server
from gatepost.databases._postgresql_watch import Lease, Watchdog
from gatepost.model import printable
from gatepost.sql.schema import Schema

TEMPLATE = "template_of_gatepost"


class Host:
    """A running server with its watchdog and the administrator's connection."""

    def __init__(self, made: Server, needs: Needs, limits: Limits) -> None:
        self.server, self.needs, self.limits = made, needs, limits
        self._admin: Wire | None = None
        self._watchdog: Watchdog | None = None
        self._made = 0

    def admin(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Ask as the administrator; a server that died in the middle is started again."""
        if not self.server.alive:
            self._reset()
            self.server.start()
        try:
            return self._wire().rows(sql, values)
        except Failed as failed:
            raise Unable(f"the scratch server: {failed.message}") from None
        except Unable:
            self._reset()
            raise

    def _wire(self) -> Wire:
        if self._admin is None:
            self._admin = self.server.connect()
        return self._admin

    def _reset(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    def watchdog(self) -> Watchdog:
        """Give the watchdog of this server."""
        if self._watchdog is None:
            data, disk = self.server.home.data, self.limits.disk
            self._watchdog = Watchdog(self._terminate, self.server.kill, data, disk)
        return self._watchdog

    def _terminate(self, pid: int) -> None:
        # A connection of its own: the administrator's is the other thread's.
        wire = self.server.connect()
        try:
            wire.rows("select pg_terminate_backend($1::int)", [pid])
        finally:
            wire.close()

    def close(self) -> None:
        """Let go of the server; it is ended by who opened it."""
        if self._watchdog is not None:
            self._watchdog.close()
        self._reset()

    def create(self, template: str = "") -> Scratched:
        """Make a database: of the template, or an empty one with the extensions that are needed."""
        self._made += 1
        name = f"scratch_{self._made}"
        for statement in bounds(self.limits):
            self.admin(statement)
        strategy = " strategy file_copy" if self.server.programs.number >= 15 else ""
        source = f"template {template}{strategy}" if template else f"template template0{strategy}"
        self._retried(f"create database {name} owner {MIGRATOR} {source}", template)
        made = Scratched(self, name, self._oid(name))
        if template:
            self._settings(template, name)
        else:
            self._furnish(name)
        return made

    def _retried(self, sql: str, template: str) -> None:
        try:
            self.admin(sql)
        except Unable:
            if not template:
                raise
            self._evict(template)
            self.admin(sql)

    def _evict(self, name: str) -> None:
        self.admin("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name])

    def _oid(self, name: str) -> int:
        return int(self.admin("select oid from pg_database where datname = $1", [name])[0][0])

    def _settings(self, template: str, name: str) -> None:
        # CREATE DATABASE … TEMPLATE leaves out what ALTER DATABASE … SET and GRANT ON DATABASE have said.
        self.admin(
            "insert into pg_db_role_setting select n.oid, s.setrole, s.setconfig from pg_db_role_setting s"
            " join pg_database t on t.oid = s.setdatabase and t.datname = $1 join pg_database n on n.datname = $2",
            [template, name],
        )

    def _furnish(self, name: str) -> None:
        """Settle what an empty database needs; nothing pushed has run in it yet."""
        wire = self.server.connect(name)
        try:
            if self.server.programs.number < 15:
                wire.rows(f"alter schema public owner to {MIGRATOR}")
            for extension in self.needs.extensions:
                self._extend(wire, extension)
        except Failed as failed:
            raise Unable(f"the scratch server: {failed.message}") from None
        finally:
            wire.close()

    def _extend(self, wire: Wire, extension: str) -> None:
        known = wire.rows(
            "select coalesce(bool_or(trusted), false), count(*) from pg_available_extension_versions where name = $1",
            [extension],
        )
        trusted, count = known[0]
        if not count:
            raise Unable(
                f"the extension {printable(extension, 63)} is needed, and {self.server.programs.directory} has it not",
                f"apt install postgresql-{self.server.programs.major}-{printable(extension, 63).replace('_', '-')}, "
                "or name a scratch server by its URL",
            )
        quoted = extension.replace('"', '""')
        # A trusted extension belongs to who made it: then a down may drop it.
        role = f"set role {MIGRATOR}; " if trusted else ""
        wire.rows(f'{role}create extension if not exists "{quoted}" cascade')
        wire.rows("reset role")

    def rest(self, keep: Callable[[Path], None]) -> None:
        """Stop the server, let its data directory be kept, and start it again."""
        self._reset()
        self.server.stop()
        keep(self.server.home.data)
        self.server.start()

    def template(self, made: Scratched) -> None:
        """Make a template of a database: nobody may connect to it, and its role cannot drop it."""
        self.admin(f"alter database {made.name} owner to {ADMIN}")
        self.admin(f"alter database {made.name} allow_connections false")
        self._evict(made.name)
        self.admin(f"alter database {made.name} rename to {TEMPLATE}")
        self.admin(f"alter database {TEMPLATE} is_template true")


class Guarded:
    """A connection whose every statement the watchdog watches."""

    def __init__(self, wire: Wire, host: Host, database: int) -> None:
        self._wire, self._host, self._database = wire, host, database
        self.version = wire.version

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a query. Raises Failed, and Unable where the watchdog ended it."""
        with watched(self._host, self._wire.pid, self._database):
            return self._wire.rows(sql, values)

    def close(self) -> None:
        """Close it; what it did not commit is gone."""
        self._wire.close()


@contextlib.contextmanager
def watched(host: Host, pid: int, database: int) -> Iterator[Lease]:
    """Watch over a backend; where it was ended, say why."""
    with host.watchdog().over(pid, host.limits.seconds, database) as lease:
        try:
            yield lease
        except (Unable, Failed):
            if lease.reason:
                raise Unable(f"the scratch server ended it: {lease.reason}") from None
            raise


class Scratched:
    """A database on a cluster of our own."""

    def __init__(self, host: Host, name: str, oid: int) -> None:
        self._host, self.name, self._oid = host, name, oid

    def on(self, host: Host) -> bool:
        """Tell whether it is on this server."""
        return self._host is host

    def run(self, statements: Sequence[Statement], *, transaction: bool = True, setup: Sequence[str] = ()) -> float:
        """Run a script as the confined role, on a connection of its own, committed; give seconds."""
        self._host.admin("select 1")
        wire = self._host.server.connect(self.name, MIGRATOR, keep=False)
        script = Script(statements, transaction, setup, frozenset(self._host.needs.extensions))
        try:
            with watched(self._host, wire.pid, self._oid):
                return run(wire, script, self._host.limits.seconds)
        finally:
            wire.close()

    def trusted(self) -> Connection:
        """Give a connection that reads and writes every table; triggers do not run as a superuser because of it."""
        return self._guarded(SEEDER)

    def confined(self) -> Connection:
        """Give a connection of the confined role."""
        return self._guarded(MIGRATOR)

    def _guarded(self, user: str) -> Connection:
        self._host.admin("select 1")
        return Guarded(self._host.server.connect(self.name, user), self._host, self._oid)

    def schema(self) -> Schema:
        """Introspect it."""
        from gatepost.databases.postgresql import ENGINE

        connection = self.trusted()
        try:
            return ENGINE.inspect(connection)
        finally:
            connection.close()

    def drop(self) -> None:
        """Take it away, with whoever is still connected."""
        force = " with (force)" if self._host.server.programs.number >= 13 else ""
        if not force:
            self._host.admin("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [self.name])
        self._host.admin(f"drop database if exists {self.name}{force}")


class Cluster:
    """The scratch server: a cluster for empty databases, and one for each template, started when first needed."""

    engine = "postgresql"

    def __init__(self, programs: Programs, who: Account, needs: Needs, limits: Limits) -> None:
        self._programs, self._account, self._needs, self._limits = programs, who, needs, limits
        self._images = Images(needs.folder)
        self._stack = contextlib.ExitStack()
        self._plain: Host | None = None
        self._hosts: dict[str, Host] = {}
        self.version = programs.version
        self.how = self._say()

    def _say(self) -> str:
        source = "the embedded wheel" if self._programs.embedded else str(self._programs.directory)
        user = f", as {self._account.name}" if self._account.name else ""
        network = ", without network" if has_walls(self._account) else ""
        return f"PostgreSQL {self.version}, a cluster of its own ({source}{user}{network})"

    def empty(self) -> Database:
        """Make an empty database."""
        if self._plain is None:
            self._plain = self._open("")
        return self._plain.create()

    def template(self, key_: str, build: Callable[[Database], None]) -> Callable[[], Database]:
        """Give what clones the template; it is built where nobody has it yet."""
        if key_ not in self._hosts:
            self._hosts[key_] = self._kept(key_) or self._built(key_, build)
        host = self._hosts[key_]
        return lambda: host.create(TEMPLATE)

    def _image(self, key_: str) -> str:
        return key(self._programs, "\0".join((key_, *sorted(self._needs.extensions))))

    def _kept(self, key_: str) -> Host | None:
        name = self._image(key_)
        try:
            host = self._open(name)
            if host.admin("select count(*) from pg_database where datname = $1 and datistemplate", [TEMPLATE]) == [
                (1,)
            ]:
                return host
        except Damaged:
            pass
        self._images.forget(name)
        return None

    def _built(self, key_: str, build: Callable[[Database], None]) -> Host:
        host = self._open("")
        database = host.create()
        build(database)
        host.template(database)
        if self._needs.folder is not None:
            host.rest(lambda data: self._images.store(self._image(key_), data))
        return host

    def _open(self, kept: str) -> Host:
        made = self._stack.enter_context(server(self._programs, self._account, self._limits, self._images, kept))
        host = Host(made, self._needs, self._limits)
        self._stack.callback(host.close)
        return host

    def url(self, database: Database) -> str:
        """Give the URL of a database for a configured command, as the confined role."""
        hosts = [*self._hosts.values(), *([self._plain] if self._plain else [])]
        host = next(each for each in hosts if isinstance(database, Scratched) and database.on(each))
        root = quote(str(host.server.home.root), safe="")
        return f"postgresql://{MIGRATOR}@/{database.name}?host={root}"

    def close(self) -> None:
        """End every server."""
        self._stack.close()


@contextlib.contextmanager
def cluster(needs: Needs, limits: Limits) -> Iterator[Cluster]:
    """Open a scratch server of local programs. Raises Unable."""
    opened = Cluster(find(needs), account(needs.account), needs, limits)
    try:
        yield opened
    finally:
        opened.close()
