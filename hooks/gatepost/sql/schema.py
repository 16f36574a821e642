"""The schema that migrations produce: tables, what belongs to them, and everything else, as plain values.

A name that the model has never heard of is missing from its mapping; one that was dropped is None there. So
"unknown" and "gone" are two things, and a schema whose beginning nobody has seen can still be followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from gatepost.sql.names import key
from gatepost.sql.operations import UNKNOWN, Column, Constraint, Index


@dataclass(frozen=True, slots=True)
class Table:
    """A table. ``complete`` tells that its creation was seen, so that what it does not hold is not there."""

    name: str
    columns: Mapping[str, Column | None] = field(default_factory=dict)
    constraints: Mapping[str, Constraint | None] = field(default_factory=dict)
    indexes: Mapping[str, Index | None] = field(default_factory=dict)
    options: Mapping[tuple[str, str], str | None] = field(default_factory=dict)
    complete: bool = True

    def column(self, name: str, dialect: str) -> Column | None:
        """Give a column by its name, or None."""
        return self.columns.get(key(name, dialect))

    def covering(self, name: str, dialect: str) -> Iterator[Constraint]:
        """Give the constraints that name a column."""
        wanted = key(name, dialect)
        for made in self.constraints.values():
            if made and any(key(column, dialect) == wanted for column in made.columns):
                yield made


@dataclass(frozen=True, slots=True)
class Object:
    """What is no table: a view, an enum with its values, a function, a trigger with its table, and so on."""

    kind: str
    name: str
    definition: str = ""
    on: str = ""
    values: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Schema:
    """Tables and objects by the form of their name that is compared; ``doubts`` say what was not followed.

    ``casts``: mark the expressions into which a change of type writes casts; only of use on a way there and back.
    """

    dialect: str = "postgresql"
    tables: dict[str, Table | None] = field(default_factory=dict)
    objects: dict[tuple[str, str], Object | None] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    casts: bool = False

    def copy(self) -> Schema:
        """Give a copy; tables are values and are shared."""
        return Schema(self.dialect, self.tables.copy(), dict(self.objects), list(self.doubts), [], self.casts)

    def key(self, name: str) -> str:
        """Give the form of a name that is compared."""
        return key(name, self.dialect)

    def table(self, name: str) -> Table | None:
        """Give a table by its name, or None."""
        return self.tables.get(self.key(name))

    def put(self, table: Table) -> None:
        """Keep a table under its name."""
        self.tables[self.key(table.name)] = table

    def referring(self, name: str) -> list[Table]:
        """Give the tables that have a foreign key to a table."""
        pick = getattr(self.tables, "referring", None)
        wanted = self.key(name)
        return [
            table
            for table in (pick(name) if pick else list(self.tables.values()))
            if table
            and any(made and made.target and self.key(made.target) == wanted for made in table.constraints.values())
        ]

    def owner(self, index: str) -> Table | None:
        """Give the table that has an index, or a constraint, of that name."""
        space, _, plain = index.rpartition(".")
        wanted = self.key(plain)
        pick = getattr(self.tables, "with_name", None)  # a schema from the cache reads only what it must
        for table in pick(wanted) if pick else self.tables.values():
            if table is None or not (table.indexes.get(wanted) or table.constraints.get(wanted)):
                continue
            if not space or self.key(table.name.rpartition(".")[0]) == self.key(space):
                return table
        return None


def mentions(text: str | None, name: str) -> bool:
    """Tell whether an expression uses a name."""
    return bool(text) and name.lower() in str(text).lower() and bool(_word(name).search(str(text)))


def _word(name: str) -> re.Pattern[str]:
    return re.compile(rf'(?<![\w"]){re.escape(name)}(?![\w"])|"{re.escape(name)}"', re.IGNORECASE)


def renamed(text: str | None, name: str, to: str) -> str | None:
    """Put another name into an expression."""
    return _word(name).sub(lambda _: to, text) if text and mentions(text, name) else text


def index_uses(index: Index, column: str, dialect: str) -> bool:
    """Tell whether an index uses a column, in whatever place."""
    wanted = key(column, dialect)
    plain = (*index.columns, *index.include)
    return any(key(part, dialect) == wanted or mentions(part, column) for part in plain) or mentions(
        index.predicate, column
    )


def constraint_uses(made: Constraint, column: str, dialect: str) -> bool:
    """Tell whether a constraint uses a column of its own table."""
    return any(key(part, dialect) == key(column, dialect) for part in made.columns) or (
        made.kind in ("check", "exclude") and mentions(made.expression, column)
    )


def constraint_name(table: Table, made: Constraint, dialect: str) -> str:
    """Give the name that the database gives to a constraint without one."""
    base = table.name.rpartition(".")[2]
    taken = [name for name, other in table.constraints.items() if other]
    taken += [name for name, other in table.indexes.items() if other]
    if dialect == "sqlite":  # it names none: what they say is what tells them apart
        said = made.expression if made.kind == "check" else ", ".join(made.columns)
        return f"{made.kind} ({said})"
    if dialect == "mysql":
        if made.kind == "primary key":
            return "PRIMARY"
        return _free(f"{base}_{'ibfk' if made.kind == 'foreign key' else 'chk'}_1", taken, dialect, "_")
    suffix = {"primary key": "pkey", "unique": "key", "foreign key": "fkey", "check": "check", "exclude": "excl"}
    columns = "_".join(made.columns) if made.kind in ("unique", "foreign key", "exclude") else ""
    if made.kind == "check":
        columns = check_column(made, table, dialect)
    if made.kind == "not null":
        return _free(shortened(base, "_".join(made.columns), "not_null"), taken, dialect)
    return _free(shortened(base, columns, suffix[made.kind]), taken, dialect)


def check_column(made: Constraint, table: Table, dialect: str) -> str:
    """Give the column that PostgreSQL puts into the name of a check: the one that it uses, if it is one."""
    if made.columns:
        return made.columns[0]
    used = [column.name for column in table.columns.values() if column and constraint_uses(made, column.name, dialect)]
    return used[0] if len(used) == 1 else ""


def shortened(base: str, columns: str, suffix: str) -> str:
    """Put a name together as PostgreSQL does: at most 63 bytes, the longer part is cut."""
    room = 63 - len(suffix) - 1 - (1 if columns else 0)
    while len(base) + len(columns) > room:
        if len(base) > len(columns):
            base = base[:-1]
        else:
            columns = columns[:-1]
    return "_".join(part for part in (base, columns, suffix) if part)


def index_name(table: Table, index: Index, dialect: str) -> str:
    """Give the name that the database gives to an index without one."""
    taken = [name for name, other in (*table.indexes.items(), *table.constraints.items()) if other]
    if dialect == "mysql":
        first = re.match(r"\w*", index.columns[0])[0] if index.columns else "index"  # type: ignore[index]  # matches anything
        return _free(first, taken, dialect, "_")
    parts = [part if re.fullmatch(r"\w+", part) else _function(part) for part in index.columns]
    return _free(shortened(table.name.rpartition(".")[2], "_".join(parts), "idx"), taken, dialect)


def _function(part: str) -> str:
    found = re.match(r"(\w+)\(", part)
    if found:
        return found[1]
    return part.split(maxsplit=1)[0] if re.match(r"\w+ ", part) else "expr"


def _free(name: str, taken: Iterable[str], dialect: str, joint: str = "") -> str:
    used, number, made = set(taken), 1, name
    while key(made, dialect) in used:
        number += 1
        made = (
            f"{name[: -len('_1')]}_{number}"
            if joint and name.endswith("_1")
            else f"{name}{joint}{number - (not joint)}"
        )
    return made


def without_column(table: Table, column: str, dialect: str) -> Table:
    """Drop a column with what uses it. MySQL only takes it out of its indexes."""
    constraints: dict[str, Constraint | None] = {}
    for name, made in table.constraints.items():
        constraints[name] = None if made and constraint_uses(made, column, dialect) else made
    indexes: dict[str, Index | None] = {}
    for name, index in table.indexes.items():
        indexes[name] = _index_without(index, column, dialect) if index else None
    columns = {**table.columns, key(column, dialect): None}
    options = {place: value for place, value in table.options.items() if place[0] != key(column, dialect)}
    return replace(table, columns=columns, constraints=constraints, indexes=indexes, options=options)


def _index_without(index: Index, column: str, dialect: str) -> Index | None:
    if not index_uses(index, column, dialect):
        return index
    if dialect == "mysql":
        left = tuple(
            part for part in index.columns if key(part.partition("(")[0].strip(), dialect) != key(column, dialect)
        )
        return replace(index, columns=left) if left else None
    return None


def with_column_renamed(table: Table, column: str, to: str, dialect: str) -> Table:
    """Rename a column wherever its table names it."""
    old = key(column, dialect)

    def names(parts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(to if key(part, dialect) == old else str(renamed(part, column, to)) for part in parts)

    columns: dict[str, Column | None] = {}
    for name, was in table.columns.items():
        if name == key(to, dialect) and name != old:
            continue
        if name == old:
            columns[key(to, dialect)] = replace(was, name=to) if was else None
        elif was and was.generated:
            columns[name] = replace(was, generated=renamed(was.generated, column, to))
        else:
            columns[name] = was
    columns.setdefault(key(to, dialect), Column(to, nullable=None, default=UNKNOWN))
    columns.setdefault(old, None)
    constraints: dict[str, Constraint | None] = {}
    for name, made in table.constraints.items():
        other = made and replace(made, columns=names(made.columns), expression=renamed(made.expression, column, to))
        if made and other and dialect == "sqlite" and name == key(constraint_name(table, made, dialect), dialect):
            constraints[name] = None
            name = key(constraint_name(table, other, dialect), dialect)
        constraints[name] = other
    indexes = {
        name: made
        and replace(
            made,
            columns=names(made.columns),
            include=names(made.include),
            predicate=renamed(made.predicate, column, to),
        )
        for name, made in table.indexes.items()
    }
    options = {
        (key(to, dialect) if part == old else part, what): value for (part, what), value in table.options.items()
    }
    return replace(table, columns=columns, constraints=constraints, indexes=indexes, options=options)
