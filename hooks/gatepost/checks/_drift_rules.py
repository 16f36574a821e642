"""The rules of the check on drift."""

from __future__ import annotations

from gatepost.model import Rule

DRIFT = Rule(
    "schema/drift",
    "warning",
    """Staging is not what its own migrations would have made of it, in a table that this change touches.

    Why: a migration that was tested against what the migrations produce meets something else in staging, and then
    in production: an index made by hand exists already, a column that somebody dropped is missing, and the
    deploy stops in the middle.

    Instead: write down what was done by hand as a migration (guarded with IF NOT EXISTS), or take it back in staging;
    then take a new snapshot: `gatepost schema dump --url env:GATEPOST_STAGING_URL --publish`.

    Fine when: the difference is wanted and everybody knows it: name it in `[drift] ignore`.""",
)
RULES = (DRIFT,)
