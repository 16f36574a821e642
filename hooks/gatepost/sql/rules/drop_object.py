"""A view, function, procedure, type, sequence, trigger, extension or schema is dropped.

Why: queries and code that use it fail from then on, until the deploy is finished and again after a rollback; a
schema and a CASCADE take along what nobody listed. A trigger that is gone keeps nothing up to date any more.

Instead: stop using it in one deploy, drop it in a later one; make functions with a new signature beside the old.

Fine when: the same script makes it again under the same name, or nothing uses it.
"""

from __future__ import annotations

from gatepost.model import Level, printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.inline import CONTRACT, spoken
from gatepost.sql.names import key
from gatepost.sql.rules import Hit, sql_rule

_LEVELS: dict[str, Level] = {"trigger": "warning", "policy": "warning", "rule": "warning", "statistics": "note"}
_FAMILY = (("enum", "type", "domain"), ("function", "procedure", "routine", "aggregate"), ("view", "materialized view"))


def judge(change: SchemaChange) -> Hit | None:
    """Flag what the same script does not make again."""
    operation = change.operation
    assert isinstance(operation, ops.DropObject)
    if _again(change, operation):
        return None
    kind = operation.kind
    users = [name for name in _users(change, operation) if name][:3]
    used = f", which {', '.join(printable(name, 60) for name in users)} use" if users else ""
    more = " and, by CASCADE, what depends on it" if operation.cascade else ""
    return Hit(
        f"drops {kind} {printable(operation.name, 80)}{used}{more}: what uses it fails",
        f"stop using it in one deploy; drop it in a later one that says {spoken(change.path, CONTRACT)}",
        _LEVELS.get(kind),
    )


def _again(change: SchemaChange, operation: ops.DropObject) -> bool:
    kinds = next((family for family in _FAMILY if operation.kind in family), (operation.kind,))
    name = key(operation.name, change.dialect)
    for other in (*change.later, *change.earlier):
        if isinstance(other, ops.CreateObject) and other.kind in kinds and other in change.later:
            made = key(other.name, change.dialect)
            if made == name or ("(" not in name and made.partition("(")[0] == name):
                return True
        # ALTER TYPE e RENAME TO e_old; CREATE TYPE e …; DROP TYPE e_old
        renamed = isinstance(other, ops.RenameObject) and key(other.to, change.dialect) == name
        if renamed or (isinstance(other, ops.RenameTable) and key(other.to, change.dialect) == name):
            return True
    return False


def _users(change: SchemaChange, operation: ops.DropObject) -> list[str]:
    """Give the columns of this change's table that have a type; the model names no other users."""
    if operation.kind not in ("type", "enum", "domain") or change.known is None:
        return []
    return [column.name for column in change.known.columns.values() if column and column.type == operation.name]


RULE = sql_rule("drop-object", "error", __doc__, (ops.DropObject,), judge)
