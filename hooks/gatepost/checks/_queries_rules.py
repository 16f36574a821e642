"""What the check on queries can say."""

from __future__ import annotations

from gatepost.model import Rule

BREAKS = Rule(
    "query/breaks",
    "error",
    """A known query ran on the schema before this migration and does not run after it.

    Why: the code that runs now keeps sending its queries while the migration and the deploy are under way, and after
    a rollback of the application. Code that was changed together with the migration is consistent in itself, and the
    running version still fails until the last instance is replaced.

    Instead: expand first: add the new form beside the old one and deploy code that uses it; contract in a later
    deploy, when no deployed query needs the old form any more.

    Fine when: nothing sends the query any more, or the service stands still while it is migrated: say so with
    `-- gatepost: ignore query/breaks reason="…"` at the statement, or set the rule to `warning`.""",
)
LOSES_INDEX = Rule(
    "query/loses-index",
    "warning",
    """A known query found its rows through an index before this migration and has no index for its condition after it.

    Why: on an empty or small table nobody notices; on the real one each call reads the whole table.

    Instead: create the index that serves the query before the old one goes, or keep the old one.

    Fine when: the table stays small, or the query is gone with the next deploy.""",
)
RULES = (BREAKS, LOSES_INDEX)
