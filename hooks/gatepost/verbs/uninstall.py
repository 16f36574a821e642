"""Take the gate out of a server repository again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatepost.verbs import Verb
from gatepost.verbs.install import targets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    targets(parser)


def main(args: argparse.Namespace) -> int:
    """Uninstall; print each step. Records stay: they are the history of what was decided."""
    from gatepost import install

    if args.server is None and not args.all:
        install.uninstall_client(Path(args.repo), sys.stdout.write)
        return 0
    for path in install.repositories(args.server, args.all):
        install.uninstall(path, sys.stdout.write)
    return 0


VERB = Verb("uninstall", "take the gate out of a server repository again", add_arguments, main)
