"""A column that is NOT NULL loses its default.

Why: the code that runs until the deploy is finished may leave the column out of its inserts, and fails from then on.

Instead: deploy code that always writes the column first, then drop the default.

Fine when: all running code writes it: suppress it with that reason. A column that allows NULL is not reported.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag the loss of a default that inserts may rely on."""
    operation = change.operation
    if isinstance(operation, ops.SetDefault):
        lost = operation.default is None
    else:
        assert isinstance(operation, ops.RedefineColumn)
        lost = operation.new.default is None and operation.new.nullable is False and not operation.new.identity
    column = change.column
    if not lost or change.fresh_column or column is None or column.nullable is not False or not change.has_default:
        return None
    if column.identity or column.generated:
        return None
    return Hit(
        f"drops the default {printable(column.default or '', 60)} of {printable(change.table, 80)}."
        f"{printable(change.object, 80)}, which is NOT NULL: inserts that leave it out fail",
        "first deploy code that always writes it, then drop the default",
    )


RULE = sql_rule("drop-default", "error", __doc__, (ops.SetDefault, ops.RedefineColumn), judge)
