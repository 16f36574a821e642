"""A PostgreSQL migration holds a lock on a table in use for long and sets no lock_timeout.

Why: ALTER TABLE waits for the longest query on the table, and everything that comes after it waits behind it: a
change of a millisecond stops the service for as long as that query runs.

Instead: `SET lock_timeout = '2s';` at the top of the script, and let the migration be tried again.

Fine when: the migration tool or the role sets it. This is advice, once for each file.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.operations import Operation
from gatepost.sql.rules import Hit, sql_rule
from gatepost.sql.types import widens

# Those that hold their lock while they read or rewrite the table; a mere ADD COLUMN is gone in a moment.
_LONG: tuple[type[Operation], ...] = (ops.SetType, ops.SetNullable, ops.AddConstraint, ops.SetIdentity)


def judge(change: SchemaChange) -> Hit | None:
    """Note the first statement of a file that holds a lock for long."""
    if change.dialect != "postgresql" or not _long(change.operation) or _short(change):
        return None
    made = {op.table for op in change.earlier if isinstance(op, ops.CreateTable)}
    for earlier in change.earlier:
        if isinstance(earlier, ops.Setting) and earlier.name in ("lock_timeout", "statement_timeout"):
            return None
        if isinstance(earlier, _LONG) and _long(earlier) and getattr(earlier, "table", "") not in made:
            return None  # said already
    return Hit(
        f"holds a lock on {printable(change.table, 80)} without a lock_timeout: others wait behind it",
        "put SET lock_timeout = '2s'; at the top of the script",
    )


def _long(operation: Operation) -> bool:
    if isinstance(operation, ops.AddConstraint):
        return operation.constraint.valid and not operation.constraint.using_index
    return not (isinstance(operation, ops.SetNullable) and operation.nullable)


def _short(change: SchemaChange) -> bool:
    """Tell a change of the catalogue only: a type that widens, NOT NULL that a validated check vouches for."""
    operation = change.operation
    if isinstance(operation, ops.SetType):
        return change.column is not None and widens(change.column.type, operation.type, change.dialect)
    return isinstance(operation, ops.SetNullable) and change.checked_not_null


RULE = sql_rule("lock-timeout", "note", __doc__, _LONG, judge)
