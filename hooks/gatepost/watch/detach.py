"""Start a worker that outlives the push: own session, own environment, no descriptor of the pusher's.

git's client waits until everybody who holds the side-band has closed it: with output alone redirected a
push took as long as its child (git 2.39), so standard input, output and error all go elsewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from gatepost.git import environment
from gatepost.watch.engine import URL

_CODE = (
    "import sys, importlib; sys.path.insert(0, sys.argv[1]); importlib.import_module(sys.argv[3]).child(sys.argv[2])"
)


def spawn(git_dir: Path, log: Path, module: str = "gatepost.watch.worker") -> int:
    """Start ``child`` of a module for one repository; give its process id."""
    package = Path(__file__).resolve().parents[2]
    with log.open("ab") as out, Path(os.devnull).open("rb") as nothing:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _CODE, str(package), str(git_dir.resolve()), module],
            stdin=nothing,
            stdout=out,
            stderr=out,
            cwd="/",
            env=environment(own=False, client=False) | {n: v for n, v in os.environ.items() if n == URL},
            start_new_session=True,
            close_fds=True,
        )
    process.returncode = 0  # it outlives us on purpose; Popen would warn that it still runs
    return process.pid
