"""A column that was NOT NULL allows NULL from now on.

Why: code that reads it does not expect NULL, in this service and in others; and once there is one, the down cannot
set NOT NULL again.

Instead: look at what reads the column, and give the down a way to fill the NULLs.

Fine when: readers can cope.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Note a column that gains NULL."""
    operation = change.operation
    if isinstance(operation, ops.RedefineColumn):
        gains = change.was_not_null and operation.new.nullable is not False
    else:
        gains = isinstance(operation, ops.SetNullable) and operation.nullable
        gains = gains and (change.column is None or change.column.nullable is not True)
    if not gains or change.fresh_column:
        return None
    name = f"{printable(change.table, 80)}.{printable(change.object, 80)}"
    return Hit(
        f"{name} allows NULL now: code that reads it may not expect that",
        "check the code that reads it: it must expect NULL",
    )


RULE = sql_rule("drop-not-null", "note", __doc__, (ops.SetNullable, ops.RedefineColumn), judge)
