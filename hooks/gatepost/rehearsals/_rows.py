"""Compare the rows of a database before a change with those after its way back, table by table, column by column."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gatepost.databases import Connection, Failed
from gatepost.rehearsals import Lost
from gatepost.rehearsals._shape import Shapes, Tab, quoted

MOST = 5000  # rows of one table; what holds more came from the migrations themselves
Values = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one table: its columns, and a value for each."""

    columns: tuple[str, ...]
    rows: tuple[Values, ...]
    primary: tuple[str, ...] = ()

    def of(self, names: Iterable[str]) -> list[Values]:
        """Give the rows with some of the columns only."""
        at = [self.columns.index(name) for name in names]
        return [tuple(row[place] for place in at) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Told:
    """What a comparison gave: what is lost, and what is only other than it was."""

    lost: tuple[Lost, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Snapshot:
    """The rows of all tables; ``skipped`` are tables with too many."""

    tables: dict[str, Rows] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def snapshot(connection: Connection, shapes: Shapes) -> Snapshot:
    """Read every table that has rows."""
    made = Snapshot()
    for name, tab in shapes.tables.items():
        try:
            rows = connection.rows(_query(tab, shapes.dialect))
        except Failed:  # a foreign table without its server, a view that raises
            made.skipped.append(name)
            continue
        if len(rows) > MOST:
            made.skipped.append(name)
        else:
            columns = tuple(column.name for column in tab.columns)
            made.tables[name] = Rows(columns, tuple(tuple(row) for row in rows), tab.primary)
    return made


def _query(tab: Tab, dialect: str) -> str:
    names = [quoted(column.name, dialect) for column in tab.columns]
    how = {"postgresql": "{}::text", "sqlite": "quote({})", "mysql": "{}"}[dialect]
    listed = ", ".join(how.format(name) for name in names) or "1"
    return f"SELECT {listed} FROM {tab.sql} LIMIT {MOST + 1}"


def compare(before: Snapshot, after: Snapshot, existed: Mapping[str, object] | None = None) -> Told:
    """Say what is not there again. ``existed`` are the tables from before the whole change (None: all)."""
    lost: list[Lost] = []
    notes: list[str] = []
    for name, rows in before.tables.items():
        if not rows.rows or name in after.skipped:
            continue
        when = "before" if existed is None or name in existed else "after"
        found = after.tables.get(name)
        if found is None:
            lost.append(Lost(name, "", len(rows.rows), when))  # type: ignore[arg-type]  # one of two words
            continue
        told = _table(name, rows, found)
        lost += (Lost(one.table, one.column, one.rows, when) for one in told.lost)  # type: ignore[arg-type]
        notes += told.notes
    return Told(tuple(lost), tuple(notes))


def _table(name: str, before: Rows, after: Rows) -> Told:
    common = [column for column in before.columns if column in after.columns]
    gone = [column for column in before.columns if column not in after.columns]
    lost = [Lost(name, column, count, "before") for column in gone if (count := _given(before, column))]
    if not common:
        return Told((*lost, Lost(name, "", len(before.rows), "before")))
    told = _common(name, before, after, common)
    return Told((*lost, *told.lost), told.notes)


def _given(rows: Rows, column: str) -> int:
    return sum(1 for (value,) in rows.of([column]) if not _nothing(value))


def _nothing(value: object) -> bool:
    return value is None or value == "NULL"


def _common(name: str, before: Rows, after: Rows, columns: list[str]) -> Told:
    old, new = before.of(columns), after.of(columns)
    if Counter(old) == Counter(new):
        return Told()
    key = [column for column in before.primary if column in columns]
    if key and len(key) == len(before.primary) and Counter(before.of(key)) == Counter(after.of(key)):
        return _by_key(name, before, after, key, columns)
    differing = [column for column in columns if Counter(before.of([column])) != Counter(after.of([column]))]
    rest = [column for column in columns if column not in differing]
    if differing and rest and Counter(before.of(rest)) == Counter(after.of(rest)):
        return _by_column(name, before, after, differing)
    return _by_row(name, before, after, columns, key)


def _by_key(name: str, before: Rows, after: Rows, key: list[str], columns: list[str]) -> Told:
    old = dict(zip(before.of(key), before.of(columns), strict=True))
    new = dict(zip(after.of(key), after.of(columns), strict=True))
    lost, notes = [], []
    for at, column in enumerate(columns):
        pairs = [(was[at], new[which][at]) for which, was in old.items()]
        changed = sum(1 for was, now in pairs if was != now and not _nothing(was))
        filled = sum(1 for was, now in pairs if was != now and _nothing(was))
        if changed:
            lost.append(Lost(name, column, changed, "before"))
        elif filled:
            notes.append(f"{name}.{column} holds values where it had none ({filled} rows)")
    return Told(tuple(lost), tuple(notes))


def _by_column(name: str, before: Rows, after: Rows, columns: list[str]) -> Told:
    lost, notes = [], []
    for column in columns:
        missing = Counter(before.of([column])) - Counter(after.of([column]))
        changed = sum(count for (value,), count in missing.items() if not _nothing(value))
        if changed:
            lost.append(Lost(name, column, changed, "before"))
        else:
            notes.append(f"{name}.{column} holds values where it had none")
    return Told(tuple(lost), tuple(notes))


def _by_row(name: str, before: Rows, after: Rows, columns: list[str], key: list[str]) -> Told:
    """Compare whole rows: by the key where there is one, as one and the same row may have other values too."""
    by = key or columns
    missing = sum((Counter(before.of(by)) - Counter(after.of(by))).values())
    more = sum((Counter(after.of(by)) - Counter(before.of(by))).values())
    lost: tuple[Lost, ...] = (Lost(name, "", missing, "before"),) if missing else ()
    notes = (f"{name} has {more} rows that were not there",) if more and not missing else ()
    if key and not missing:
        kept = Rows(after.columns, tuple(_kept(before, after, key)), after.primary)
        told = _by_key(name, before, kept, key, columns)
        return Told(told.lost, (*notes, *told.notes))
    return Told(lost, notes)


def _kept(before: Rows, after: Rows, key: list[str]) -> list[Values]:
    wanted = set(before.of(key))
    return [row for row, which in zip(after.rows, after.of(key), strict=True) if which in wanted]
