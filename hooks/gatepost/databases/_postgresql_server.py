"""A PostgreSQL cluster of our own: an unprivileged user's, without network, that ends when we do."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from gatepost.databases import Limits, Unable
from gatepost.databases._postgresql_address import Address
from gatepost.databases._postgresql_connection import Wire, open_wire
from gatepost.databases._postgresql_image import Damaged, Images, unpack
from gatepost.databases._postgresql_place import Place, place
from gatepost.databases._postgresql_programs import ENVIRONMENT, Account, Programs
from gatepost.databases._postgresql_roles import ADMIN, Roles, bounds, founding
from gatepost.databases._postgresql_watch import size
from gatepost.model import printable

PORT = 5432
OTHERWISE = "give the URL of a scratch server instead (GATEPOST_SCRATCH_URL)"
_PATIENCE = 60.0
# Of pushed SQL nothing is written to the log, whatever it asks for: its size would be the role's to choose.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "64MB",
    "max_replication_slots": "0",
    "max_worker_processes": "0",
    "max_prepared_transactions": "0",
    "max_connections": "20",
    "max_locks_per_transaction": "512",
    "shared_buffers": "64MB",
    "jit": "off",
    "dynamic_shared_memory_type": "mmap",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
    "logging_collector": "off",
    "dynamic_library_path": "$libdir",
    "unix_socket_permissions": "0700",
}
# The shell watches over the server: when we end, however we end, its input ends, and with it the server.
_WATCH = """
ulimit -c 0 2>/dev/null
ulimit -v "$1" 2>/dev/null
ulimit -f "$2" 2>/dev/null
ulimit -t "$3" 2>/dev/null
root=$4; shift 4
"$@" </dev/null >>"$root/log" 2>&1 &
server=$!
echo "$server"
read -r order
kill -QUIT "$server" 2>/dev/null
wait "$server" 2>/dev/null
[ "$order" = keep ] || rm -rf "$root"
"""
_NO_NETWORK = ("unshare", "--user", "--map-current-user", "--net", "--")


class Server:
    """One cluster in a private directory; it starts from an image or by ``initdb``."""

    disposable = True

    def __init__(self, programs: Programs, home: Place, limits: Limits) -> None:
        self.programs = programs
        self.home = home
        self.limits = limits
        self._walls = _NO_NETWORK if has_walls(home.account) else ()
        self._starting = False
        self._watcher: subprocess.Popen[bytes] | None = None
        self.pid = 0

    @property
    def number(self) -> int:
        """The major version."""
        return self.programs.number

    @property
    def where(self) -> str:
        """Where its programs are."""
        return str(self.programs.directory)

    @property
    def roles(self) -> Roles:
        """The roles that it was founded with."""
        return Roles()

    def size(self, database: int) -> int:
        """Give the bytes of a database and of what all share."""
        return size(self.home.data, database)

    def bounds(self) -> Sequence[str]:
        """Give the statements that bind the roles."""
        return bounds(self.limits, self.roles)

    @property
    def address(self) -> Address:
        """Where the administrator connects."""
        return Address(ADMIN, "postgres", directory=str(self.home.root), port=PORT)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return bool(self.pid and self._watcher is not None and self._running())

    def create(self) -> None:
        """Make a new cluster with ``initdb``, and found the roles in it. Raises Unable."""
        locales = ["C.UTF-8", "C"]
        while True:
            done = self._program("initdb", "-D", str(self.home.data), "-U", ADMIN, "-A", "trust", "-E", "UTF8",
                                 "--locale", locales.pop(0), "-N", *self._segments())  # fmt: skip
            if done.returncode == 0:
                break
            if not locales:
                raise Unable(
                    f"initdb failed: {_last(done.stderr)}",
                    "a user without a name (/etc/passwd) cannot run PostgreSQL; or give the URL of a scratch server",
                )
        self._configure()
        self.start()
        admin = self.connect()
        for statement in founding(self.programs.number):
            admin.rows(statement)
        admin.close()
        self.stop()

    def _segments(self) -> tuple[str, ...]:
        return ("--wal-segsize=1",) if self.programs.number >= 11 else ()

    def _configure(self) -> None:
        lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
        if self.programs.number >= 11:
            lines.append("min_wal_size = '2MB'")
        with (self.home.data / "postgresql.conf").open("a") as file:
            file.write("\n" + "\n".join(lines) + "\n")

    def restore(self, image: bytes) -> None:
        """Make the cluster that an image holds. Raises Damaged."""
        unpack(image, self.home.data, self.home.account)

    def start(self) -> None:
        """Start it, after a crash again, and wait until it answers. Raises Unable."""
        self._dismiss(b"keep\n")
        (self.home.data / "postmaster.pid").unlink(missing_ok=True)
        self._watcher = subprocess.Popen(
            [*self._walls, "/bin/sh", "-c", _WATCH, "gatepost", *self._bounds(), str(self.home.root),
             str(self.programs.directory / "postgres"), "-D", str(self.home.data), "-k", str(self.home.root),
             "-p", str(PORT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env=ENVIRONMENT,
            **self.home.account.arguments,
        )  # fmt: skip
        assert self._watcher.stdout is not None
        said = self._watcher.stdout.readline().strip()
        if not said.isdigit():
            raise Unable("the scratch server cannot be started: its shell failed", OTHERWISE)
        self.pid = int(said)
        self._starting = True
        self._wait()
        self._starting = False

    def _bounds(self) -> tuple[str, str, str]:
        # kB of address space, blocks of 512 bytes of a file, seconds of a process: the last walls, behind the watchdog.
        limits = self.limits
        return str(limits.memory >> 10), str((limits.disk >> 9) + 1), str(max(600, int(limits.seconds * 10)))

    def _wait(self) -> None:
        until, pause = time.monotonic() + _PATIENCE, 0.005
        while True:
            try:
                self.connect().close()
                return
            except Unable:
                if time.monotonic() > until or not self._running():
                    raise Unable(f"the scratch server does not start: {_last(self._log())}", OTHERWISE) from None
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)

    def _running(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        # Its shell waits for us, so a server that died stays as a zombie; without /proc its file tells.
        with contextlib.suppress(OSError):
            return ") Z" not in Path(f"/proc/{self.pid}/stat").read_text()
        return (self.home.data / "postmaster.pid").exists() or self._starting

    def _log(self) -> bytes:
        with contextlib.suppress(OSError), self.home.log.open("rb") as file:
            return file.read(100_000)
        return b""

    def connect(self, database: str = "", user: str = "", *, keep: bool = True) -> Wire:
        """Connect, as the administrator or as another role. Raises Unable."""
        return open_wire(self.address.to(database or "postgres", user), 10.0, keep=keep)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGQUIT)

    def stop(self) -> None:
        """Stop it in order, so that its data directory can be kept."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGINT)
        until = time.monotonic() + _PATIENCE
        while self._running() and time.monotonic() < until:
            time.sleep(0.005)
        self._dismiss(b"keep\n")

    def close(self) -> None:
        """End it and take its directory away."""
        self._dismiss(b"")

    def _dismiss(self, order: bytes) -> None:
        watcher, self._watcher, self.pid = self._watcher, None, 0
        if watcher is None:
            return
        assert watcher.stdin is not None
        assert watcher.stdout is not None
        with contextlib.suppress(OSError):
            watcher.stdin.write(order)
            watcher.stdin.close()
        try:
            watcher.wait(15)
        except subprocess.TimeoutExpired:
            watcher.kill()
            watcher.wait()
        watcher.stdout.close()

    def _program(self, name: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [str(self.programs.directory / name), *arguments],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                timeout=120,
                cwd="/",
                env=ENVIRONMENT,
                **self.home.account.arguments,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unable(f"{name} cannot be run: {printable(str(error), 200)}", OTHERWISE) from None


def has_walls(account: Account) -> bool:
    """Tell whether a process can be given a network of its own, which is empty."""
    try:
        done = subprocess.run(
            [*_NO_NETWORK, "true"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
            timeout=10,
            env=ENVIRONMENT,
            **account.arguments,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(done.returncode == 0)


def _last(said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return printable(lines[-1] if lines else "it says nothing", 300)


def key(programs: Programs, what: str) -> str:
    """Give the name of an image: another server, another build, other settings make another."""
    parts = (programs.version, str(programs.directory), repr(SETTINGS), repr(founding(programs.number)), what)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@contextlib.contextmanager
def server(programs: Programs, account: Account, limits: Limits, images: Images, kept: str = "") -> Iterator[Server]:
    """Give a cluster that is not started, of the image ``kept``, or an empty one. Raises Damaged only for ``kept``."""
    with place(limits.disk, account) as home:
        made = Server(programs, home, limits)
        image = images.load(kept) if kept else None
        if kept and image is None:
            raise Damaged
        if image is not None:
            made.restore(image)
        else:
            _empty(made, images)
        try:
            yield made
        finally:
            made.close()


def _empty(made: Server, images: Images) -> None:
    name = key(made.programs, "empty")
    image = images.load(name)
    if image is not None:
        try:
            made.restore(image)
        except Damaged:
            images.forget(name)
        else:
            return
    made.create()
    images.store(name, made.home.data)
