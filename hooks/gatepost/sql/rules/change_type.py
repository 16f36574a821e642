"""The type of a column is changed.

Why: a type that cannot hold every value makes the migration fail, or cuts values for good; another kind of type
breaks code that binds or maps the old one. Even where nothing is lost, most changes rewrite the whole table
under a lock that blocks everything.

Instead: add a column of the new type, write to both, copy the rows over, read from the new one, drop the old one
later.

Fine when: the new type holds every value and the database only changes its catalogue: a longer varchar, varchar
to text, a larger precision of numeric (PostgreSQL); a longer varchar on the same side of 255 bytes (MySQL).
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule
from gatepost.sql.types import drops_values, gone_value, narrows, widens

ENUM = "stop writing the value, move its rows to another one, and take it out in a later deploy"
FIX = "add a column of the new type, write to both, copy, read from the new one, drop the old one in a later deploy"


def judge(change: SchemaChange) -> Hit | None:
    """Flag what fails or cuts values; note what only rewrites the table."""
    operation = change.operation
    new = operation.new.type if isinstance(operation, ops.RedefineColumn) else getattr(operation, "type", "")
    old = change.column.type if change.column else ""
    if change.fresh_column or not new or old == new or change.dialect == "sqlite":
        return None
    name = f"{printable(change.table, 80)}.{printable(change.object, 80)}"
    if not old:
        if isinstance(operation, ops.RedefineColumn):
            return None  # MySQL says the whole column again: nobody knows whether the type is another
        return Hit(f"changes the type of {name} to {printable(new, 60)}: may fail on rows and rewrite the table", FIX)
    what = f"changes {name} from {printable(old, 60)} to {printable(new, 60)}"
    if widens(old, new, change.dialect) or _longer_enum(old, new):
        return None
    gone = gone_value(old, new)
    if gone:
        return Hit(f"{what}: fails on rows that hold {printable(gone, 60)}, and running code still writes it", ENUM)
    if drops_values(old, new, change.dialect):
        return Hit(f"{what}: part of each value is lost", FIX)
    if narrows(old, new, change.dialect):
        return Hit(f"{what}: fails on values that do not fit, and running code still writes them", FIX)
    return Hit(f"{what}: nothing is lost, and the whole table is rewritten under a lock", FIX, "note")


def _longer_enum(old: str, new: str) -> bool:
    """Tell a MySQL enum that only gets more values at its end."""
    return old.startswith("enum(") and new.startswith(old[:-1].rstrip() + ",")


RULE = sql_rule("change-type", "error", __doc__, (ops.SetType, ops.RedefineColumn), judge)
