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
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform():
        """Mark a class for type checkers; typing has it from Python 3.11."""
        return lambda marked: marked


T = TypeVar("T", bound="Operation")

ConstraintKind = Literal["primary key", "unique", "foreign key", "check", "exclude", "not null"]

UNKNOWN = "?"  # a default, an expression, a definition that nobody has seen


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


@dataclass_transform()
class Record:
    """Build values from annotations as dataclasses do: equal by what they hold, never changed.

    The standard ones cost 0.4 ms each to define, and there are thirty here: more than the whole check of a commit
    may take. These cost a tenth; a type checker sees dataclasses.
    """

    _names: ClassVar[tuple[str, ...]] = ()
    _required: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **_: bool) -> None:
        inherited = cls._names
        own = tuple(vars(cls).get("__annotations__", ()))
        cls._names = own + inherited
        cls._required = tuple(name for name in own if name not in vars(cls))

    def __init__(self, *values: Any, **named: Any) -> None:
        held = dict(zip(self._names, values, strict=False))
        held.update(named)
        for name in self._required:
            if name not in held:
                raise TypeError(f"{type(self).__name__}: {name} is missing")
        if len(held) != len(values) + len(named) or not held.keys() <= set(self._names):
            raise TypeError(f"{type(self).__name__}: too many values, or {', '.join(named)} not all known")
        self.__dict__.update(held)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be set to {value!r}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.held() == other.held()

    def __hash__(self) -> int:
        return hash((type(self), *self.held().values()))

    def __repr__(self) -> str:
        held = self.held().items()
        said = (f"{name}={value!r}" for name, value in held if value != getattr(type(self), name, None))
        return f"{type(self).__name__}({', '.join(said)})"

    def held(self) -> dict[str, Any]:
        """Give every value by its name."""
        return {name: getattr(self, name) for name in self._names}


class Operation(Record, frozen=True, kw_only=True):
    """One step. ``line`` is where it stands in its file, ``start`` where its statement begins (0: the same)."""

    line: int = 1
    start: int = 0

    def at(self: T, line: int, start: int = 0) -> T:
        """Give the same step at another place."""
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__, line=line, start=start)
        return made

    @property
    def word(self) -> str:
        """The operation's name in reports: ``drop-column``."""
        return _word(type(self).__name__)


