"""Tell whether a worker runs: it holds a lock that ends with it, however it ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gatepost.records import state_dir
from gatepost.watch.queue import lock_name


@contextmanager
def hold(git_dir: Path, seconds: float = 0.0) -> Iterator[bool]:
    """Try for so many seconds to be the worker of a repository; give whether that is so."""
    handle = os.open(state_dir(git_dir) / lock_name(git_dir), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        until = time.monotonic() + seconds
        held = _try(handle)
        while not held and time.monotonic() < until:
            time.sleep(0.05)
            held = _try(handle)
        yield held
    finally:
        os.close(handle)


def _try(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def running(git_dir: Path) -> bool:
    """Tell whether somebody works on the watches of a repository."""
    with hold(git_dir) as held:
        return not held
