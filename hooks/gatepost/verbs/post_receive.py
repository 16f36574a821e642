"""Record what landed on the server and start its verification: git's post-receive hook."""

from __future__ import annotations

import argparse

from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take nothing: git gives the refs on standard input."""


def main(args: argparse.Namespace) -> int:  # noqa: ARG001 - git gives the refs on standard input
    """Record what landed."""
    from gatepost.entry import post_receive

    return post_receive.main()


VERB = Verb("post-receive", "record what landed, start its verification (git's post-receive hook)", add_arguments, main)
