"""Turn the migrations of a change into steps of neutral operations that the rules can judge."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.migrations import History, Migration, Script, Sql
from gatepost.sql import operations as ops
from gatepost.sql.changes import Step
from gatepost.sql.reader import read
from gatepost.sql.tokens import sniff


def operations(script: Script, dialect: str = "") -> tuple[ops.Operation, ...]:
    """Give what a script does; SQL is read in its dialect, or in the one that it looks like."""
    dialect = script.dialect or dialect
    found: list[ops.Operation] = []
    for step in script.steps:
        if isinstance(step, Sql):
            found += read(step.text, dialect, step.line)
            if step.dynamic:
                found.append(ops.Opaque("a part of this statement is computed when it runs", line=step.line))
        elif isinstance(step, ops.Operation):
            found.append(step)
    if not script.certain:
        found.append(ops.Nothing("code beside the statements", harmless=False, line=script.line))
    return tuple(found)


def dialect_of(history: History) -> str:
    """Give the dialect of a history: as detected, else as its newest script looks."""
    if history.place.dialect:
        return history.place.dialect
    for migration in reversed(history.head or history.base):
        if migration.dialect:
            return migration.dialect
        for piece in migration.up.sql:
            return sniff(piece.text)
    return "postgresql"


def step(migration: Migration, dialect: str) -> Step:
    """Give the up of a migration as a step."""
    up = migration.up
    found = operations(up, dialect)
    return Step(up.path, found, up.dialect or dialect, in_transaction(up, found), up.at_once and not up.transaction)


def in_transaction(script: Script, found: tuple[ops.Operation, ...]) -> bool:
    """Tell whether a script runs in a transaction: several statements that are sent at once are one too."""
    return script.transaction or (script.at_once and len(found) > 1)


def new_steps(history: History, dialect: str) -> Iterator[Step]:
    """Give what runs anew, in order: new migrations, and what an edit has put into old ones."""
    for changed in history.changes:
        if changed.after is None or changed.status in ("moved", "removed"):
            continue
        made = step(changed.after, dialect)
        if changed.status == "edited" and changed.before and changed.after.kind != "repeatable":
            old = {_without_lines(op) for op in operations(changed.before.up, dialect)}
            made = Step(
                made.path,
                tuple(op for op in made.operations if _without_lines(op) not in old),
                made.dialect,
                made.transaction,
                made.at_once,
            )
        yield made


def _without_lines(operation: ops.Operation) -> ops.Operation:
    return operation.at(0)
