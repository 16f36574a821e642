"""A MariaDB or MySQL server of our own: a private directory, a socket, no network, an unprivileged user.

Measured with MariaDB 10.11 on a memory file system: 0.2 s to make the data directory from the server's own SQL, 0.1 s
to start. So no prepared directory is kept between runs: nothing can damage it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gatepost.databases import Limits, Unable
from gatepost.databases._mysql_address import Address
from gatepost.databases._places import account, base
from gatepost.model import printable

PREFIX = "gp-my-"  # a socket's name has 107 bytes at most
START = 30.0
FILE_SLACK = 64 * 1024 * 1024
PLACES = ("/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/usr/local/libexec",
          "/opt/homebrew/bin", "/usr/local/mysql/bin")  # fmt: skip
INSTALL = "install MariaDB (Debian: mariadb-server-core), or give a scratch server's URL"
FRUGAL = (
    "--innodb-log-file-size=4M", "--innodb-data-file-path=ibdata1:4M:autoextend", "--innodb-buffer-pool-size=32M",
    "--loose-innodb-buffer-pool-size-max=32M", "--loose-innodb-undo-tablespaces=0", "--innodb-autoextend-increment=1",
    "--innodb-flush-log-at-trx-commit=0", "--key-buffer-size=1M", "--performance-schema=OFF",
    "--innodb-buffer-pool-dump-at-shutdown=0", "--innodb-stats-persistent=OFF", "--max-connections=24",
    "--thread-cache-size=2", "--table-open-cache=400", "--loose-aria-pagecache-buffer-size=1M",
)  # fmt: skip
PRIVATE = (
    "--skip-networking", "--local-infile=0", "--skip-log-bin", "--skip-name-resolve", "--event-scheduler=OFF",
    "--symbolic-links=0", "--loose-log-warnings=0", "--character-set-server=utf8mb4", "--loose-skip-mysqlx",
)  # fmt: skip


@dataclass
class Server:
    """A server of our own, before it starts, while it runs and after it was killed."""

    folder: Path
    program: str
    limits: Limits
    user: int
    group: int
    password: str = ""
    _keeper: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> Address:
        """Where its administrator gets in."""
        return Address("root", self.password, socket=str(self.folder / "socket"))

    @property
    def mariadb(self) -> bool:
        """Tell MariaDB from MySQL."""
        return "mariadb" in Path(self.program).resolve().name

    def options(self) -> list[str]:
        """Give what it is started with."""
        # fmt: off
        return [
            self.program, "--no-defaults", f"--datadir={self.folder}/data", f"--tmpdir={self.folder}/scrap",
            f"--innodb-temp-data-file-path=ibtmp1:4M:autoextend:max:{max(64, self.limits.disk >> 20)}M",
            *FRUGAL, *(("--innodb-flush-method=nosync",) if self.mariadb else ()),
        ]
        # fmt: on

    def prepare(self) -> None:
        """Make the data directory."""
        for name in ("data", "scrap", "files"):
            (self.folder / name).mkdir(mode=0o700)
        (self.folder / "log").touch(0o600)
        for name in ("data", "scrap", "files", "log"):
            if self.user:
                os.chown(self.folder / name, self.user, self.group)
        script = self._bootstrap_sql()
        more = ["--bootstrap", "--max-allowed-packet=8M"] if script else ["--initialize-insecure"]
        command = [*self.options(), *more]
        if self._bootstrap(command, script):
            raise Unable(f"{Path(self.program).name} does not make its data directory: {self._said()}", INSTALL)

    def _bootstrap(self, command: list[str], script: str) -> int:
        file = self.folder / "bootstrap.sql"
        file.write_text(script, "utf-8")
        with file.open("rb") as source, (self.folder / "log").open("ab") as log:
            done = subprocess.run(  # type: ignore[call-overload]  # who runs it is a mapping
                command,
                stdin=source,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd="/",
                check=False,
                timeout=120,
                **_as(self.user, self.group),
            )
        return int(done.returncode)

    def _bootstrap_sql(self) -> str:
        """Give what mariadb-install-db feeds to the server; it needs client programs that may not be there."""
        if not self.mariadb:
            return ""
        root = Path(self.program).resolve().parent.parent
        for share in (root / "share" / "mysql", root / "share" / "mariadb", Path("/usr/share/mysql")):
            parts = [share / name for name in ("mysql_system_tables.sql", "mysql_system_tables_data.sql")]
            if not all(part.is_file() for part in parts):
                parts = [Path(str(part).replace("/mysql_", "/mariadb_")) for part in parts]
            if all(part.is_file() for part in parts):
                tables, data = (part.read_text("utf-8") for part in parts)
                values = "SET @skip_auth_anonymous=1, @auth_root_socket=NULL;"
                return f"CREATE DATABASE mysql;\nUSE mysql;\n{tables}\n{values}\n{data}\n"
        raise Unable("MariaDB's mysql_system_tables.sql is not where it belongs", INSTALL)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._end(b"k")
        files = f"--secure-file-priv={self.folder}/files"
        command = [*self.options(), *PRIVATE, files, f"--socket={self.folder}/socket", f"--pid-file={self.folder}/pid"]
        self._keeper = subprocess.Popen(
            self._kept(command, self.folder / "log"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            start_new_session=True,
        )
        self._wait()
        if not self.password:
            self._secure()

    def _wait(self) -> None:
        from pymysql import MySQLError

        assert self._keeper is not None
        deadline = time.monotonic() + START
        while True:
            try:
                self.address.open(2.0).close()
                return
            except (MySQLError, OSError):
                if self._keeper.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise Unable(f"{Path(self.program).name} does not start: {self._said()}", INSTALL) from None
                time.sleep(0.01)

    def _secure(self) -> None:
        """Leave one administrator, with a password that nobody knows."""
        made = secrets.token_hex(16)
        connection = self.address.open(5.0)
        try:
            cursor = connection.cursor()
            cursor.execute("SELECT host FROM mysql.user WHERE user = 'root' AND host <> 'localhost'")
            for (host,) in cursor.fetchall():
                cursor.execute("DROP USER 'root'@%s", [host])
            cursor.execute("ALTER USER 'root'@'localhost' IDENTIFIED BY %s", [made])
        finally:
            connection.close()
        self.password = made

    def alive(self) -> bool:
        """Tell whether it runs."""
        return self._keeper is not None and self._keeper.poll() is None

    def answers(self) -> bool:
        """Tell whether anybody listens on its socket."""
        probe = socket.socket(socket.AF_UNIX)
        try:
            probe.settimeout(2.0)
            probe.connect(self.address.socket)
        except OSError:
            return False
        finally:
            probe.close()
        return True

    def kill(self) -> None:
        """End it at once; its directory stays for the next start."""
        self._end(b"k")

    def leave(self) -> None:
        """End it at once, and remove its directory."""
        self._end(b"")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end(self, word: bytes) -> None:
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        assert keeper.stdin is not None
        with suppress(OSError):
            keeper.stdin.write(word)
            keeper.stdin.flush()
        with suppress(OSError):
            keeper.stdin.close()
        try:
            keeper.wait(10)
        except subprocess.TimeoutExpired:
            keeper.kill()
            keeper.wait()

    def size(self) -> int:
        """Give the bytes that its directories hold."""
        total = 0
        for name in ("data", "scrap", "files"):
            for place, _, files in os.walk(self.folder / name):
                for file in files:
                    with suppress(OSError):
                        total += Path(place, file).stat().st_blocks * 512
        return total

    def _kept(self, command: list[str], log: Path) -> list[str]:
        given = {
            "command": command,
            "log": str(log),
            "folder": str(self.folder),
            "user": self.user,
            "group": self.group,
            "memory": self.limits.memory,
            "disk": self.limits.disk + FILE_SLACK,
        }
        keeper = str(Path(__file__).with_name("_mysql_keeper.py"))
        return [sys.executable, "-I", "-S", keeper, json.dumps(given)]

    def _said(self) -> str:
        """Give the last error of its log."""
        try:
            lines = (self.folder / "log").read_text("utf-8", "replace").splitlines()
        except OSError:
            return "it says nothing"
        errors = [line for line in lines if "[ERROR]" in line or line.startswith("ERROR")]
        return printable((errors or lines or ["it says nothing"])[-1], 300)


def _environment() -> dict[str, str]:
    return {"PATH": os.defpath, "LC_ALL": "C", "HOME": "/nonexistent"}


def _as(user: int, group: int) -> dict[str, object]:
    return {"user": user, "group": group, "extra_groups": []} if user else {}


def program() -> str:
    """Find the server's program. Raises Unable."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *PLACES))
    for name in ("mariadbd", "mysqld"):
        if found := shutil.which(name, path=path):
            return found
    raise Unable("there is no MariaDB or MySQL server on this machine", INSTALL)


def version_of(found: str) -> str:
    """Give a program's version as it says it: ``10.11.18-MariaDB``."""
    done = subprocess.run(
        [found, "--no-defaults", "--version"], capture_output=True, check=False, timeout=20, env=_environment()
    )
    said = re.search(r"Ver\s+(\S+)", done.stdout.decode("utf-8", "replace"))
    return said[1].partition("+")[0] if said else ""


def make(found: str, limits: Limits, name: str = "nobody") -> Server:
    """Make a server in a private directory; it does not run yet."""
    place = base(limits.disk)
    user, group = account(name, place)
    if os.geteuid() == 0 and not user:
        raise Unable(
            f"a database server is never started as root, and {name} does not get into {place}",
            "set TMPDIR to a directory that every user may enter, or give a scratch server's URL",
        )
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    if user:
        os.chown(folder, user, group)
    return Server(folder, found, limits, user, group)
