"""Run the migrations of a range up, down and up again on a scratch database, and say what came back."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from gatepost.errors import BLOCK, PASS, UNKNOWN, UsageError
from gatepost.gate import deadline, evaluate, read_policy
from gatepost.git import Change, Repository, make_change
from gatepost.model import Finding, printable
from gatepost.policy import Policy
from gatepost.queries._prepared import beside
from gatepost.rehearsals import Rehearsal, recorded, report, runner
from gatepost.rehearsals.known import Fresh
from gatepost.rehearsals.stage import FOLDER, URL, Asked
from gatepost.verbs import Verb
from gatepost.verbs._range import ends

_ABOUT = ("-down", "/rehearsal-failed", "/irreversible")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("range", metavar="BASE..HEAD", help="whose migrations; A...B is from their merge base")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository, a bare one too (default: here)")
    parser.add_argument("--policy", metavar="FILE", help="a policy that wins over the tree's, as on a server")
    parser.add_argument("--format", default="text", choices=("text", "json"))
    parser.add_argument(
        "--server-url",
        metavar="FILE",
        help=f"a file with the URL of a scratch server (else {URL}, else one of our own)",
    )
    parser.add_argument("--limit", type=float, default=900.0, metavar="SECONDS", help="the longest that it may take")
    parser.add_argument("--no-save", action="store_true", help="do not keep the result for the checks and the server")


def main(args: argparse.Namespace) -> int:
    """Rehearse and report; 1 where a down or an up is wrong, 3 where it could not be told."""
    with Repository(args.repo, own=args.repo == ".") as repo:
        change = make_change(repo, *ends(repo, args.range, "gatepost rehearse"))
        policy, _ = read_policy(change, Path(args.policy) if args.policy else None)
        bare = repo.text("rev-parse", "--is-bare-repository") == "true"
        asked = Asked(_url(args.server_url), repo.directory() / FOLDER, args.limit, None if bare else change.head, _say)
        refs = "" if args.no_save else recorded.OWN if bare else recorded.REFS
        made = runner.rehearse(change, policy, replace(asked, beside=beside(change, policy, refs)))
        if not args.no_save:
            for one in made:
                recorded.save(repo, one, refs)
        blocking = blocked(change, policy, made)
    sys.stdout.write(_shown(made, blocking, args.format))
    unknown = any("unknown" in (made_one.whole, *(one.verdict for one in made_one.migrations)) for made_one in made)
    return BLOCK if blocking else UNKNOWN if unknown else PASS


def _url(file: str | None) -> str:
    """Give the URL of a scratch server: never from an argument, which every user of the machine can read."""
    if not file:
        return os.environ.get(URL, "")
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--server-url {printable(file)}: {error}") from None


def _say(text: str) -> None:
    sys.stderr.write(f"gatepost: {printable(text, 300)}\n")


def blocked(change: Change, policy: Policy, made: list[Rehearsal]) -> list[Finding]:
    """Give what the policy makes an error of: what the rehearsal found, and downs that are not there to be run."""
    if not made:
        return []
    change.shared(Fresh).made.update({one.key: one for one in made})
    with deadline(policy.gate.deadline):
        found = evaluate(change, policy, only=("migrations",)).open_findings
    return [one for one in found if one.effective_level == "error" and one.rule.id.endswith(_ABOUT)]


def _shown(made: list[Rehearsal], blocking: list[Finding], form: str) -> str:
    if form == "json":
        from gatepost.reports.json import dumps

        blocks = [{"rule": one.rule.id, "path": one.path, "line": one.line} for one in blocking]
        return dumps({"format": 1, "rehearsals": [report.as_data(one) for one in made], "blocking": blocks}) + "\n"
    lines = [f"blocks: {printable(one.path)}:{one.line}: {one.rule.id}\n" for one in blocking]
    return (report.text(made) or "no migration to rehearse in this range\n") + "".join(lines)


VERB = Verb("rehearse", "run up, down, up on a scratch database; compare schema and rows", add_arguments, main)
