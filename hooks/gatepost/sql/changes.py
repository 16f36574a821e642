"""What a change does to the schema, step by step, with what a rule must know of each step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gatepost.sql import describe
from gatepost.sql import operations as ops
from gatepost.sql.names import key
from gatepost.sql.operations import UNKNOWN
from gatepost.sql.rebuild import Rebuild, differences, rebuilds
from gatepost.sql.replay import apply
from gatepost.sql.schema import Schema, Table


@dataclass(frozen=True, slots=True)
class Step:
    """One up script as a rule's surroundings: where it stands, how it is run, all that it does."""

    path: str
    operations: tuple[ops.Operation, ...]
    dialect: str = "postgresql"
    transaction: bool = True
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """One operation within a Step.

    ``fresh`` tells that what it works on was made by the same change, so that nothing uses it and it has no
    rows; ``position`` is its place among the operations of the step. ``before`` and ``after`` are for the report.
    """

    operation: ops.Operation
    step: Step
    position: int
    table: str = ""
    object: str = ""
    before: str | None = None
    after: str | None = None
    fresh: bool = False
    fresh_column: bool = False
    known: Table | None = None
    column: ops.Column | None = None
    replaced: Table | None = None

    @property
    def was_not_null(self) -> bool:
        """Tell whether the column is known to have been NOT NULL before."""
        return self.column is not None and self.column.nullable is False

    @property
    def has_default(self) -> bool:
        """Tell whether the column is known to have a default, or fills itself."""
        column = self.column
        return column is not None and bool(column.default not in (None, UNKNOWN) or column.generated or column.identity)

    @property
    def checked_not_null(self) -> bool:
        """Tell whether a validated CHECK (column IS NOT NULL) stands already, which PostgreSQL 12 trusts."""
        wanted = f"{self.object} is not null"
        found = self.known.constraints.values() if self.known else ()
        return any(made and made.kind == "check" and made.valid and made.expression == wanted for made in found)

    @property
    def path(self) -> str:
        """The file."""
        return self.step.path

    @property
    def dialect(self) -> str:
        """The dialect of the script."""
        return self.step.dialect

    @property
    def earlier(self) -> tuple[ops.Operation, ...]:
        """What the same script did before."""
        return self.step.operations[: self.position]

    @property
    def later(self) -> tuple[ops.Operation, ...]:
        """What the same script does afterwards."""
        return self.step.operations[self.position + 1 :]

    @property
    def key(self) -> str:
        """What identifies it when lines move."""
        return " ".join((self.operation.word, self.table, self.object, self.before or "", self.after or ""))

    def same_table(self, other: str) -> bool:
        """Tell whether a name means this change's table."""
        return key(other, self.dialect) == key(self.table, self.dialect)

    def entry(self) -> dict[str, Any]:
        """Give the entry of the report's section."""
        return {
            "operation": self.operation.word,
            "table": self.table,
            "object": self.object,
            "before": self.before,
            "after": self.after,
            "path": self.path,
            "line": self.operation.line,
        }


SHOWN = (
    ops.CreateTable, ops.DropTable, ops.RenameTable, ops.AddColumn, ops.DropColumn, ops.RenameColumn, ops.SetType,
    ops.SetNullable, ops.SetDefault, ops.SetIdentity, ops.RedefineColumn, ops.AddConstraint, ops.DropConstraint,
    ops.RenameConstraint, ops.ValidateConstraint, ops.CreateIndex, ops.DropIndex, ops.RenameIndex, ops.CreateObject,
    ops.DropObject, ops.RenameObject, ops.AlterObject, ops.AddEnumValue, ops.RenameEnumValue, ops.Truncate,
    ops.SetOption, ops.Opaque,
)  # fmt: skip


_JUDGED = (*SHOWN, ops.Data, ops.Nothing, ops.Setting)


@dataclass(slots=True)
class Fresh:
    """What a change has made so far: tables, columns, and all other names."""

    dialect: str
    tables: set[str] = field(default_factory=set)
    columns: set[tuple[str, str]] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def follow(self, operation: ops.Operation) -> None:
        """Take note of what an operation makes, or renames."""
        if isinstance(operation, ops.CreateTable):
            self.tables.add(self._key(operation.table))
        elif isinstance(operation, ops.RenameTable):
            self._rename(operation.table, operation.to)
        elif isinstance(operation, ops.AddColumn):
            self.columns.add((self._key(operation.table), self._key(operation.column.name)))
        elif isinstance(operation, ops.RenameColumn) and self.has_column(operation.table, operation.column):
            self.columns.add((self._key(operation.table), self._key(operation.to)))
        elif isinstance(operation, ops.CreateIndex) and operation.index.name:
            self.names.add(self._key(operation.index.name))
        elif isinstance(operation, ops.AddConstraint) and operation.constraint.name:
            self.names.add(self._key(operation.constraint.name))
        elif isinstance(operation, ops.CreateObject):
            self.names.add(self._key(operation.name))

    def _key(self, name: str) -> str:
        return key(name, self.dialect)

    def _rename(self, table: str, to: str) -> None:
        if self.has(table):
            self.tables.discard(self._key(table))
            self.tables.add(self._key(to))
        moved = [column for owner, column in self.columns if owner == self._key(table)]
        self.columns |= {(self._key(to), column) for column in moved}

    def has(self, table: str) -> bool:
        """Tell whether the change made the table."""
        return bool(table) and self._key(table) in self.tables

    def has_column(self, table: str, column: str) -> bool:
        """Tell whether the change made the column."""
        return (self._key(table), self._key(column)) in self.columns

    def has_name(self, name: str) -> bool:
        """Tell whether the change made the index, constraint or other object."""
        return bool(name) and self._key(name) in self.names


