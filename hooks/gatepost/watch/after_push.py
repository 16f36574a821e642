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

SHORT = 12


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
    return (
        f"gatepost: the last deploy {watch.oid[:SHORT]} regressed: {reason}; roll back: git revert {watch.oid[:SHORT]}"
    )


def refusal(repo: Repository, directory: Path, ref: str, new: str, settings: Verification) -> Finding | None:
    """Give the finding that refuses a push after a regression, where ``refuse_after_regression`` is set.

    Its rollback is let through: the tree of the commit before it, or a commit that names it as reverted.
    """
    if not settings.refuse_after_regression:
        return None
    watch = last_regressed(directory, ref)
    if watch is None or _undoes(repo, watch, new):
        return None
    short = watch.oid[:SHORT]
    message = f"the last deploy {short} regressed: only its rollback may land now"
    return Finding(LIVE, ref, message, f"git revert {short}, or push the commit before it", key=watch.oid)


def _undoes(repo: Repository, watch: Watch, new: str) -> bool:
    before = repo.resolve(watch.old, "tree") if watch.old and not is_zero(watch.old) else None
    if before is not None and repo.resolve(new, "tree") == before:
        return True
    messages = repo.text("log", "--format=%B", "-n", "100", f"{watch.oid}..{new}", "--")
    return f"This reverts commit {watch.oid}" in messages
