"""Judge a push on the server: git's pre-receive hook."""

from __future__ import annotations

import argparse

from gatepost.verbs import Verb


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take nothing: git gives the refs on standard input."""


def main(args: argparse.Namespace) -> int:  # noqa: ARG001 - git gives the refs on standard input
    """Judge the push; anything but 0 refuses it."""
    from gatepost.entry import pre_receive

    return pre_receive.main()


VERB = Verb("pre-receive", "judge a push on the server (git's pre-receive hook)", add_arguments, main)
