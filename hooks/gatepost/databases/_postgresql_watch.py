"""The watchdog outside of the server: ends a backend that runs too long or fills the disk, then the server itself.

A role can lift its own statement_timeout, and PL/pgSQL can swallow the cancel; it cannot swallow this.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

POLL = 0.2
# How long a backend may take to end before the server is ended.
GRACE = 2.0


@dataclass(slots=True)
class Lease:
    """What one backend may use; ``reason`` says why it was ended."""

    pid: int
    until: float
    why: str
    database: int = 0
    reason: str = ""
    ended: float = 0.0


class Watchdog:
    """One thread for a server; it sleeps while nothing runs."""

    def __init__(
        self, terminate: Callable[[int], None], kill: Callable[[], None], size: Callable[[int], int], disk: int
    ) -> None:
        self._terminate, self._kill, self._size, self._disk = terminate, kill, size, disk
        self._leases: dict[int, Lease] = {}
        self._changed = threading.Condition()
        self._closing = False
        self._idle = False
        self._thread = threading.Thread(target=self._watch, name="gatepost-watchdog", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def over(self, pid: int, seconds: float, database: int = 0) -> Iterator[Lease]:
        """Watch over a backend while it works."""
        lease = Lease(pid, time.monotonic() + seconds, f"it ran for more than {seconds:g} s", database)
        with self._changed:
            self._leases[id(lease)] = lease
            # To wake it for each of thousands of short statements would slow them down.
            if self._idle:
                self._changed.notify()
        try:
            yield lease
        finally:
            with self._changed:
                del self._leases[id(lease)]

    def close(self) -> None:
        """Let it end."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(10)

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._leases and not self._closing:
                    self._idle = True
                    self._changed.wait()
                self._idle = False
                if self._closing:
                    return
                # A short script is over before we ever look.
                self._changed.wait(POLL)
                leases = list(self._leases.values())
            for lease in leases:
                self._judge(lease)

    def _judge(self, lease: Lease) -> None:
        now = time.monotonic()
        if lease.reason:
            if now > lease.ended + GRACE:
                self._kill()
            return
        lease.reason = self._fault(lease, now)
        if lease.reason:
            lease.ended = now
            try:
                self._terminate(lease.pid)
            except Exception:  # noqa: BLE001  # whatever keeps the administrator from asking, the server has to end
                self._kill()

    def _fault(self, lease: Lease, now: float) -> str:
        if now > lease.until:
            return lease.why
        if lease.database and self._size(lease.database) > self._disk:
            return f"it used more than {self._disk >> 20} MiB of disk"
        return ""


def size(data: Path, database: int) -> int:
    """Give the bytes of one database and of what all share; the other databases are not its own."""
    total, folders = 0, [str(data)]
    mine, base = str(database), str(data / "base")
    while folders:
        folder = folders.pop()
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if not entry.is_dir(follow_symlinks=False):
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                    elif folder != base or entry.name in (mine, "pgsql_tmp"):
                        folders.append(entry.path)
    return total
