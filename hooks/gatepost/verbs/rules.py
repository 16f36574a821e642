"""List every rule."""

from __future__ import annotations

import argparse
import json
import sys

from gatepost.gate import all_rules
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--format", choices=("text", "json"), default="text")


def main(args: argparse.Namespace) -> int:
    """Print one line a rule: id, default level, summary."""
    rules = all_rules().values()
    if args.format == "json":
        rows = [{"id": rule.id, "level": rule.level, "summary": rule.summary, "page": rule.page} for rule in rules]
        sys.stdout.write(json.dumps(rows, indent=2) + "\n")
        return 0
    width = max(len(rule.id) for rule in rules)
    for rule in rules:
        sys.stdout.write(f"{rule.id:<{width}}  {rule.level:<7}  {rule.summary}\n")
    return 0


VERB = Verb("rules", "list every rule with its default level", add_arguments, main)
