"""One file per check: a Change and a Policy in, an Outcome out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy, Setting

__all__ = ["Check", "outcome"]


class Check(NamedTuple):
    """What the gate calls: each module of this package has one as ``CHECK``.

    ``relevant`` looks at paths and policy only and imports nothing heavy: it runs on every commit.
    ``run`` is called where it says yes. ``rules`` lists what the check can say, ``settings`` the
    tables of the policy that it reads (both are functions, so that a commit with nothing to judge
    does not import them), ``sections`` what the report holds when it did not run.

    A NamedTuple and not a dataclass: building the class costs every commit 0.05 ms instead of 0.4.
    """

    name: str
    summary: str
    rules: Callable[[], tuple[Rule, ...]]
    relevant: Callable[[Change, Policy], bool]
    run: Callable[[Change, Policy], Outcome]
    settings: Callable[[], tuple[Setting, ...]] = tuple
    sections: Mapping[str, object] = MappingProxyType({})


class _Outcomes(dict["tuple[object, int]", "tuple[Policy, Outcome]"]):
    """What checks found in one change, under which policy."""

    def __init__(self, _: Change) -> None:
        super().__init__()


def outcome(check: Check, change: Change, policy: Policy) -> Outcome:
    """Run a check on a change, once for each policy: another check may ask for what it found."""
    known, key = change.shared(_Outcomes), (check.run, id(policy))
    if key not in known:
        known[key] = policy, check.run(change, policy)  # holding the policy keeps its id from being given again
    return known[key][1]
