"""Show the whole story on throw-away repositories."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--keep", metavar="DIR", help="play in this new directory and leave it there")


def main(args: argparse.Namespace) -> int:
    """Run the demo; 0 where every step did what it says."""
    from gatepost import demo

    def say(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    return demo.main(say, Path(args.keep) if args.keep else None)


VERB = Verb("demo", "the whole story on throw-away repositories, nothing to set up", add_arguments, main)
