"""What the static model says of the migrations of a change: what they make and take away, and who still runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gatepost.git import Change
from gatepost.migrations import History
from gatepost.migrations import _story as story
from gatepost.migrations._produced import base_schema
from gatepost.rollbacks import Compatible
from gatepost.sql import operations as ops
from gatepost.sql.changes import SchemaChange, walk

# What code that does not know of it never notices.
_UNSEEN = (
    ops.CreateTable, ops.CreateObject, ops.AddEnumValue, ops.DropIndex, ops.RenameIndex, ops.DropConstraint,
    ops.RenameConstraint, ops.ValidateConstraint, ops.SetDefault, ops.Nothing, ops.Setting, ops.Transaction, ops.Data,
    ops.SetOption,
)  # fmt: skip


@dataclass(slots=True)
class Story:
    """What the new migrations of one history make (``table x``, ``column x.y``), and take away.

    ``kept`` are tables that were there before and still are. ``doubts`` say what old code might stumble over,
    ``breaks`` what it certainly does.
    """

    made: list[str] = field(default_factory=list)
    taken: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    breaks: list[str] = field(default_factory=list)
    objects: int = 0

    @property
    def by_name(self) -> bool:
        """Tell whether all that the old code might stumble over are names that are gone: queries decide on those."""
        return all(doubt in self.taken for doubt in self.doubts)

    @property
    def gives_back(self) -> bool:
        """Tell a way down that only gives back what the change took: the new code, which never names it, still runs."""
        return bool(self.taken) and not self.made and not self.breaks and self.by_name

    @property
    def compatible(self) -> Compatible:
        """Tell whether the old code runs, as far as the form of the operations tells."""
        if self.breaks:
            return Compatible(False, f"static: {'; '.join(self.breaks[:3])}")
        if self.doubts:
            return Compatible(None, f"static: the old code may use {'; '.join(self.doubts[:3])}")
        return Compatible(True, "static: the migrations only add what the old code does not name")


def combined(stories: Iterable[Story]) -> Compatible:
    """Give the gravest answer of several histories."""
    found = [story.compatible for story in stories]
    if not found:
        return Compatible(True, "no migration: the schema is the same")
    return next((one for grave in (False, None) for one in found if one.runs is grave), found[0])


def read(change: Change, history: History) -> Story:
    """Walk through what the change does to the schema of one history."""
    told = Story()
    for step in walk(story.new_steps(history, story.dialect_of(history)), base_schema(change, history)):
        _follow(told, step)
    return told


def _follow(told: Story, step: SchemaChange) -> None:
    operation = step.operation
    told.objects += isinstance(operation, (ops.CreateIndex, ops.CreateObject, ops.AddConstraint))
    if isinstance(operation, ops.CreateTable):
        if not operation.temporary:
            told.made.append(f"table {operation.table}")
        return
    if isinstance(operation, _UNSEEN):
        return
    if step.fresh:
        _forget(told, operation)
        return
    _old(told, step)


def _forget(told: Story, operation: ops.Operation) -> None:
    """Follow what becomes of things that the change itself has made."""
    if isinstance(operation, ops.DropTable) and f"table {operation.table}" in told.made:
        told.made.remove(f"table {operation.table}")
    if isinstance(operation, ops.RenameTable) and f"table {operation.table}" in told.made:
        told.made.remove(f"table {operation.table}")
        told.made.append(f"table {operation.to}")


def _old(told: Story, step: SchemaChange) -> None:
    """Judge an operation on something that was there before."""
    operation = step.operation
    table = getattr(operation, "table", "") or ""
    if table and table not in told.kept and not isinstance(operation, (ops.DropTable, ops.RenameTable)):
        told.kept.append(table)
    if isinstance(operation, ops.AddColumn):
        name = f"{table}.{operation.column.name}"
        told.made.append(f"column {name}")
        column = operation.column
        filled = column.default not in (None, "?") or column.generated or column.identity
        if column.nullable is False and not filled:
            told.breaks.append(f"{name} is required and has no default: inserts of the old code fail")
        return
    taken = _taken(operation, table)
    if taken:
        told.taken.append(taken)
    told.doubts += [taken] if taken else _narrowed(operation, table)
    if isinstance(operation, (ops.RenameColumn, ops.RenameTable)):
        to = operation.to if isinstance(operation, ops.RenameTable) else f"{table}.{operation.to}"
        told.made.append(f"{taken.partition(' ')[0]} {to}")


def _taken(operation: ops.Operation, table: str) -> str:
    """Name what is no longer there under its name."""
    if isinstance(operation, (ops.DropTable, ops.RenameTable)):
        return f"table {table}"
    if isinstance(operation, (ops.DropColumn, ops.RenameColumn)):
        return f"column {table}.{operation.column}"
    return ""


def _narrowed(operation: ops.Operation, table: str) -> Iterable[str]:
    """Say what of an operation could refuse what the old code does."""
    if isinstance(operation, ops.SetNullable) and operation.nullable:
        return ()
    if isinstance(operation, ops.CreateIndex) and not operation.index.unique:
        return ()
    if isinstance(operation, (ops.DropObject, ops.RenameObject, ops.AlterObject)):
        return (f"{operation.word} {getattr(operation, 'name', '')}".strip(),)
    if isinstance(operation, ops.Opaque):
        return (f"what {operation.reason} hides",) if operation.reason else ("what was not analysed",)
    return (f"{operation.word} on {table}" if table else operation.word,)
