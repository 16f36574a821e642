"""A table is renamed.

Why: the code that runs until the deploy is finished asks for the old name, and after a rollback so does the old
code again; there is no moment at which both names work.

Instead: make a view with the old name in the same migration and drop it in a later deploy, or create the new
table, write to both, and move over.

Fine when: no running code names the table, or the same script leaves a view with the old name behind.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag a rename unless a view keeps the old name, or the name comes back at once."""
    operation = change.operation
    assert isinstance(operation, ops.RenameTable)
    for later in change.later:
        if isinstance(later, ops.CreateObject) and later.kind == "view" and change.same_table(later.name):
            return None
        if isinstance(later, ops.RenameTable) and change.same_table(later.to):
            return None  # two tables change places: the name is there again
    old, new = printable(operation.table, 80), printable(operation.to, 80)
    return Hit(
        f"renames table {old} to {new}: running code still asks for {old}",
        f"leave a view named {old} on {new} behind, and drop it in a later deploy",
    )


RULE = sql_rule("rename-table", "error", __doc__, (ops.RenameTable,), judge)
