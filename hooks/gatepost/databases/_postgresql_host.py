"""A server that runs pushed SQL: its administrator, its watchdog, and how databases are made on it."""

from __future__ import annotations

import contextlib
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, TypeVar

from gatepost.databases import Failed, Limits, Needs, Row, Unable
from gatepost.databases._postgresql_connection import NotYet, Wire
from gatepost.databases._postgresql_roles import Roles
from gatepost.databases._postgresql_watch import Lease, Watchdog
from gatepost.model import printable

T = TypeVar("T")
# How long a server may take to come back from the crash of a backend.
_PATIENCE = 15.0


class Backend(Protocol):
    """What the two kinds of servers differ in: a cluster of our own, and an operator's."""

    @property
    def number(self) -> int:
        """The major version."""

    @property
    def where(self) -> str:
        """Where it comes from, for a message."""

    @property
    def roles(self) -> Roles:
        """The names of the roles on it, and of databases."""

    @property
    def disposable(self) -> bool:
        """Whether it is thrown away afterwards, with its roles."""

    @property
    def alive(self) -> bool:
        """Whether it runs, as far as can be told without asking it."""

    def start(self) -> None:
        """Start it again. Raises Unable."""

    def kill(self) -> None:
        """End what pushed SQL runs on it, whatever that takes."""

    def connect(self, database: str = "", user: str = "", *, keep: bool = True) -> Wire:
        """Connect, as the administrator or as another role. Raises Unable."""

    def size(self, database: int) -> int:
        """Give the bytes that a database, and what it shares with others, take on the disk."""

    def bounds(self) -> Sequence[str]:
        """Give the statements that bind the roles, before each new database."""


