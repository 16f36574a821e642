"""A table is dropped.

Why: its rows are gone for good, a down can bring back the structure only, and the code that runs until the
deploy is finished, and again after a rollback, fails on each query that names the table.

Instead: stop using the table in one deploy and drop it in a later one, once a rollback past the first is out of
the question; keep a copy of the rows that may be wanted.

Fine when: the code that used it is gone from production and the rows are not needed: declare it with
`-- gatepost: phase=contract after=<deploy>`, or suppress it with a reason.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.inline import CONTRACT, spoken
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit:
    """Flag each table that was there before."""
    operation = change.operation
    assert isinstance(operation, ops.DropTable)
    more = ", and CASCADE takes what depends on it along" if operation.cascade else ""
    return Hit(
        f"drops table {printable(change.table, 80)} with all its rows{more}",
        f"stop using it in one deploy; drop it in a later one that says {spoken(change.path, CONTRACT)}",
    )


RULE = sql_rule("drop-table", "error", __doc__, (ops.DropTable,), judge)
