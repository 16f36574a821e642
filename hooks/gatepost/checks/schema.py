"""Judge what the new migrations of a change do to the schema that production runs on."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.checks._plausible import touches_migrations
from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy


def rules() -> tuple[Rule, ...]:
    """Give the rules of this check."""
    from gatepost.checks._schema_judge import rules as found

    return found()


def run(change: Change, policy: Policy) -> Outcome:
    """Judge every history that the change touches."""
    from gatepost.checks._schema_judge import judge
    from gatepost.migrations import collect

    return judge(change, change.shared(collect, policy))


CHECK = Check(
    "schema",
    "new migrations destroy no data, break no running code and do not fail on rows",
    rules,
    touches_migrations,
    run,
    sections={"schema": {"changes": []}},
)
