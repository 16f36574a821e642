"""Names that are in sight at a place of a query: tables, subqueries, and the scopes around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from gatepost.queries._facts import AMBIGUOUS, GONE, OK, UNSURE
from gatepost.sql.operations import Column
from gatepost.sql.schema import Table

SYSTEM: Mapping[str, frozenset[str]] = {
    "postgresql": frozenset(("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid")),
    "sqlite": frozenset(("rowid", "oid", "_rowid_")),
    "mysql": frozenset(("_rowid",)),
}


@dataclass(frozen=True, slots=True)
class From:
    """Something in FROM: its name in the query, its columns in order, and the table behind it, if any.

    With ``whole`` there are no other columns; ``dropped`` are those that are known to be gone. ``apart``: only found
    by its name (``excluded``).
    """

    alias: str
    columns: tuple[str, ...] = ()
    whole: bool = False
    dropped: frozenset[str] = frozenset()
    table: Table | None = None
    apart: bool = False

    def has(self, name: str, dialect: str) -> str:
        """Say whether it has a column."""
        if name in self.columns:
            return OK
        if name in SYSTEM.get(dialect, ()):
            return UNSURE
        return GONE if self.whole or name in self.dropped else UNSURE


@dataclass(slots=True)
class Scope:
    """The sources of one query, what is around it, and the names of its output."""

    parent: Scope | None = None
    sources: list[From] = field(default_factory=list)
    ctes: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    outputs: frozenset[str] = frozenset()
    natural: bool = False

    def around(self) -> Iterator[Scope]:
        """Give this scope and those around it."""
        here: Scope | None = self
        while here is not None:
            yield here
            here = here.parent

    def cte(self, name: str) -> tuple[bool, tuple[str, ...] | None]:
        """Tell whether a name is that of a WITH in sight, and give its columns."""
        for scope in self.around():
            if name in scope.ctes:
                return True, scope.ctes[name]
        return False, None


@dataclass(frozen=True, slots=True)
class Hit:
    """What a column's name means: a state, and where it is ``ok`` the source."""

    state: str
    source: From | None = None

    def column(self, name: str) -> Column | None:
        """Give the column of the table behind it, if there is one."""
        table = self.source.table if self.source else None
        return table.columns.get(name) if table else None


def qualified(scope: Scope, alias: str, name: str, dialect: str) -> Hit:
    """Look up ``alias.name``."""
    for here in scope.around():
        for source in here.sources:
            if source.alias == alias:
                return Hit(source.has(name, dialect), source)
    return Hit(UNSURE)


def plain(scope: Scope, name: str, dialect: str, *, output: bool = False) -> Hit:
    """Look up a name without a table; with ``output`` the names of the select list count too."""
    if output and name in scope.outputs:
        return Hit(OK)
    lost: From | None = None
    for here in scope.around():
        hit = _within(here, name, dialect)
        if hit.state != GONE:
            return hit
        lost = lost or hit.source
    return Hit(GONE, lost)


def _within(scope: Scope, name: str, dialect: str) -> Hit:
    told = [(source, source.has(name, dialect)) for source in scope.sources if not source.apart]
    hits = [source for source, state in told if state == OK]
    unsure = any(state == UNSURE for _, state in told)
    if hits:
        many = len(hits) > 1 and name not in scope.merged and not scope.natural
        return Hit(AMBIGUOUS if many else OK, hits[0])
    if any(source.alias == name for source in scope.sources):
        return Hit(OK)  # the whole row
    if unsure or name in SYSTEM.get(dialect, ()):
        return Hit(UNSURE)
    dropped = [source for source, _ in told if name in source.dropped]
    return Hit(GONE, dropped[0] if dropped else told[0][0] if len(told) == 1 else None)


def derived(alias: str, outputs: Sequence[str] | None, names: Sequence[str] = ()) -> From:
    """Make a source of a subquery's output; ``names`` are the columns that its alias gives anew."""
    if outputs is None:
        return From(alias, tuple(names))
    return From(alias, (*names, *outputs[len(names) :]), whole=True)


def of_table(alias: str, table: Table, names: Sequence[str] = ()) -> From:
    """Make a source of a table."""
    held = [name for name, column in table.columns.items() if column]
    dropped = frozenset(name for name, column in table.columns.items() if column is None)
    return From(alias, (*names, *held[len(names) :]), table.complete, dropped, None if names else table)
