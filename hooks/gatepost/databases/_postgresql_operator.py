"""An operator's scratch server: roles and databases of ours on it, templates under an advisory lock.

Its superuser never meets pushed SQL. Where the URL's role may not make roles it is used as it is, unless it is a
superuser itself.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import secrets
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote

from gatepost.databases import Database, Failed, Limits, Needs, Unable
from gatepost.databases._postgresql_address import Address, address
from gatepost.databases._postgresql_connection import Wire, open_wire
from gatepost.databases._postgresql_database import Scratched
from gatepost.databases._postgresql_host import Host
from gatepost.databases._postgresql_programs import major
from gatepost.databases._postgresql_roles import Roles, bounds, membership
from gatepost.model import printable

KEPT = 6
WHOLE = "gatepost: a whole template"
# Any numbers, as long as nobody else locks the same: "gp", and the next.
_RUN, _TEMPLATE = 0x6770, 0x6771
_TEMPLATES = "gatepost_template_"
_CONNECT = 10.0
# How many runs at once may use the roles.
_RUNS = 10
_PATIENCE = 600.0


class Operator:
    """The backend: connections to the server, whose programs and files are not ours."""

    alive = True
    disposable = False

    def __init__(self, place: Address, limits: Limits, version: str, roles: Roles) -> None:
        self.place, self.limits, self.roles = place, limits, roles
        self.number = _number(version)
        self.where = place.where
        self._wires: weakref.WeakSet[Wire] = weakref.WeakSet()
        # Holds the lock that says that this run lives, and is asked for sizes by the watchdog alone.
        self._keeper = open_wire(place, _CONNECT)
        self._keeper.rows("select pg_advisory_lock($1, $2)", [_RUN, _run(roles.prefix)])

    def start(self) -> None:
        """Do nothing: it is not ours to start."""

    def kill(self) -> None:
        """Hang up on whatever runs: the server is not ours to end."""
        for wire in list(self._wires):
            wire.abort()

    def connect(self, database: str = "", user: str = "", *, keep: bool = True) -> Wire:
        """Connect, as the administrator or as another role. Raises Unable."""
        wire = open_wire(self.reach(database, user), _CONNECT, keep=keep)
        if user:
            self._wires.add(wire)
        return wire

    def reach(self, database: str, user: str) -> Address:
        """Give the address of a database for a role."""
        place = self.place.to(database or self.place.database)
        if user in ("", place.user):
            return place
        return replace(place, user=user, password=_password(self.place, user))

    def size(self, database: int) -> int:
        """Give the bytes of a database."""
        with contextlib.suppress(Unable, Failed):
            return int(self._keeper.rows("select pg_database_size($1::oid)", [database])[0][0])
        return 0

    def bounds(self) -> Sequence[str]:
        """Give nothing: other runs have the same roles, so they are bound once, under the lock."""
        return ()

    def close(self) -> None:
        """Let go of the server."""
        self._keeper.close()


def _password(place: Address, role: str) -> str:
    # The roles stay on the server between runs; who knows the URL knows theirs, and nobody else does.
    return hmac.new((place.password or "").encode(), f"gatepost {role}".encode(), hashlib.sha256).hexdigest()


def _run(prefix: str) -> int:
    return int(prefix.split("_")[1][:7], 16)


class Remote:
    """The scratch server of an operator."""

    engine = "postgresql"

    def __init__(self, backend: Operator, needs: Needs, version: str) -> None:
        self._backend, self._needs = backend, needs
        self._host = Host(backend, needs, backend.limits)
        self._made: list[Scratched] = []
        self._templates: dict[str, str] = {}
        self.version = version
        who = "a role of ours" if backend.roles.migrator != backend.place.user else "its own role"
        self.how = f"PostgreSQL {version}, the scratch server that was named ({backend.where}; pushed SQL as {who})"

    def sweep(self) -> None:
        """Drop the databases of runs that were killed: nobody holds their lock."""
        found = self._host.admin(r"select datname from pg_database where datname ~ '^gatepost_[0-9a-f]{8}_[0-9]+$'")
        for (name,) in found:
            if self._host.admin("select pg_try_advisory_lock($1, $2)", [_RUN, _run(name)]) == [(True,)]:
                with contextlib.suppress(Unable):
                    self._host.drop(name)
                self._host.admin("select pg_advisory_unlock($1, $2)", [_RUN, _run(name)])

    def empty(self) -> Database:
        """Make an empty database."""
        return self._scratched("")

    def _scratched(self, template: str) -> Scratched:
        made = Scratched(self._host, template)
        self._made.append(made)
        return made

    def template(self, key: str, build: Callable[[Database], None]) -> Callable[[], Database]:
        """Give what clones the template; it is built, by one run at a time, where the server does not have it yet."""
        parts = (self.version, key, *sorted(self._needs.extensions), self._backend.roles.migrator)
        digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
        name = _TEMPLATES + digest[:24]
        with self._alone(int(digest[:7], 16)):
            if not self._whole(name):
                self._build(name, build)
        self._templates[key] = name
        return lambda: self._scratched(name)

    @contextlib.contextmanager
    def _alone(self, number: int) -> Iterator[None]:
        until = time.monotonic() + _PATIENCE
        while self._host.admin("select pg_try_advisory_lock($1, $2)", [_TEMPLATE, number]) != [(True,)]:
            if time.monotonic() > until:
                raise Unable("another rehearsal has been making the same template for ten minutes", "try again")
            time.sleep(0.2)
        try:
            yield
        finally:
            with contextlib.suppress(Unable):
                self._host.admin("select pg_advisory_unlock($1, $2)", [_TEMPLATE, number])

    def _whole(self, name: str) -> bool:
        sql = "select shobj_description(oid, 'pg_database') from pg_database where datname = $1"
        found = self._host.admin(sql, [name])
        return bool(found and str(found[0][0]).startswith(WHOLE))

    def _build(self, name: str, build: Callable[[Database], None]) -> None:
        self._remove(name)
        made = Scratched(self._host)
        try:
            build(made)
        except BaseException:
            made.drop()
            raise
        say = self._host.admin
        say(f'alter database {made.name} owner to "{_quoted(self._backend.place.user)}"')
        say(f"alter database {made.name} allow_connections false")
        self._host.evict(made.name)
        say(f"alter database {made.name} rename to {name}")
        say(f"alter database {name} is_template true")
        say(f"comment on database {name} is '{WHOLE} {int(time.time())}'")
        self._prune()

    def _prune(self) -> None:
        found = self._host.admin(
            "select datname from pg_database where datname like $1"
            " order by shobj_description(oid, 'pg_database') desc nulls first",
            [_TEMPLATES.replace("_", r"\_") + "%"],
        )
        for (name,) in found[KEPT:]:
            with contextlib.suppress(Unable):
                self._remove(name)

    def _remove(self, name: str) -> None:
        if self._host.admin("select 1 from pg_database where datname = $1", [name]):
            self._host.admin(f"alter database {name} is_template false")
            self._host.drop(name)

    def url(self, database: Database) -> str:
        """Give the URL of a database for a configured command, as the confined role."""
        place = self._backend.reach(database.name, self._backend.roles.migrator)
        secret = f":{quote(place.password, safe='')}" if place.password else ""
        host = f"{place.host}:{place.port}" if place.host else ""
        options = f"host={quote(place.directory, safe='')}&port={place.port}" if place.directory else ""
        options += f"&sslmode={place.mode}" + (f"&sslrootcert={quote(place.authority)}" if place.authority else "")
        return f"postgresql://{quote(place.user, safe='')}{secret}@{host}/{database.name}?{options.strip('&')}"

    def close(self) -> None:
        """Drop what is ours; templates stay where they may be kept."""
        for made in self._made:
            with contextlib.suppress(Unable):
                made.drop()
        if self._needs.folder is None:
            for name in self._templates.values():
                with contextlib.suppress(Unable):
                    self._remove(name)
        self._host.close()
        self._backend.close()


@contextlib.contextmanager
def operator(needs: Needs, limits: Limits) -> Iterator[Remote]:
    """Open the scratch server of a URL. Raises Unable."""
    place = address(needs.url)
    backend, version = _backend(place, needs, limits)
    remote = Remote(backend, needs, version)
    try:
        remote.sweep()
        yield remote
    finally:
        remote.close()


def _backend(place: Address, needs: Needs, limits: Limits) -> tuple[Operator, str]:
    wire = open_wire(place, _CONNECT)
    try:
        _fitting(wire, needs)
        roles = _roles(wire, place, limits)
        return Operator(place, limits, wire.version, roles), wire.version
    except Failed as failed:
        raise Unable(f"{place.where}: {failed.message}") from None
    finally:
        wire.close()


def _fitting(wire: Wire, needs: Needs) -> None:
    if needs.version and major(wire.version) != major(needs.version):
        wanted, have = printable(major(needs.version), 20), printable(major(wire.version), 20)
        raise Unable(f"PostgreSQL {wanted} is needed, and {wire.where} is {have}", f"name a scratch server of {wanted}")
    if wire.rows("select pg_is_in_recovery()") == [(True,)]:
        raise Unable(f"{wire.where} is a standby, which cannot be written", "name a scratch server of its own")


def _roles(wire: Wire, place: Address, limits: Limits) -> Roles:
    rights = "select rolsuper, rolcreaterole, rolcreatedb from pg_roles where rolname = current_user"
    superuser, makes_roles, makes_databases = wire.rows(rights)[0]
    prefix = f"gatepost_{secrets.token_hex(4)}_"
    if not (superuser or makes_databases):
        user = printable(place.user, 63)
        raise Unable(f"{wire.where} may not make databases", f'alter role "{user}" createdb createrole')
    if not (superuser or makes_roles):
        return Roles(place.user, place.user, place.user, prefix, superuser=False)
    # Roles that another role made cannot be altered from 16 on, so each URL's role has its own.
    tail = hashlib.sha256(place.user.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    roles = Roles(place.user, f"gatepost_migrator_{tail}", f"gatepost_seeder_{tail}", prefix, superuser=bool(superuser))
    # Other runs have the same roles, and may be just as far.
    wire.rows("select pg_advisory_lock($1, $2)", [_RUN, 0])
    for name in (roles.migrator, roles.seeder):
        if not wire.rows("select 1 from pg_roles where rolname = $1", [name]):
            wire.rows(f"create role {name}")
        never = "nosuperuser nocreaterole" if superuser else ""
        wire.rows(f"alter role {name} login nocreatedb {never} password '{_password(place, name)}'")
    shared = replace(limits, connections=limits.connections * _RUNS)
    for statement in (*membership(_number(wire.version), roles), *(bounds(shared, roles) if superuser else ())):
        wire.rows(statement)
    wire.rows("select pg_advisory_unlock($1, $2)", [_RUN, 0])
    return roles


def _number(version: str) -> int:
    return int(major(version).partition(".")[0])


def _quoted(name: str) -> str:
    return name.replace('"', '""')
