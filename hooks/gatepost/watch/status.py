"""Ask for the verdict on a deploy: of the database in the server's repository, of the records in a clone."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

from gatepost.errors import UNKNOWN, UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.records import REF, git_dir, read
from gatepost.watch import live
from gatepost.watch.begin import work
from gatepost.watch.live import so_far
from gatepost.watch.queue import open_store, watched
from gatepost.watch.tell import KIND, REFS, message, rollback_hint
from gatepost.watch.verdict import EXIT

BAR = 24
GRACE = 20.0  # seconds in which a watch must have shown itself after a push
# What a fetch over ssh or through a proxy needs; git.py's own list is for reading only.
_FETCH = ("SSH_AUTH_SOCK", "SSH_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS", "http_proxy", "https_proxy",
          "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY", "ALL_PROXY")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of the verification of one commit."""

    word: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 pass or warn, 1 regressed, 3 everything else."""
        return EXIT.get(self.word, UNKNOWN)

    @property
    def final(self) -> bool:
        """Tell whether nothing more will come."""
        return self.word in EXIT


def ask(repo: Repository, revision: str, *, remote: str = "origin", wait: float = 0.0) -> Status:
    """Give what is known of a commit's verification, after waiting up to so many seconds for a verdict."""
    oid = repo.resolve(revision) or (revision if len(revision) >= 40 else None)
    if oid is None:
        raise UsageError(f"{printable(revision, 60)}: no such commit here", "name a commit: gatepost status OID")
    directory = git_dir(repo)
    server = watched(directory)
    until, shown = time.monotonic() + wait, False
    soon = time.monotonic() + GRACE
    while True:
        found = _of_server(repo, directory, oid) if server else _of_clone(repo, oid, remote)
        gone = found.word == "none" and (server or time.monotonic() >= soon)
        gone = gone or "remote" in found.data  # no waiting brings a remote
        if found.final or time.monotonic() >= until or gone:
            break
        shown = _progress(found) or shown
        repo.close()  # the object reader would not see what the next fetch brings
        time.sleep(_pause(found, until))
    if shown:
        sys.stderr.write("\r\x1b[K")
    return found


def _pause(found: Status, until: float) -> float:
    poll = _number(found.data.get("poll")) or 10.0
    return max(0.05, min(poll / 2, 10.0, until - time.monotonic()))


def _of_server(repo: Repository, directory: Path, oid: str) -> Status:
    with open_store(directory) as store:
        watch = store.get(oid)
        polls = store.polls(watch) if watch and watch.verdict is None else []
    if watch is None:
        return _none(oid)
    if watch.state != "done":
        work(directory)  # a worker that was killed is replaced by whoever asks
    if watch.verdict is not None:
        return Status(str(watch.verdict["verdict"]), message(watch, repo))
    return Status(watch.state, so_far(watch, polls))


def _none(oid: str) -> Status:
    reason = "no verification of this commit: it was not deployed, or the server's [verification] names no source"
    data = {"kind": KIND, "oid": oid, "verdict": "none", "reason": reason}
    return Status("none", data)


def _of_clone(repo: Repository, oid: str, remote: str) -> Status:
    if _no_remote(repo, remote):
        reason = f"this clone has no remote {printable(remote)} whose records could be asked"
        return Status(
            "unreachable", {"kind": KIND, "oid": oid, "verdict": "unreachable", "reason": reason, "remote": None}
        )
    given = {name: os.environ[name] for name in _FETCH if name in os.environ}
    specs = [f"+{REF}*:{REF}*", f"+{REFS}/{oid}/*:{REFS}/{oid}/*"]
    code, _, err = repo.attempt("fetch", "-q", "--no-tags", "--prune", remote, *specs, env=given)
    if code:
        said = printable(" ".join(err.decode("utf-8", "replace").split()), 200)
        reason = f"the records cannot be fetched from {printable(remote)}: {said}"
        return Status("unreachable", {"kind": KIND, "oid": oid, "verdict": "unreachable", "reason": reason})
    records = read(repo, oid, KIND)
    refs = repo.text("for-each-ref", "--format=%(refname)", f"{REFS}/{oid}/").split()
    watching = any(ref.endswith("/watching") for ref in refs)
    if records and not watching:
        return Status(str(records[-1].get("verdict")), records[-1])
    if watching:
        data = {"kind": KIND, "oid": oid, "verdict": "watching", "reason": "nothing certain yet"}
        data |= live.read(repo, f"{REFS}/{oid}/watching")
        return Status("waiting" if data["verdict"] == "waiting" else "watching", data)
    return _none(oid)


