"""An index or a constraint is renamed.

Why: index hints (MySQL), `ON CONFLICT ON CONSTRAINT`, code that reads the name of a violated constraint from an
error, monitoring, and later migrations all know it by its old name.

Instead: leave the name, or search the code and later migrations for it first.

Fine when: nothing names it; a rename takes no lock that matters.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag each rename of what was there before."""
    operation = change.operation
    assert isinstance(operation, (ops.RenameIndex, ops.RenameConstraint))
    what = "index" if isinstance(operation, ops.RenameIndex) else "constraint"
    old = printable(operation.name, 80)
    return Hit(
        f"renames {what} {old} to {printable(operation.to, 80)}: hints, ON CONFLICT ON CONSTRAINT and error handling"
        " know it by its old name",
        f"search the code for {old}; leave the name if anything uses it",
    )


RULE = sql_rule("rename-index", "warning", __doc__, (ops.RenameIndex, ops.RenameConstraint), judge)
