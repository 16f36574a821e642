"""List the records of a repository, newest first."""

from __future__ import annotations

import argparse
import sys

from gatepost import records
from gatepost.errors import PASS, UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.records import Record
from gatepost.reports._recorded import KINDS
from gatepost.verbs import Verb, review

_FACTS = ("verdict", "action", "signer", "pusher", "rule", "reason")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("commit", nargs="?", default="", help="only the records of this commit, tree or object id")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository (default: here)")
    parser.add_argument("-n", "--number", type=int, default=50, help="how many at most (default: 50)")
    parser.add_argument("--kind", default="", help="only this kind: verdict, landed, deploy, review, verification, ...")
    parser.add_argument(
        "--format",
        default="text",
        choices=("text", "json", "markdown", "html"),
        help="the last two write the newest stored report as a page; --kind dependency-audit for dependencies only",
    )


def main(args: argparse.Namespace) -> int:
    """List the records."""
    with Repository(args.repo) as repo:
        if args.commit:
            oid = repo.resolve(args.commit) or args.commit
            found = tuple(reversed(records.read(repo, oid)))
        else:
            found = records.log(repo, max(1, args.number) * (10 if args.kind else 1))
        if not found:
            sys.stderr.write(f"gatepost: {_why_none(repo, args.commit)}\n")
    found = tuple(r for r in found if not args.kind or r.get("kind") == args.kind)[: max(1, args.number)]
    if args.format in review.PAGES:
        told = next((r for kind in KINDS for r in found if r["kind"] == kind), None)
        if told is None:
            raise UsageError("no record of them holds a report", "name a commit, or --kind dependency-audit")
        sys.stdout.write(review.page(told, args.format))
    elif args.format == "json":
        from gatepost.reports.json import dumps, plain

        sys.stdout.write("".join(dumps(plain(record)) + "\n" for record in found))
    else:
        sys.stdout.write("".join(line(record) + "\n" for record in found))
    return PASS


def _why_none(repo: Repository, commit: str) -> str:
    """Say why nothing is listed: a clone has the records only once they were fetched."""
    listed = repo.text("remote").split()
    what = f"no record of {printable(commit, 60)} is here" if commit else "no records are here"
    if not listed:
        return f"{what}: nothing was pushed through the gate yet" if not commit else what
    remote = "origin" if "origin" in listed else listed[0]
    fetch = f"git fetch {printable(remote, 60)} '+{records.REF}:{records.REF}'"
    return f"{what}; the server has them: {fetch} (gatepost install: with every fetch)"


def line(record: Record) -> str:
    """Give one record on one line."""
    facts = [printable(str(record[name]), 60) for name in _FACTS if record.get(name)]
    landed = record.get("landed")
    facts += [] if landed is None else ["landed" if landed else "not landed"]
    ref = printable(str(record.get("ref") or ""), 60)
    return " ".join([str(record["at"])[:19] + "Z", f"{record['kind']:<12}", str(record["commit"])[:12], ref, *facts])


VERB = Verb("log", "list the records: verdicts, deploys, reviews, verifications", add_arguments, main)
