"""The verification: what happened to production after a deploy, in minutes, at any traffic.

``start`` is what the server calls after a push that deployed; a worker does the rest.
"""

from __future__ import annotations

from pathlib import Path

from gatepost.metrics import Verification
from gatepost.watch.model import Deploy, Watch

__all__ = ["Deploy", "Verification", "Watch", "start"]


def start(git_dir: Path, deploy: Deploy, settings: Verification) -> Watch | None:
    """Insert the watch of a deploy and see that a worker runs; None where no source is configured.

    It returns at once: the worker is a process of its own, which holds nothing of the pusher's. Raises
    CannotJudge where the watch cannot be stored, and PolicyError where the source is not known.
    """
    from gatepost.watch.begin import begin

    return begin(git_dir, deploy, settings) if settings.source else None
