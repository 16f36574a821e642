"""A column that allows NULL is made NOT NULL.

Why: it fails if one row holds NULL, and the code that runs until the deploy is finished fails when it writes
NULL or leaves the column out. PostgreSQL reads the whole table under a lock that blocks everything, unless a
validated CHECK (column IS NOT NULL) is there (PostgreSQL 12 and later).

Instead: write the value everywhere first and deploy that; fill the old rows; on PostgreSQL add
`CHECK (column IS NOT NULL) NOT VALID`, validate it in a migration of its own, then SET NOT NULL.

Fine when: all running code writes the column and no row holds NULL: declare it or suppress it with a reason.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag a column that loses its NULLs."""
    operation = change.operation
    if isinstance(operation, ops.SetNullable) and operation.nullable:
        return None
    if isinstance(operation, ops.RedefineColumn) and (operation.new.nullable is not False or change.was_not_null):
        return None
    if isinstance(operation, ops.SetNullable) and change.was_not_null:
        return None
    if change.checked_not_null or (change.fresh_column and change.has_default):
        return None
    name = f"{printable(change.table, 80)}.{printable(change.object, 80)}"
    filled = any(
        isinstance(op, ops.Data) and op.verb == "update" and change.same_table(op.table) for op in change.earlier
    )
    rows = "code that leaves it out" if filled else "a row that holds NULL, and code that leaves it out"
    fix = "deploy code that always writes it, fill the old rows, then set NOT NULL in a later migration"
    if change.dialect == "postgresql":
        fix += ", behind a validated CHECK (… IS NOT NULL)"
    return Hit(f"makes {name} NOT NULL: fails on {rows}", fix)


RULE = sql_rule("set-not-null", "error", __doc__, (ops.SetNullable, ops.RedefineColumn), judge)
