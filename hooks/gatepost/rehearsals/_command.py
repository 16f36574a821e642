"""Run what is not SQL by the project's own tool, against a scratch database only.

The command comes from the base's own policy, never from a push, and runs as whoever calls: on clients and in CI. It
gets the URL of the confined role, in its words as ``{url}`` and in its environment as ``DATABASE_URL``.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gatepost import commands
from gatepost.databases import Database, Failed, Scratch, Unable
from gatepost.git import Snapshot
from gatepost.migrations import Migrations
from gatepost.model import printable
from gatepost.rehearsals._plan import Course, Step

_TOLD = 360  # the end, where the exception stands: messages are cut at 400


@contextmanager
def checkout(snapshot: Snapshot) -> Iterator[Path]:
    """Write the files of a tree to a directory of their own."""
    with tempfile.TemporaryDirectory(prefix="gatepost-rehearsal-", ignore_cleanup_errors=True) as place:
        root = Path(place) / "tree"
        root.mkdir()
        own = {"GIT_INDEX_FILE": str(Path(place) / "index")}
        snapshot.repo.run("read-tree", snapshot.tree, env=own)
        snapshot.repo.run("checkout-index", "-a", "-f", f"--prefix={root}/", env=own)
        yield root


class Commands:
    """Sends migrations through the configured commands."""

    def __init__(self, course: Course, settings: Migrations, scratch: Scratch, root: Path, seconds: float) -> None:
        self.course, self.settings, self.scratch, self.root, self.seconds = course, settings, scratch, root, seconds

    def build(self, database: Database) -> None:
        """Bring an empty database to the base. Raises Unable."""
        if not self.course.base:
            return
        try:
            self._run(self.settings.command_up, database, len(self.course.base) - 1)
        except Failed as error:
            raise Unable(f"the base does not run: {printable(error.message, 400)}", "see command_up") from None

    def send(self, database: Database, step: Step, up: bool) -> float:
        """Run one step up or down. Raises Failed, or Unable where no such command is configured."""
        words = self.settings.command_up if up else self.settings.command_down
        if not words:
            what = "command_up" if up else "command_down"
            raise Unable(f"{printable(step.migration.path)} is not SQL alone", f"set {what} of [[migrations]]")
        at = len(self.course.base) + self.course.steps.index(step)
        return self._run(words, database, at)

    def _run(self, words: Sequence[str], database: Database, at: int) -> float:
        migrations = [*self.course.base, *(step.migration for step in self.course.steps)]
        url = self.scratch.url(database)
        filled = {
            "{url}": url,
            "{version}": migrations[at].version,
            "{previous}": migrations[at - 1].version if at else "",
        }
        command = [_filled(word, filled) for word in words]
        started = time.monotonic()
        code, said = run(command, self.root, self.seconds, url)
        if code:
            raise Failed(said or f"exit code {code}", str(code), printable(" ".join(words), 200), 1)
        return time.monotonic() - started


def _filled(word: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word


def run(command: Sequence[str], directory: Path, seconds: float, url: str) -> tuple[int, str]:
    """Run a command to its end; give its exit code and the end of what it said. Raises Unable, Failed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {"DATABASE_URL": url}
    try:
        return commands.run(command, directory, seconds, env, _TOLD)
    except OSError as error:
        raise Unable(f"{printable(command[0], 100)}: {error.strerror}", "see command_up of [[migrations]]") from None
    except subprocess.TimeoutExpired:
        raise Failed(f"did not end within {seconds:g} seconds", "timeout", printable(command[0], 100), 1) from None
