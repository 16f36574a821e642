"""A value is added to an enum type.

Why: PostgreSQL has no way to take it back, so that the down leaves it; rows that hold it meet old code after a
rollback, which does not know it. It cannot be used in the transaction that adds it.

Instead: deploy code that can read the value before any code writes it; use it in a later migration. Where values
come and go, a table with a foreign key is easier to change.

Fine when: readers ignore what they do not know.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Note each value."""
    operation = change.operation
    assert isinstance(operation, ops.AddEnumValue)
    return Hit(
        f"adds {printable(operation.value, 60)} to enum {printable(operation.name, 80)}: it cannot be taken back",
        "deploy code that can read it before any code writes it",
    )


RULE = sql_rule("add-enum-value", "note", __doc__, (ops.AddEnumValue,), judge)
