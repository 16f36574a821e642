"""Keep watches in a database (see engine.py): a row that any worker leases, and may lose at any moment without loss.

The row is the queue. A worker takes a due row for ``LEASE`` seconds and gives it back with what it found;
a worker that dies leaves a lease that runs out. Each lease raises ``fence``, and only the holder of
the newest one can write: of two workers on one watch, one judges. Times are wall-clock seconds; a due time or
lease that lies further ahead than it ever could was written before the clock jumped back, and counts as past.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from threading import RLock
from typing import Any

from gatepost.errors import CannotJudge
from gatepost.model import printable
from gatepost.watch.counts import Counts, Minute
from gatepost.watch.engine import Connection, Engine
from gatepost.watch.model import OPEN, Watch, settings_from_json, settings_to_json

FILE = "watch.sqlite"
LEASE = 30.0
FAR = 900.0

_SCHEMA = """
create table if not exists watch (
  id text primary key, oid text not null, ref text not null, service text not null, pushed double precision not null,
  state text not null, settings text not null, old text, begun double precision, ended double precision, superseded
  double precision,
  baseline text, signals text not null default '[]', progress text not null default '{}', verdict text,
  problem text not null default '', told text not null default '[]', due double precision not null default 0,
  fence integer not null default 0, lease double precision not null default 0);
create index if not exists watch_due on watch (state, due);
create index if not exists watch_service on watch (service, begun);
create table if not exists poll (
  watch text not null, start double precision not null, counts text not null, primary key (watch, start));
create table if not exists signature (
  service text not null, signature text not null, first double precision not null, last double precision not null,
  count double precision not null,
  known integer not null default 0, primary key (service, signature));
create table if not exists minute (
  service text not null, at double precision not null, requests double precision not null, errors double precision
  not null, counted double precision not null,
  primary key (service, at));
create table if not exists pace (
  service text not null, at double precision not null, timed double precision not null, seconds double precision
  not null,
  primary key (service, at));
create table if not exists coverage (service text primary key, since double precision not null, until double
  precision not null);
