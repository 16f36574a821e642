"""Put operations into words: what they are about, and how a definition reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gatepost.sql import operations as ops


@dataclass(frozen=True, slots=True)
class Subject:
    """What an operation is about: the table, the object within it (``column`` says that it is one), both sides."""

    table: str = ""
    object: str = ""
    before: str | None = None
    after: str | None = None
    column: bool = False


def subject(operation: ops.Operation) -> Subject:
    """Say what an operation is about."""
    describe = _SUBJECTS.get(type(operation))
    return describe(operation) if describe else Subject(getattr(operation, "table", ""))


def part(given: Any) -> str:
    """Give the definition of a column, a constraint or an index without its name."""
    if isinstance(given, ops.Column):
        return column(given)
    if isinstance(given, ops.Constraint):
        return constraint(given)
    return index(given)


def column(given: ops.Column) -> str:
    """Give a column's definition without its name."""
    parts = [given.type or "unknown type"]
    if given.collation:
        parts.append(f"collate {given.collation}")
    if given.nullable is False:
        parts.append("not null")
    if given.default not in (None, ops.UNKNOWN):
        parts.append(f"default {given.default}")
    if given.generated:
        parts.append(f"generated as {given.generated}")
    if given.identity:
        parts.append(given.identity if given.identity in ("serial", "auto_increment") else f"{given.identity} identity")
    parts += [f"{key} {value}" for key, value in given.options]
    return " ".join(parts)


def constraint(given: ops.Constraint) -> str:
    """Give a constraint's definition without its name."""
    if given.using_index:
        return f"{given.kind} using index {given.using_index}"
    parts: list[str] = [given.kind]
    if given.kind == "foreign key":
        target = f"{given.target}({', '.join(given.target_columns)})" if given.target_columns else str(given.target)
        parts.append(f"({', '.join(given.columns)}) references {target}")
        parts += [
            f"on {when} {what}" for when, what in (("delete", given.on_delete), ("update", given.on_update)) if what
        ]
    elif given.kind in ("check", "exclude"):
        parts.append(f"({given.expression})" if given.kind == "check" else str(given.expression))
    else:
        parts.append(f"({', '.join(given.columns)})")
        parts += [given.expression] if given.expression else []
    parts += [given.deferrable] if given.deferrable else []
    parts += [] if given.valid else ["not valid"]
    return " ".join(parts)


def index(given: ops.Index) -> str:
    """Give an index's definition without its name."""
    parts = ["unique"] if given.unique else []
    parts += [f"using {given.method}"] if given.method else []
    parts.append(f"({', '.join(given.columns)})")
    parts += [f"include ({', '.join(given.include)})"] if given.include else []
    parts += [f"{key} {value}" for key, value in given.options]
    parts += [f"where {given.predicate}"] if given.predicate else []
    return " ".join(parts)


def nullable(value: bool) -> str:
    """Give the words for whether NULL is allowed."""
    return "nullable" if value else "not null"


def _create_table(op: ops.CreateTable) -> Subject:
    return Subject(op.table, after=", ".join(given.name for given in op.columns)[:200] or op.source or None)


def _set_identity(op: ops.SetIdentity) -> Subject:
    return Subject(op.table, op.column, after=op.identity or op.generated, column=True)


def _drop_index(op: ops.DropIndex) -> Subject:
    return Subject(op.table, op.name or f"({', '.join(op.columns)})")


def _drop_constraint(op: ops.DropConstraint) -> Subject:
    return Subject(op.table, op.name or op.kind or "", before=op.kind)


_SUBJECTS: dict[type[ops.Operation], Callable[[Any], Subject]] = {
    ops.CreateTable: _create_table,
    ops.RenameTable: lambda op: Subject(op.table, "", op.table, op.to),
    ops.AddColumn: lambda op: Subject(op.table, op.column.name, None, column(op.column), column=True),
    ops.DropColumn: lambda op: Subject(op.table, op.column, column=True),
    ops.RenameColumn: lambda op: Subject(op.table, op.column, op.column, op.to, column=True),
    ops.SetType: lambda op: Subject(op.table, op.column, None, op.type, column=True),
    ops.SetNullable: lambda op: Subject(
        op.table, op.column, nullable(not op.nullable), nullable(op.nullable), column=True
    ),
    ops.SetDefault: lambda op: Subject(op.table, op.column, None, op.default, column=True),
    ops.SetIdentity: _set_identity,
    ops.RedefineColumn: lambda op: Subject(op.table, op.column, None, column(op.new), column=True),
    ops.AddConstraint: lambda op: Subject(op.table, op.constraint.name or "", None, constraint(op.constraint)),
    ops.DropConstraint: _drop_constraint,
    ops.RenameConstraint: lambda op: Subject(op.table, op.name, op.name, op.to),
    ops.ValidateConstraint: lambda op: Subject(op.table, op.name, "not valid", "valid"),
    ops.CreateIndex: lambda op: Subject(op.table, op.index.name or "", None, index(op.index)),
    ops.DropIndex: _drop_index,
    ops.RenameIndex: lambda op: Subject(op.table, op.name, op.name, op.to),
    ops.CreateObject: lambda op: Subject(op.on, op.name, None, f"{op.kind} {', '.join(op.values)}".strip()),
    ops.DropObject: lambda op: Subject(op.on, op.name, op.kind),
    ops.RenameObject: lambda op: Subject(op.on, op.name, op.name, op.to),
    ops.AlterObject: lambda op: Subject(op.on, op.name, None, f"{op.key} {op.value}"[:200] if op.value else None),
    ops.AddEnumValue: lambda op: Subject("", op.name, None, op.value),
    ops.RenameEnumValue: lambda op: Subject("", op.name, op.value, op.to),
    ops.SetOption: lambda op: Subject(op.table, op.object, None, f"{op.key} {op.value}"[:200] if op.value else op.key),
    ops.Opaque: lambda op: Subject(op.table, "", None, "; ".join(op.saw)[:200] or None),
    ops.Data: lambda op: Subject(op.table, "", None, op.verb),
}
