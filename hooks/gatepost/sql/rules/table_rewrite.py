"""An option of a table is changed that makes the database copy the whole table.

Why: MySQL copies every row for CONVERT TO CHARACTER SET, ENGINE, ROW_FORMAT and the like, and blocks writes
meanwhile; PostgreSQL does for SET TABLESPACE, SET LOGGED and SET ACCESS METHOD.

Instead: on a large table use a tool that copies in the background (gh-ost, pt-online-schema-change), or do it in a
quiet hour with a limit on the wait for locks.

Fine when: the table is small.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule

_COPIES = {
    "mysql": ("charset", "character", "engine", "row_format", "key_block_size", "encryption", "compression"),
    "postgresql": ("tablespace", "logged", "unlogged", "access"),
}


def judge(change: SchemaChange) -> Hit | None:
    """Note the options that rewrite."""
    operation = change.operation
    assert isinstance(operation, ops.SetOption)
    if operation.object or operation.key not in _COPIES.get(change.dialect, ()):
        return None
    return Hit(
        f"changes {operation.key} of {printable(change.table, 80)}: the whole table is copied and writes are blocked",
        "on a large table copy it in the background, or limit the wait for locks",
    )


RULE = sql_rule("table-rewrite", "note", __doc__, (ops.SetOption,), judge)
