"""What a migration does, in words that no framework and no dialect owns. Standard library only.

Names are ``str`` as the database would keep them: PostgreSQL folds what is not quoted to lower case,
the others keep their spelling. ``schema.table`` is written with the dot, the default schema
(``public``, ``main``) without. Types are canonical (``gatepost.sql.types``), or "" where nobody knows.

A framework builds these from its own calls (``op.drop_column("t", "c")`` is ``DropColumn("t", "c")``),
SQL text gives them through ``gatepost.sql.reader.read``. What cannot be understood is ``Opaque``, with
what its tokens show, and never left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

ConstraintKind = Literal["primary key", "unique", "foreign key", "check", "exclude", "not null"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: ``default`` and ``generated`` are canonical expressions or None; ``type`` "" is unknown.

    ``identity`` is ``always``, ``by default``, ``serial`` or ``auto_increment``; ``generated`` the
    expression, with `` stored`` or `` virtual`` behind it. ``nullable`` None means "not known".
    """

    name: str
    type: str = ""
    nullable: bool | None = True
    default: str | None = None
    generated: str | None = None
    identity: str | None = None
    collation: str | None = None
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Constraint:
    """A constraint of a table; ``name`` None lets the database name it."""

    kind: ConstraintKind
    columns: tuple[str, ...] = ()
    name: str | None = None
    expression: str | None = None
    target: str | None = None
    target_columns: tuple[str, ...] = ()
    on_delete: str = ""
    on_update: str = ""
    deferrable: str = ""
    valid: bool = True
    using_index: str | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """An index: ``columns`` holds column names, or canonical expressions with their order and class."""

    columns: tuple[str, ...]
    name: str | None = None
    unique: bool = False
    method: str = ""
    predicate: str | None = None
    include: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One step. ``line`` is where it stands in its file, ``start`` where its statement begins (0: the same)."""

    line: int = 1
    start: int = 0

    @property
    def word(self) -> str:
        """The operation's name in reports: ``drop-column``."""
        return _word(type(self).__name__)


