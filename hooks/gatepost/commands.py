"""Run a command that the project has configured: its whole process group ends with it, and its last words are kept."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gatepost.model import printable

_TAIL = 64 * 1024


def run(command: Sequence[str], directory: Path, seconds: float, env: Mapping[str, str], told: int) -> tuple[int, str]:
    """Run a command to its end; give its exit code and the last ``told`` characters of what it said.

    Raises OSError where it cannot be started, subprocess.TimeoutExpired where it takes longer than ``seconds``.
    """
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    said = bytearray()
    listener = threading.Thread(target=_listen, args=(process, said), daemon=True)
    listener.start()
    try:
        process.wait(seconds)
    finally:
        with suppress(OSError):  # also what a command left behind that ended well
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        listener.join(5)
    return process.returncode, printable(" ".join(bytes(said).decode("utf-8", "replace").split())[-told:], told)


def _listen(process: subprocess.Popen[bytes], said: bytearray) -> None:
    """Keep the end of what a command says, however much it is."""
    if process.stdout is None:
        return
    with process.stdout as stream:
        while piece := os.read(stream.fileno(), _TAIL):
            said += piece
            del said[:-_TAIL]
