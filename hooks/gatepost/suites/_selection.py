"""What chooses the tests to run: configuration of runners, steps of CI, make targets, snapshots."""

from __future__ import annotations

from gatepost.paths import matches

_SNAPSHOTS = ("__snapshots__/**", "**/__snapshots__/**", "*.snap", "*.ambr")


def selects(path: str) -> bool:
    """Tell the files that decide which tests run and what counts as passing."""
    return path.endswith((".snap", ".ambr")) and matches(path, *_SNAPSHOTS)
