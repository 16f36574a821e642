"""Begin the watch of a deploy: a row, a ref, a worker."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from gatepost.errors import PolicyError, UsageError
from gatepost.git import Repository
from gatepost.metrics import SourceError, Verification
from gatepost.metrics._open import open_source
from gatepost.metrics._settings import OUTWARD, WITH_TOKEN
from gatepost.policy import Duration
from gatepost.records import state_dir
from gatepost.watch.arrival import checked
from gatepost.watch.detach import spawn
from gatepost.watch.lock import running
from gatepost.watch.model import Deploy, Watch
from gatepost.watch.queue import open_store, own
from gatepost.watch.tell import show

LOG = "watch.log"
DAY = 86_400.0
SOON = 60.0
MOST_POLLS = 2000
BOUNDS = {
    "poll": (0.1, 3600.0),
    "watch": (1.0, DAY),
    "settle": (0.0, DAY),
    "baseline": (60.0, DAY),
    "wait_for_deploy": (0.0, 7 * DAY),
    "scrape": (0.1, 3600.0),
    "timeout": (0.1, 60.0),
}


def begin(git_dir: Path, deploy: Deploy, settings: Verification) -> Watch:
    """Insert the row of a deploy's watch, end those that it supersedes, and see that a worker runs."""
    settings = bounded(trusted(git_dir, settings))
    known_source(settings)
    checked(settings)
    now = time.time()
    pushed = deploy.at or now
    at_once = settings.begin == "push"
    service = deploy.service or settings.service or deploy.ref
    watch = Watch(
        id=f"{deploy.oid[:12]}-{int(now * 1000) % 10**9:09d}",
        oid=deploy.oid,
        ref=deploy.ref,
        service=service,
        pushed=pushed,
        state="watching" if at_once else "waiting",
        settings=settings,
        old=deploy.old,
        begun=pushed + settings.settle if at_once else None,
        due=pushed,
    )
    with open_store(git_dir) as store:
        store.insert(watch)
        if watch.begun is not None:
            store.supersede(service, pushed, watch.id)
    with Repository(git_dir, client=False) as repo:
        show(repo, watch.oid, "watching")
    work(git_dir)
    return watch


def bounded(settings: Verification) -> Verification:
    """Give settings that one worker can serve beside others'; PolicyError where a time is out of its bounds."""
    wrong = [
        f"verification.{name}: {getattr(settings, name):g} s is not between {low:g} and {high:g} s"
        for name, (low, high) in BOUNDS.items()
        if not low <= getattr(settings, name) <= high
    ]
    if not wrong and settings.watch > MOST_POLLS * settings.poll:
        wrong = [f"verification.watch: more than {MOST_POLLS} times verification.poll"]
    if wrong:
        raise PolicyError(wrong)
    return replace(settings, extend=Duration(min(settings.extend, MOST_POLLS * settings.poll)))


def known_source(settings: Verification) -> None:
    """Raise PolicyError where the source is not known; that it cannot be read now is for the watch to say."""
    try:
        open_source(settings).close()
    except PolicyError:
        raise
    except SourceError:
        return


def work(git_dir: Path) -> None:
    """See that somebody works on the watches of a repository."""
    if not running(git_dir):
        spawn(git_dir, state_dir(git_dir) / LOG)


def trusted(git_dir: Path, settings: Verification) -> Verification:
    """Take what acts outside of the repository from the server's own file only, not from a tree that was pushed."""
    server = own(git_dir)
    names = (*OUTWARD, *WITH_TOKEN) if server.token_file else OUTWARD
    return replace(settings, **{name: getattr(server, name) for name in names})


def mark(git_dir: Path, oid: str, begun: float) -> Watch:
    """Say when a deploy happened: its watch begins then, and those of older deploys end."""
    with open_store(git_dir) as store:
        watch = store.get(oid)
        if begun > time.time() + SOON:
            raise UsageError("--at: lies in the future", "mark a deploy when it has happened")
        if watch is None:
            raise UsageError(f"{oid[:12]}: no watch waits for this commit", "push it to a deploy ref first")
        if not store.mark(watch, begun):
            raise UsageError(f"{oid[:12]}: its deploy was marked before", f"gatepost status {oid[:12]}")
        store.supersede(watch.service, begun, watch.id)
    work(git_dir)
    return replace(watch, begun=begun)
