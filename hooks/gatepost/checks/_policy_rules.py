"""The rules of the check ``policy``; ``policy/invalid`` is the gate's, which has to read the file first."""

from __future__ import annotations

from gatepost.model import Rule

LOOSENED = Rule(
    "policy/loosened",
    "warning",
    """The pushed policy is looser than the one in force: a lower level, a wider limit, an entry that is gone.

    Why: whoever can loosen the gate in the same breath can pass anything. The looser value is not used for
    this push, but will be for every later one. So it stays open until it is reviewed, and is an error where it
    would take a branch out of the gate, switch it to `mode = "report"`, or silence rules of `gate/` or `policy/`.

    Instead: take the change back, or let somebody else review it. What the server's own gatepost.toml sets, a
    push cannot loosen; an operator changes it there.

    Fine when: the rule or the limit was wrong for this repository, and a reviewer agrees.""",
)

ADDED = Rule(
    "policy/suppression-added",
    "warning",
    """A suppression is new, covers more than before, or lasts longer.

    Why: it silences a rule for everyone, and the change that needs it is often not the last one that it covers.
    It takes effect once it has landed, so a push cannot bring a finding and its suppression together.

    Instead: mend what the rule says; or push the suppression alone, have it reviewed, then push the change.

    Fine when: reason, owner and expiry are honest and the scope names no more than is meant.""",
)

EXPIRED = Rule(
    "policy/suppression-expired",
    "warning",
    """A suppression is past its date and no longer silences anything.

    Why: its reason was given for a time; what it covered is reported again, at its own level.

    Instead: remove the entry, or decide anew and give it a new date, which is reviewed like a new one.

    Fine when: never for long. It is a note as long as the change touches nothing within its scope.""",
)

UNUSED = Rule(
    "policy/suppression-unused",
    "warning",
    """A suppression covers nothing: no file is within its scope, its rule is off, or another entry says the same.

    Why: a dead suppression waits for the file that happens to fit it; a mistyped scope protects from nothing.

    Instead: remove the entry, or mend its scope.

    Fine when: the files that it is for are about to be pushed; a new entry is not reported by the change that
    adds it. It is a note where the change has not touched the policy.""",
)

RULES = (LOOSENED, ADDED, EXPIRED, UNUSED)