@cache
def _word(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


@dataclass(frozen=True, slots=True)
class CreateTable(Operation):
    """Create a table. ``source`` is what else its columns come from: ``as``, ``like x``, ``partition of x``."""

    table: str
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    if_not_exists: bool = False
    temporary: bool = False
    source: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DropTable(Operation):
    """Drop a table and all that belongs to it."""

    table: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class RenameTable(Operation):
    """Rename a table; ``to`` has the schema too."""

    table: str
    to: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class AddColumn(Operation):
    """Add a column; constraints that stand with it (REFERENCES, UNIQUE, CHECK) come along in ``constraints``."""

    table: str
    column: Column
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropColumn(Operation):
    """Drop a column, and with it the indexes and constraints that use it."""

    table: str
    column: str
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class RenameColumn(Operation):
    """Rename a column."""

    table: str
    column: str
    to: str


@dataclass(frozen=True, slots=True)
class SetType(Operation):
    """Change the type of a column; ``using`` is the expression that converts, if one is given."""

    table: str
    column: str
    type: str
    using: str | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class SetNullable(Operation):
    """Allow NULL in a column, or forbid it."""

    table: str
    column: str
    nullable: bool


@dataclass(frozen=True, slots=True)
class SetDefault(Operation):
    """Give a column a default, or take it away (None)."""

    table: str
    column: str
    default: str | None


@dataclass(frozen=True, slots=True)
class SetIdentity(Operation):
    """Make a column an identity or generated column, or make it none (None)."""

    table: str
    column: str
    identity: str | None = None
    generated: str | None = None


@dataclass(frozen=True, slots=True)
class RedefineColumn(Operation):
    """Give a column a whole new definition: what it does not say is reset (MySQL MODIFY, CHANGE)."""

    table: str
    column: str
    new: Column


@dataclass(frozen=True, slots=True)
class SetOption(Operation):
    """Set what is kept beside the structure: storage, comment, owner, row security. None takes it away.

    ``object`` is a column or another name within the table, "" the table itself.
    """

    table: str
    key: str
    value: str | None
    object: str = ""


@dataclass(frozen=True, slots=True)
class AddConstraint(Operation):
    """Add a constraint to a table."""

    table: str
    constraint: Constraint


@dataclass(frozen=True, slots=True)
class DropConstraint(Operation):
    """Drop a constraint by its name; where it has none by ``kind`` and ``columns``."""

    table: str
    name: str | None
    kind: ConstraintKind | None = None
    columns: tuple[str, ...] = ()
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class RenameConstraint(Operation):
    """Rename a constraint."""

    table: str
    name: str
    to: str


@dataclass(frozen=True, slots=True)
class ValidateConstraint(Operation):
    """Check the rows that a NOT VALID constraint has left unchecked."""

    table: str
    name: str


@dataclass(frozen=True, slots=True)
class CreateIndex(Operation):
    """Create an index."""

    table: str
    index: Index
    concurrently: bool = False
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropIndex(Operation):
    """Drop an index by name, or where it has none by its ``columns``; ``table`` "" where the statement does not say."""

    name: str | None
    table: str = ""
    columns: tuple[str, ...] = ()
    concurrently: bool = False
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class RenameIndex(Operation):
    """Rename an index."""

    name: str
    to: str
    table: str = ""
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class CreateObject(Operation):
    """Create what is no table: view, materialized view, enum, domain, type, sequence, function, procedure,
    trigger, extension, schema, policy, rule. A function's name has its argument types: ``f(integer)``.

    ``values`` are an enum's; ``on`` is a trigger's or policy's table; ``uses`` names tables that it reads.
    """  # noqa: D205 - the kinds are the summary

    kind: str
    name: str
    definition: str = ""
    replace: bool = False
    if_not_exists: bool = False
    on: str = ""
    values: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DropObject(Operation):
    """Drop what is no table."""

    kind: str
    name: str
    on: str = ""
    if_exists: bool = False
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class RenameObject(Operation):
    """Rename what is no table."""

    kind: str
    name: str
    to: str
    on: str = ""


@dataclass(frozen=True, slots=True)
class AlterObject(Operation):
    """Change what is no table; ``key`` and ``value`` say what about it."""

    kind: str
    name: str
    key: str
    value: str | None = None
    on: str = ""


@dataclass(frozen=True, slots=True)
class AddEnumValue(Operation):
    """Add a value to an enum type. PostgreSQL has no way back."""

    name: str
    value: str
    place: str = ""
    if_not_exists: bool = False


@dataclass(frozen=True, slots=True)
class RenameEnumValue(Operation):
    """Rename a value of an enum type."""

    name: str
    value: str
    to: str


@dataclass(frozen=True, slots=True)
class Truncate(Operation):
    """Delete all rows of a table."""

    table: str
    cascade: bool = False


@dataclass(frozen=True, slots=True)
class Data(Operation):
    """Change rows: ``verb`` is insert, update, delete, merge, copy, replace or code (a framework's own).

    ``filtered`` says whether there is a WHERE; ``table`` "" is unknown; ``columns`` are those it sets.
    """

    verb: str
    table: str = ""
    filtered: bool = True
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting(Operation):
    """Set a parameter of the session, such as ``lock_timeout``; ``value`` None resets it."""

    name: str
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Transaction(Operation):
    """Begin or end a transaction: ``verb`` is begin, commit, rollback or savepoint."""

    verb: str


@dataclass(frozen=True, slots=True)
class Nothing(Operation):
    """Do nothing to the schema or to rows that the model keeps: SELECT, GRANT, ANALYZE, VACUUM."""

    verb: str
    harmless: bool = True


@dataclass(frozen=True, slots=True)
class Opaque(Operation):
    """Something that was not understood. ``saw`` is what a scan of its tokens shows: ``DROP TABLE a``.

    ``table`` names the table that it alters, if that much is known; ``text`` is its beginning.
    """

    reason: str
    text: str = ""
    saw: tuple[str, ...] = ()
    table: str = ""
