"""The server's own log: tracebacks under a reference number, and the records of refused pushes."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.errors import GatepostError
from gatepost.git import Repository
from gatepost.records import Draft, append_all, now, read, repository_id, state_dir

if TYPE_CHECKING:
    from gatepost.entry.pre_receive import Answer

LOG_LIMIT = 16 * 1024 * 1024


def report(directory: Path, error: BaseException) -> str:
    """Write a traceback to ``gatepost/log`` in the repository; give its reference number."""
    import traceback  # and all that it imports, only where something went wrong

    return reference(directory, "".join(traceback.format_exception(error)))


def reference(directory: Path, text: str) -> str:
    """Write something to ``gatepost/log`` in the repository; give its reference number."""
    number = os.urandom(4).hex()
    note(directory, f"{number} {text}")
    return number


def note(directory: Path, text: str) -> None:
    """Add a dated entry to the log; a log that cannot be written changes no verdict."""
    with suppress(OSError, GatepostError):
        path = state_dir(directory) / "log"
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_name("log.1"))
        with path.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(f"{now()} {os.getpid()} {text.rstrip()}\n")


def refused(directory: Path, said: Answer) -> None:
    """Record the verdicts of a push that is refused: no post-receive will come for it.

    The quarantine's variables are left out, so that the record outlives the push.
    """
    from gatepost.entry.identity import pusher
    from gatepost.entry.pre_receive import verdict

    who, known = pusher(os.environ), {"repository": number} if (number := _repository(directory)) else {}
    drafts = [
        Draft(one.report.head, "verdict", verdict(one, said.mode, who) | {"landed": False} | known)
        for one in said.judged
        if one.report is not None and not one.update.deletes
    ]
    _append(directory, drafts)


def failed(directory: Path, stdin: bytes, error: GatepostError) -> None:
    """Record that a push was refused without any verdict: its deadline, a policy that cannot be used."""
    from gatepost.entry.identity import pusher
    from gatepost.entry.lines import updates

    who, drafts = pusher(os.environ), []
    with suppress(GatepostError):
        for update in updates(stdin)[:20]:
            base = None if update.creates else update.old
            body = {"ref": update.ref, "old": update.old, "new": update.new, "landed": False, "verdict": "unknown"}
            body |= {"change": {"base": base, "head": update.new}, "findings": [], "pusher": who.name}
            body["skipped"] = [{"check": "gate", "rule": error.rule, "reason": error.message}]
            drafts += [] if update.deletes else [Draft(update.new, "verdict", body)]
    _append(directory, drafts)


def _said_before(repo: Repository, draft: Draft) -> bool:
    """Tell a refused push that is only tried again: its note would grow with each try."""
    same = ("ref", "old", "new", "verdict", "digest", "skipped")
    last = read(repo, draft.oid, draft.kind)[-1:]
    return any(all(record.get(key) == draft.body.get(key) for key in same) for record in last)


def _append(directory: Path, drafts: list[Draft]) -> None:
    try:
        with Repository(directory.absolute(), client=False) as repo:
            append_all(repo, [draft for draft in drafts if not _said_before(repo, draft)])
    except (GatepostError, OSError) as error:
        note(directory, f"a refused push was not recorded: {error}")


def _repository(directory: Path) -> str:
    try:
        with Repository(directory.absolute(), client=False) as repo:
            return repository_id(repo, directory)
    except (GatepostError, OSError) as error:
        note(directory, f"no repository id: {error}")
        return ""
