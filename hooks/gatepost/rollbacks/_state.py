"""Remember how far a rollback has come, so that it can be taken up again after whatever ended it."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from gatepost.errors import CannotJudge, UsageError

FOLDER = "rollbacks"
Result = Literal["waiting", "running", "done", "failed", "interrupted", "declined", "elsewhere"]


@dataclass(slots=True)
class Progress:
    """How far one step has come, what was seen, what its command printed last."""

    title: str
    result: Result = "waiting"
    at: str = ""
    seconds: float = 0.0
    said: str = ""
    checks: list[dict[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class State:
    """One rollback: of which plan, since when, which steps; ``result`` is ``done`` only where all is as expected."""

    plan: str
    oid: str
    ref: str
    begun: str
    steps: list[Progress]
    rows: dict[str, int] = field(default_factory=dict)
    ended: str = ""
    result: str = "begun"
    reason: str = ""

    def data(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return asdict(self)


def now() -> str:
    """Give the time as records write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def path(directory: Path, oid: str) -> Path:
    """Give the file of the rollback of a deploy, and make its folder."""
    folder = directory / "gatepost" / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotJudge(f"{folder}: {error.strerror}", "what is done has to be written down there") from None
    return folder / f"{oid}.json"


def load(file: Path, digest: str) -> State | None:
    """Give a rollback of this plan that has not ended well; UsageError where another plan was begun."""
    try:
        data = json.loads(file.read_text())
        steps = [Progress(**one) for one in data.pop("steps")]
        state = State(**data, steps=steps)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CannotJudge(f"{file}: cannot be read: {error}", "look at the steps yourself, then remove it") from None
    if state.result == "done":
        return None
    if state.plan != digest:
        raise UsageError(
            f"a rollback by another plan ({state.plan[:12]}) was begun and has not ended",
            f"finish it, or remove {file}",
        )
    return state


def save(file: Path, state: State) -> None:
    """Write it beside and rename: whoever reads it sees all or the state before."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with fresh.open("w") as stream:
            json.dump(state.data(), stream)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(file)
    except OSError as error:
        raise CannotJudge(f"{file}: {error.strerror}", "what is done has to be written down there") from None
