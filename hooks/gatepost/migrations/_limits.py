"""Keep the reading of one file within the time that the policy gives it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from gatepost.migrations import Migration, Migrations, Scripts, _sqltext
from gatepost.migrations._look import Unreadable

DEFAULT = Migrations("")


class _TooLong(Exception):
    """Say that a file took too long."""


def limited(migrations: tuple[Migration, ...], settings: Migrations | None) -> tuple[Migration, ...]:
    """Give the migrations with a limit on the time that reading each may take."""
    seconds = float((settings or DEFAULT).file_time)
    return tuple(replace(one, load=_timed(one.load, one.path, one.dialect, seconds)) for one in migrations)


def _timed(load: Callable[[], Scripts], path: str, dialect: str, seconds: float) -> Callable[[], Scripts]:
    def run() -> Scripts:
        try:
            with _alarm(seconds):
                return load()
        except _TooLong:
            reason = f"takes more than {seconds:g} seconds to read"
            return _sqltext.unreadable_scripts(Unreadable(path, reason, "split it up, or raise file_time"), dialect)

    return run


@contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    """Raise _TooLong after so much CPU time; the deadline of the whole gate has the other timer."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "ITIMER_VIRTUAL"):
        yield
        return

    def up(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, up)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
