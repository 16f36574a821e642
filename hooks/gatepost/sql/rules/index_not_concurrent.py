"""PostgreSQL builds or drops an index on a table that was there before without CONCURRENTLY.

Why: CREATE INDEX blocks writes until the whole table is read; DROP INDEX waits for every query on the table and
blocks what comes after it.

Instead: `CREATE INDEX CONCURRENTLY`, `DROP INDEX CONCURRENTLY`, in a migration of its own that runs outside a
transaction.

Fine when: the table is small, or nothing writes to it.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Note each index that blocks."""
    operation = change.operation
    assert isinstance(operation, (ops.CreateIndex, ops.DropIndex))
    if change.dialect != "postgresql" or operation.concurrently:
        return None
    if change.known and ("", "partition by") in change.known.options:
        return None  # PostgreSQL has no CONCURRENTLY for partitioned tables
    verb = "builds" if isinstance(operation, ops.CreateIndex) else "drops"
    where = f" on {printable(change.table, 80)}" if change.table else ""
    return Hit(
        f"{verb} index {printable(change.object, 80)}{where} without CONCURRENTLY: writes are blocked meanwhile",
        "use CONCURRENTLY in a migration of its own, outside a transaction",
    )


RULE = sql_rule("index-not-concurrent", "note", __doc__, (ops.CreateIndex, ops.DropIndex), judge)
