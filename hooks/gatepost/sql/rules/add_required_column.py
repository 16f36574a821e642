"""A column is added that is NOT NULL and has no default.

Why: on PostgreSQL and SQLite it fails as soon as the table has one row. MySQL fills the rows with 0 or an empty
string, which nobody asked for. Everywhere the code that runs until the deploy is finished inserts rows without
the column, and fails.

Instead: add it nullable or with a default; deploy code that writes it; fill the old rows; set NOT NULL later.

Fine when: the table is empty and nothing writes to it yet: suppress it with that reason.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag a column that old code cannot know and no row can have."""
    operation = change.operation
    assert isinstance(operation, ops.AddColumn)
    column = operation.column
    key = any(made.kind == "primary key" for made in operation.constraints)
    if (column.nullable is not False and not key) or column.default is not None or column.generated or column.identity:
        return None
    happens = {
        "mysql": "MySQL fills the rows with an empty value, and inserts of running code fail",
        "sqlite": "SQLite refuses it, and inserts of running code would fail",
    }
    why = happens.get(change.dialect, "it fails if the table has rows, and inserts of running code fail")
    return Hit(
        f"adds {printable(change.table, 80)}.{printable(column.name, 80)} NOT NULL without a default: {why}",
        "add it nullable or with a DEFAULT, fill the rows, and set NOT NULL in a later deploy",
    )


RULE = sql_rule("add-required-column", "error", __doc__, (ops.AddColumn,), judge)
