"""Follow a verification, run it over recorded traffic, or take a signature out."""

from __future__ import annotations

import argparse
import json
import sys

from gatepost.errors import UsageError
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    replay = actions.add_parser("replay", help="run the watch over a log", description="run the watch over a log")
    replay.add_argument("log", metavar="LOG", help="an access log, with its rotated parts beside it")
    replay.add_argument("--deploys", required=True, metavar="ISO[,ISO..]|random:N", help="when to deploy")
    replay.add_argument("--poll", type=float, default=15.0, metavar="S", help="seconds between looks (15)")
    replay.add_argument("--window", type=float, default=600.0, metavar="S", help="seconds of a watch (600)")
    replay.add_argument("--baseline", type=float, default=3600.0, metavar="S", help="seconds to compare with (3600)")
    replay.add_argument("--pattern", default="", help="a regular expression for the log's lines")
    replay.add_argument("--unit", default="", choices=("", "s", "ms", "us", "ns"), help="unit of the request time")
    replay.add_argument("--seed", type=int, default=1, help="of random deploys (1)")
    replay.add_argument("--format", default="text", choices=("text", "json"))


def main(args: argparse.Namespace) -> int:
    """Do what is asked; 0 where it worked."""
    if args.action == "replay":
        return _replay(args)
    raise UsageError("say what to do", "gatepost watch replay LOG --deploys ISO")


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


VERB = Verb("watch", "replay a log through the verification, or manage what it knows", add_arguments, main)
