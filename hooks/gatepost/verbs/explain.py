"""Print the page of a rule."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from gatepost.errors import UsageError
from gatepost.gate import all_rules
from gatepost.model import Rule, printable
from gatepost.policy import nearest, parse_toml
from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("rule", metavar="RULE", help="a rule id such as schema/drop-column, or: policy")


def main(args: argparse.Namespace) -> int:
    """Print the page, or every key of the policy; UsageError names the nearest rule."""
    if args.rule == "policy":
        sys.stdout.write(keys())
        return 0
    rules = all_rules()
    names = {name: rule for rule in rules.values() for name in (rule.id, *rule.formerly)}
    if args.rule not in names:
        known = nearest(args.rule, names)
        raise UsageError(f"{printable(args.rule, 60)}: no such rule{known}", "gatepost rules lists them")
    sys.stdout.write(page(names[args.rule]))
    return 0


def keys() -> str:
    """Give every key of gatepost.toml with what it is for, from the file that docs/policy.md is made of."""
    from importlib.resources import files

    told = parse_toml((files("gatepost") / "policy_keys.toml").read_bytes(), "policy_keys.toml")
    return "\n".join(_rows(told, "")) + "\n\nDefaults and examples: docs/policy.md\n"


def _rows(table: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _rows(value, f"{prefix}{name}.")
        else:
            yield textwrap.fill(f"{prefix}{name}  {value}", 100, subsequent_indent="    ")


def page(rule: Rule) -> str:
    """Give a rule's page as text."""
    parts = [f"{rule.id}  ({rule.level} by default)", *(textwrap.fill(part, 79) for part in rule.paragraphs)]
    change = f'Change its level in gatepost.toml:\n  [rules]\n  "{rule.id}" = "warning"   # error, warning, note or off'
    return "\n\n".join([*parts, change]) + "\n"


VERB = Verb("explain", "what a rule flags, why it matters, what to do instead", add_arguments, main)
