"""A migration changes rows of a table that was there before.

Why: on a large table it holds its locks until the end of the migration, bloats the table, and delays the replicas;
and the values that it overwrites are gone, so that a down cannot bring them back.

Instead: fill in batches outside the migration, in a job that can be stopped and started again.

Fine when: the table is small, as tables of settings and of reference values are.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Note UPDATE, DELETE and MERGE on tables that are not new."""
    operation = change.operation
    assert isinstance(operation, ops.Data)
    if operation.verb not in ("update", "delete", "merge") or (operation.verb == "delete" and not operation.filtered):
        return None
    every = "" if operation.filtered else " in every row"
    columns = ", ".join(printable(name, 40) for name in operation.columns[:5])
    what = f"{columns or 'rows'} of " if operation.verb == "update" else "rows of "
    return Hit(
        f"{operation.verb}s {what}{printable(change.table, 80) or 'a table'}{every} within the migration",
        "on a large table do it in batches, outside the migration",
    )


RULE = sql_rule("raw-dml", "note", __doc__, (ops.Data,), judge)
