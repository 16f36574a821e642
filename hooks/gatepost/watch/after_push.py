"""What a push hears of the verification of the last deploy, and when that refuses it."""

from __future__ import annotations

from pathlib import Path

from gatepost.errors import CannotJudge
from gatepost.git import Repository
from gatepost.metrics import Verification
from gatepost.model import Finding, is_zero, printable
from gatepost.verify_rules import LIVE
from gatepost.watch.model import Watch
from gatepost.watch.queue import open_store, watched
from gatepost.watch.tell import SHORT, rollback_hint


def last_regressed(directory: Path, ref: str) -> Watch | None:
    """Give the watch of the newest deploy of a ref that has a verdict, where that is ``regressed``."""
    if not watched(directory):
        return None
    with open_store(directory) as store:
        watches = [watch for watch in store.watches() if watch.ref == ref and watch.verdict]
    newest = watches[-1] if watches else None
    return newest if newest and (newest.verdict or {}).get("verdict") == "regressed" else None


def reminder(directory: Path, ref: str) -> str | None:
    """Give the line that tells a pusher of a regression that is still live; None where there is none."""
    try:
        watch = last_regressed(directory, ref)
    except CannotJudge as error:
        return f"gatepost: whether the last deploy regressed is not known: {printable(error.message, 200)}"
    if watch is None:
        return None
    reason = printable(str((watch.verdict or {}).get("reason", "")), 120)
    with Repository(directory, client=False) as repo:
        undo = rollback_hint(watch.oid, repo)
    return f"gatepost: the last deploy {watch.oid[:SHORT]} regressed: {reason}; roll back: {undo}"


def refusal(repo: Repository, directory: Path, ref: str, new: str, settings: Verification) -> Finding | None:
    """Give the finding that refuses a push after a regression, where ``refuse_after_regression`` is set.

    Its rollback is let through: the tree of the commit before it, or a commit that names it as reverted and does
    undo something of it (a conflict may have left the rest).
    """
    if not settings.refuse_after_regression:
        return None
    watch = last_regressed(directory, ref)
    if watch is None or _undoes(repo, watch, new):
        return None
    short = watch.oid[:SHORT]
    message = f"the last deploy {short} regressed: only its rollback may land now"
    return Finding(LIVE, ref, message, f"{rollback_hint(watch.oid, repo)}, or push the commit before it", key=watch.oid)


def _undoes(repo: Repository, watch: Watch, new: str) -> bool:
    before = repo.resolve(watch.old, "tree") if watch.old and not is_zero(watch.old) else None
    tree = repo.resolve(new, "tree")
    if before is not None and tree == before:
        return True
    messages = repo.text("log", "--format=%B", "-n", "100", f"{watch.oid}..{new}", "--")
    if f"This reverts commit {watch.oid}" not in messages:
        return False
    after = repo.resolve(watch.oid, "tree")
    if before is None or after is None or tree is None:
        return True  # the first deploy of a ref: there is nothing to compare with
    # Whoever may push can write that sentence: something of the deploy must be gone as well.
    return not set(repo.diff(before, after)) <= set(repo.diff(before, tree))
