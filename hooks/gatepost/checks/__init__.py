"""One file per check: a Change and a Policy in, an Outcome out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy, Setting

__all__ = ["Check"]


@dataclass(frozen=True, slots=True)
class Check:
    """What the gate calls: each module of this package has one as ``CHECK``.

    ``relevant`` looks at paths and policy only and imports nothing heavy: it runs on every commit.
    ``run`` is called where it says yes. ``rules`` lists what the check can say, ``settings`` the
    tables of the policy that it reads, ``sections`` what the report holds when it did not run.
    """

    name: str
    summary: str
    rules: Callable[[], tuple[Rule, ...]]
    relevant: Callable[[Change, Policy], bool]
    run: Callable[[Change, Policy], Outcome]
    settings: tuple[Setting, ...] = ()
    sections: dict[str, object] = field(default_factory=dict)
