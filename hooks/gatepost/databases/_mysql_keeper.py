"""Start a database server with less, and end it when nobody is left who would: a process between it and gatepost.

It is started by its path with ``python -I -S``: drops root, sets limits that the server inherits, starts it, and waits
for a word on its standard input, or for the end of that, which comes when gatepost ends, however it ends. Then it kills
the server, and at the end removes its directory too. Standard library only, nothing of gatepost.
"""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
from typing import Any

LOOK = 0.5


def main() -> int:
    """Keep one server."""
    given = json.loads(sys.argv[1])
    _confine(given)
    with open(given["log"], "ab") as log:  # noqa: PTH123  # pathlib costs the start 5 ms
        server = subprocess.Popen(given["command"], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
    word = _wait(server)
    server.send_signal(signal.SIGKILL)
    server.wait()
    if word == b"":
        shutil.rmtree(given["folder"], ignore_errors=True)
    return 0


def _wait(server: subprocess.Popen[bytes]) -> bytes:
    """Wait for the server's end, for a word, or for the end of standard input, which is an empty one."""
    while server.poll() is None:
        ready, _, _ = select.select([0], [], [], LOOK)
        if ready:
            return os.read(0, 1)
    return b"k"


def _confine(given: dict[str, Any]) -> None:
    if given["user"]:
        os.setgroups([])
        os.setgid(given["group"])
        os.setuid(given["user"])
    os.umask(0o077)
    for what, most in (
        (resource.RLIMIT_AS, given["memory"]),
        (resource.RLIMIT_FSIZE, given["disk"]),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        if what != resource.RLIMIT_AS or sys.platform != "darwin":  # which refuses it
            resource.setrlimit(what, (allowed, allowed))


if __name__ == "__main__":
    sys.exit(main())
