"""A unique index, a unique constraint or a primary key is added to a table that was there before.

Why: it fails if two rows agree, and from then on the code that runs until the deploy is finished fails where it
writes a duplicate. PostgreSQL blocks writes while it builds the index, unless CONCURRENTLY.

Instead: stop the duplicates in code and clean them up; on PostgreSQL `CREATE UNIQUE INDEX CONCURRENTLY` in a
migration of its own, then `ADD CONSTRAINT … UNIQUE USING INDEX`.

Fine when: the rows are known to be unique and no code writes duplicates: suppress it with that reason.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.names import key
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag uniqueness that the rows may not have."""
    columns = _columns(change.operation)
    if columns is None or _empty(change, columns) or _had(change, columns):
        return None
    return Hit(
        f"makes ({', '.join(printable(name, 60) for name in columns)}) of {printable(change.table, 80)} unique:"
        " fails on duplicates, in the rows and in what running code writes",
        "clean up duplicates first, and make sure that running code writes none",
    )


def _columns(operation: ops.Operation) -> tuple[str, ...] | None:
    if isinstance(operation, ops.CreateIndex):
        return operation.index.columns if operation.index.unique else None
    made = operation.constraint if isinstance(operation, ops.AddConstraint) else None
    if isinstance(operation, ops.AddColumn) and operation.column.default is not None:
        made = next((one for one in operation.constraints if one.kind in ("unique", "primary key")), None)
    if made is None or made.kind not in ("unique", "primary key") or made.using_index:
        return None
    return made.columns


def _empty(change: SchemaChange, columns: tuple[str, ...]) -> bool:
    """Tell whether one of the columns is new and holds NULL everywhere, so that no two rows agree."""
    for earlier in change.earlier:
        if isinstance(earlier, ops.AddColumn) and change.same_table(earlier.table):
            column = earlier.column
            names = [key(name, change.dialect) for name in columns]
            if column.default is None and column.nullable is not False and key(column.name, change.dialect) in names:
                return True
    return False


def _had(change: SchemaChange, columns: tuple[str, ...]) -> bool:
    """Tell whether the table had this very uniqueness: after a rebuild, or under another name."""
    wanted = [key(name, change.dialect) for name in columns]
    for table in (change.replaced, change.known):
        if table is None:
            continue
        unique = [index.columns for index in table.indexes.values() if index and index.unique and not index.predicate]
        unique += [
            made.columns for made in table.constraints.values() if made and made.kind in ("unique", "primary key")
        ]
        if any([key(name, change.dialect) for name in names] == wanted for names in unique):
            return True
    return False


RULE = sql_rule("add-unique", "error", __doc__, (ops.CreateIndex, ops.AddConstraint, ops.AddColumn), judge)
