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
DECLARED_DIFFERS = Rule(
    "schema/declared-differs",
    "warning",
    """The schema file beside the migrations says something else than the migrations produce, since this change.

    Why: a new database (of CI, of a developer, of a new region) is loaded from that file, and production went through
    the migrations: from here on they are two schemas, and tests pass on the wrong one. Mostly the file was written from
    a database that had run the migrations of another branch, or was not written at all.

    Instead: write it anew from a database that ran these migrations and nothing else, with the tool that keeps it.

    Fine when: the migration's code does what no reader of its text can see.""",
)
RULES = (DRIFT, DECLARED_DIFFERS)
