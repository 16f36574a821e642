"""One database on a scratch server: scripts run in it as the confined role, tables filled and compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gatepost.databases import Connection, Row, Statement
from gatepost.databases._postgresql_connection import Wire
from gatepost.databases._postgresql_host import Host
from gatepost.databases._postgresql_run import Script, run
from gatepost.sql.schema import Schema


class Guarded:
    """A connection whose every statement the watchdog watches."""

    def __init__(self, wire: Wire, owner: Scratched, database: int) -> None:
        self._wire, self._owner, self._host, self._database = wire, owner, owner.host, database
        self.version = wire.version

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Give the rows of a query. Raises Failed, and Unable where the watchdog ended it."""
        with self._host.watched(self._wire.pid, self._database):
            return self._wire.rows(sql, values)

    def close(self) -> None:
        """Close it; what it did not commit is gone."""
        self._wire.close()


class Scratched:
    """A database on a scratch server."""

    def __init__(self, host: Host, template: str = "") -> None:
        self.host = host
        self.name, self._oid = host.create(template)
        self._generation = host.generation
        host.used.add(self)

    def run(self, statements: Sequence[Statement], *, transaction: bool = True, setup: Sequence[str] = ()) -> float:
        """Run a script as the confined role, on a connection of its own, committed; give seconds."""
        wire = self._connect(self.host.backend.roles.migrator, keep=False)
        script = Script(statements, transaction, setup, frozenset(self.host.needs.extensions), self.host.role)
        try:
            with self.host.watched(wire.pid, self._oid):
                return run(wire, script, self.host.limits.seconds)
        finally:
            wire.close()

    def trusted(self) -> Connection:
        """Give a connection that reads and writes every table; triggers do not run as a superuser because of it."""
        return Guarded(self._connect(self.host.backend.roles.seeder), self, self._oid)

    def confined(self) -> Connection:
        """Give a connection of the confined role."""
        return Guarded(self._connect(self.host.backend.roles.migrator), self, self._oid)

    def _connect(self, user: str, *, keep: bool = True) -> Wire:
        return self.host.connect(self.name, user, self._generation, keep=keep)

    def schema(self) -> Schema:
        """Introspect it."""
        from gatepost.databases._postgresql_catalog import inspect

        connection = self.trusted()
        try:
            return inspect(connection)
        finally:
            connection.close()

    def drop(self) -> None:
        """Take it away, with whoever is still connected."""
        self.host.used.discard(self)
        self.host.drop(self.name)
