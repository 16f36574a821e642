"""The rules of the verification: what the watch says about a deploy that has landed."""

from __future__ import annotations

from gatepost.model import Rule

ERROR_RATE = Rule(
    "verify/error-rate",
    "error",
    """Requests fail more often since the deploy, or the service is asked for no more.

    Why: users meet this now. The evidence is always valid: looking every few seconds does not make it cry wolf.

    Instead: roll back (`gatepost rollback run OID`), then look at the signatures and routes that the watch names.

    Fine when: the errors are wanted, such as a stricter check of what clients send; say so in the next commit.""",
)
LATENCY = Rule(
    "verify/latency",
    "error",
    """Successful responses take clearly longer than in the last good hour.

    Why: a slow query or a lost index shows here first, often in the slowest one in a thousand.

    Instead: roll back, then compare the routes in `gatepost watch report OID`.

    Fine when: the new work is worth its time; the next deploy is compared with an hour that has it.""",
)
NEW_ERROR = Rule(
    "verify/new-error",
    "error",
    """An error occurs that was not seen in the days before.

    Why: a new signature is the surest trace of a new mistake, long before it moves any rate.

    Instead: roll back, or mend what the example shows.

    Fine when: it is known and harmless: `gatepost watch known SIGNATURE` takes it out.""",
)
INCONCLUSIVE = Rule(
    "verify/inconclusive",
    "warning",
    """The watch has ended without an answer, and says what it could have missed.

    Why: too little traffic, a source that cannot be read or no good hour to compare with is never a pass.

    Instead: watch longer (`verification.extend`), mend the source, or look yourself.

    Fine when: the service has hardly any traffic and somebody has looked.""",
)
LIVE = Rule(
    "verify/regression-live",
    "error",
    """The last deploy regressed, and this push is not its rollback.

    Why: what lands on top of a regression hides it, and makes going back harder.

    Instead: roll back first: `gatepost rollback run OID`, or `git revert OID` where no plan is stored with it.

    Fine when: `verification.refuse_after_regression` is off, which is the default: then it is only told.""",
)

RULES: tuple[Rule, ...] = (ERROR_RATE, LATENCY, NEW_ERROR, INCONCLUSIVE, LIVE)
