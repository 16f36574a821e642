"""A constraint is dropped.

Why: what it kept out can be written from now on, and it cannot be added again while such rows are there, so that
the down fails. A unique constraint or a primary key takes its index along, which queries and
`ON CONFLICT (…)` need.

Instead: be sure that code keeps the rule from now on; leave it until the code that needs it is gone.

Fine when: the same script adds it again with another definition, or nothing relies on it.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.names import same
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag a constraint that the same script does not make again."""
    operation = change.operation
    assert isinstance(operation, ops.DropConstraint)
    for other in (*change.earlier, *change.later):
        if not isinstance(other, ops.AddConstraint) or not change.same_table(other.table):
            continue
        name = other.constraint.name
        named = bool(name and operation.name) and same(str(name), str(operation.name), change.dialect)
        if named or (operation.kind is not None and other.constraint.kind == operation.kind):
            return None
    kind = f" ({printable(change.before, 80)})" if change.before and change.before != change.object else ""
    return Hit(
        f"drops constraint {printable(change.object, 80)}{kind} of {printable(change.table, 80)}: what it kept out can"
        " be written now",
        "make sure that nothing relies on it, and that the down can add it again",
    )


RULE = sql_rule("drop-constraint", "warning", __doc__, (ops.DropConstraint,), judge)
