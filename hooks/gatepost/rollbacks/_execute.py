"""Run one command of a plan: without a shell, within its time, in the files that it needs."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gatepost.errors import UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.rollbacks import Step

KEPT = 4000  # characters of what a command printed
GRACE = 5.0
_VARIABLE = re.compile(r"\$(?:\{([A-Z_][A-Z0-9_]*)\}|([A-Z_][A-Z0-9_]*))")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended: its exit code, None where it had to be ended, and the last that it printed."""

    code: int | None
    said: str
    why: str = ""


def words(step: Step, environ: Mapping[str, str]) -> list[str]:
    """Give the argument vector; UsageError where a variable is not set. Values are never split or read again."""
    if step.shell:
        return ["/bin/sh", "-c", step.command]

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name not in environ:
            raise UsageError(f"${name} is not set, and step {printable(step.title, 60)!r} needs it", f"export {name}=…")
        return environ[name]

    try:
        return [_VARIABLE.sub(value, word) for word in shlex.split(step.command)]
    except ValueError as error:
        raise UsageError(f"{printable(step.command, 120)}: {error}") from None


def run(step: Step, environ: Mapping[str, str], cwd: Path, show: Callable[[str], None]) -> Ran:
    """Run it to its end or its time limit; Ctrl-C ends the command, too, and is raised again."""
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            words(step, environ),
            stdin=subprocess.DEVNULL,
            stdout=pipe,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        return Ran(None, "", f"cannot be started: {error.strerror or error}")
    said: list[str] = []
    reader = threading.Thread(target=_read, args=(process, said, show), daemon=True)
    reader.start()
    why = ""
    try:
        process.wait(step.timeout)
    except subprocess.TimeoutExpired:
        why = f"did not end within {step.timeout:g} s, and was ended"
    finally:
        if process.poll() is None:
            _end(process)
        _kill(process, signal.SIGKILL)  # what it left in the background
        reader.join(GRACE)
    text = "".join(said)[-KEPT:]
    return Ran(None if why else process.returncode, text, why)


def _read(process: subprocess.Popen[bytes], said: list[str], show: Callable[[str], None]) -> None:
    assert process.stdout
    with suppress(OSError, ValueError):
        for raw in process.stdout:
            line = raw.decode("utf-8", "replace")
            said.append(line)
            del said[:-500]
            show(line)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and its process group: first asked, then without asking; what has left the group (setsid) goes on."""
    _kill(process, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        _kill(process, signal.SIGKILL)
        process.wait()


def _kill(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


@contextmanager
def checkout(repo: Repository, oid: str, given: str) -> Iterator[Path]:
    """Give a directory with the files of an object: the one given, the work tree where it is at it, else an export."""
    if given:
        yield Path(given)
        return
    top = _work_tree(repo, oid)
    if top or not oid:
        yield top or repo.path
        return
    with tempfile.TemporaryDirectory(prefix="gatepost-rollback-") as name:
        archive = Path(name) / "files.tar"
        archive.write_bytes(repo.run("archive", "--format=tar", oid))
        files = Path(name) / "files"
        files.mkdir()
        with tarfile.open(archive) as opened:
            _extract(opened, files)
        yield files


def _extract(opened: tarfile.TarFile, files: Path) -> None:
    """Write the files; links that lead out are refused, or all of them where this Python cannot tell."""
    if hasattr(tarfile, "data_filter"):  # Python 3.10.12 and 3.11.4 have it, older ones do not
        opened.extractall(files, filter="data")
    else:
        opened.extractall(files, [one for one in opened.getmembers() if one.isfile() or one.isdir()])  # noqa: S202


def _work_tree(repo: Repository, oid: str) -> Path | None:
    code, out, _ = repo.attempt("rev-parse", "--show-toplevel")
    if code or repo.resolve("HEAD") != oid:
        return None
    changed = repo.text("status", "--porcelain", "--untracked-files=no")
    return None if changed else Path(out.decode("utf-8", "surrogateescape").strip())
