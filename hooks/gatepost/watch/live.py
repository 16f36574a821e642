"""Show what a running watch has found so far: to the server's own database a row, to clones a blob under its ref."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gatepost import blobs
from gatepost.errors import GatepostError
from gatepost.git import Repository
from gatepost.watch.counts import Counts
from gatepost.watch.judge import certainty
from gatepost.watch.model import Watch
from gatepost.watch.tell import KIND, REFS

# A blob and a ref are two processes of git: for one watch nothing, for five hundred half a core.
PAUSE = 1.0
STEPS = 4


def so_far(watch: Watch, polls: Sequence[Counts]) -> dict[str, Any]:
    """Give what is known of a watch that has no verdict yet."""
    nothing = "waiting for the deploy" if watch.state == "waiting" else "nothing certain yet"
    return {
        "kind": KIND,
        "watch": watch.id,
        "oid": watch.oid,
        "ref": watch.ref,
        "service": watch.service,
        "verdict": watch.state,
        "reason": f"the source cannot be read now: {watch.problem}" if watch.problem else nothing,
        "begun": watch.begun,
        "deadline": watch.deadline,
        "poll": watch.settings.poll,
        "progress": dict(watch.progress),
        "requests": sum(poll.requests for poll in polls),
        "errors": sum(poll.errors for poll in polls),
    }


class Board:
    """Where one worker shows its watches: each at once when something is new, else one a second in all."""

    def __init__(self, git_dir: Path, steady: Callable[[], float]) -> None:
        self._git_dir, self._steady = git_dir, steady
        self._shown: dict[str, tuple[object, str]] = {}
        self._last = float("-inf")

    def show(self, watch: Watch, polls: Sequence[Counts]) -> None:
        """Show a watch as it stands; what cannot be shown is no reason to stop watching."""
        if watch.state not in ("waiting", "watching"):
            self._shown.pop(watch.id, None)
            return
        news = (watch.state, watch.problem, int(STEPS * certainty(watch.progress)))
        before, value = self._shown.get(watch.id, (None, ""))
        if before == news and self._steady() < self._last + PAUSE:
            return
        self._last = self._steady()
        self._shown[watch.id] = news, value
        with suppress(GatepostError):
            self._shown[watch.id] = news, self._write(watch, polls, value)

    def _write(self, watch: Watch, polls: Sequence[Counts], value: str) -> str:
        ref = f"{REFS}/{watch.oid}/watching"
        with Repository(self._git_dir, client=False) as repo:
            text = json.dumps(so_far(watch, polls)).encode()
            blob = blobs.write(repo, text)
            # Only over what is there: a verdict has taken the ref away, and it must not come back.
            value = value or repo.text("rev-parse", "--verify", "-q", ref)
            repo.run("update-ref", ref, blob, value)
        return blob


def read(repo: Repository, ref: str) -> dict[str, Any]:
    """Read what ``Board`` wrote; nothing where an older server shows the commit, or what is there is not understood."""
    try:
        data = json.loads(repo.objects.read(repo.text("rev-parse", "--verify", "-q", f"{ref}^{{blob}}"), 65_536))
    except (GatepostError, ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}
