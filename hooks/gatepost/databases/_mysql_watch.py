"""Watch over a script from outside: a role can lift its own max_statement_time, a handler can swallow KILL QUERY."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gatepost.databases import Failed, Limits, Unable
from gatepost.databases._mysql_connection import Wire

LOOK = 0.1
GRACE = 2.0


class Watch:
    """End what takes too long or too much: first its connection, then the server."""

    def __init__(
        self,
        limits: Limits,
        administrator: Callable[[], Wire],
        size: Callable[[], int],
        kill: Callable[[], None] | None,
    ) -> None:
        self._limits, self._administrator, self._size, self._kill = limits, administrator, size, kill

    @contextmanager
    def over(self, wire: Wire) -> Iterator[None]:
        """Watch over what runs on a connection. Raises Unable with the limit that was met."""
        done, reason = threading.Event(), [""]
        thread = threading.Thread(target=self._look, args=(wire.number, done, reason), daemon=True)
        thread.start()
        try:
            yield
        except (Failed, Unable):
            if reason[0]:
                raise Unable(reason[0]) from None
            raise
        finally:
            done.set()
            thread.join()

    def _look(self, number: int, done: threading.Event, reason: list[str]) -> None:
        deadline = time.monotonic() + self._limits.seconds
        size: int | None = None  # taken at the first look: most scripts are done before, and there are many files
        while not done.wait(LOOK):
            size = self._size() if size is None else size
            if time.monotonic() > deadline:
                reason[0] = f"it took more than {self._limits.seconds:g} s"
            elif self._size() - size > self._limits.disk:
                reason[0] = f"it took more than {self._limits.disk >> 20} MiB of disk"
            if reason[0]:
                self.end(number, done)
                return

    def end(self, number: int, done: threading.Event | None = None) -> None:
        """End a connection; where that does not help within the grace, the server."""
        with suppress(Failed, Unable):
            wire = self._administrator()
            try:
                wire.run(f"KILL CONNECTION {number}")
            finally:
                wire.close()
        if not self._ended(number, done) and self._kill:
            self._kill()

    def _ended(self, number: int, done: threading.Event | None) -> bool:
        deadline = time.monotonic() + GRACE
        while time.monotonic() < deadline:
            if done and done.wait(LOOK):
                return True
            if done is None and not self._listed(number):
                return True
            time.sleep(0 if done else LOOK)
        return False

    def _listed(self, number: int) -> bool:
        try:
            wire = self._administrator()
        except Unable:
            return True
        try:
            return bool(wire.rows("SELECT 1 FROM information_schema.processlist WHERE id = %s", [number]))
        except (Failed, Unable):
            return True
        finally:
            wire.close()
