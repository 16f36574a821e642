"""Judge what is pushed: git's pre-push hook, native or under a framework."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.entry.client import hook, judge
from gatepost.entry.pre_push import changes, updates
from gatepost.git import Change, Repository
from gatepost.model import RefUpdate, Report, printable
from gatepost.policy import Policy
from gatepost.verbs import Verb

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take what git gives: the remote's name and its URL."""
    parser.add_argument("remote", nargs="?", default="", help="the remote's name, as git gives it")
    parser.add_argument("url", nargs="?", default="", help="the remote's URL, as git gives it")


def main(args: argparse.Namespace) -> int:
    """Judge each pushed ref against what the remote has of it."""
    remote = args.remote or os.environ.get("PRE_COMMIT_REMOTE_NAME", "")
    stdin = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    return hook(lambda: _reports(remote, updates(os.environ, stdin)))


def _reports(remote: str, pushed: list[RefUpdate]) -> Iterator[Report]:
    with Repository(own=True) as repo:
        for change in changes(repo, remote, pushed):
            report = judge(change, _rehearsed)
            if report.verdict != "block":
                _sent(change, remote)
            yield report


def _sent(change: Change, remote: str) -> None:
    """Send what was rehearsed ahead of the push; that it could not be is said, and stops nobody."""
    if "gatepost.entry.rehearsing" not in sys.modules:  # nothing migrates
        return
    from gatepost.entry.rehearsing import send

    why = send(change, remote)
    if why:
        sys.stderr.write(f"gatepost: the rehearsal did not reach {printable(remote, 100)}, the push goes on: {why}\n")


def _rehearsed(change: Change, policy: Policy) -> None:
    """Rehearse the migrations of a push first, where there are any."""
    from gatepost.checks._plausible import touches_migrations

    if touches_migrations(change, policy):
        from gatepost.entry.rehearsing import before_push

        before_push(change, policy)


VERB = Verb("pre-push", "judge what is pushed (git's pre-push hook)", add_arguments, main, {"remote": "", "url": ""})
