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
    """Compare every history that the change touches with its declared schema, and with staging."""
    from gatepost.checks import _declared_run
    from gatepost.migrations import collect

    histories = change.shared(collect, policy).histories
    declared = tuple(found for history in histories for found in _declared_run.findings(change, history))
    if not histories or not _snapshot(change, policy):
        return Outcome(declared)
    from gatepost.checks._drift_run import judge

    outcome = judge(change, policy, histories)
    return Outcome((*declared, *outcome.findings), outcome.sections, outcome.skipped)


def _snapshot(change: Change, policy: Policy) -> bool:
    """Tell whether the policy speaks of staging, or its snapshot is there; what reads it costs a commit 10 ms."""
    from gatepost.blobs import STAGING

    asked = "drift" in policy.tables or (policy.pushed is not None and "drift" in policy.pushed.tables)
    return asked or change.repo.objects.info(STAGING + "staging") is not None


CHECK = Check(
    "drift",
    "staging is what its migrations made of it, and what this deploy will change there",
    rules,
    touches_migrations,
    run,
    settings,
    {"drift": []},
)
