"""A column is dropped.

Why: its values are gone for good, and with it go the indexes and constraints that use it. The code that runs
until the deploy is finished still selects, inserts or maps the column (ORMs name all columns) and fails.

Instead: stop reading and writing the column in one deploy (in an ORM: ignore it), drop it in a later one.

Fine when: no running code knows the column any more: declare it with
`-- gatepost: phase=contract after=<deploy>`, or suppress it with a reason.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.inline import CONTRACT, spoken
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag each column that was there before."""
    if change.fresh_column:
        return None
    return Hit(
        f"drops column {printable(change.table, 80)}.{printable(change.object, 80)} with its values, which running code"
        " may still use",
        f"stop using it in one deploy; drop it in a later one that says {spoken(change.path, CONTRACT)}",
    )


RULE = sql_rule("drop-column", "error", __doc__, (ops.DropColumn,), judge)
