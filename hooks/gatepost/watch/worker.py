"""Do the work of the watches: lease what is due, look, save, and when it is decided, tell.

Everything can be read again from the source and the row, so a worker may be killed at each of these steps;
another one, or the same after a restart, goes on where the row stands.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

from gatepost.errors import CannotJudge, GatepostError
from gatepost.metrics import Reader, Verification
from gatepost.metrics._open import open_source
from gatepost.model import printable
from gatepost.watch import look, tell
from gatepost.watch.learn import Spare
from gatepost.watch.live import Board
from gatepost.watch.lock import hold
from gatepost.watch.model import Watch
from gatepost.watch.queue import open_store

JUMP = 30.0
IDLE = 1.0
BEAT = 10.0
TRIES = 200
AGAIN = 15.0
Open = Callable[[Verification], Reader]


class Worker:
    """The worker of one repository; ``clock`` and ``pause`` are those of the machine, or of a test."""

    def __init__(
        self,
        git_dir: Path,
        *,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        opening: Open = open_source,
    ) -> None:
        self.git_dir = git_dir
        self.store = open_store(git_dir)
        self._clock, self._steady, self._open = clock, steady, opening
        self._offset = clock() - steady()
        self._readers: dict[Verification, Reader] = {}
        self._current: Watch | None = None
        self._means = look.Means(git_dir, self._reader, Spare(steady))
        self._board = Board(git_dir, steady)
        self._closed = Event()
        self._home = _place(git_dir)
        Thread(target=self._beat, daemon=True, name="gatepost-lease").start()

    def _beat(self) -> None:
        """Keep the lease of the watch that is being looked at, should its log take minutes to read."""
        while not self._closed.wait(BEAT):
            watch = self._current
            if watch is not None:
                with suppress(CannotJudge):
                    self.store.renew(watch, self._clock())

    def close(self) -> None:
        """Let go of sources and database."""
        self._closed.set()
        for reader in self._readers.values():
            reader.close()
        self.store.close()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def step(self) -> bool:
        """Do one watch that is due; False where none is."""
        self._notice_jump()
        watch = self.store.lease(self._clock())
        if watch is None:
            return False
        self._current = watch
        try:
            self._one(watch)
        except CannotJudge as error:  # a full disk, a locked file: the row stays, and is tried again
            _log(f"{watch.id}: {error.message}")
        finally:
            self._current = None
        return True

    def _one(self, watch: Watch) -> None:
        now = self._clock()
        if watch.state == "telling":
            told = tell.everybody(self.git_dir, self.store, watch)
            late = now > (watch.ended or now) + tell.PATIENCE
            self.store.save(replace(watch, state="done") if told or late else replace(watch, due=now + IDLE * 30))
            return
        polls = self.store.polls(watch)
        try:
            found, fresh = look.at(watch, polls, self.store, now, self._means)
        except GatepostError as error:
            found, fresh = look.failed(watch, polls, f"{error.message}", now), []
        except Exception as error:  # noqa: BLE001 - what a source answers is not ours; the watch must end all the same
            _log(f"{watch.id}: {traceback.format_exc(limit=-4)}")
            reason = f"internal error, see the worker's log: {type(error).__name__}"
            found, fresh = look.failed(watch, polls, reason, now), []
        if not self.store.save(found, fresh):
            _log(f"{watch.id}: another worker has taken it")
            return
        if found.begun is not None and watch.begun is None:
            self.store.supersede(watch.service, found.begun, watch.id)
        self._board.show(found, list({poll.start: poll for poll in (*polls, *fresh)}.values()))

    def _reader(self, settings: Verification) -> Reader:
        if settings not in self._readers:
            self._readers[settings] = self._open(settings)
        return self._readers[settings]

    def _notice_jump(self) -> None:
        offset = self._clock() - self._steady()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) > JUMP:
            self.store.doubt(f"{look.CLOCK} by {jump:+.0f} s during the watch", float("inf"))

    def run(self, stop: Event, *, until_idle: bool = False) -> None:
        """Work until ``stop`` is set, or the repository is gone, or with ``until_idle`` until no watch is open."""
        while not stop.is_set() and _stands(self.git_dir, self._home):
            try:
                if self.step():
                    continue
                if until_idle and not self.store.pending():
                    return
                due = self.store.next_due()
            except CannotJudge as error:
                _log(error.message)
                due = None
            stop.wait(min(IDLE, max(0.02, due - self._clock())) if due else IDLE)


def _log(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S')} {printable(text, 500)}\n")
    sys.stderr.flush()


def _place(git_dir: Path) -> tuple[int, int] | None:
    """Give what tells a repository from another one at its path; None where there is none."""
    try:
        found = (git_dir / "objects").stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _stands(git_dir: Path, home: tuple[int, int] | None) -> bool:
    """Tell whether the repository is still there: an open database would outlive it."""
    return home is not None and _place(git_dir) == home


def child(directory: str) -> None:
    """Work on one repository until no watch is open, or it is gone: what a push starts where no daemon runs."""
    home = _place(Path(directory))
    for _ in range(TRIES):
        if not _stands(Path(directory), home):
            return
        try:
            if not _worked(Path(directory)):
                return
        except GatepostError as error:  # a full disk, a database that restarts
            _log(error.message)
            if _stands(Path(directory), home):
                time.sleep(AGAIN)


def _worked(git_dir: Path) -> bool:
    """Work until nothing is open; tell whether to look once more."""
    # The one that holds the lock may just have seen that nothing is open: wait, then look again.
    with hold(git_dir, seconds=3.0) as held:
        if not held:
            return False
        with Worker(git_dir) as worker:
            worker.store.release()
            worker.run(Event(), until_idle=True)
    with open_store(git_dir) as store:
        return store.pending()
