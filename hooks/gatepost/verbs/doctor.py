"""Examine an installation and give the command that mends what is wrong."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatepost import doctor, install
from gatepost.errors import BLOCK, PASS
from gatepost.model import printable
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from gatepost.verbs.install import targets

    targets(parser)
    parser.add_argument("--format", default="text", choices=("text", "json"))


def main(args: argparse.Namespace) -> int:
    """Examine; 1 where something lets pushes land unjudged or refuses all of them."""
    if args.server is None and not args.all:
        found = {str(Path(args.repo)): list(doctor.client(Path(args.repo)))}
    else:
        found = {str(path): list(doctor.server(path)) for path in install.repositories(args.server, args.all)}
    if args.format == "json":
        _json(found)
    else:
        _text(found)
    return BLOCK if any(item.state == "bad" for items in found.values() for item in items) else PASS


def _json(found: dict[str, list[doctor.Found]]) -> None:
    from gatepost.reports.json import dumps

    for path, items in found.items():
        checks = [{"name": i.name, "state": i.state, "text": i.text, "fix": i.fix} for i in items]
        sys.stdout.write(dumps({"repository": path, "checks": checks}) + "\n")


def _text(found: dict[str, list[doctor.Found]]) -> None:
    for path, items in found.items():
        sys.stdout.write(f"{printable(path)}:\n")
        for item in items:
            sys.stdout.write(f"  {item.state:<4} {item.name}: {printable(item.text, 400)}\n")
            if item.fix and item.state != "ok":
                sys.stdout.write(f"       -> {printable(item.fix, 400)}\n")


VERB = Verb("doctor", "examine an installation and give the command that mends it", add_arguments, main)
