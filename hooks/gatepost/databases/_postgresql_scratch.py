"""Clusters of our own as a scratch server, and what is kept of their templates between runs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from urllib.parse import quote

from gatepost.databases import Database, Limits, Needs, Unable
from gatepost.databases._postgresql_database import Scratched
from gatepost.databases._postgresql_host import Host
from gatepost.databases._postgresql_image import Damaged, Images
from gatepost.databases._postgresql_programs import Account, Programs, account, find
from gatepost.databases._postgresql_roles import ADMIN, MIGRATOR
from gatepost.databases._postgresql_server import Server, has_walls, key, server

SERVERS = 3
TEMPLATE = "template_of_gatepost"


class Cluster:
    """The scratch server: a cluster for empty databases, and one for each template, started when first needed."""

    engine = "postgresql"

    def __init__(self, programs: Programs, who: Account, needs: Needs, limits: Limits) -> None:
        self._programs, self._account, self._needs, self._limits = programs, who, needs, limits
        self._images = Images(needs.folder)
        self.stacks: dict[int, contextlib.ExitStack] = {}
        self.plain: tuple[Host, Server] | None = None
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
        if self.plain is None:
            self.plain = self._open("")
        return Scratched(self.plain[0])

    def template(self, key_: str, build: Callable[[Database], None]) -> Callable[[], Database]:
        """Give what clones the template; it is built where nobody has it yet."""
        self._host(key_, build)
        return lambda: Scratched(self._host(key_, build), TEMPLATE)

    def _host(self, key_: str, build: Callable[[Database], None]) -> Host:
        host = self._hosts.pop(key_, None) or self._kept(key_) or self._built(key_, build)
        self._hosts[key_] = host
        # A run through a history asks for a template at every step: servers that nobody uses go, the oldest first.
        for old in [name for name, each in self._hosts.items() if name != key_ and not each.used]:
            if len(self._hosts) > SERVERS:
                self._leave(self._hosts.pop(old))
        return host

    def _leave(self, host: Host) -> None:
        self.stacks.pop(id(host)).close()

    def _image(self, key_: str) -> str:
        return key(self._programs, "\0".join((key_, *sorted(self._needs.extensions))))

    def _kept(self, key_: str) -> Host | None:
        name = self._image(key_)
        try:
            host, _ = self._open(name)
        except Damaged:
            self._images.forget(name)
            return None
        # Whatever is wrong with it, it is made again.
        with contextlib.suppress(Unable):
            host.ready()
            if host.admin("select 1 from pg_database where datname = $1 and datistemplate", [TEMPLATE]):
                return host
        self._leave(host)
        self._images.forget(name)
        return None

    def _built(self, key_: str, build: Callable[[Database], None]) -> Host:
        host, made = self._open("")
        try:
            database = Scratched(host)
            build(database)
            settle(host, database.name)
        except BaseException:
            self._leave(host)
            raise
        host.used.discard(database)
        if self._needs.folder is not None:
            host.close()
            made.stop()
            self._images.store(self._image(key_), made.home.data)
        return host

    def _open(self, kept: str) -> tuple[Host, Server]:
        stack = contextlib.ExitStack()
        made = stack.enter_context(server(self._programs, self._account, self._limits, self._images, kept))
        host = Host(made, self._needs, self._limits)
        stack.callback(host.close)
        self.stacks[id(host)] = stack
        return host, made

    def url(self, database: Database) -> str:
        """Give the URL of a database for a configured command, as the confined role."""
        assert isinstance(database, Scratched)
        assert isinstance(database.host.backend, Server)
        return f"postgresql://{MIGRATOR}@/{database.name}?host={quote(str(database.host.backend.home.root), safe='')}"

    def close(self) -> None:
        """End every server."""
        with contextlib.ExitStack() as every:
            for stack in self.stacks.values():
                every.callback(stack.close)
        self.stacks.clear()


def settle(host: Host, name: str) -> None:
    """Make a template of a database: nobody may connect to it, and the role of pushed SQL cannot drop it."""
    host.ready()
    host.admin(f"alter database {name} owner to {ADMIN}")
    host.admin(f"alter database {name} allow_connections false")
    host.evict(name)
    host.admin(f"alter database {name} rename to {TEMPLATE}")
    host.admin(f"alter database {TEMPLATE} is_template true")
    host.admin("checkpoint")


@contextlib.contextmanager
def cluster(needs: Needs, limits: Limits) -> Iterator[Cluster]:
    """Open a scratch server of local programs. Raises Unable."""
    opened = Cluster(find(needs), account(needs.account), needs, limits)
    try:
        yield opened
    finally:
        opened.close()
