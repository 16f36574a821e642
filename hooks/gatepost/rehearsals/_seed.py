"""Fill tables with synthetic rows, so that an up and a down meet what production has: rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from gatepost.databases import Connection, Failed
from gatepost.rehearsals import _repair as repair
from gatepost.rehearsals._order import closure, ordered
from gatepost.rehearsals._shape import Col, Ref, Shapes, Tab, quoted
from gatepost.rehearsals._values import literal

# plain: one row filled, one as empty as it may be, one with other values. full: no NULL anywhere, and in the form
# that the columns will have. last: the longest and last values, a second row like the first, and an empty one.
Style = Literal["plain", "full", "last"]
ROWS = 3
_STEP = 41  # from one try to the next where a value is taken: no multiple of what others step by
_TRIES = 6
_CHECKS = 8  # of one table, that each want a value of their own


@dataclass(slots=True)
class Seeded:
    """How many rows each table got, and why some got none."""

    rows: dict[str, int] = field(default_factory=dict)
    missed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One row to be: which values, how empty, which number the values that have to differ are made of."""

    number: int
    varied: int
    empty: bool = False
    wide: bool = False


def fill(
    connection: Connection,
    shapes: Shapes,
    wanted: Iterable[str],
    style: Style,
    later: Shapes | None,
    texts: str = "",
) -> Seeded:
    """Seed the wanted tables and what they refer to.

    ``later`` are the tables as the ups will leave them, ``texts`` the kind that can be read out of every text.
    """
    if later is not None:
        coming = {name: _refs_to_come(tab, later.tables.get(name), shapes) for name, tab in shapes.tables.items()}
        tables = {name: replace(tab, refs=(*tab.refs, *coming[name])) for name, tab in shapes.tables.items()}
        shapes = Shapes(shapes.dialect, tables)
    seeder = _Seeder(connection, shapes, style, later or Shapes(shapes.dialect), texts)
    seeder.become_owner()
    for name in ordered(closure(wanted, shapes), shapes):
        seeder.table(shapes.tables[name])
    return seeder.seeded


class _Seeder:
    """Inserts row by row; a row that is refused is repaired by what the engine says."""

    def __init__(self, connection: Connection, shapes: Shapes, style: Style, later: Shapes, texts: str) -> None:
        self.connection, self.shapes, self.style, self.later = connection, shapes, style, later
        self.texts = texts
        self.dialect = shapes.dialect
        self.seeded = Seeded()
        self.switch: tuple[str, ...] = _SWITCHES[self.dialect]

    def become_owner(self) -> None:
        """Insert as the role that runs pushed SQL: what a trigger creates on the way must be its own."""
        if self.dialect == "postgresql" and self.shapes.tables:
            first = next(iter(self.shapes.tables.values()))
            (row,) = self.connection.rows(
                f"SELECT relowner::regrole::text FROM pg_class WHERE oid = '{first.sql}'::regclass"
            )
            self.switch = ("RESET ROLE", *_SWITCHES["postgresql"], f"SET ROLE {row[0]}")
            self.connection.rows(self.switch[-1])

    def table(self, tab: Tab) -> None:
        known: dict[str, str] = {}
        done, why = 0, ""
        for row in _rows(self.style):
            try:
                self._insert(tab, row, known)
                self.seeded.rows[tab.name] = done = done + 1
            except Failed as error:
                why = error.message
        if not done:  # a trigger of another table may have filled it
            done = self._there(tab)
        self.seeded.rows[tab.name] = done
        if not done:
            self.seeded.missed[tab.name] = why

    def _there(self, tab: Tab) -> int:
        try:
            return len(self.connection.rows(f"SELECT 1 FROM {tab.sql} LIMIT {ROWS}"))
        except Failed:
            return 0

    def _insert(self, tab: Tab, row: Row, known: dict[str, str]) -> None:
        """Insert one row; ``known`` are values that a check was found to want."""
        first: Failed | None = None
        for turn in range(_TRIES):
            moved = Row(row.number + _STEP * turn, row.varied + _STEP * turn, row.empty, row.wide)
            cells = self.cells(tab, moved) | known
            try:
                self.send(tab, cells)
                return
            except Failed as error:
                first = first or error
                if repair.trouble(error) != "unique":
                    self._repaired(tab, cells, error, known, row)
                    return
        assert first
        raise first

    def _repaired(self, tab: Tab, cells: dict[str, str], error: Failed, known: dict[str, str], row: Row) -> None:
        changed = self._repair(tab, cells, error, row, _CHECKS)
        if changed is None:
            self._without_triggers(tab, cells, error)
            return
        unlike = {name for key in tab.keys for name in key}
        known.update({name: made for name, made in changed.items() if name not in unlike})

    def _repair(self, tab: Tab, cells: dict[str, str], error: Failed, row: Row, deep: int) -> dict[str, str] | None:
        """Change what the engine names until the row is taken; where it then names something else, go on from there."""
        for changed in repair.variants(tab, cells, error, self.dialect, row.number):
            try:
                self.send(tab, cells | changed)
            except Failed as other:
                if deep and repair.moved_on(error, other, tab):
                    more = self._repair(tab, cells | changed, other, row, deep - 1)
                    return None if more is None else changed | more
                continue
            return changed
        return None

    def _without_triggers(self, tab: Tab, cells: dict[str, str], error: Failed) -> None:
        half = len(self.switch) // 2
        try:
            for text in self.switch[:half]:
                self.connection.rows(text)
            self.send(tab, cells)
        except Failed:
            raise error from None
        finally:
            for text in self.switch[half:]:
                self.connection.rows(text)

    def send(self, tab: Tab, cells: Mapping[str, str]) -> None:
        given = {name: made for name, made in cells.items() if made}
        names = ", ".join(quoted(name, self.dialect) for name in given)
        if given:
            values = ", ".join(given.values())
            own = any((column := tab.column(name)) and column.filled for name in given)
            over = "OVERRIDING SYSTEM VALUE " if own and self.dialect == "postgresql" else ""
            self.connection.rows(f"INSERT INTO {tab.sql} ({names}) {over}VALUES ({values})")
        elif self.dialect == "mysql":
            self.connection.rows(f"INSERT INTO {tab.sql} () VALUES ()")
        else:
            self.connection.rows(f"INSERT INTO {tab.sql} DEFAULT VALUES")

    def cells(self, tab: Tab, row: Row) -> dict[str, str]:
        """Give a value for each column, "" where the engine is to make it."""
        future = self.later.tables.get(tab.name)
        distinct = _distinct(tab, future)
        made: dict[str, str] = {}
        for ref in tab.refs:
            self._refer(tab, ref, row, distinct, made)
        for column in tab.columns:
            if column.name not in made:
                made[column.name] = self._value(tab, column, row, column.name in distinct, future)
        if tab.partition and tab.bounds:
            made.update(repair.within(tab))
        return made

    def _value(self, tab: Tab, column: Col, row: Row, distinct: bool, future: Tab | None) -> str:
        if column.generated or column.filled:
            return ""
        if row.empty and column.name not in tab.primary:
            if column.nullable:
                return "NULL"
            if column.default:
                return ""
        number = row.varied if distinct else row.number
        to_be = future.column(column.name) if future and self.style == "full" else None
        if to_be is None or (to_be.kind == column.kind and not to_be.labels):
            mark = tab.name.rpartition(".")[2]
            return literal(column, number, self.dialect, wide=row.wide, reads_as=self.texts, mark=mark)
        return _transitional(column, to_be, number, self.dialect)

    def _refer(self, tab: Tab, ref: Ref, row: Row, distinct: set[str], made: dict[str, str]) -> None:
        """Refer to a row that is there: each one's own where the reference is unique, else to the same."""
        columns = [tab.column(name) for name in ref.columns]
        loose = all(column is None or column.nullable for column in columns)
        if any(name in made for name in ref.columns) or (row.empty and loose):
            made.update({name: "NULL" for name in ref.columns if row.empty and loose and name not in made})
            return
        alone = distinct.intersection(ref.columns) or not row.wide
        rows = self.seeded.rows.get(ref.target, 0)
        if not rows:
            self._nowhere(tab, ref, row, loose, made)
            return
        offset = (row.varied if alone else 0) % rows
        target = self.shapes.tables[ref.target]
        by = ", ".join(quoted(name, self.dialect) for name in ref.target_columns)
        for name, to in zip(ref.columns, ref.target_columns, strict=False):
            inner = f"SELECT {quoted(to, self.dialect)} FROM {target.sql} WHERE {quoted(to, self.dialect)} IS NOT NULL"
            made[name] = f"(SELECT * FROM ({inner} ORDER BY {by} LIMIT 1 OFFSET {offset}) AS other)"

    def _nowhere(self, tab: Tab, ref: Ref, row: Row, loose: bool, made: dict[str, str]) -> None:
        """Refer to nothing where that may be; a table that has to refer to itself begins with its own row."""
        if loose:
            made.update(dict.fromkeys(ref.columns, "NULL"))
            return
        for name, to in zip(ref.columns, ref.target_columns, strict=False):
            column = tab.column(name)
            if column:
                made[name] = literal(column, row.varied, self.dialect)
                if ref.target == tab.name:
                    made[to] = made[name]


