"""Say whether a commit was accepted: for any deployer, by the exit code."""

from __future__ import annotations

import argparse
import os
import sys

from gatepost import records
from gatepost.errors import BLOCK, PASS, UNKNOWN
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.records import Record
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("commit", nargs="?", default="", help="a commit (default: KAMAL_VERSION, else HEAD)")
    parser.add_argument("--repo", default=".", metavar="DIR", help="a clone or the server's repository (default: here)")
    parser.add_argument("--ref", default="", help="only a verdict on this ref counts")
    parser.add_argument("--format", default="text", choices=("text", "json"))


def main(args: argparse.Namespace) -> int:
    """Answer: 0 yes, 1 no, 3 nothing is known of it, which is no yes."""
    name = args.commit or os.environ.get("KAMAL_VERSION") or "HEAD"
    with Repository(args.repo) as repo:
        oid = repo.resolve(name) or name
        code, reason, record = decide(records.read(repo, oid), args.ref)
    if args.format == "json":
        from gatepost.reports.json import dumps

        data = {"commit": oid, "deploy": code == PASS, "reason": reason, "verdict": (record or {}).get("verdict")}
        sys.stdout.write(dumps(data) + "\n")
    else:
        sys.stdout.write(f"{printable(oid, 64)}: {'yes' if code == PASS else 'no'}, {reason}\n")
    return code


def decide(found: tuple[Record, ...], ref: str) -> tuple[int, str, Record | None]:
    """Judge by the newest verdict that landed; a rollback since then says no."""
    counted = [record for record in found if not ref or record.get("ref") == ref]
    verdicts = [record for record in counted if record["kind"] == "verdict" and record.get("landed")]
    if not verdicts:
        if any(record["kind"] == "alarm" for record in counted):
            return BLOCK, "verify/landed-without-verdict: it landed though nobody judged it", None
        if any(record["kind"] == "verdict" for record in counted):
            return BLOCK, "it was judged but has not landed", None
        return UNKNOWN, "nothing is recorded of it here (git fetch the records?)", None
    last = verdicts[-1]
    back = [one for one in counted if one["kind"] == "rollback" and one.get("result") in ("moved", "done")]
    if back and back[-1]["seq"] > last["seq"]:
        return BLOCK, f"it was rolled back, plan {printable(str(back[-1].get('plan')), 12)}", last
    if last.get("verdict") in ("pass", "review"):
        return PASS, f"verdict {last['verdict']} on {printable(str(last.get('ref')), 60)}", last
    return BLOCK, f"verdict {last.get('verdict')} on {printable(str(last.get('ref')), 60)}", last


VERB = Verb("verdict", "say whether a commit may be deployed, by the exit code", add_arguments, main)
