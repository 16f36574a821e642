"""A private directory for a scratch server: on a memory file system where there is room, swept after a killed run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatepost.databases import Unable
from gatepost.databases._postgresql_programs import Account

MEMORY = Path("/dev/shm")  # noqa: S108  # a memory file system; what we put there is private (mkdtemp)
PREFIX = "gatepost-pg-"
# The name of a socket is limited to 104 bytes on macOS; "/.s.PGSQL.5432" is ours.
LONGEST = 80
_YOUNG = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """A directory of our own: ``data`` in it, the socket, the log."""

    root: Path
    account: Account
    memory: bool

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.root / "data"

    @property
    def log(self) -> Path:
        """What the server says when it starts, and when it dies."""
        return self.root / "log"


@contextlib.contextmanager
def place(room: int, account: Account, memory: Path = MEMORY) -> Iterator[Place]:
    """Make a private directory that has ``room`` bytes, and take it away."""
    base, fast = _base(room, memory)
    sweep(base)
    root = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
    held = _hold(root)
    try:
        account.own(root)
        yield Place(root, account, fast)
    finally:
        shutil.rmtree(root, ignore_errors=True)
        os.close(held)


def _base(room: int, memory: Path) -> tuple[Path, bool]:
    if memory.is_dir() and os.access(memory, os.W_OK | os.X_OK) and _free(memory) >= room:
        return memory, True
    for base in (Path(tempfile.gettempdir()), Path("/tmp"), Path("/var/tmp")):  # noqa: S108  # mkdtemp makes it private
        if len(str(base)) <= LONGEST - len(PREFIX) and os.access(base, os.W_OK | os.X_OK) and _free(base) >= room:
            return base, False
    raise Unable(
        f"a scratch server may use {room >> 20} MiB, and no temporary directory has so much room",
        "free some, or set TMPDIR",
    )


def _free(base: Path) -> int:
    found = os.statvfs(base)
    return found.f_bavail * found.f_frsize


def _hold(root: Path) -> int:
    held = os.open(root / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    fcntl.flock(held, fcntl.LOCK_EX)
    return held


def sweep(base: Path) -> None:
    """Take away what runs that were killed have left: nobody holds their lock any more."""
    for root in base.glob(PREFIX + "*"):
        with contextlib.suppress(OSError):
            if time.time() - root.stat().st_mtime > _YOUNG and _abandoned(root):
                _end(root / "data" / "postmaster.pid")
                shutil.rmtree(root, ignore_errors=True)


def _abandoned(root: Path) -> bool:
    if root.is_symlink() or (os.geteuid() != 0 and root.stat().st_uid != os.geteuid()):
        return False
    try:
        held = os.open(root / "lock", os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(held)
    return True


def _end(file: Path) -> None:
    """End a server that outlived both us and the shell that watched over it."""
    with contextlib.suppress(OSError, ValueError):
        lines = file.read_text(errors="replace").splitlines()
        command = Path(f"/proc/{int(lines[0])}/cmdline")
        # The number may be another's by now; without /proc it is not touched.
        if str(file.parent).encode() in command.read_bytes():
            os.kill(int(lines[0]), signal.SIGQUIT)
            time.sleep(0.2)
