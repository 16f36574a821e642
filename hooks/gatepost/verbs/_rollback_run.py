"""Run the stored plan of a deploy: ask before each step, look after it, record what happened."""

from __future__ import annotations

import argparse
import getpass
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gatepost import blobs, records, reviews
from gatepost.entry import rollbacks
from gatepost.entry.names import INBOX
from gatepost.entry.rollbacks import Stored, Walked
from gatepost.errors import BLOCK, PASS, UNKNOWN, GatepostError, UsageError
from gatepost.gate import landed_policy
from gatepost.git import Repository, Snapshot, failure
from gatepost.model import printable
from gatepost.policy import FILE
from gatepost.reports._rollback import told
from gatepost.rollbacks import Step
from gatepost.rollbacks import _state as states
from gatepost.rollbacks._probe import Surroundings
from gatepost.rollbacks._settings import Rollback
from gatepost.rollbacks._state import State
from gatepost.rollbacks._walk import Walk, fresh

SHORTEST = 12
MOST = 200  # lines of what git said that are shown


def run(repo: Repository, args: argparse.Namespace) -> int:
    """Walk through the plan; 0 only where everything is as it has to be, 1 where it stopped."""
    remote = rollbacks.fetched(repo, args.remote, fetch=not args.no_fetch)
    found = rollbacks.stored(repo, args.what or rollbacks.newest(repo, args.ref), args.ref)
    _agreed(found, args)
    directory = records.git_dir(repo)
    around = Surroundings(repo, remote, os.environ, _settings(repo, found).database, object=found.plan.expected.object)
    file = states.path(directory, found.oid)
    walk = Walk(
        found.plan,
        around,
        file,
        _say,
        told,
        _always if args.yes else _ask,
        _never if args.yes else _ask,
        lambda step: _moved(repo, remote, found, step),
        args.checkout,
    )
    _say(f"rollback of {found.oid[:12]} on {printable(found.ref)}, plan {found.digest}")
    _say(
        f"class {found.plan.class_}: {found.plan.meaning}; no way back from: {printable(found.plan.point_of_no_return)}"
    )
    for one in found.data.get("missing", ()):
        _say(f"NOT COMPLETE: {printable(str(one.get('key')), 60)}: {printable(str(one.get('reason')), 300)}")
    if args.dry_run:
        return _previewed(walk, states.load(file, found.digest) or fresh(found.plan, found.digest))
    with records.locked(directory, "rollback.lock", 1.0), _interruptible():
        state = states.load(file, found.digest) or fresh(found.plan, found.digest)
        lacks = walk.lacks(state)
        if lacks:
            _say(f"\nSTOPPED before anything was done: {lacks}")
            return BLOCK
        state = walk.go(state)
    return _told(repo, remote, found, state, file, args)


def _previewed(walk: Walk, state: State) -> int:
    """Show the steps and what is found now; run nothing."""
    stops = walk.preview(state)
    lacks = walk.lacks(state)
    if not (stops or lacks):
        _say("\nnothing was run")
        return PASS
    why = f"before its first step: {lacks}" if lacks else f"at step {stops}"
    _say(f"\nnothing was run; as it is now the rollback would stop {why}")
    return BLOCK


def _agreed(found: Stored, args: argparse.Namespace) -> None:
    """See that somebody wants exactly this plan."""
    given = args.plan.lower()
    if given and (len(given) < SHORTEST or not found.digest.startswith(given)):
        raise UsageError(
            f"the plan that is stored with {found.oid[:12]} is {found.digest}, not {printable(given, 64)}",
            f"look at it: gatepost rollback show {found.oid[:12]}",
        )
    if not args.dry_run and not sys.stdin.isatty() and not (args.yes and given):
        raise UsageError(
            "without a terminal nobody can be asked",
            f"gatepost rollback run {found.oid[:12]} --yes --plan {found.digest}",
        )


