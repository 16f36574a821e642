"""Which lock an operation takes on its table, and what it does to the rows meanwhile.

PostgreSQL: https://www.postgresql.org/docs/current/explicit-locking.html and the page of each statement. MySQL and
MariaDB: what InnoDB does online, at the least (https://dev.mysql.com/doc/refman/8.0/en/innodb-online-ddl-operations.html).
SQLite has one lock for the whole file.
"""

from __future__ import annotations

from typing import NamedTuple

from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange


class Lock(NamedTuple):
    """A lock in the engine's own words, and whether the rows are only read, or all written anew, while it is held."""

    mode: str
    blocks: str
    rows: str = ""


_EXCLUSIVE = Lock("ACCESS EXCLUSIVE", "reads and writes")
_READS_ROWS = _EXCLUSIVE._replace(rows="read")
_SHARE = Lock("SHARE", "writes", "read")
_SHARE_ROW = Lock("SHARE ROW EXCLUSIVE", "writes")
_ONLINE = Lock("SHARE UPDATE EXCLUSIVE", "other changes of the schema", "read")
_MYSQL = Lock("metadata", "reads and writes for a moment")
_COPY = Lock("table", "writes", "written anew")
_SQLITE = Lock("database", "writes")


def lock(change: SchemaChange) -> Lock | None:
    """Give the lock that a change takes on a table that was there before; None where it takes none."""
    if change.fresh or not change.table:
        return None
    if change.dialect == "sqlite":
        return _SQLITE
    if change.dialect == "mysql":
        return _COPY if isinstance(change.operation, (ops.SetType, ops.RedefineColumn)) else _MYSQL
    return _postgresql(change.operation)


def _postgresql(operation: ops.Operation) -> Lock | None:
    if isinstance(operation, ops.CreateIndex):
        return _ONLINE if operation.concurrently else _SHARE
    if isinstance(operation, ops.DropIndex):
        return _ONLINE._replace(rows="") if operation.concurrently else _EXCLUSIVE
    if isinstance(operation, ops.ValidateConstraint):
        return _ONLINE
    if isinstance(operation, ops.AddConstraint):
        return _constraint(operation.constraint)
    if isinstance(operation, ops.SetType):
        return _EXCLUSIVE._replace(rows="written anew, where the types are not binary compatible")
    if isinstance(operation, ops.SetNullable):
        return _EXCLUSIVE if operation.nullable else _READS_ROWS
    if isinstance(operation, ops.CreateObject):
        return _SHARE_ROW if operation.kind == "trigger" else None
    if isinstance(operation, ops.Data):
        return Lock("ROW EXCLUSIVE", "writes to the same rows", "written")
    quiet = (ops.RenameIndex, ops.RenameObject, ops.AlterObject, ops.AddEnumValue, ops.RenameEnumValue, ops.Nothing)
    return None if isinstance(operation, (*quiet, ops.Setting, ops.Opaque)) else _EXCLUSIVE


def _constraint(made: ops.Constraint) -> Lock:
    if made.kind == "foreign key":
        return _SHARE_ROW._replace(rows="read" if made.valid else "")
    if made.using_index:
        return _EXCLUSIVE
    return _READS_ROWS if made.valid else _EXCLUSIVE
