"""Parse the command line and dispatch, nothing else."""

from __future__ import annotations


def main(argv: list[str] | None = None) -> int:
    """Run gatepost; give the exit code."""
    raise NotImplementedError(argv)
