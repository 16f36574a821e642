"""The rules of the gate itself: what it says when a push cannot, or must not, be judged."""

from __future__ import annotations

from gatepost.model import Rule

INVALID = Rule(
    "policy/invalid",
    "error",
    """The policy file cannot be used.

    Why: a policy that is not understood would silently protect nothing.

    Instead: mend the keys that are named; `gatepost check --staged` tells whether it is right.

    Fine when: never; the policy of the base stays in force until the pushed one can be read.""",
)

SUSPICIOUS = Rule(
    "gate/path-suspicious",
    "error",
    """A path is not what it seems: a symlink, submodule or look-alike where a watched file belongs.

    Why: what is judged and what is deployed would be two different things.

    Instead: make it a regular file with its plain name.

    Fine when: nothing that gatepost watches is meant; then name the paths that are in the policy.""",
)

RULES: tuple[Rule, ...] = (
    INVALID,
    SUSPICIOUS,
    Rule(
        "verify/landed-without-verdict",
        "error",
        """A protected branch moved though nobody judged the push.

        Why: the hook was off, not executable, or somebody went round it; what landed was never looked at.

        Instead: run `gatepost doctor` on the server, then `gatepost check` on what landed.

        Fine when: an operator moved the branch on purpose, and says so in a review.""",
    ),
    Rule(
        "gate/too-large",
        "error",
        """A file or a push is larger than the policy's limits.

        Why: what is too large to read in time cannot be judged, and what is not judged is not safe.

        Instead: push less at once, or raise `gate.max_file` or `gate.max_changed`.

        Fine when: never silently; the limit is the operator's to raise.""",
    ),
    Rule(
        "gate/timeout",
        "error",
        """No verdict within the deadline of the policy.

        Why: an unfinished judgement is no judgement.

        Instead: push less at once, or raise `gate.deadline`.

        Fine when: never silently; the deadline is the operator's to raise.""",
    ),
    Rule(
        "gate/internal",
        "error",
        """The gate itself failed.

        Why: an error inside the gate must refuse, or it would be a way around it.

        Instead: give the reference number to the operator; the server's log has the details.

        Fine when: never; please report it.""",
    ),
    Rule(
        "gate/ref-refused",
        "error",
        """This ref may not be moved this way.

        Why: replace refs and forged records would make git show something else than what was judged.

        Instead: push to a branch, or ask the operator.

        Fine when: never for `refs/replace/*` and gatepost's own refs.""",
    ),
    Rule(
        "gate/review-pending",
        "error",
        """A deploy that migrates waits for the review of what is still open.

        Why: a migration is the part of a deploy that cannot be taken back by deploying the old code.

        Instead: `gatepost review list` shows what is open, `gatepost review show` each of them, and
        `gatepost review approve` signs.

        Fine when: the same findings were already approved; then the review is found by their digest.""",
    ),
)