@cache
def _word(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


class CreateTable(Operation, frozen=True):
    """Create a table. ``source`` is what else its columns come from: ``as``, ``like x``, ``partition of x``."""

    table: str
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    if_not_exists: bool = False
    temporary: bool = False
    source: str = ""
    options: tuple[tuple[str, str], ...] = ()


class DropTable(Operation, frozen=True):
    """Drop a table and all that belongs to it; ``beside`` are those that the same statement drops."""

    table: str
    if_exists: bool = False
    cascade: bool = False
    beside: tuple[str, ...] = ()


class RenameTable(Operation, frozen=True):
    """Rename a table; ``to`` has the schema too."""

    table: str
    to: str
    if_exists: bool = False


class AddColumn(Operation, frozen=True):
    """Add a column; constraints that stand with it (REFERENCES, UNIQUE, CHECK) come along in ``constraints``."""

    table: str
    column: Column
    constraints: tuple[Constraint, ...] = ()
    if_not_exists: bool = False


class DropColumn(Operation, frozen=True):
    """Drop a column, and with it the indexes and constraints that use it."""

    table: str
    column: str
    if_exists: bool = False
    cascade: bool = False


class RenameColumn(Operation, frozen=True):
    """Rename a column."""

    table: str
    column: str
    to: str


class SetType(Operation, frozen=True):
    """Change the type of a column; ``using`` is the expression that converts, if one is given."""

    table: str
    column: str
    type: str
    using: str | None = None
    collation: str | None = None


class SetNullable(Operation, frozen=True):
    """Allow NULL in a column, or forbid it."""

    table: str
    column: str
    nullable: bool


class SetDefault(Operation, frozen=True):
    """Give a column a default, or take it away (None)."""

    table: str
    column: str
    default: str | None


class SetIdentity(Operation, frozen=True):
    """Make a column an identity or generated column, or make it none (None)."""

    table: str
    column: str
    identity: str | None = None
    generated: str | None = None


class RedefineColumn(Operation, frozen=True):
    """Give a column a whole new definition: what it does not say is reset (MySQL MODIFY, CHANGE)."""

    table: str
    column: str
    new: Column


class SetOption(Operation, frozen=True):
    """Set what is kept beside the structure: storage, comment, owner, row security. None takes it away.

    ``object`` is a column or another name within the table, "" the table itself.
    """

    table: str
    key: str
    value: str | None
    object: str = ""


class AddConstraint(Operation, frozen=True):
    """Add a constraint to a table."""

    table: str
    constraint: Constraint


class DropConstraint(Operation, frozen=True):
    """Drop a constraint by its name; where it has none by ``kind`` and ``columns``."""

    table: str
    name: str | None
    kind: ConstraintKind | None = None
    columns: tuple[str, ...] = ()
    if_exists: bool = False
    cascade: bool = False


class RenameConstraint(Operation, frozen=True):
    """Rename a constraint."""

    table: str
    name: str
    to: str


class ValidateConstraint(Operation, frozen=True):
    """Check the rows that a NOT VALID constraint has left unchecked."""

    table: str
    name: str


class CreateIndex(Operation, frozen=True):
    """Create an index."""

    table: str
    index: Index
    concurrently: bool = False
    if_not_exists: bool = False


class DropIndex(Operation, frozen=True):
    """Drop an index by name, or where it has none by its ``columns``; ``table`` "" where the statement does not say."""

    name: str | None
    table: str = ""
    columns: tuple[str, ...] = ()
    concurrently: bool = False
    if_exists: bool = False


class RenameIndex(Operation, frozen=True):
    """Rename an index."""

    name: str
    to: str
    table: str = ""
    if_exists: bool = False


class CreateObject(Operation, frozen=True):
    """Create what is no table: view, materialized view, enum, domain, type, sequence, function, procedure,
    trigger, extension, schema, policy, rule. A function's name has its argument types: ``f(integer)``.

    ``values`` are an enum's; ``on`` is a trigger's or policy's table; ``uses`` names tables that it reads;
    ``optional`` counts the arguments that have a default.
    """  # noqa: D205 - the kinds are the summary

    kind: str
    name: str
    definition: str = ""
    replace: bool = False
    if_not_exists: bool = False
    on: str = ""
    values: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    optional: int = 0


class DropObject(Operation, frozen=True):
    """Drop what is no table."""

    kind: str
    name: str
    on: str = ""
    if_exists: bool = False
    cascade: bool = False


class RenameObject(Operation, frozen=True):
    """Rename what is no table."""

    kind: str
    name: str
    to: str
    on: str = ""


class AlterObject(Operation, frozen=True):
    """Change what is no table; ``key`` and ``value`` say what about it."""

    kind: str
    name: str
    key: str
    value: str | None = None
    on: str = ""


class AddEnumValue(Operation, frozen=True):
    """Add a value to an enum type. PostgreSQL has no way back."""

    name: str
    value: str
    place: str = ""
    if_not_exists: bool = False


class RenameEnumValue(Operation, frozen=True):
    """Rename a value of an enum type."""

    name: str
    value: str
    to: str


class Truncate(Operation, frozen=True):
    """Delete all rows of a table."""

    table: str
    cascade: bool = False


class Data(Operation, frozen=True):
    """Change rows: ``verb`` is insert, update, delete, merge, copy, replace or code (a framework's own).

    ``filtered`` says whether there is a WHERE; ``table`` "" is unknown; ``columns`` are those it sets.
    """

    verb: str
    table: str = ""
    filtered: bool = True
    columns: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The verb is the operation's name in reports."""
        return self.verb


class Setting(Operation, frozen=True):
    """Set a parameter of the session, such as ``lock_timeout``; ``value`` None resets it."""

    name: str
    value: str | None = None


class Transaction(Operation, frozen=True):
    """Begin or end a transaction: ``verb`` is begin, commit, rollback or savepoint."""

    verb: str


class Nothing(Operation, frozen=True):
    """Do nothing to the schema or to rows that the model keeps: SELECT, GRANT, ANALYZE, VACUUM."""

    verb: str
    harmless: bool = True


class Opaque(Operation, frozen=True):
    """Something that was not understood. ``saw`` is what a scan of its tokens shows: ``DROP TABLE a``.

    ``table`` names the table that it alters, if that much is known; ``text`` is its beginning. ``refused``: the
    database's own grammar takes it for an error, so that it fails wherever it runs.
    """

    reason: str
    text: str = ""
    saw: tuple[str, ...] = ()
    table: str = ""
    refused: bool = False
