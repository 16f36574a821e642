"""Put the gate into a server repository, or make a clone fetch the server's records."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    targets(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def targets(parser: argparse.ArgumentParser) -> None:
    """Declare which repositories are meant; install and uninstall share it."""
    parser.add_argument("--server", nargs="?", const="", metavar="REPO.git", help="a server repository, bare or not")
    parser.add_argument("--all", metavar="ROOT", help="with --server: every repository below this directory")
    parser.add_argument("--repo", default=".", metavar="DIR", help="without --server: the clone (default: here)")


def main(args: argparse.Namespace) -> int:
    """Install; print each step."""
    from gatepost import install

    if args.server is None and not args.all:
        install.client(Path(args.repo), sys.stdout.write, dry=args.dry_run)
        return 0
    for path in install.repositories(args.server, args.all):
        install.server(path, sys.stdout.write, dry=args.dry_run)
    return 0


VERB = Verb("install", "put the gate into a server repository (--server REPO.git)", add_arguments, main)
