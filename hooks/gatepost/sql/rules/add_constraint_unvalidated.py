"""A foreign key or a check is added to a table with rows, and all of them are checked at once.

Why: it fails if one row breaks the rule, and while it reads the table it blocks writes (a foreign key on both
tables). The code that runs until the deploy is finished fails where it writes what is not allowed any more.

Instead: on PostgreSQL add it `NOT VALID`, which holds for new rows only and takes a moment, clean up the old rows,
then `VALIDATE CONSTRAINT` in a later migration, which blocks nobody. Elsewhere clean up first.

Fine when: the rows are known to obey and the table is small: suppress it with that reason.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.names import key
from gatepost.sql.operations import Constraint
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag constraints that check rows which were there before."""
    operation = change.operation
    if isinstance(operation, ops.ValidateConstraint):
        return _same_transaction(change, operation)
    made = operation.constraint if isinstance(operation, ops.AddConstraint) else _of_column(operation)
    if made is None or made.kind not in ("foreign key", "check", "exclude") or not made.valid:
        return None
    if _new_columns(change, made) or _had(change, made):
        return None
    where = f" referring to {printable(made.target, 80)}" if made.target else ""
    fix = "clean up the rows first"
    if change.dialect == "postgresql" and made.kind != "exclude":
        fix = "add it NOT VALID, clean up, and VALIDATE CONSTRAINT in a later migration"
    return Hit(
        f"adds {made.kind} {printable(made.name or '', 60)} to {printable(change.table, 80)}{where}: fails on rows that"
        " break it and blocks writes while it checks".replace("  ", " "),
        fix,
    )


def _of_column(operation: ops.Operation) -> Constraint | None:
    if not isinstance(operation, ops.AddColumn) or operation.column.default is None:
        return None
    return next((made for made in operation.constraints if made.kind == "foreign key"), None)


def _new_columns(change: SchemaChange, made: Constraint) -> bool:
    """Tell whether it speaks of new columns only, which hold NULL and break nothing."""
    new = {
        key(op.column.name, change.dialect)
        for op in change.earlier
        if isinstance(op, ops.AddColumn) and change.same_table(op.table) and op.column.default is None
    }
    return bool(made.columns) and all(key(name, change.dialect) in new for name in made.columns)


def _had(change: SchemaChange, made: Constraint) -> bool:
    """Tell whether the table had the same rule before it was rebuilt, or has it under another name."""
    for table in (change.replaced, change.known):
        for other in table.constraints.values() if table else ():
            if other and (other.kind, other.columns, other.target) == (made.kind, made.columns, made.target):
                return made.kind == "foreign key" or other.expression == made.expression
    return False


def _same_transaction(change: SchemaChange, operation: ops.ValidateConstraint) -> Hit | None:
    """Note VALIDATE beside ADD … NOT VALID: the lock of the first is held while the second reads the table."""
    for earlier in change.earlier if change.step.transaction else ():
        if isinstance(earlier, ops.AddConstraint) and earlier.constraint.name == operation.name:
            return Hit(
                f"validates {printable(operation.name, 60)} in the transaction that adds it: writes stay blocked",
                "validate it in a later migration",
                "note",
            )
    return None


RULE = sql_rule(
    "add-constraint-unvalidated", "error", __doc__, (ops.AddConstraint, ops.AddColumn, ops.ValidateConstraint), judge
)
