"""Run the migrations of a range up, down and up again on a scratch database, and say what came back."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatepost.errors import BLOCK, PASS, UNKNOWN, UsageError
from gatepost.gate import deadline, evaluate, read_policy, with_range
from gatepost.git import Change, Repository, make_change
from gatepost.model import Finding, Report, printable
from gatepost.policy import Policy
from gatepost.queries._prepared import beside
from gatepost.rehearsals import Rehearsal, recorded, report, runner
from gatepost.rehearsals.known import Fresh
from gatepost.rehearsals.stage import FOLDER, URL, Asked
from gatepost.verbs import Verb
from gatepost.verbs._range import ends

_ABOUT = re.compile(r"-down$|/rehearsal-failed$|/irreversible$|^query/")


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
    """Rehearse and report; 1 where a down or an up is wrong or a known query breaks, 3 where it could not be told."""
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
        judged = _judged(change, policy, made)
    found = [one for one in judged.open_findings if _ABOUT.search(one.rule.id)] if judged else []
    blocking = [one for one in found if one.effective_level == "error"]
    review = [one for one in found if one.effective_level == "warning"]
    queries = judged.sections.get("queries", {}) if judged else {}
    sys.stdout.write((_json if args.format == "json" else _text)(made, queries, blocking, review))
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


def _judged(change: Change, policy: Policy, made: list[Rehearsal]) -> Report | None:
    """Give what the policy makes of what was seen, and of downs that are not there to be run."""
    if not made:
        return None
    change.shared(Fresh).made.update({one.key: one for one in made})
    with deadline(policy.gate.deadline):
        return with_range(evaluate(change, policy, only=("migrations", "queries")))


def _json(made: list[Rehearsal], queries: Mapping[str, Any], blocking: list[Finding], review: list[Finding]) -> str:
    from gatepost.reports.json import dumps

    data = {
        "format": 1,
        "rehearsals": [report.as_data(one) for one in made],
        "queries": {"tried": queries.get("prepared", 0), **queries},
        "blocking": [_place(one) for one in blocking],
        "review": [_place(one) for one in review],
    }
    return dumps(data) + "\n"


def _place(one: Finding) -> dict[str, Any]:
    return {"rule": one.rule.id, "path": one.path, "line": one.line}


def _text(made: list[Rehearsal], queries: Mapping[str, Any], blocking: list[Finding], review: list[Finding]) -> str:
    if not made:
        return "no migration to rehearse in this range\n"
    lines = [*report.of_queries(queries)]
    for word, found in (("blocks", blocking), ("open for review", review)):
        lines += dict.fromkeys(f"{word}: {printable(one.path)}:{one.line}: {one.rule.id}" for one in found)
    return report.text(made) + "".join(f"{line}\n" for line in lines)


VERB = Verb("rehearse", "run up, down, up on a scratch database; compare schema and rows", add_arguments, main)
