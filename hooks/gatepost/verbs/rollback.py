"""Plan the way back of a change; show, rehearse and run the plan that is stored with a deploy."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.errors import BLOCK, PASS, UNKNOWN, UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.verbs import Verb
from gatepost.verbs._range import ends

if TYPE_CHECKING:
    from gatepost.git import Change

FORMATS = ("text", "json", "markdown", "html", "toml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = (
        "plan [BASE..HEAD]   derive the plan of a change (default: the upstream, or HEAD~1, to HEAD)\n"
        "show [OID]          the plan that is stored with a deploy (default: the newest that has one)\n"
        "rehearse [RANGE]    try the way down on a scratch database; the plan takes over what was measured\n"
        "run [OID]           walk through the stored plan: ask, run and look, step by step; go on where it ended\n\n"
        "exit codes: 0 complete or done, 1 something is lacking or not as expected, 2 usage, 3 not known"
    )
    parser.add_argument("action", choices=("plan", "show", "rehearse", "run"))
    parser.add_argument(
        "what", nargs="?", default="", metavar="WHAT", help="a range, or a deployed commit for show and run"
    )
    parser.add_argument(
        "--repo", default=".", metavar="DIR", help="a clone, or the server's repository (default: here)"
    )
    parser.add_argument("--ref", default="", help="the deploy ref (default: that of the record, or of the policy)")
    parser.add_argument("--remote", default="", help="the server (default: origin, else the repository itself)")
    parser.add_argument("--no-fetch", action="store_true", help="take the records as they are here")
    parser.add_argument("--policy", metavar="FILE", help="a policy that wins over the tree's, as on a server")
    parser.add_argument("--format", default="text", choices=FORMATS, help="toml: the file that an author fills in")
    parser.add_argument("--dry-run", action="store_true", help="run: show the steps and what is found now, run nothing")
    parser.add_argument("--yes", action="store_true", help="run: do not ask; without a terminal it needs --plan too")
    parser.add_argument("--plan", default="", metavar="DIGEST", help="run: only this plan, by its digest")
    parser.add_argument(
        "--checkout", default="", metavar="DIR", help="run: where the commands run (default: an export)"
    )
    parser.add_argument("--key", metavar="FILE", help="run: the SSH key that signs the report to the server")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it there instead of to standard output")


def main(args: argparse.Namespace) -> int:
    """Do what is asked for."""
    with Repository(args.repo, own=args.repo == ".") as repo:
        if args.action == "run":
            from gatepost.verbs._rollback_run import run

            return run(repo, args)
        return {"plan": _plan, "show": _show, "rehearse": _rehearse}[args.action](repo, args)


def _plan(repo: Repository, args: argparse.Namespace) -> int:
    from gatepost.checks._rollback_run import plan
    from gatepost.gate import deadline, read_policy
    from gatepost.git import make_change
    from gatepost.reports._rollback import Shown
    from gatepost.rollbacks._digest import as_data

    base, head = _range(repo, args.action, args.what)
    change = make_change(repo, base, head, args.ref or None)
    if _empty(change):
        return PASS
    _uncommitted(repo, change)
    policy, _ = read_policy(change, Path(args.policy) if args.policy else None)
    with deadline(policy.gate.deadline):
        made = plan(change, policy)
    if made is None:
        sys.stdout.write("nothing here needs a rollback plan: the exact object that ran before is the way back\n")
        return PASS
    lacks = [f"{key}: {reason}" for key, reason in (*made.problems, *made.missing)]
    data = as_data(made.plan) | {"complete": not lacks, "missing": lacks}
    if args.format == "toml":
        from gatepost.rollbacks._draft import draft

        _write(args, draft(made.plan, made.missing))
        for one in lacks if args.output else ():
            sys.stderr.write(f"fill in {printable(one, 300)}\n")
    else:
        _write(args, _rendered(args.format, Shown(made.plan, str(data["digest"]), tuple(lacks)), data))
    return BLOCK if lacks else PASS


def _rehearse(repo: Repository, args: argparse.Namespace) -> int:
    """Rehearse the migrations of the range, keep what came out, and show the plan that takes it over."""
    from gatepost.gate import read_policy
    from gatepost.git import make_change
    from gatepost.queries._prepared import beside
    from gatepost.rehearsals import recorded, report, runner
    from gatepost.rehearsals.stage import FOLDER, URL, Asked

    base, head = _range(repo, args.action, args.what)
    change = make_change(repo, base, head, args.ref or None)
    if _empty(change):
        return PASS
    policy, _ = read_policy(change, Path(args.policy) if args.policy else None)
    bare = repo.text("rev-parse", "--is-bare-repository") == "true"
    also = beside(change, policy, recorded.REFS)
    asked = Asked(os.environ.get(URL, ""), repo.directory() / FOLDER, 900.0, None if bare else change.head, _say, also)
    made = runner.rehearse(change, policy, asked)
    for one in made:
        recorded.save(repo, one)
    if args.format == "text":
        sys.stdout.write(report.text(made) + "\n" if made else "")
    code = _plan(repo, args)
    return UNKNOWN if any(one.whole == "unknown" for one in made) else code


def _empty(change: Change) -> bool:
    """Say where there is nothing to plan for: straight after a push upstream and HEAD are the same."""
    if change.base_oid != change.head_oid:
        return False
    oid = change.head_oid[:12]
    sys.stdout.write(
        f"the range is empty: both ends are {oid}\n"
        f"the plan of what was deployed: gatepost rollback show {oid}; of another range: BASE..HEAD\n"
    )
    return True


def _uncommitted(repo: Repository, change: Change) -> None:
    """Say which plan files are not heard, as they are not committed."""
    if repo.resolve("HEAD") != change.head_oid:
        return
    code, out, _ = repo.attempt("rev-parse", "--show-toplevel")
    if code:  # a bare repository
        return
    top = out.decode("utf-8", "surrogateescape").strip()
    code, out, _ = repo.attempt("-C", top, "status", "--porcelain", "-uall", "-z", "--", "rollback")
    names = [line[3:].decode("utf-8", "replace") for line in out.split(b"\0") if len(line) > 3] if code == 0 else []
    for name in names[:5]:
        if name.endswith((".toml", ".md")):
            sys.stderr.write(f"gatepost: {printable(name, 120)} is not committed, and not heard: commit it first\n")


def _say(text: str) -> None:
    sys.stderr.write(f"gatepost: {printable(text, 300)}\n")


def _show(repo: Repository, args: argparse.Namespace) -> int:
    from gatepost.entry.rollbacks import fetched, newest, stored
    from gatepost.reports._rollback import Shown

    fetched(repo, args.remote, fetch=not args.no_fetch)
    found = stored(repo, args.what or newest(repo, args.ref), args.ref)
    lacks = tuple(f"{one.get('key')}: {one.get('reason')}" for one in found.data.get("missing", ()))
    if args.format == "toml":
        raise UsageError("a stored plan is not written as a draft", "gatepost rollback plan --format toml")
    _write(args, _rendered(args.format, Shown(found.plan, found.digest, lacks), dict(found.data)))
    return BLOCK if lacks else PASS


def _range(repo: Repository, action: str, text: str) -> tuple[str, str]:
    if not text:
        upstream = repo.attempt("rev-parse", "-q", "--verify", "@{upstream}^{commit}")[1].decode().strip()
        return upstream or "HEAD~1", "HEAD"
    return ends(repo, text, f"gatepost rollback {action}")


def _rendered(form: str, shown: object, data: dict[str, object]) -> str:
    from gatepost.reports import _rollback as page
    from gatepost.reports.json import dumps, plain

    if form == "json":
        return dumps(plain(data)) + "\n"
    assert isinstance(shown, page.Shown)
    return {"text": page.text, "markdown": page.markdown, "html": page.html}[form](shown)


def _write(args: argparse.Namespace, text: str) -> None:
    if not args.output:
        sys.stdout.write(text)
        return
    try:
        file = Path(args.output)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{printable(args.output)}: {error.strerror}") from None
    sys.stderr.write(f"wrote {printable(args.output)}\n")


VERB = Verb("rollback", "plan, show, rehearse and run the way back of a deploy", add_arguments, main)
