"""Hold the migrations of a change against the snapshot of what staging runs."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.checks._plausible import touches_migrations
from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy, Setting


def rules() -> tuple[Rule, ...]:
    """Give the rules of this check."""
    from gatepost.checks._drift_rules import RULES

    return RULES


def settings() -> tuple[Setting, ...]:
    """Give the table that this check reads."""

    def drift() -> type:
        from gatepost.staging import Drift

        return Drift

    return (Setting("drift", drift),)


def run(change: Change, policy: Policy) -> Outcome:
    """Compare every history that the change touches with staging."""
    from gatepost.checks._drift_run import judge

    return judge(change, policy)


CHECK = Check(
    "drift",
    "staging is what its migrations made of it, and what this deploy will change there",
    rules,
    touches_migrations,
    run,
    settings,
    {"drift": []},
)
