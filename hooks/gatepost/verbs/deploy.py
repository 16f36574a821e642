"""Say that a deploy has happened, where that is not the push itself."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from gatepost.errors import UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.queries import LIVE
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", choices=("mark",), help="mark: the commit is live from now on")
    parser.add_argument("oid", metavar="OID", help="the commit that was deployed")
    parser.add_argument("--at", metavar="ISO", default="", help="when it happened (default: now)")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the bare repository (default: here)")


def main(args: argparse.Namespace) -> int:
    """Begin the watch that waits for this deploy."""
    from gatepost.metrics._lines import iso_time
    from gatepost.records import git_dir
    from gatepost.watch.begin import mark

    try:
        begun = iso_time(args.at) if args.at else time.time()
    except ValueError:
        raise UsageError(f"--at {printable(args.at, 40)}: write ISO 8601, such as 2026-11-22T10:00:00Z") from None
    with Repository(Path(args.repo)) as repo:
        oid = repo.resolve(args.oid) or args.oid
        watch = mark(git_dir(repo), oid, begun)
        # what runs now: its queries count when the next migration is judged
        repo.run("update-ref", f"{LIVE}/{watch.ref.removeprefix('refs/')}", oid)
    sys.stdout.write(f"{oid[:12]} watched from now for {watch.settings.watch:g} s: gatepost status {oid[:12]} --wait\n")
    return 0


VERB = Verb("deploy", "say that a deploy has happened", add_arguments, main)