class Host:
    """A running server with its watchdog and the administrator's connection."""

    def __init__(self, backend: Backend, needs: Needs, limits: Limits) -> None:
        self.backend, self.needs, self.limits = backend, needs, limits
        self.generation = 0
        self._admin: Wire | None = None
        self._watchdog: Watchdog | None = None
        self._made = 0
        self.missing: list[str] = []
        # The databases that somebody still has; without any the server may go.
        self.used: weakref.WeakSet[object] = weakref.WeakSet()

    def admin(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Ask as the administrator. Raises Unable."""
        if self._admin is None:
            self._admin = self.backend.connect()
        try:
            return self._admin.rows(sql, values)
        except Failed as failed:
            raise Unable(f"the scratch server: {failed.message}") from None

    def ready(self) -> None:
        """See that the server answers; one that died in the middle is started again, and counts as another."""
        if self._admin is not None and self.backend.alive:
            with contextlib.suppress(Unable):
                self.admin("select 1")
                return
        if self._admin is not None:
            self.generation += 1
        self._reset()
        self._patiently(self._revive)

    def _revive(self) -> None:
        if not self.backend.alive:
            self.backend.start()
        try:
            self.admin("select 1")
        except Unable as error:
            # A server that is just dying still counts as alive; look again.
            self._reset()
            raise NotYet(error.message, error.hint) from None

    def _patiently(self, act: Callable[[], T]) -> T:
        # After the crash of a backend the server is back in a moment.
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return act()
            except NotYet:
                if time.monotonic() > until:
                    raise
            time.sleep(0.05)

    def connect(self, database: str, user: str, generation: int, *, keep: bool = True) -> Wire:
        """Connect to a database for the work of a push. Raises Unable, also where the server died since it was made."""
        wire = self._patiently(lambda: self._arrive(database, user, keep))
        try:
            self.ready()
            self._same(generation)
        except Unable:
            wire.close()
            raise
        return wire

    def _arrive(self, database: str, user: str, keep: bool) -> Wire:
        self.ready()
        return self.backend.connect(database, user, keep=keep)

    def _same(self, generation: int) -> None:
        if generation != self.generation:
            # What was not yet on disk is lost, and unlogged tables are empty: comparing would be wrong.
            raise Unable("the scratch server died, and what its databases held with it", "try again")

    def _reset(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None

    @contextlib.contextmanager
    def watched(self, pid: int, database: int) -> Iterator[Lease]:
        """Watch over a backend; where it was ended, say why."""
        if self._watchdog is None:
            self._watchdog = Watchdog(self._terminate, self.backend.kill, self.backend.size, self.limits.disk)
        with self._watchdog.over(pid, self.limits.seconds, database) as lease:
            try:
                yield lease
            except (Unable, Failed):
                if lease.reason:
                    raise Unable(f"the scratch server ended it: {lease.reason}") from None
                raise

    def _terminate(self, pid: int) -> None:
        # A connection of its own: the administrator's is the other thread's.
        wire = self.backend.connect()
        try:
            wire.rows("select pg_terminate_backend($1::int)", [pid])
        finally:
            wire.close()

    def close(self) -> None:
        """Let go of the server, which its opener ends, or starts again."""
        watchdog, self._watchdog = self._watchdog, None
        if watchdog is not None:
            watchdog.close()
        self._reset()

    def create(self, template: str = "") -> tuple[str, int]:
        """Make a database, of the template or an empty one with the extensions that are needed; give name and oid."""
        self.ready()
        self._made += 1
        roles = self.backend.roles
        name = f"{roles.prefix}{self._made}"
        bounds = "; ".join(self.backend.bounds())
        if bounds:
            self.admin(bounds)
        strategy = " strategy file_copy" if self.backend.number >= 15 else ""
        making = f"create database {name} owner {roles.migrator} template {template or 'template0'}{strategy}"
        try:
            self.admin(making)
        except Unable:
            # Somebody is connected to the template.
            if not template:
                raise
            self.evict(template)
            self.admin(making)
        if not template:
            self._furnish(name)
        elif roles.superuser:
            self._settings(template, name)
        return name, int(self.admin("select oid from pg_database where datname = $1", [name])[0][0])

    def role(self, name: str) -> bool:
        """Make a role without rights that pushed SQL names; only in a cluster that is thrown away."""
        if not self.backend.disposable or name.startswith("pg_") or name in self.missing:
            return False
        quoted = name.replace('"', '""')
        self.admin(f'create role "{quoted}" nologin')
        self.admin(f'grant "{quoted}" to {self.backend.roles.migrator}')
        self.missing.append(name)
        return True

    def evict(self, name: str) -> None:
        """End whoever is connected to a database."""
        self.admin("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [name])

    def drop(self, name: str) -> None:
        """Drop a database, with whoever is still connected."""
        self.ready()
        if self.backend.number < 13:
            self.evict(name)
        dropping = f"drop database if exists {name}{' with (force)' if self.backend.number >= 13 else ''}"
        try:
            self.admin(dropping)
        except Unable:
            # A backend that holds thousands of locks takes a while to let go of them.
            time.sleep(1)
            self.admin(dropping)

    def _settings(self, template: str, name: str) -> None:
        # CREATE DATABASE … TEMPLATE leaves out what ALTER DATABASE … SET has said.
        self.admin(
            "insert into pg_db_role_setting select n.oid, s.setrole, s.setconfig from pg_db_role_setting s"
            " join pg_database t on t.oid = s.setdatabase and t.datname = $1 join pg_database n on n.datname = $2",
            [template, name],
        )

    def _furnish(self, name: str) -> None:
        """Settle what an empty database needs; nothing pushed has run in it yet."""
        roles = self.backend.roles
        wire = self.backend.connect(name)
        try:
            if self.backend.number < 15 and roles.superuser:
                wire.rows(f"alter schema public owner to {roles.migrator}")
            for extension in self.needs.extensions:
                self._extend(wire, extension)
        except Failed as failed:
            raise Unable(f"the scratch server: {failed.message}") from None
        finally:
            wire.close()

    def _extend(self, wire: Wire, extension: str) -> None:
        trusted = "coalesce(bool_or(trusted), false)" if self.backend.number >= 13 else "false"
        known = wire.rows(
            f"select {trusted}, count(*) from pg_available_extension_versions where name = $1",  # noqa: S608  # ours
            [extension],
        )
        if not known[0][1]:
            named = printable(extension, 63)
            raise Unable(
                f"the extension {named} is needed, and {self.backend.where} does not have it",
                f"install it there (Debian: postgresql-{self.backend.number}-{named.replace('_', '-')}), "
                "or give the URL of a scratch server that has it",
            )
        quoted = extension.replace('"', '""')
        # A trusted extension belongs to who made it: then a down may drop it.
        role = f"set role {self.backend.roles.migrator}; " if known[0][0] else ""
        wire.rows(f'{role}create extension if not exists "{quoted}" cascade')
        wire.rows("reset role")
