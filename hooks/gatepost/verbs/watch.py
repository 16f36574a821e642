"""Run the verification over recorded traffic, draw one as a page, list them, or manage what it knows."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from gatepost.errors import UsageError
from gatepost.git import Repository
from gatepost.model import printable
from gatepost.verbs import Verb

if TYPE_CHECKING:
    from gatepost.watch.model import Watch
    from gatepost.watch.store import Store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    replay = _action(actions, "replay", "run the watch over a log")
    replay.add_argument("log", metavar="LOG", help="an access log, with its rotated parts beside it")
    replay.add_argument("--deploys", required=True, metavar="ISO[,ISO..]|random:N", help="when to deploy")
    replay.add_argument("--poll", type=float, default=15.0, metavar="S", help="seconds between looks (15)")
    replay.add_argument("--window", type=float, default=600.0, metavar="S", help="seconds of a watch (600)")
    replay.add_argument("--baseline", type=float, default=3600.0, metavar="S", help="seconds to compare with (3600)")
    replay.add_argument("--pattern", default="", help="a regular expression for the log's lines")
    replay.add_argument("--unit", default="", choices=("", "s", "ms", "us", "ns"), help="unit of the request time")
    replay.add_argument("--seed", type=int, default=1, help="of random deploys (1)")
    listed = _action(actions, "list", "list the watches, newest first")
    page = _action(actions, "report", "draw a watch as one HTML page")
    page.add_argument("oid", metavar="OID", help="the deployed commit, or the id of the watch")
    page.add_argument("-o", "--output", metavar="FILE", help="write it there instead of to standard output")
    known = _action(actions, "known", "take an error signature out: it makes no alarm again")
    known.add_argument("signature", metavar="SIGNATURE", help="as the watch names it")
    known.add_argument("--service", default="", help="the service (default: that of the newest watch)")
    for action in (listed, page, known):
        action.add_argument("--repo", default=".", metavar="DIR", help="the server's repository (default: here)")
    for action in (replay, listed):
        action.add_argument("--format", default="text", choices=("text", "json"))


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    return actions.add_parser(name, help=summary, description=summary, allow_abbrev=False)


def main(args: argparse.Namespace) -> int:
    """Do what is asked; 0 where it worked."""
    actions = {"replay": _replay, "list": _list, "report": _report, "known": _known}
    if args.action not in actions:
        raise UsageError("say what to do", "gatepost watch replay LOG --deploys ISO; list; report OID; known SIGNATURE")
    return actions[args.action](args)


def _replay(args: argparse.Namespace) -> int:
    from gatepost.metrics import Verification
    from gatepost.watch.replay import Plan, moments, recording, replay

    if args.poll <= 0 or args.window < args.poll:
        raise UsageError("--poll must be positive and --window at least as long")
    plan = Plan(args.poll, args.window, args.baseline)
    made = recording(args.log, Verification(path=args.log, pattern=args.pattern, unit=args.unit))
    count: dict[str, int] = {}
    for answer in replay(made, moments(args.deploys, made, plan, args.seed), plan, args.deploys.startswith("random:")):
        word = answer["verdict"]
        count[word] = count.get(word, 0) + 1
        if args.format == "json":
            sys.stdout.write(json.dumps(answer) + "\n")
        else:
            after = f" after {answer['detected_after_s']:g} s" if answer["detected_after_s"] is not None else ""
            sys.stdout.write(f"{answer['deploy']} {word}{after}: {answer['reason']}\n")
    if args.format == "text":
        sys.stdout.write(", ".join(f"{n} {word}" for word, n in sorted(count.items())) + "\n")
    return 0


def _store(directory: str) -> Store:
    from gatepost.records import git_dir
    from gatepost.watch.queue import open_store, watched

    with Repository(directory, own=directory == ".") as repo:
        found = git_dir(repo)
        bare = repo.text("rev-parse", "--is-bare-repository") == "true"
        # A clone keeps sizes and templates in a directory of that name too.
        server = bare or ((found / "gatepost").is_dir() and not repo.text("remote"))
    if not watched(found):
        fix = "set [verification] source in gatepost.toml, then push to a deploy ref; gatepost doctor --server looks"
        if not server:
            raise UsageError(
                f"{printable(directory)}: is a clone, and deploys are watched where they are pushed to",
                "run it in the server's repository; the verdict of a deploy, in any clone: gatepost status OID",
            )
        raise UsageError(f"{printable(directory)}: no deploy was watched here", fix)
    return open_store(found)


def _list(args: argparse.Namespace) -> int:
    from gatepost.watch.tell import message

    with _store(args.repo) as store:
        watches = store.watches()[::-1]
    for watch in watches:
        if args.format == "json":
            sys.stdout.write(json.dumps({**message(watch), "state": watch.state}) + "\n")
        else:
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(watch.begun or watch.pushed))
            verdict = watch.verdict or {"verdict": watch.state, "reason": watch.problem}
            reason = printable(str(verdict["reason"]), 100)
            sys.stdout.write(f"{when} {watch.oid[:12]} {verdict['verdict']:<12} {watch.service} {reason}\n")
    return 0


def _one(store: Store, args: argparse.Namespace) -> Watch:
    found = store.get(args.oid)
    if found is None:
        with Repository(args.repo, own=args.repo == ".") as repo:
            found = store.get(repo.resolve(args.oid) or args.oid)
    if found is None:
        raise UsageError(f"{printable(args.oid, 60)}: no watch of this commit", "gatepost watch list")
    return found


def _report(args: argparse.Namespace) -> int:
    from gatepost.watch.page import render

    with _store(args.repo) as store:
        watch = _one(store, args)
        text = render(watch, store.polls(watch))
    if args.output:
        Path(args.output).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def _known(args: argparse.Namespace) -> int:
    with _store(args.repo) as store:
        watches = store.watches()
        service = args.service or (watches[-1].service if watches else "")
        store.set_known(service, args.signature, time.time())
    sys.stdout.write(f"{printable(args.signature)} makes no alarm in {printable(service)} any more\n")
    return 0


VERB = Verb("watch", "replay a log through the verification, list and draw watches", add_arguments, main)
