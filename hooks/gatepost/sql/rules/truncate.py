"""All rows of a table are deleted: TRUNCATE, or DELETE without WHERE.

Why: the rows are gone, no down brings them back, and TRUNCATE blocks every reader until the end of the
transaction; with CASCADE it empties the tables that refer to it too.

Instead: delete with a condition, in batches, outside the migration; or copy the rows aside first.

Fine when: the table holds nothing but a cache that fills itself again: suppress it with that reason.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag what empties a table that was there before."""
    operation = change.operation
    if isinstance(operation, ops.Data) and (operation.verb != "delete" or operation.filtered):
        return None
    more = ", and the tables that refer to it" if isinstance(operation, ops.Truncate) and operation.cascade else ""
    return Hit(
        f"deletes all rows of {printable(change.table, 80) or 'a table'}{more}",
        "keep a copy of the rows, or delete with a condition outside the migration",
    )


RULE = sql_rule("truncate", "error", __doc__, (ops.Truncate, ops.Data), judge)