"""
_PRESENT = "select 1 from pg_tables where schemaname = current_schema() and tablename = 'pace'"
_PRESENT_LITE = "select 1 from sqlite_master where name = 'pace'"
_DUE = "select id from watch where state != 'done' and (due <= ? or due > ?) and (lease <= ? or lease > ?)"
_COVER = (
    "insert into coverage values (?, ?, ?)"
    " on conflict (service) do update set since = excluded.since, until = excluded.until"
)
_SIGNATURE = (
    "insert into signature (service, signature, first, last, count) values (?, ?, ?, ?, ?)"
    " on conflict (service, signature) do update set"
    " first = case when excluded.first < signature.first then excluded.first else signature.first end,"
    " last = case when excluded.last > signature.last then excluded.last else signature.last end,"
    " count = signature.count + excluded.count"
)
_POLL = "insert into poll values (?, ?, ?) on conflict (watch, start) do update set counts = excluded.counts"
_MINUTE = (
    "insert into minute values (?, ?, ?, ?, ?) on conflict (service, at) do update set"
    " requests = excluded.requests, errors = excluded.errors, counted = excluded.counted"
)
_PACE = (
    "insert into pace values (?, ?, ?, ?) on conflict (service, at) do update set"
    " timed = excluded.timed, seconds = excluded.seconds"
)
_COLUMNS = (
    "id oid ref service pushed state settings old begun ended superseded baseline signals progress verdict problem "
    "told due fence"
)
_NAMES = tuple(_COLUMNS.split())
_NOT_SAVED = frozenset({"id", "fence", "settings", "superseded", "told"})
_SAVED = tuple(name for name in _NAMES if name not in _NOT_SAVED)
_JSON = frozenset({"baseline", "signals", "progress", "verdict", "told"})


class Store:
    """The database of one repository's watches."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._lock = RLock()
        self._open: Connection | None = None
        with self._errors():
            present = self._db.execute(_PRESENT if engine.shared else _PRESENT_LITE).fetchone()
        if not present:
            with self._write(alone=True) as db:
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    db.execute(statement)

    @property
    def _db(self) -> Connection:
        if self._open is None:
            self._open = self.engine.connect()
        return self._open

    def close(self) -> None:
        """Close the database."""
        if self._open is not None:
            with suppress(*self.engine.errors):
                self._open.close()
            self._open = None

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except self.engine.errors as error:
            self._drop()
            raise CannotJudge(f"{self.engine.name}: {printable(str(error), 300)}", self.engine.advice) from None

    def _drop(self) -> None:
        """Let a connection to a server go that may be broken: the next call makes another."""
        if self.engine.shared:
            self.close()

    @contextmanager
    def _write(self, *, alone: bool = False) -> Iterator[Connection]:
        """Hold a transaction for a block, all or nothing; ``alone`` where no other may write meanwhile."""
        with self._errors():
            db = self._db
            for statement in self.engine.alone if alone else self.engine.begin:
                db.execute(statement)
            try:
                yield db
                db.execute("commit")
            except BaseException:
                with suppress(*self.engine.errors):  # the database may have rolled back by itself
                    db.execute("rollback")
                raise

    def _all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._errors(), closing(self._db.execute(sql, values)) as cursor:
            return [tuple(row) for row in cursor.fetchall()]

    def insert(self, watch: Watch) -> None:
        """Add a watch."""
        row = _row(watch)
        marks = ", ".join("?" * len(row))
        with self._write() as db:
            db.execute(f"insert into watch ({', '.join(row)}) values ({marks})", tuple(row.values()))  # noqa: S608 - names are ours

    def get(self, key: str) -> Watch | None:
        """Give the newest watch of a commit, or the one with this id."""
        order = "order by pushed desc, id desc limit 1"
        rows = self._all(f"select {', '.join(_NAMES)} from watch where id = ? or oid = ? {order}", key, key)  # noqa: S608 - names are ours
        return _watch(rows[0]) if rows else None

    def watches(self, service: str | None = None, open_only: bool = False) -> list[Watch]:
        """Give the watches, oldest first."""
        marks = ", ".join("?" * len(OPEN))
        where, values = ["1 = 1"], list[Any]()
        if service is not None:
            where, values = [*where, "service = ?"], [*values, service]
        if open_only:
            where, values = [*where, f"state in ({marks})"], [*values, *OPEN]
        condition = " and ".join(where)
        sql = f"select {', '.join(_NAMES)} from watch where {condition} order by pushed, id"  # noqa: S608 - names are ours
        return [_watch(row) for row in self._all(sql, *values)]

    def pending(self) -> bool:
        """Tell whether any watch is open."""
        return bool(self._all("select 1 from watch where state != 'done' limit 1"))

    def next_due(self) -> float | None:
        """Give when the next open watch is due."""
        return self._all("select min(due) from watch where state != 'done'")[0][0]  # type: ignore[no-any-return]

    def lease(self, now: float) -> Watch | None:
        """Take the watch that is due the longest; None where there is none."""
        with self._write() as db:
            sql = f"{_DUE} order by due limit 1{self.engine.taking}"
            found = db.execute(sql, (now, now + FAR, now, now + FAR)).fetchone()
            if found is None:
                return None
            db.execute("update watch set lease = ?, fence = fence + 1 where id = ?", (now + LEASE, found[0]))
            row = db.execute(f"select {', '.join(_NAMES)} from watch where id = ?", (found[0],)).fetchone()  # noqa: S608 - names are ours
        return _watch(row)

    def renew(self, watch: Watch, now: float) -> bool:
        """Keep a lease; False where another worker has taken it."""
        with self._write() as db:
            sql = "update watch set lease = ? where id = ? and fence = ? and state != 'done'"
            return db.execute(sql, (now + LEASE, watch.id, watch.fence)).rowcount == 1

    def release(self) -> None:
        """Take all leases back: whoever held the worker's lock before us is dead. A shared queue may be others'."""
        if self.engine.shared:
            return
        with self._write() as db:
            db.execute("update watch set lease = 0, fence = fence + 1 where lease > 0")

    def save(self, watch: Watch, polls: Sequence[Counts] = ()) -> bool:
        """Write what a worker found and give the lease back; False, and nothing, where it was lost."""
        row = _row(watch, _SAVED)
        names = ", ".join(f"{name} = ?" for name in row)
        sql = f"update watch set {names}, lease = 0 where id = ? and fence = ? and state != 'done'"  # noqa: S608 - names are ours
        with self._write() as db:
            done = db.execute(sql, (*row.values(), watch.id, watch.fence)).rowcount == 1
            if done and polls:
                rows = [(watch.id, each.start, json.dumps(each.to_json())) for each in polls]
                db.executemany(_POLL, rows)
        return done

    def tell(self, watch: Watch, channel: str) -> bool:
        """Mark a channel as told, before it is; False where another worker did so."""
        with self._write(alone=True) as db:
            told = json.loads(db.execute("select told from watch where id = ?", (watch.id,)).fetchone()[0])
            if channel in told:
                return False
            db.execute("update watch set told = ? where id = ?", (json.dumps([*told, channel]), watch.id))
        return True

    def polls(self, watch: Watch) -> list[Counts]:
        """Give what was counted so far, oldest first."""
        rows = self._all("select counts from poll where watch = ? order by start", watch.id)
        return [Counts.from_json(json.loads(row[0])) for row in rows]

    def supersede(self, service: str, begun: float, by: str) -> None:
        """End the open watches of a service at the moment at which a newer deploy happened."""
        sql = (
            "update watch set superseded = ?, due = 0 where service = ? and id != ?"
            " and state in ('waiting', 'watching') and superseded is null and coalesce(begun, pushed) <= ?"
        )
        with self._write() as db:
            db.execute(sql, (begun, service, by, begun))

    def mark(self, watch: Watch, begun: float) -> bool:
        """Say when the deploy happened; False where that was said before."""
        sql = "update watch set begun = ?, state = 'watching', due = 0 where id = ? and state = 'waiting'"
        with self._write() as db:
            return db.execute(sql, (begun, watch.id)).rowcount == 1

    def doubt(self, problem: str, begun: float) -> None:
        """Say of all running watches that began before a moment why they cannot be judged."""
        with self._write() as db:
            db.execute("update watch set problem = ?, due = 0 where state = 'watching' and begun < ?", (problem, begun))

    # What is learned of a service over days, for the catalogue of signatures and the scatter of errors.

    def coverage(self, service: str) -> tuple[float, float] | None:
        """Give the span of which the catalogue knows everything."""
        rows = self._all("select since, until from coverage where service = ?", service)
        return (rows[0][0], rows[0][1]) if rows else None

    def learn(
        self,
        service: str,
        span: tuple[float, float],
        signatures: Mapping[str, tuple[float, float, float]],
        minutes: Sequence[Minute],
    ) -> None:
        """Add a span that adjoins what is covered; signatures are (first, last, count)."""
        with self._write(alone=True) as db:
            known = db.execute("select since, until from coverage where service = ?", (service,)).fetchone()
            if known and span[0] != known[1] and span[1] != known[0]:
                return  # another worker has learned it meanwhile
            since, until = (min(span[0], known[0]), max(span[1], known[1])) if known else span
            db.execute(_COVER, (service, since, until))
            db.executemany(
                _SIGNATURE,
                [(service, name, *each) for name, each in signatures.items()],
            )
            db.executemany(_MINUTE, [(service, *each[:4]) for each in minutes])
            db.executemany(_PACE, [(service, each.at, each.timed, each.seconds) for each in minutes if each.timed])

    def restart(self, service: str, span: tuple[float, float]) -> None:
        """Forget what is covered, but for the names: a gap that is too long to be read at once."""
        with self._write(alone=True) as db:
            db.execute("update signature set count = 0 where service = ?", (service,))
            db.execute(_COVER, (service, *span))

    def forget(self, service: str, signatures: float, minutes: float) -> None:
        """Drop what is older than two moments."""
        with self._write(alone=True) as db:
            db.execute("delete from signature where service = ? and last < ? and known = 0", (service, signatures))
            for table in ("minute", "pace"):
                sql = f"delete from {table} where service = ? and at < ?"  # noqa: S608 - names are ours
                db.execute(sql, (service, minutes))
            later = "update coverage set since = ? where service = ? and since < ?"
            db.execute(later, (signatures, service, signatures))

    def signatures(self, service: str) -> list[tuple[str, float, float, float, bool]]:
        """Give the catalogue: signature, first, last, count, whether somebody said it is known."""
        rows = self._all("select signature, first, last, count, known from signature where service = ?", service)
        return [(name, first, last, count, bool(known)) for name, first, last, count, known in rows]

    def set_known(self, service: str, signature: str, now: float) -> None:
        """Take a signature out: it never makes an alarm again."""
        with self._write() as db:
            db.execute(
                "insert into signature values (?, ?, ?, ?, 0, 1)"
                " on conflict (service, signature) do update set known = 1",
                (service, signature, now, now),
            )

    def minutes(self, service: str, start: float, end: float) -> list[Minute]:
        """Give the minutes of a span that had requests."""
        sql = (
            "select minute.at, requests, errors, counted, coalesce(timed, 0), coalesce(seconds, 0) from minute"
            " left join pace on pace.service = minute.service and pace.at = minute.at"
            " where minute.service = ? and minute.at >= ? and minute.at < ? order by minute.at"
        )
        return [Minute(*row) for row in self._all(sql, service, start, end)]


def _row(watch: Watch, names: Sequence[str] = _NAMES) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in names:
        value = getattr(watch, name)
        if name == "settings":
            value = settings_to_json(value)
        elif name in _JSON and value is not None:
            value = json.dumps(value)
        row[name] = value
    return row


def _watch(row: Sequence[Any]) -> Watch:
    values = dict(zip(_NAMES, row, strict=True))
    for name in _JSON:
        values[name] = json.loads(values[name]) if values[name] is not None else None
    values["settings"] = settings_from_json(values["settings"])
    return Watch(**values)
