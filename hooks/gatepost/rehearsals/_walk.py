"""Go up and down on one scratch database, script by script, and keep what was seen on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gatepost.databases import Database, Failed
from gatepost.errors import TimeUp
from gatepost.rehearsals import Failure, Unfilled
from gatepost.rehearsals import _rows as rows
from gatepost.rehearsals import _same as same
from gatepost.rehearsals import _seed as seed
from gatepost.rehearsals._plan import Step, named
from gatepost.rehearsals._scripts import Runnable
from gatepost.rehearsals._shape import Shapes
from gatepost.sql.schema import Schema

Sender = Callable[[Database, Step, bool], float]


@dataclass(frozen=True, slots=True)
class Sight:
    """What a database holds at one moment."""

    schema: Schema
    shapes: Shapes
    rows: rows.Snapshot


@dataclass(slots=True)
class Seen:
    """What one step did on one walk."""

    up: Failure | None = None
    down: Failure | None = None
    ran: bool = False
    grave: list[str] = field(default_factory=list)
    small: list[str] = field(default_factory=list)
    told: rows.Told = field(default_factory=rows.Told)
    up_ms: int = 0
    down_ms: int = 0
    again: str = ""
    unfilled: tuple[Unfilled, ...] = ()
    before: Sight | None = None
    middle: Sight | None = None
    after: Sight | None = None


@dataclass(slots=True)
class Walk:
    """A walk: what each step did, the sight before the first, at the far end and after the last."""

    seen: list[Seen]
    seeded: seed.Seeded = field(default_factory=seed.Seeded)
    start: Sight | None = None
    far: Sight | None = None
    end: Sight | None = None


class Walker:
    """Walks some steps on clones of one base."""

    def __init__(
        self,
        clone: Callable[[], Database],
        send: Sender,
        read: Callable[[Database], Shapes],
        silent: bool,
        until: float,
    ) -> None:
        self.clone, self.send, self.read, self.silent, self.until = clone, send, read, silent, until

    def there_and_back(
        self,
        steps: Sequence[Step],
        style: seed.Style | None,
        *,
        late: bool = False,
        later: Shapes | None = None,
        texts: str = "",
    ) -> Walk:
        """Seed, go up, come down, go up again. ``late``: seed at the far end instead, and only come down."""
        walk = Walk([Seen() for _ in steps])
        database = self.clone()
        try:
            if style and not late:
                walk.seeded = self.fill(database, steps, style, later, texts)
            if not self._up(database, steps, walk, late):
                return walk
            if style and late:
                walk.seeded = self.fill(database, steps, style, later, texts)
                walk.far = self.look(database, of_schema=False)
            _note_unfilled(steps, walk, late)
            self._down(database, steps, walk, late)
            if walk.end and not late:
                self._again(database, steps, walk)
        finally:
            database.drop()
        return walk

    def fill(
        self, database: Database, steps: Sequence[Step], style: seed.Style, later: Shapes | None, texts: str = ""
    ) -> seed.Seeded:
        """Seed the tables that the steps name."""
        self.on_time()
        shapes = self.read(database)
        connection = database.trusted()
        try:
            return seed.fill(connection, shapes, named(steps, shapes.tables), style, later, texts)
        finally:
            connection.close()

    def look(self, database: Database, *, of_schema: bool = True) -> Sight:
        """See schema and rows, or the rows alone."""
        self.on_time()
        shapes = self.read(database)
        connection = database.trusted()
        try:
            schema = database.schema() if of_schema else Schema(shapes.dialect)
            return Sight(schema, shapes, rows.snapshot(connection, shapes))
        finally:
            connection.close()

    def on_time(self) -> None:
        """Stop where the time for the whole is up."""
        if time.monotonic() > self.until:
            raise TimeUp("the rehearsal did not end in time", "raise rehearsal.limit, or rehearse less at once")

    def _up(self, database: Database, steps: Sequence[Step], walk: Walk, late: bool) -> bool:
        sight = walk.start = None if late else self.look(database)
        for step, seen in zip(steps, walk.seen, strict=True):
            seen.before = sight
            self.on_time()
            try:
                seen.up_ms = round(self.send(database, step, True) * 1000)
            except Failed as error:
                seen.up = failure(step.up.path, error)
                return False
            seen.middle = sight = None if late else self.look(database)
        walk.far = sight
        return True

    def _down(self, database: Database, steps: Sequence[Step], walk: Walk, late: bool) -> None:
        """Come down as far as the downs lead; a tool that goes past a missing one goes on."""
        whole, sight = True, walk.far
        for step, seen in reversed(list(zip(steps, walk.seen, strict=True))):
            if step.down is None and step.without != "reversible":
                if not self.silent:
                    return
                whole = False
                continue
            above = sight
            if step.down is not None:
                self.on_time()
                try:
                    seen.down_ms = round(self.send(database, step, False) * 1000)
                except Failed as error:
                    if whole:
                        seen.down = failure(step.down.path, error)
                    return
                sight = self.look(database, of_schema=not late)
            seen.ran, seen.after = whole, sight
            if sight and whole and not late:
                _compare(seen, above, sight, walk)
        walk.end = sight

    def _again(self, database: Database, steps: Sequence[Step], walk: Walk) -> None:
        for step, seen in zip(steps, walk.seen, strict=True):
            self.on_time()
            try:
                self.send(database, step, True)
            except Failed as error:
                seen.again = f"after the way back the up fails: {error.message}"
                return
        if walk.far and walk.seen:
            grave, _ = same.differences(walk.far.schema, database.schema())
            if grave:
                walk.seen[-1].again = f"the second up gives another schema than the first: {'; '.join(grave[:5])}"


def _note_unfilled(steps: Sequence[Step], walk: Walk, late: bool) -> None:
    """Note for each step the tables that it touches and that have no rows which could show anything."""
    sight = walk.far if late else walk.start
    if sight is None:
        return
    empty = [name for name in sight.shapes.tables if not _filled(sight.rows, name)]
    for step, seen in zip(steps, walk.seen, strict=True):
        touched = {*named([step], empty), *_changed(seen)}
        seen.unfilled = tuple(
            Unfilled(name, "after" if late else "before", _why(sight.rows, walk.seeded, name))
            for name in empty
            if name in touched
        )


def _filled(seen: rows.Snapshot, name: str) -> bool:
    found = seen.tables.get(name)
    return found is not None and bool(found.rows)


def _why(seen: rows.Snapshot, seeded: seed.Seeded, name: str) -> str:
    if name in seen.skipped:
        return f"it cannot be read, or holds more than {rows.MOST} rows"
    if name not in seeded.rows:
        return "no script names it, so that no rows were made for it"
    return (
        seeded.missed.get(name, "")[:300] or "an insert gives no error, and no row: does a trigger or a rule drop it?"
    )


def _changed(seen: Seen) -> set[str]:
    """Give the tables that an up takes away or gives other columns, whether or not its text names them."""
    if seen.before is None or seen.middle is None:
        return set()
    old, new = seen.before.shapes.tables, seen.middle.shapes.tables
    return {
        name
        for name, tab in old.items()
        if name not in new or [column.name for column in tab.columns] != [column.name for column in new[name].columns]
    }


def _compare(seen: Seen, above: Sight | None, after: Sight, walk: Walk) -> None:
    """Hold what a down leaves against what was before its up, without what the downs above it had left already."""
    if seen.before is None:
        return
    existed = walk.start.shapes.tables if walk.start else None
    seen.grave, seen.small = same.differences(seen.before.schema, after.schema)
    seen.told = rows.compare(seen.before.rows, after.rows, existed)
    if seen.middle is None or above is None or above is seen.middle:
        return
    grave, small = same.differences(seen.middle.schema, above.schema)
    seen.grave = [said for said in seen.grave if said not in grave]
    seen.small = [said for said in seen.small if said not in small]
    told = rows.compare(seen.middle.rows, above.rows, existed)
    lost = tuple(one for one in seen.told.lost if one not in told.lost)
    seen.told = rows.Told(lost, tuple(note for note in seen.told.notes if note not in told.notes))


def failure(path: str, error: Failed) -> Failure:
    """Keep what a failing script said."""
    return Failure(path, error.line, " ".join(error.statement.split())[:500], error.message[:1000], error.code)


def sql_sender(before_sql: Sequence[str]) -> Sender:
    """Give what sends the scripts of a step as they are."""

    def send(database: Database, step: Step, up: bool) -> float:
        script = step.up if up else step.down
        assert isinstance(script, Runnable)
        return database.run(script.statements, transaction=script.transaction, setup=before_sql)

    return send
