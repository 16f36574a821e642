"""Tell values that are lost from those that change by themselves: by triggers, as new ids, or computed anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from gatepost.databases import Connection, Database, Failed
from gatepost.migrations._story import operations
from gatepost.rehearsals import Lost
from gatepost.rehearsals import _rows as rows
from gatepost.rehearsals._plan import Step
from gatepost.rehearsals._shape import Shapes, quoted
from gatepost.rehearsals._walk import Seen, Sight
from gatepost.sql.operations import Data

MAKES = ("update", "insert", "merge", "replace", "copy", "code")


@dataclass(slots=True)
class Sifter:
    """Judges losses; ``seeded`` gives a database as it was before the change, to see what changes by itself."""

    seeded: Callable[[], Database]
    read: Callable[[Database], Shapes]
    dialect: str
    steps: Sequence[Step]
    _volatile: dict[str, set[str]] = field(default_factory=dict)

    def sift(self, step: Step, seen: Seen) -> rows.Told:
        """Give what one step loses, and notes on the rest."""
        if not seen.told.lost or seen.before is None or seen.after is None:
            return seen.told
        return self._sifted(seen.told, seen.before, seen.middle, seen.after, [step])

    def of_whole(self, start: Sight, end: Sight) -> tuple[Lost, ...]:
        """Give what the whole change loses of what was there before it."""
        told = rows.compare(start.rows, end.rows)
        return self._sifted(told, start, None, end, self.steps).lost if told.lost else ()

    def _sifted(
        self, told: rows.Told, before: Sight, middle: Sight | None, after: Sight, steps: Sequence[Step]
    ) -> rows.Told:
        lost, notes = [], list(told.notes)
        for one in told.lost:
            why = self._harmless(one, before, middle, after, steps) if one.when == "before" else ""
            if why:
                notes.append(f"{one.table}{'.' if one.column else ''}{one.column} {why}")
            else:
                lost.append(one)
        return rows.Told(tuple(lost), tuple(notes))

    def _harmless(self, one: Lost, before: Sight, middle: Sight | None, after: Sight, steps: Sequence[Step]) -> str:
        found = after.rows.tables.get(one.table)
        tab = before.shapes.tables.get(one.table)
        if found is None or tab is None or not found.rows:
            return ""
        if not one.column:
            return ""
        values = [value for (value,) in found.of([one.column])] if one.column in found.columns else []
        column = tab.column(one.column)
        if column and column.filled and values and len(set(values)) == len(values) and _absent(one, middle):
            return f"is numbered anew ({one.rows} rows)"
        if column and column.generated:
            return f"is computed from other columns ({one.rows} rows)"
        if not _absent(one, middle) and (one.column in self._changing(one.table) or self._kept(one)):
            return f"is set by a trigger at each update ({one.rows} rows)"
        if column and column.kind == "timestamp" and not _absent(one, middle) and _now(before, after, one):
            return f"is set to the present time ({one.rows} rows)"
        if len(set(values)) > 1 and any(_makes(step, one) for step in steps):
            return f"is computed anew by the down ({one.rows} synthetic values differ)"
        return ""

    def _changing(self, table: str) -> set[str]:
        """Give the columns of a table that an update of nothing changes."""
        if table not in self._volatile:
            database = self.seeded()
            try:
                shapes = self.read(database)
                connection = database.trusted()
                try:
                    self._volatile[table] = _volatile(connection, shapes, table)
                finally:
                    connection.close()
            finally:
                database.drop()
        return self._volatile[table]

    def _kept(self, one: Lost) -> bool:
        """Tell a column that a trigger computes: what is written into it does not stay."""
        database = self.seeded()
        try:
            shapes = self.read(database)
            connection = database.trusted()
            try:
                return _overridden(connection, shapes, one)
            finally:
                connection.close()
        finally:
            database.drop()


def _overridden(connection: Connection, shapes: Shapes, one: Lost) -> bool:
    tab = shapes.tables.get(one.table)
    column = tab.column(one.column) if tab else None
    if tab is None or column is None or not column.nullable:
        return False
    name = quoted(one.column, shapes.dialect)
    try:
        connection.rows(f"UPDATE {tab.sql} SET {name} = NULL")
        return bool(connection.rows(f"SELECT 1 FROM {tab.sql} WHERE {name} IS NOT NULL LIMIT 1"))
    except Failed:
        return False


def _now(before: Sight, after: Sight, one: Lost) -> bool:
    """Tell whether what is new in a column is of today: what is made up is of another year."""
    old, new = (Counter(side.rows.tables[one.table].of([one.column])) for side in (before, after))
    today = datetime.now(timezone.utc).date()
    days = {str(today + timedelta(days=step)) for step in (-1, 0, 1)}
    fresh = [str(value).strip("'")[:10] for (value,) in new - old]
    return bool(fresh) and days.issuperset(fresh)


def _absent(one: Lost, middle: Sight | None) -> bool:
    """Tell a column that was not there at the far end, so that what is there now was made anew."""
    if middle is None:
        return True
    tab = middle.shapes.tables.get(one.table)
    return tab is None or tab.column(one.column) is None


def _volatile(connection: Connection, shapes: Shapes, table: str) -> set[str]:
    tab = shapes.tables.get(table)
    column = next((c for c in tab.columns if not c.generated and not c.filled), None) if tab else None
    if tab is None or column is None:
        return set()
    only = Shapes(shapes.dialect, {table: tab})
    name = quoted(column.name, shapes.dialect)
    try:
        before = rows.snapshot(connection, only)
        connection.rows("BEGIN")
        connection.rows(f"UPDATE {tab.sql} SET {name} = {name}")
        after = rows.snapshot(connection, only)
        connection.rows("ROLLBACK")
    except Failed:
        return set()
    told = rows.compare(before, after)
    return {one.column for one in told.lost} | {note.split(" ")[0].rpartition(".")[2] for note in told.notes}


def _makes(step: Step, one: Lost) -> bool:
    """Tell whether the down of a step writes a column."""
    down = step.migration.down
    for operation in operations(down) if down else ():
        if not isinstance(operation, Data) or operation.verb not in MAKES or operation.table not in ("", one.table):
            continue
        if not operation.columns or one.column in operation.columns:
            return True
    return False
