"""Require a rollback plan before a significant deploy ships; derive it from what the other checks found."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.checks._plausible import touches_migrations
from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy, Setting


def relevant(change: Change, policy: Policy) -> bool:
    """Tell by paths, and by the message of the pushed commit, whether the change may be significant."""
    if not change.paths or change.base_oid is None:
        return False
    if touches_migrations(change, policy) or any(path.startswith("rollback/") for path in change.paths):
        return True
    if any(name in told.tables for told in (policy, policy.pushed) if told for name in ("rollback", "bundle")):
        return True
    from gatepost.checks import dependencies

    return dependencies.relevant(change, policy)


def run(change: Change, policy: Policy) -> Outcome:
    """Derive the plan and judge it."""
    from gatepost.checks._rollback_run import judge

    return judge(change, policy)


def rules() -> tuple[Rule, ...]:
    """Give what the check can say."""
    from gatepost.checks._rollback_rules import RULES

    return RULES


def settings() -> tuple[Setting, ...]:
    """Give the table of the policy that the check reads."""

    def rollback() -> type:
        from gatepost.rollbacks._settings import Rollback

        return Rollback

    return (Setting("rollback", rollback),)


CHECK = Check(
    name="rollback",
    summary="a specific, rehearsed way back, known before a significant deploy ships",
    rules=rules,
    relevant=relevant,
    run=run,
    settings=settings,
    sections={"rollback": {}},
)