def _no_remote(repo: Repository, remote: str) -> bool:
    """Tell a name that is no remote here; a path or an address is for git to judge."""
    return not any(char in remote for char in "/:.\\") and remote not in repo.text("remote").split()


def _progress(found: Status) -> bool:
    """Draw a bar where somebody looks at a terminal; tell whether that was so."""
    if not sys.stderr.isatty():
        return False
    sys.stderr.write(f"\r\x1b[K{bar(found, time.time())[: _columns()]}")
    sys.stderr.flush()
    return True


def _columns() -> int:
    return max(20, shutil.get_terminal_size().columns - 1)


def bar(found: Status, now: float) -> str:
    """Write one line: how far the watch is, and the evidence so far, or why there is none."""
    begun, deadline = _number(found.data.get("begun")), _number(found.data.get("deadline"))
    reason = printable(str(found.data.get("reason", found.word)), 160)
    if begun is None or deadline is None:
        return reason
    share = min(1.0, max(0.0, (now - begun) / max(deadline - begun, 1e-9)))
    done = round(BAR * share)
    left = f"{deadline - now:.0f} s left" if now < deadline else "longer, for it is not certain yet"
    drawn = f"[{'#' * done}{'.' * (BAR - done)}] {left}"
    if "cannot be read" in reason:
        return f"{drawn}, {reason}"
    progress = found.data.get("progress")
    numbers = (
        [n for each in progress.values() if (n := _number(each)) is not None] if isinstance(progress, dict) else []
    )
    requests = _number(found.data.get("requests"))
    seen = f", {requests:,.0f} requests" if requests is not None else ""
    return f"{drawn}, evidence {100 * max(numbers, default=0.0):.0f} % of an alarm{seen}"


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and isfinite(value) else None


def render(found: Status) -> str:
    """Write what is known for a person, and what to do next."""
    data = found.data
    oid = str(data.get("oid", ""))
    lines = [f"{oid[:12]} {found.word}: {printable(str(data.get('reason', '')), 300)}"]
    if not found.final and found.word == "watching":
        lines.append(f"  {bar(found, time.time())}")
    lines += [
        f"  {s['level']} {s['name']} after {s['at']:g} s: {printable(str(s['text']), 200)}"
        for s in data.get("evidence", ())
    ]
    lines += [f"  new, once: {printable(str(name), 160)}" for name in list(data.get("new_once", ()))[:5]]
    missed = data.get("could_have_missed") or {}
    if missed.get("text") and found.exit_code == UNKNOWN and str(missed["text"]) not in str(data.get("reason")):
        lines.append(f"  could have missed: {printable(str(missed['text']), 200)}")
    if data.get("suspects"):
        lines.append("  or it was there before: " + ", ".join(str(name)[:12] for name in data["suspects"]))
    if found.word == "regressed":
        undo = data.get("rollback") or rollback_hint(oid)
        push = ", and push" if str(undo).startswith("git ") else ""
        lines.append(f"  roll back: {printable(str(undo), 120)}{push}")
    elif "remote" in data:
        lines.append(f"  name the server: gatepost status {oid[:12]} --remote URL")
    elif not found.final and found.word not in ("none", "unreachable"):
        lines.append(f"  wait for it: gatepost status {oid[:12]} --wait")
    return "".join(line + "\n" for line in lines)
