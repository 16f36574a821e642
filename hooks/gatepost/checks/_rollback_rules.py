"""What the rollback check can say."""

from __future__ import annotations

from gatepost.model import Rule

NO_PLAN = Rule(
    "rollback/no-plan",
    "warning",
    """A deploy needs a rollback plan, and none can be derived that is complete.

    Why: at three in the morning somebody who did not write the change has ten minutes to decide. What is not known
    now (how the tool goes back, what has the values that go, whether the old code runs) will not be known then.

    Instead: `gatepost rollback plan --format toml -o rollback/NAME.toml` writes down what is known; fill in what the
    finding names, and commit it with the change. A rehearsal (`gatepost rehearse`) may find a better class.

    Fine when: somebody reviews and approves it: then the deploy ships without a way back, on purpose.""",
)
PLAN_INCOMPLETE = Rule(
    "rollback/plan-incomplete",
    "error",
    """The author's rollback plan leaves out what it is needed for, or contradicts what was measured.

    Why: "TBD", "see above" and "revert the commit" look like a plan until it is needed. Reverting a commit
    moves files; it brings back no schema, no rows, and not what runs.

    Instead: give the key that the finding names an exact command, or an expected value.

    Fine when: never; without the file gatepost's own plan counts.""",
)
REHEARSAL_FAILED = Rule(
    "rollback/rehearsal-failed",
    "error",
    """A down, or an up, failed when it was run on a scratch database.

    Why: a rollback that uses such a down stops in the middle, with the old code on neither schema. A down that fails
    only once there are rows is `migration/data-dependent-down`.

    Instead: mend the script that the finding names, and rehearse again.

    Fine when: never for a down. An up that fails only where a column holds NULL is a warning: it is fine where
    another script has filled the column.""",
)
RULES = (NO_PLAN, PLAN_INCOMPLETE, REHEARSAL_FAILED)
