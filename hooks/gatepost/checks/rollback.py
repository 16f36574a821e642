"""Require a rollback plan before a significant deploy ships; derive it from what the other checks found."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.checks._plausible import touches_migrations
from gatepost.errors import MissingObject
from gatepost.git import INDEX, Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy, Setting

TRAILER = b"rollback-plan:"
COMMITS = 200


def relevant(change: Change, policy: Policy) -> bool:
    """Tell by paths, and by the message of the pushed commit, whether the change may be significant."""
    if not change.paths or change.base_oid is None:
        return False
    if any(path.startswith("rollback/") for path in change.paths):
        return True
    if change.head_oid == INDEX:
        return False  # what is committed next may bring the plan; deriving one costs a commit 15 ms
    if touches_migrations(change, policy):
        return True
    if any(name in told.tables for told in (policy, policy.pushed) if told for name in ("rollback", "bundle")):
        return True
    from gatepost.checks import dependencies

    return dependencies.relevant(change, policy) or bool(change.shared(trailer))


def trailer(change: Change) -> str:
    """Give the value of ``Rollback-Plan:`` in the messages of the change's commits, along the first parents."""
    oid = change.head_oid
    for _ in range(COMMITS):
        if oid in (INDEX, change.base_oid or ""):
            return ""
        try:
            head, _, message = change.repo.objects.read(oid, 4 * 1024 * 1024).partition(b"\n\n")
        except MissingObject:  # a shallow clone ends here
            return ""
        for line in message.splitlines():
            if line.lower().startswith(TRAILER):
                return line[len(TRAILER) :].strip().decode("utf-8", "replace")[:200]
        parents = [line[7:].decode() for line in head.splitlines() if line.startswith(b"parent ")]
        if not parents:
            return ""
        oid = parents[0]
    return ""


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
