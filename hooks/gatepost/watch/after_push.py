"""What a push hears of the verification of the last deploy, and when that refuses it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from gatepost.errors import CannotJudge
from gatepost.git import Repository
from gatepost.metrics import Verification
from gatepost.model import Finding, is_zero, printable
from gatepost.records import read
from gatepost.verify_rules import LIVE
from gatepost.watch.model import Watch
from gatepost.watch.queue import open_store, watched
from gatepost.watch.tell import SHORT, rollback_hint


@dataclass(frozen=True, slots=True)
class Live:
    """Deploys in a row that regressed and are part of what is deployed, ``tip``; ``good`` is what ran before them."""

    watches: tuple[Watch, ...]
    good: str | None
    tip: str | None

    @property
    def newest(self) -> Watch:
        """The one that is told."""
        return self.watches[-1]

    def hint(self, repo: Repository) -> str:
        """Give the command that undoes them, from where the ref is now."""
        if len(self.watches) == 1:
            return rollback_hint(self.newest.oid, repo, tip=self.tip, good=self.good)
        planned = any(read(repo, watch.oid, "rollback-plan") for watch in self.watches)
        return f"{'gatepost rollback plan' if planned else 'git revert'} {(self.good or '')[:SHORT]}..HEAD"


def live(repo: Repository, directory: Path, ref: str, tip: str | None) -> Live | None:
    """Give what regressed last and is still in ``tip``, the object of the ref; None where a later deploy passed."""
    if not watched(directory):
        return None
    with open_store(directory) as store:
        told = [watch for watch in store.watches() if watch.ref == ref and _word(watch) not in ("", "superseded")]
    still = [watch for watch in told if _word(watch) != "regressed" or _still(repo, watch, tip)]
    row = tuple(takewhile(lambda watch: _word(watch) == "regressed", reversed(still)))[::-1]
    return Live(row, _good(repo, row[0]), tip) if row else None


def _word(watch: Watch) -> str:
    return str((watch.verdict or {}).get("verdict", ""))


def _still(repo: Repository, watch: Watch, tip: str | None) -> bool:
    return tip is None or tip == watch.oid or (_leads(repo, watch.oid, tip) and not _undoes(repo, watch, tip))


def _leads(repo: Repository, old: str, new: str) -> bool:
    return repo.attempt("merge-base", "--is-ancestor", old, new)[0] == 0


def _good(repo: Repository, watch: Watch) -> str | None:
    """Give what ran before a deploy: never what the ref was moved back from."""
    old = watch.old if watch.old and not is_zero(watch.old) else None
    return old if old and _leads(repo, old, watch.oid) else repo.resolve(f"{watch.oid}~1")


def reminder(directory: Path, ref: str, repo: Repository | None = None, tip: str | None = None) -> str | None:
    """Give the line that tells a pusher of a regression that is still live; None where there is none.

    ``tip`` is what the ref will be after the push, read through ``repo``; without it, what the ref is.
    """
    if repo is None:
        with Repository(directory, client=False) as own:
            return reminder(directory, ref, own, own.resolve(ref))
    try:
        found = live(repo, directory, ref, tip)
    except CannotJudge as error:
        return f"gatepost: whether the last deploy regressed is not known: {printable(error.message, 200)}"
    if found is None:
        return None
    oid, reason = found.newest.oid, printable(str((found.newest.verdict or {}).get("reason", "")), 120)
    what = f"the last deploy {oid[:SHORT]} regressed"
    if tip not in (None, oid):
        what = f"the deploy {oid[:SHORT]} regressed, and no later one has passed"
    return f"gatepost: {what}: {reason}; roll back: {found.hint(repo)}"


def refusal(repo: Repository, directory: Path, ref: str, new: str, settings: Verification) -> Finding | None:
    """Give the finding that refuses a push after a regression, where ``refuse_after_regression`` is set.

    Its rollback is let through: what ran before it or something older, or a commit that names it as reverted and does
    undo something of it (a conflict may have left the rest).
    """
    if not settings.refuse_after_regression:
        return None
    found = live(repo, directory, ref, repo.resolve(ref))
    if found is None or _returns(repo, found, new) or _undoes(repo, found.newest, new):
        return None
    short = found.newest.oid[:SHORT]
    message = f"the last deploy {short} regressed: only its rollback may land now"
    good = f", or push {found.good[:SHORT]}, which ran before" if found.good else ""
    return Finding(LIVE, ref, message, found.hint(repo) + good, key=found.newest.oid)


def _returns(repo: Repository, found: Live, new: str) -> bool:
    """Tell whether a push goes back to before all that regressed: to the commit, an older one, or the same files."""
    if found.good is None:
        return False
    return _leads(repo, new, found.good) or repo.resolve(new, "tree") == repo.resolve(found.good, "tree")


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
