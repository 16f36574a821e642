"""A column is renamed.

Why: the code that runs until the deploy is finished asks for the old name and fails, and after a rollback so
does the old code again; there is no moment at which both names work.

Instead: add the new column, write to both, copy the rows over, read from the new one, and drop the old column in
a later deploy.

Fine when: no running code names the column: declare it or suppress it with a reason.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.names import same
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag a rename unless the old name is there again as a generated column."""
    operation = change.operation
    assert isinstance(operation, ops.RenameColumn)
    if change.fresh_column or same(operation.column, operation.to, change.dialect):
        return None
    for later in change.later:
        if not isinstance(later, ops.AddColumn) or not later.column.generated or not change.same_table(later.table):
            continue
        if same(later.column.name, operation.column, change.dialect):
            return None
    old, new = printable(operation.column, 80), printable(operation.to, 80)
    return Hit(
        f"renames column {printable(change.table, 80)}.{old} to {new}: running code still asks for {old}",
        f"add {new}, write to both, copy, read from {new}; drop {old} in a later deploy",
    )


RULE = sql_rule("rename-column", "error", __doc__, (ops.RenameColumn,), judge)
