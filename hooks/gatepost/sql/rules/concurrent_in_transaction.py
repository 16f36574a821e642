"""PostgreSQL is asked for CONCURRENTLY within a transaction.

Why: it fails: "CREATE INDEX CONCURRENTLY cannot run inside a transaction block". The migration tool wraps the
script in a transaction, or sends several statements at once, which is one too.

Instead: one statement in a migration of its own, with the tool's word for "no transaction" (`transaction:false`,
`NO TRANSACTION`, `disable_ddl_transaction!`, `atomic = False`, `run_in_transaction = false`).

Fine when: never; it cannot run.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag what PostgreSQL refuses."""
    operation = change.operation
    assert isinstance(operation, (ops.CreateIndex, ops.DropIndex))
    if change.dialect != "postgresql" or not operation.concurrently:
        return None
    opened = False
    for earlier in change.earlier:
        if isinstance(earlier, ops.Transaction):
            opened = earlier.verb == "begin" or (opened and earlier.verb == "savepoint")
    if not opened and not change.step.transaction:
        return None
    why = "is sent as one query, which is one" if change.step.at_once and not opened else "runs in one"
    return Hit(
        f"index {printable(change.object, 80)}: CONCURRENTLY cannot run in a transaction, and this script {why}",
        "make it the only statement of a migration that the tool runs without a transaction",
    )


RULE = sql_rule("concurrent-in-transaction", "error", __doc__, (ops.CreateIndex, ops.DropIndex), judge, on_fresh=True)
