"""What a change does to the policy that judges it: loosened keys, and what is suppressed."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy


def rules() -> tuple[Rule, ...]:
    """Give the rules on policies."""
    from gatepost.checks._policy_rules import RULES

    return RULES


def relevant(change: Change, policy: Policy) -> bool:  # noqa: ARG001 - the policy knows whether it changes
    """Tell whether the change touches a policy, or a tree's policy suppresses anything."""
    return policy.trees is not None and (policy.trees.head is not None or bool(policy.trees.base.suppress))


def run(change: Change, policy: Policy) -> Outcome:
    """Compare the policy in force with the one that lands, and look after the suppressions."""
    from gatepost.checks._policy_findings import loosenings, suppressions, unknown_frameworks

    found = (*loosenings(change, policy), *unknown_frameworks(change, policy), *suppressions(change, policy))
    return Outcome(found)


CHECK = Check("policy", "policies may be tightened; what loosens or suppresses is told", rules, relevant, run)
