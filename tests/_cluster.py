"""A PostgreSQL cluster of our own: an unprivileged user's, its socket in a private directory."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Cluster:
    directory: Path
    programs: Path

    @property
    def url(self) -> str:
        return f"postgresql://gatepost@/postgres?host={self.directory}"

    def control(self, *args: str) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.directory} -c fsync=off"
        command = [str(self.programs / "pg_ctl"), "-D", str(self.directory / "data"), "-w", "-o", options]
        _run([*command, "-l", str(self.directory / "log"), *args])

    def start(self) -> None:
        self.control("start")

    def stop(self) -> None:
        self.control("stop", "-m", "immediate")


def programs() -> Path | None:
    """Give the directory of PostgreSQL's programs; Debian keeps them off PATH."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in reversed(places) if (place / "initdb").exists()), None)


def _run(command: list[str]) -> None:
    # PostgreSQL refuses to run as root.
    given = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid} if os.geteuid() == 0 else {}
    done = subprocess.run(  # type: ignore[call-overload]
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        cwd="/",
        timeout=60,
        extra_groups=None,
        **given,
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a cluster; skip where PostgreSQL or the driver is not installed."""
    pytest.importorskip("pg8000", reason="pg8000 is not installed")
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    # A socket's name is limited to 107 bytes: pytest's own directories are too deep.
    with tempfile.TemporaryDirectory(prefix="gp-", dir="/tmp", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        if os.geteuid() == 0:
            shutil.chown(directory, "nobody")
        directory.chmod(0o700)
        _run([str(found / "initdb"), "-D", str(directory / "data"), "-U", "gatepost", "-A", "trust", "-E", "UTF8",
              "--locale=C", "-N"])  # fmt: skip
        made = Cluster(directory, found)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def policy(repository: Path, text: str) -> None:
    """Add keys to [verification] of the server's own gatepost.toml."""
    file = repository / "gatepost.toml"
    before = file.read_text() if file.exists() else "[verification]\n"
    file.write_text(before + text)


def share(repository: Path, made: Cluster) -> None:
    """Let a repository keep its watches in the cluster."""
    address = repository / "queue.url"
    address.write_text(made.url + "\n")
    policy(repository, f'queue = "postgresql"\nqueue_url_file = "{address}"\n')
