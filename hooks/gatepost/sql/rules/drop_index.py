"""An index is dropped.

Why: queries that used it read the whole table from now on; a unique index also kept duplicates out, and
`ON CONFLICT (…)` or `ON DUPLICATE KEY` needs it.

Instead: see from the statistics that nothing uses it (`pg_stat_user_indexes.idx_scan`, `sys.schema_unused_indexes`);
in MySQL make it invisible for a while first.

Fine when: the same script makes a new index that begins with the same columns, or the index is not used.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.names import same
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag each index that is not made anew in the same script."""
    operation = change.operation
    assert isinstance(operation, ops.DropIndex)
    for other in (*change.earlier, *change.later):
        name = other.index.name if isinstance(other, ops.CreateIndex) else None
        if name and operation.name and same(name, operation.name, change.dialect):
            return None  # made anew; whether it is the same shows in the section
    where = f" of {printable(change.table, 80)}" if change.table else ""
    return Hit(
        f"drops index {printable(change.object, 80)}{where}: queries that use it will read the whole table",
        "make sure that no query uses it, or create its replacement first",
    )


RULE = sql_rule("drop-index", "warning", __doc__, (ops.DropIndex,), judge)
