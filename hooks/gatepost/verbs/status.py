"""Show what the verification of a deploy says, in the server's repository or in a clone of it."""

from __future__ import annotations

import argparse
import json
import sys

from gatepost.git import Repository
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "exit codes: 0 pass (or warn: certain, but small), 1 regressed,\n"
        "3 no answer: inconclusive, superseded, not-deployed, still watching, or no watch at all"
    )
    parser.add_argument("oid", nargs="?", default="HEAD", metavar="OID", help="the deployed commit (default: HEAD)")
    parser.add_argument("--wait", action="store_true", help="wait for the verdict")
    parser.add_argument("--timeout", type=float, default=3 * 3600.0, metavar="S", help="wait no longer than this")
    parser.add_argument("--remote", default="origin", help="where the records come from (origin)")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository, a bare one too (default: here)")
    parser.add_argument("--format", default="text", choices=("text", "json"))


def main(args: argparse.Namespace) -> int:
    """Show it; give 0, 1 or 3."""
    from gatepost.watch.status import ask, render

    with Repository(args.repo, own=args.repo == ".") as repo:
        found = ask(repo, args.oid, remote=args.remote, wait=args.timeout if args.wait else 0.0)
    sys.stdout.write(json.dumps(found.data) + "\n" if args.format == "json" else render(found))
    return found.exit_code


VERB = Verb("status", "show what the verification of a deploy says, and wait for it", add_arguments, main)
