"""Judge a range of commits, or what is staged, and report in the format that is asked for."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatepost import reports
from gatepost.errors import UsageError
from gatepost.gate import all_checks, deadline, evaluate, read_policy, with_range
from gatepost.git import Change, Repository, make_change
from gatepost.model import printable
from gatepost.policy import nearest
from gatepost.verbs import Verb
from gatepost.verbs._range import ends


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("range", nargs="?", metavar="BASE..HEAD", help="what to judge; A...B is from their merge base")
    parser.add_argument("--staged", action="store_true", help="judge the index against HEAD (the default)")
    parser.add_argument("--repo", default=".", metavar="DIR", help="the repository, a bare one too (default: here)")
    parser.add_argument("--only", default="", metavar="CHECK,..", help="run only these checks")
    parser.add_argument("--policy", metavar="FILE", help="a policy that wins over the tree's, as on a server")
    parser.add_argument("--format", default="text", help="one of: " + ", ".join(reports.names()))
    parser.add_argument("-o", "--output", metavar="FILE", help="write the report there instead of to standard output")


def main(args: argparse.Namespace) -> int:
    """Judge and report; give the report's exit code."""
    if args.range and args.staged:
        raise UsageError("give a range or --staged, not both")
    form, only = reports.get(args.format), _checks(args.only)
    with Repository(args.repo, own=args.repo == ".") as repo:
        change = _change(repo, args.range)
        policy, invalid = read_policy(change, Path(args.policy) if args.policy else None)
        with deadline(policy.gate.deadline):
            report = with_range(evaluate(change, policy, only, invalid))
    text = form.render(report)
    if args.output:
        _write(Path(args.output), text)
    else:
        sys.stdout.write(text)
    return report.exit_code


def _checks(text: str) -> tuple[str, ...]:
    known = [check.name for check in all_checks()]
    wanted = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in wanted:
        if name not in known:
            raise UsageError(f"--only {printable(name, 40)}: no such check{nearest(name, known)}", ", ".join(known))
    return wanted


def _change(repo: Repository, text: str | None) -> Change:
    if text is None:
        if repo.text("rev-parse", "--is-bare-repository") == "true":
            raise UsageError(
                "a bare repository has nothing staged", "give a range: gatepost check BASE..HEAD --repo DIR"
            )
        return make_change(repo, "HEAD" if repo.resolve("HEAD") else None, None)
    return make_change(repo, *ends(repo, text, "gatepost check"))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{printable(str(file))}: {error.strerror}") from None


VERB = Verb("check", "judge a range of commits, or what is staged", add_arguments, main)
