"""Read the lines that git gives a server's hooks."""

from __future__ import annotations

from gatepost.errors import GitError
from gatepost.git import decode
from gatepost.model import RefUpdate


def updates(stdin: bytes) -> list[RefUpdate]:
    """Read what githooks(5) gives: ``old SP new SP ref`` on each line."""
    rows = [line.split(" ", 2) for line in decode(stdin).split("\n") if line]
    if any(len(row) != 3 for row in rows):
        raise GitError("the hook was given a line that is no ref update", "run it as git does: see githooks(5)")
    return [RefUpdate(*row) for row in rows]
