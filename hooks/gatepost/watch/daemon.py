"""Work on the watches of many repositories in one process."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Thread

from gatepost.errors import GatepostError, UsageError
from gatepost.model import printable
from gatepost.watch.lock import hold
from gatepost.watch.queue import watched
from gatepost.watch.worker import Worker

SCAN = 30.0
DEPTH = 4


def run(repositories: Iterable[str], root: str | None, *, once: bool = False) -> int:
    """Run a worker for each repository until a signal comes; new ones below ``root`` are found by and by."""
    named = [Path(name) for name in repositories]
    if not named and root is None:
        raise UsageError("name what to watch", "gatepost watchd --repo REPO.git, or --all ROOT")
    for path in named:
        if not (path / "objects").is_dir():
            raise UsageError(f"{printable(str(path))}: no bare repository")
    stop, threads = Event(), dict[Path, Thread]()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.is_set():
        for path in (*named, *(found(Path(root)) if root else ())):
            fresh = path not in threads or (not threads[path].is_alive() and not once)
            if fresh and (path / "objects").is_dir():
                threads[path] = Thread(target=_work, args=(path, stop, once), name=str(path), daemon=True)
                threads[path].start()
        if once and not any(thread.is_alive() for thread in threads.values()):
            break
        stop.wait(0.1 if once else SCAN)
    for thread in threads.values():
        thread.join(5)
    return 0


def found(root: Path) -> Iterator[Path]:
    """Give the bare repositories below a directory that have had a watch."""
    for top, names, _ in os.walk(root):
        path = Path(top)
        if (path / "objects").is_dir() and _may_have(path):
            yield path
        if (path / "objects").is_dir() or len(path.relative_to(root).parts) >= DEPTH:
            names.clear()


def _may_have(path: Path) -> bool:
    try:
        return watched(path)
    except GatepostError as error:
        sys.stderr.write(f"{printable(str(path))}: {printable(error.message, 300)}\n")
        return False


def _work(path: Path, stop: Event, once: bool) -> None:
    try:
        with ExitStack() as stack:
            while not stack.enter_context(hold(path, 1.0)):
                if stop.is_set() or once:
                    return
            worker = stack.enter_context(Worker(path))
            worker.store.release()
            worker.run(stop, until_idle=once)
    except Exception as error:  # noqa: BLE001 - one broken repository must not end the others' watches
        sys.stderr.write(f"{path}: {type(error).__name__}: {printable(str(error), 300)}\n")
