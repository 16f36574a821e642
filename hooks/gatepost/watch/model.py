"""The nouns of the verification: a Deploy, and the Watch that follows it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from gatepost.metrics import Verification
from gatepost.policy import Duration

State = Literal["waiting", "watching", "telling", "done"]
OPEN: tuple[State, ...] = ("waiting", "watching", "telling")


@dataclass(frozen=True, slots=True)
class Deploy:
    """An accepted update of a deploy ref: the commit, the one before it, and when it was pushed (0: now)."""

    oid: str
    ref: str
    old: str | None = None
    service: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Watch:
    """The verification of one Deploy, as the database holds it.

    ``begun`` is when the deploy happened, None while that is awaited. ``baseline``, ``signals`` and ``verdict``
    are what the worker has found so far; ``told`` names the channels that have been told.
    """

    id: str
    oid: str
    ref: str
    service: str
    pushed: float
    state: State
    settings: Verification
    old: str | None = None
    begun: float | None = None
    ended: float | None = None
    superseded: float | None = None
    baseline: Mapping[str, Any] | None = None
    signals: Sequence[Mapping[str, Any]] = ()
    progress: Mapping[str, float] = field(default_factory=dict)
    verdict: Mapping[str, Any] | None = None
    problem: str = ""
    told: Sequence[str] = ()
    due: float = 0.0
    fence: int = 0

    @property
    def deadline(self) -> float:
        """When the watch is planned to end, seconds since 1970."""
        return (self.begun if self.begun is not None else self.pushed) + self.settings.watch

    @property
    def suspect(self) -> bool:
        """Tell whether it was half way to an alarm, or over it."""
        word = (self.verdict or {}).get("verdict")
        return word == "regressed" or max(self.progress.values(), default=0.0) >= 0.5


def settings_to_json(settings: Verification) -> str:
    """Give the settings as a row stores them."""
    return json.dumps(asdict(settings))


def settings_from_json(text: str) -> Verification:
    """Read what ``settings_to_json`` gave; keys of another version are passed over."""
    data = json.loads(text)
    names = {item.name for item in fields(Verification)}
    times = {item.name for item in fields(Verification) if isinstance(item.default, Duration)}
    given: dict[str, Any] = {}
    for name in names & set(data):
        value = data[name]
        given[name] = Duration(value) if name in times else tuple(value) if isinstance(value, list) else value
    return Verification(**given)