_SWITCHES = {
    "postgresql": ("SET session_replication_role = replica", "SET session_replication_role = origin"),
    "mysql": ("SET foreign_key_checks = 0", "SET foreign_key_checks = 1"),
    "sqlite": ("PRAGMA foreign_keys = OFF", "SELECT 1"),
}


def _rows(style: Style) -> tuple[Row, ...]:
    if style == "last":
        return Row(0, 0, wide=True), Row(0, 1, wide=True), Row(2, 2, empty=True)
    return Row(0, 0), Row(1, 1, empty=style == "plain"), Row(2, 2)


def _distinct(tab: Tab, future: Tab | None) -> set[str]:
    """Give the columns that have to differ from row to row: one of each key, rather no reference and no flag."""
    chosen: set[str] = set()
    referring = {name for ref in tab.refs for name in ref.columns}
    for key in (*tab.keys, *(future.keys if future else ())):
        columns = [column for name in key if (column := tab.column(name))]
        if not columns or any(column.filled for column in columns) or chosen.intersection(key):
            continue
        best = min(columns, key=lambda column: (column.name in referring, bool(column.labels), column.kind == "bool"))
        chosen.add(best.name)
    return chosen


def _refs_to_come(tab: Tab, future: Tab | None, shapes: Shapes) -> list[Ref]:
    """Give the references that the ups add between columns that are there already."""
    if future is None:
        return []
    old = {(ref.columns, ref.target) for ref in tab.refs}
    found = [ref for ref in future.refs if (ref.columns, ref.target) not in old]
    return [
        ref
        for ref in found
        if ref.target in shapes.tables
        and all(tab.column(name) for name in ref.columns)
        and all(shapes.tables[ref.target].column(name) for name in ref.target_columns)
    ]


def _transitional(column: Col, to_be: Col, number: int, dialect: str) -> str:
    """Give a value that can be read as the kind that the column is going to have."""
    if column.kind != "text":
        return literal(column, number, dialect)
    if to_be.labels:
        return literal(Col(column.name, "text", labels=to_be.labels), number, dialect)
    return literal(column, number, dialect, reads_as=to_be.kind)
