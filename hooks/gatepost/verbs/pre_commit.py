"""Judge what is staged: git's pre-commit hook, native or under a framework."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.entry.client import hook, judge
from gatepost.git import Repository, make_change
from gatepost.model import Report
from gatepost.verbs import Verb

if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take none; a framework that passes file names anyway is obeyed by ignoring them."""
    parser.add_argument("files", nargs="*", help="passed over: git says what is staged")


def main(args: argparse.Namespace) -> int:  # noqa: ARG001 - the index says what is staged
    """Judge the index against HEAD (against nothing before the first commit)."""
    return hook(_reports)


def _reports() -> Iterator[Report]:
    with Repository(own=True) as repo:
        base = "HEAD" if repo.resolve("HEAD") else None
        yield judge(make_change(repo, base, None))


VERB = Verb("pre-commit", "judge what is staged (git's pre-commit hook)", add_arguments, main, {"files": []})