def walk(steps: Iterable[Step], schema: Schema) -> Iterator[SchemaChange]:
    """Give each operation that a rule may look at, in the order in which they run; ``schema`` moves along."""
    fresh = Fresh(schema.dialect)
    for step in steps:
        around = {rebuild.at: rebuild for rebuild in rebuilds(step.operations, schema.dialect)}
        quiet = {place for rebuild in around.values() for place in rebuild.steps}
        replaced: dict[str, Table] = {}
        for position, operation in enumerate(step.operations):
            if position in around:
                yield from _rebuilt(around[position], step, position, fresh, schema, replaced)
            elif position not in quiet and isinstance(operation, _JUDGED):
                change = _change(operation, step, position, fresh, schema)
                yield replace(change, replaced=replaced.get(schema.key(change.table)))
            if not already_there(operation, schema):
                fresh.follow(operation)
            apply(schema, operation)
            for rebuild in around.values():
                if position == max(rebuild.steps):
                    fresh.tables.discard(schema.key(rebuild.table))


def already_there(operation: ops.Operation, schema: Schema) -> bool:
    """Tell CREATE … IF NOT EXISTS and CREATE OR REPLACE of what is there already: it makes nothing new."""
    if isinstance(operation, ops.CreateTable):
        return schema.table(operation.table) is not None
    if isinstance(operation, ops.AddColumn):
        table = schema.table(operation.table)
        return table is not None and table.column(operation.column.name, schema.dialect) is not None
    if isinstance(operation, ops.CreateIndex):
        return bool(operation.index.name) and schema.owner(operation.index.name or "") is not None
    if isinstance(operation, ops.CreateObject):
        return operation.replace or schema.objects.get((operation.kind, schema.key(operation.name))) is not None
    return False


def _rebuilt(
    rebuild: Rebuild, step: Step, position: int, fresh: Fresh, schema: Schema, replaced: dict[str, Table]
) -> Iterator[SchemaChange]:
    """Give what a rebuild changes in the table that it replaces."""
    old, new = schema.table(rebuild.old), schema.table(rebuild.new)
    drop = step.operations[position]
    if old is None or new is None or fresh.has(rebuild.old):
        return
    replaced[schema.key(rebuild.table)] = old
    known = schema.copy()
    known.put(replace(old, name=rebuild.table))
    for operation in differences(replace(old, name=rebuild.table), new, drop.line, drop.start, schema.dialect):
        quiet = Fresh(schema.dialect, set(), fresh.columns, fresh.names)
        yield _change(operation, step, position, quiet, known)


def _change(operation: ops.Operation, step: Step, position: int, fresh: Fresh, schema: Schema) -> SchemaChange:
    said = describe.subject(operation)
    name = said.table or _owner(operation, schema)
    table = schema.table(name) if name else None
    column = table.column(said.object, schema.dialect) if table and said.column else None
    return SchemaChange(
        operation,
        step,
        position,
        name,
        said.object,
        said.before or _before(operation, table, column, said.object, schema),
        said.after,
        fresh=fresh.has(name) or (not said.column and fresh.has_name(said.object)),
        fresh_column=bool(said.column) and fresh.has_column(name, said.object),
        known=table,
        column=column,
    )


def _owner(operation: ops.Operation, schema: Schema) -> str:
    """Give the table of an index that is named alone."""
    if isinstance(operation, (ops.DropIndex, ops.RenameIndex)) and operation.name:
        owner = schema.owner(operation.name)
        return owner.name if owner else ""
    return ""


def _before(
    operation: ops.Operation, table: Table | None, column: ops.Column | None, name: str, schema: Schema
) -> str | None:
    if column and isinstance(operation, ops.SetType):
        return column.type or None
    if column and isinstance(operation, ops.SetDefault):
        return None if column.default == UNKNOWN else column.default
    if column and not isinstance(operation, ops.AddColumn):
        return describe.column(column)
    if table and isinstance(operation, ops.DropTable):
        return ", ".join(found.name for found in table.columns.values() if found)[:200] or None
    if table and isinstance(operation, ops.DropIndex) and (index := table.indexes.get(schema.key(name))):
        return describe.index(index)
    if table and isinstance(operation, ops.DropConstraint) and (made := table.constraints.get(schema.key(name))):
        return describe.constraint(made)
    return None
