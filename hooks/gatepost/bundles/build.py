"""Build in a clean directory of its own and measure what comes out; on clients only.

The tree is written to a temporary directory with an installation of its own, never into the one that
was just built (preactjs/preact#5254: the base measured the head's output and nothing ever grew).
"""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gatepost.bundles import Artifact, Build, Figure, Source
from gatepost.bundles._weigh import weigh
from gatepost.bundles.committed import globs
from gatepost.git import INDEX, Change, Snapshot
from gatepost.model import printable
from gatepost.paths import matches

SOURCE = Source("build", "the output of the build command, in a clean directory")
_PIECE = 256 * 1024
_TOLD = 300


class BuildFailed(Exception):
    """Say why a build gave nothing to measure."""


def allowed(change: Change) -> bool:
    """Tell whether a build may run: a commit, on a client, never in a bare repository or in quarantine."""
    if change.head_oid == INDEX or "GIT_QUARANTINE_PATH" in os.environ:
        return False
    return change.repo.text("rev-parse", "--is-bare-repository") == "false"


def files(build: Build, snapshot: Snapshot, artifacts: Sequence[Artifact]) -> dict[str, tuple[str, Figure]]:
    """Build a tree and weigh what the artifacts match. Raises BuildFailed."""
    wanted = [glob for artifact in artifacts for glob in globs(artifact)]
    with tempfile.TemporaryDirectory(prefix="gatepost-build-") as place:
        root = Path(place) / "tree"
        _write(snapshot, root, Path(place) / "index")
        with _own_time():
            for command in (build.install, build.command):
                if command:
                    _run(command, root / build.directory, build.timeout)
        found = dict(_weighed(root, wanted))
    if not found:
        raise BuildFailed(f"{_shown(build.command)} wrote nothing that matches {', '.join(wanted)}")
    return found


@contextmanager
def _own_time() -> Iterator[None]:
    """Stop the clock of ``gate.deadline``, which is for judging: a build has a timeout of its own."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    timer = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)


def _write(snapshot: Snapshot, root: Path, index: Path) -> None:
    root.mkdir()
    own = {"GIT_INDEX_FILE": str(index)}
    snapshot.repo.run("read-tree", snapshot.tree, env=own)
    snapshot.repo.run("checkout-index", "-a", "-f", f"--prefix={root}/", env=own)


def _run(command: Sequence[str], directory: Path, seconds: float) -> None:
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise BuildFailed(f"{_shown(command)}: {error.strerror}") from None
    try:
        said, _ = process.communicate(timeout=seconds)
    except BaseException as error:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise BuildFailed(f"{_shown(command)} did not end within {seconds:g} seconds") from None
        raise
    if process.returncode:
        tail = " ".join(said.decode("utf-8", "replace").split())[-_TOLD:]
        raise BuildFailed(f"{_shown(command)} failed with exit code {process.returncode}: {printable(tail, _TOLD)}")


def _weighed(root: Path, wanted: Sequence[str]) -> Iterator[tuple[str, tuple[str, Figure]]]:
    for directory, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name not in ("node_modules", ".git"))
        for name in sorted(names):
            file = Path(directory) / name
            path = file.relative_to(root).as_posix()
            if matches(path, *wanted) and file.is_file() and not file.is_symlink():
                digest = hashlib.sha256()
                figure = weigh(_pieces(file, digest.update))
                yield path, (digest.hexdigest(), figure)


def _pieces(file: Path, see: Callable[[bytes], None]) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            see(piece)
            yield piece


def _shown(command: Sequence[str]) -> str:
    return "`" + printable(" ".join(command), 100) + "`"
