"""Keep watches in SQLite: a row that any worker leases, and may lose at any moment without loss.

The row is the queue. A worker takes a due row for ``LEASE`` seconds and gives it back with what it found;
a worker that dies leaves a lease that runs out. Each lease raises ``fence``, and only the holder of
the newest one can write: of two workers on one watch, one judges. Times are wall-clock seconds; a due time or
lease that lies further ahead than it ever could was written before the clock jumped back, and counts as past.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from gatepost.errors import CannotJudge
from gatepost.watch.counts import Counts
from gatepost.watch.model import OPEN, Watch, settings_from_json, settings_to_json

FILE = "watch.sqlite"
LEASE = 30.0
FAR = 900.0

_SCHEMA = """
create table if not exists watch (
  id text primary key, oid text not null, ref text not null, service text not null, pushed real not null,
  state text not null, settings text not null, old text, begun real, ended real, superseded real,
  baseline text, signals text not null default '[]', progress text not null default '{}', verdict text,
  problem text not null default '', told text not null default '[]', due real not null default 0,
  fence integer not null default 0, lease real not null default 0);
create index if not exists watch_due on watch (state, due);
create index if not exists watch_service on watch (service, begun);
create table if not exists poll (
  watch text not null, start real not null, counts text not null, primary key (watch, start)) without rowid;
create table if not exists signature (
  service text not null, signature text not null, first real not null, last real not null, count real not null,
  known integer not null default 0, primary key (service, signature)) without rowid;
create table if not exists minute (
  service text not null, at real not null, requests real not null, errors real not null, counted real not null,
  primary key (service, at)) without rowid;
create table if not exists coverage (service text primary key, since real not null, until real not null);
"""
_COLUMNS = (
    "id oid ref service pushed state settings old begun ended superseded baseline signals progress verdict problem "
    "told due fence"
)
_NAMES = tuple(_COLUMNS.split())
_NOT_SAVED = frozenset({"id", "fence", "settings", "superseded", "told"})
_JSON = frozenset({"baseline", "signals", "progress", "verdict", "told"})


class Store:
    """The database of one repository's watches."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = RLock()
        with self._errors():
            self._db = sqlite3.connect(path, timeout=15, isolation_level=None, check_same_thread=False)
            self._db.execute("pragma journal_mode=wal")
            self._db.execute("pragma synchronous=normal")
            if not self._db.execute("select 1 from sqlite_master where name='coverage'").fetchone():
                self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except sqlite3.Error as error:
            raise CannotJudge(f"{self.path}: {error}", "see that the disk is not full and the file is ours") from None

    @contextmanager
    def _write(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock for a block, all or nothing."""
        with self._errors():
            self._db.execute("begin immediate")
            try:
                yield self._db
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise
            self._db.execute("commit")

    def _all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._errors(), closing(self._db.execute(sql, values)) as cursor:
            return cursor.fetchall()

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
            found = db.execute(
                "select id from watch where state != 'done' and (due <= ? or due > ?) and (lease <= ? or lease > ?)"
                " order by due limit 1",
                (now, now + FAR, now, now + FAR),
            ).fetchone()
            if found is None:
                return None
            db.execute("update watch set lease = ?, fence = fence + 1 where id = ?", (now + LEASE, found[0]))
            row = db.execute(f"select {', '.join(_NAMES)} from watch where id = ?", found).fetchone()  # noqa: S608 - names are ours
        return _watch(row)

    def renew(self, watch: Watch, now: float) -> bool:
        """Keep a lease; False where another worker has taken it."""
        with self._write() as db:
            sql = "update watch set lease = ? where id = ? and fence = ? and state != 'done'"
            return db.execute(sql, (now + LEASE, watch.id, watch.fence)).rowcount == 1

    def release(self) -> None:
        """Take all leases back: whoever held the worker's lock before us is dead."""
        with self._write() as db:
            db.execute("update watch set lease = 0, fence = fence + 1 where lease > 0")

    def save(self, watch: Watch, polls: Sequence[Counts] = ()) -> bool:
        """Write what a worker found and give the lease back; False, and nothing, where it was lost."""
        row = {name: value for name, value in _row(watch).items() if name not in _NOT_SAVED}
        names = ", ".join(f"{name} = ?" for name in row)
        sql = f"update watch set {names}, lease = 0 where id = ? and fence = ? and state != 'done'"  # noqa: S608 - names are ours
        with self._write() as db:
            done = db.execute(sql, (*row.values(), watch.id, watch.fence)).rowcount == 1
            if done and polls:
                rows = [(watch.id, each.start, json.dumps(each.to_json())) for each in polls]
                db.executemany("insert or replace into poll values (?, ?, ?)", rows)
        return done

    def tell(self, watch: Watch, channel: str) -> bool:
        """Mark a channel as told, before it is; False where another worker did so."""
        with self._write() as db:
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
        minutes: Sequence[tuple[float, float, float, float]],
    ) -> None:
        """Add a span that adjoins what is covered.

        Signatures are (first, last, count), minutes (at, requests, errors, counted).
        """
        with self._write() as db:
            known = db.execute("select since, until from coverage where service = ?", (service,)).fetchone()
            since, until = (min(span[0], known[0]), max(span[1], known[1])) if known else span
            db.execute("insert or replace into coverage values (?, ?, ?)", (service, since, until))
            db.executemany(
                "insert into signature (service, signature, first, last, count) values (?, ?, ?, ?, ?)"
                " on conflict do update set first = min(first, excluded.first), last = max(last, excluded.last),"
                " count = count + excluded.count",
                [(service, name, *each) for name, each in signatures.items()],
            )
            db.executemany(
                "insert or replace into minute values (?, ?, ?, ?, ?)", [(service, *each) for each in minutes]
            )

    def restart(self, service: str, span: tuple[float, float]) -> None:
        """Forget what is covered, but for the names: a gap that is too long to be read at once."""
        with self._write() as db:
            db.execute("update signature set count = 0 where service = ?", (service,))
            db.execute("insert or replace into coverage values (?, ?, ?)", (service, *span))

    def forget(self, service: str, signatures: float, minutes: float) -> None:
        """Drop what is older than two moments."""
        with self._write() as db:
            db.execute("delete from signature where service = ? and last < ? and not known", (service, signatures))
            db.execute("delete from minute where service = ? and at < ?", (service, minutes))
            db.execute("update coverage set since = max(since, ?) where service = ?", (signatures, service))

    def signatures(self, service: str) -> list[tuple[str, float, float, float, bool]]:
        """Give the catalogue: signature, first, last, count, whether somebody said it is known."""
        rows = self._all("select signature, first, last, count, known from signature where service = ?", service)
        return [(name, first, last, count, bool(known)) for name, first, last, count, known in rows]

    def set_known(self, service: str, signature: str, now: float) -> None:
        """Take a signature out: it never makes an alarm again."""
        with self._write() as db:
            db.execute(
                "insert into signature values (?, ?, ?, ?, 0, 1) on conflict do update set known = 1",
                (service, signature, now, now),
            )

    def minutes(self, service: str, start: float, end: float) -> list[tuple[float, float, float]]:
        """Give (requests, errors, counted) per minute of a span."""
        sql = "select requests, errors, counted from minute where service = ? and at >= ? and at < ? order by at"
        return [(a, b, c) for a, b, c in self._all(sql, service, start, end)]


def _row(watch: Watch) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in _NAMES:
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