def _settings(repo: Repository, found: Stored) -> Rollback:
    """Read the policy of the deploy: it names the variable that holds the database's URL."""
    tree, own = repo.resolve(found.oid, "tree"), records.git_dir(repo) / FILE
    if tree is None:
        return Rollback()
    return landed_policy(Snapshot(repo, tree), own if own.exists() else None).get("rollback", Rollback)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _ask(question: str) -> bool:
    sys.stdout.write(f"{question} [y/N] ")
    sys.stdout.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _always(question: str) -> bool:
    _say(f"{question} yes (--yes)")
    return True


def _never(question: str) -> bool:
    _say(f"{question} no: --yes does not answer this")
    return False


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let the end of a session and a polite kill be what Ctrl-C is: written down, and nothing half done called done."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {name: signal.signal(name, interrupt) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _moved(repo: Repository, remote: str, found: Stored, step: Step) -> str:
    """Move the deploy ref back to the exact object: a push like any other, which the gate lets through by the plan.

    ``--no-verify``: the hook of the clone would judge it as a push that takes migrations away. The server judges it,
    and only there the plan is certain to be the one that is stored.
    """
    ref, old, new = found.ref, found.plan.change.head, found.plan.expected.object
    if repo.resolve(new) is None:
        raise UsageError(f"{new[:12]} is not here", f"git fetch {printable(remote)}, then go on")
    del step
    lease = f"--force-with-lease={ref}:{old}"
    code, out, err = repo.attempt("push", "--quiet", "--no-verify", lease, remote, f"{new}:{ref}")
    said = (out + err).decode("utf-8", "replace")
    for line in said.splitlines()[-MOST:]:
        if not line.startswith("remote: {"):
            _say(f"    {printable(line, 300)}")
    if code:
        hint = "see what the server says above; it must let branches go back: receive.denyNonFastForwards = false"
        raise failure(err, "the deploy ref was not moved", hint)
    return said[-2000:]


def _told(repo: Repository, remote: str, found: Stored, state: State, file: Path, args: argparse.Namespace) -> int:
    """Say how it ended, and see that it is recorded."""
    words = {"done": "done: everything is as the plan promises", "stopped": "STOPPED", "interrupted": "INTERRUPTED"}
    _say(f"\n{words.get(state.result, state.result)}{f': {state.reason}' if state.reason else ''}")
    if state.result != "done":
        _say(f"what is done is kept; go on with: gatepost rollback run {found.oid[:12]}")
    try:
        where = _record(repo, remote, found, state, args)
    except (GatepostError, OSError) as error:
        where = f"not recorded on the server: {printable(str(error), 300)}; it stands in {file}"
        where += (
            ""
            if args.key
            else "\nto sign it: --key FILE, with the SSH key that is listed in the server's gatepost.signers"
        )
    _say(where)
    return {"done": PASS, "stopped": BLOCK}.get(state.result, UNKNOWN)


def _record(repo: Repository, remote: str, found: Stored, state: State, args: argparse.Namespace) -> str:
    body: dict[str, Any] = {**state.data(), "by": _who(repo)}
    body["rows"] = {}
    if remote == ".":
        records.append(repo, found.oid, {"kind": rollbacks.RUN, **body})
        return f"recorded: gatepost log; {found.oid[:12]}"
    from gatepost.verbs.review import key_of_user

    server = next((r.get("repository") for r in records.read(repo, found.oid, "verdict") if r.get("repository")), "")
    body |= {"kind": rollbacks.RUN, "id": secrets.token_hex(8), "repository": server}
    raw = reviews.sign(Walked(body), key_of_user(repo, args.key))
    blob = blobs.write(repo, raw)
    code, _, err = repo.attempt("push", "--quiet", remote, f"{blob}:{INBOX}{body['id']}")
    if code:
        raise failure(err, "the server did not take the report")
    return "recorded on the server, signed"


def _who(repo: Repository) -> str:
    code, out, _ = repo.attempt("config", "--get", "user.email")
    try:
        return out.decode("utf-8", "replace").strip() if code == 0 else getpass.getuser()
    except (OSError, KeyError):
        return "somebody"
