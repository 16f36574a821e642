"""A view, function, type, sequence or trigger is renamed, or a value of an enum.

Why: the code that runs until the deploy is finished asks for the old name and fails, and so does the old code after
a rollback. Code that writes or compares a renamed enum value fails in the same way.

Instead: make the new one beside the old, move over, and drop the old one in a later deploy.

Fine when: no running code names it.
"""

from __future__ import annotations

from gatepost.model import printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange
from gatepost.sql.rules import Hit, sql_rule


def judge(change: SchemaChange) -> Hit | None:
    """Flag a rename unless the old name is made again in the same script."""
    operation = change.operation
    if isinstance(operation, ops.RenameEnumValue):
        old, new = printable(operation.value, 60), printable(operation.to, 60)
        said = f"renames value {old} of {printable(operation.name, 80)} to {new}: running code still writes {old}"
        return Hit(said, f"add {new}, move the rows over, and leave {old}")
    assert isinstance(operation, ops.RenameObject)
    for later in change.later:
        if isinstance(later, ops.CreateObject) and later.name == operation.name:
            return None
    old, new = printable(operation.name, 80), printable(operation.to, 80)
    said = f"renames {operation.kind} {old} to {new}: running code still asks for {old}"
    level = "note" if operation.kind in ("trigger", "policy", "rule", "extension") else None
    return Hit(said, "make the new one beside the old, drop the old one in a later deploy", level)  # type: ignore[arg-type]  # "note" is a Level


RULE = sql_rule("rename-object", "error", __doc__, (ops.RenameObject, ops.RenameEnumValue), judge)
