"""Print the page of a rule."""

from __future__ import annotations

import argparse
import sys
import textwrap

from gatepost.errors import UsageError
from gatepost.gate import all_rules
from gatepost.model import Rule, printable
from gatepost.policy import nearest
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rule", metavar="RULE", help="a rule id such as schema/drop-column")


def main(args: argparse.Namespace) -> int:
    """Print the page; UsageError names the nearest rule."""
    rules = all_rules()
    names = {name: rule for rule in rules.values() for name in (rule.id, *rule.formerly)}
    if args.rule not in names:
        known = nearest(args.rule, names)
        raise UsageError(f"{printable(args.rule, 60)}: no such rule{known}", "gatepost rules lists them")
    sys.stdout.write(page(names[args.rule]))
    return 0


def page(rule: Rule) -> str:
    """Give a rule's page as text."""
    parts = [f"{rule.id}  ({rule.level} by default)", *(textwrap.fill(part, 79) for part in rule.paragraphs)]
    change = f'Change its level in gatepost.toml:\n  [rules]\n  "{rule.id}" = "warning"   # error, warning, note or off'
    return "\n\n".join([*parts, change]) + "\n"


VERB = Verb("explain", "what a rule flags, why it matters, what to do instead", add_arguments, main)
