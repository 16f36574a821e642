"""Follow operations over a Schema, with the effects that a database adds without being asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gatepost.sql import operations as ops
from gatepost.sql import replay_columns, replay_keys, replay_objects, replay_tables
from gatepost.sql.replay_parts import Steps
from gatepost.sql.schema import Schema


def replay(schema: Schema, operations: Iterable[ops.Operation]) -> Schema:
    """Apply operations in order, to the schema itself."""
    for operation in operations:
        apply(schema, operation)
    return schema


def apply(schema: Schema, operation: ops.Operation) -> None:
    """Apply one operation. What cannot be right is noted in ``problems``, what is not followed in ``doubts``."""
    step = _STEPS.get(type(operation))
    if step:
        step(schema, operation)


def _opaque(schema: Schema, op: ops.Opaque) -> None:
    schema.doubts.append(f"line {op.line}: {op.reason}")
    table = schema.table(op.table) if op.table else None
    if table:
        schema.put(replace(table, complete=False))


def _nothing(schema: Schema, op: ops.Nothing) -> None:
    if not op.harmless:
        schema.doubts.append(f"line {op.line}: {op.verb} may change more than it says")


_STEPS: Steps = {
    **replay_tables.STEPS,
    **replay_columns.STEPS,
    **replay_keys.STEPS,
    **replay_objects.STEPS,
    ops.Opaque: _opaque,
    ops.Nothing: _nothing,
}
