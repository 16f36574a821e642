"""Work on what has landed that no push waits for: a file for each piece, one worker for each repository.

A piece that waits is a file in a folder of ``gatepost``; it goes away with its record, so that work whose worker
died is told. What may run on a server is in the operator's own policy alone.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from gatepost.entry import incident
from gatepost.errors import GatepostError
from gatepost.git import Repository
from gatepost.policy import FILE, Policy
from gatepost.records import Draft, append_all, state_dir

MOST = 50  # that may wait


class Work(NamedTuple):
    """One kind of work: its folder, the word for what was done, what does it, and how it goes into the log.

    ``module`` has the function ``child`` that the worker begins with. ``make`` gives the records of one piece,
    ``failed`` the record where there is none, and ``told`` the line for the log that a record wants, "" for none.
    """

    folder: str
    done: str
    module: str
    make: Callable[[Repository, Path, Mapping[str, Any]], list[Draft]]
    failed: Callable[[Mapping[str, Any], str], Draft]
    told: Callable[[Draft], str]


def own_policy(directory: Path, word: str) -> Policy | None:
    """Give the policy of the server's own file, where that has a word in it; None where it has not."""
    file = directory / FILE
    if not file.is_file() or word.encode() not in file.read_bytes():
        return None
    from gatepost.gate import VOCABULARY
    from gatepost.policy import parse_policy, parse_toml

    return parse_policy(parse_toml(file.read_bytes(), str(file)), str(file), VOCABULARY)


def ask(directory: Path, work: Work, asked: Mapping[str, Any]) -> None:
    """Let a landed update wait, and start a worker; ``asked`` has its ``head``, ``base`` and ``ref``."""
    from gatepost.watch.detach import spawn

    waiting = _queue(directory, work)
    fresh = waiting / f".{asked['head']}.{os.getpid()}"
    fresh.write_text(json.dumps(asked))
    fresh.replace(waiting / f"{time.time_ns()}-{asked['head']}")
    spawn(directory, state_dir(directory) / f"{work.folder}.log", work.module)


def drain(git_dir: Path, work: Work) -> None:
    """Do one piece after the other until none waits, where no other worker does."""
    while True:
        with _hold(git_dir, work) as held:
            if not held:
                return
            for path in _next(git_dir, work):
                _do(git_dir, work, path)
        # A push that came between the last look and the release found the lock taken.
        if not any(_next(git_dir, work)):
            return


def _queue(directory: Path, work: Work) -> Path:
    path = state_dir(directory) / work.folder
    path.mkdir(exist_ok=True)
    return path


@contextmanager
def _hold(git_dir: Path, work: Work) -> Iterator[bool]:
    with (state_dir(git_dir) / f"{work.folder}.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _next(git_dir: Path, work: Work) -> Iterator[Path]:
    """Give what waits, the oldest first, until nothing does."""
    while found := sorted(path for path in _queue(git_dir, work).iterdir() if not path.name.startswith(".")):
        yield found[0]


def _do(git_dir: Path, work: Work, path: Path) -> None:
    try:
        asked = json.loads(path.read_bytes())
    except ValueError as error:
        incident.note(git_dir, f"{path.name} in gatepost/{work.folder} cannot be read: {error}")
        path.unlink()
        return
    died = path.name.endswith(".begun")
    begun = path if died else path.rename(path.with_name(path.name + ".begun"))
    with Repository(git_dir, client=False) as repo:
        try:
            if died:
                drafts = [work.failed(asked, f"the worker that {work.done} it died")]
            elif len(list(begun.parent.iterdir())) > MOST:
                drafts = [work.failed(asked, f"more than {MOST} {work.folder} wait; this one was left out")]
            else:
                drafts = work.make(repo, git_dir, asked)
        except (GatepostError, OSError) as error:
            drafts = [work.failed(asked, str(error))]
        except Exception as error:  # noqa: BLE001 - the worker goes on with the next, and the record says where to look
            drafts = [work.failed(asked, f"reference {incident.report(git_dir, error)} in gatepost/log")]
        for line in filter(None, map(work.told, drafts)):
            incident.note(git_dir, line)
        append_all(repo, [replace(draft, tree=repo.resolve(draft.oid, "tree")) for draft in drafts])
    begun.unlink()
