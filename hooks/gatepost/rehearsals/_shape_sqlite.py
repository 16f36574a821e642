"""Read the tables of a SQLite database for the seeder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from gatepost.databases import Connection
from gatepost.rehearsals._shape import Col, Ref, Shapes, Tab, members, quoted

_SIZE = re.compile(r"\((\d{1,9})(?:\s*,\s*(\d{1,4}))?\)")
_KINDS = (
    ("bool", "bool"),
    ("datetime", "timestamp"),
    ("timestamp", "timestamp"),
    ("date", "date"),
    ("time", "time"),
    ("json", "json"),
    ("uuid", "uuid"),
    ("int", "int"),
    ("char", "text"),
    ("clob", "text"),
    ("text", "text"),
    ("string", "text"),
    ("blob", "bytes"),
    ("binary", "bytes"),
    ("real", "number"),
    ("floa", "number"),
    ("doub", "number"),
    ("dec", "number"),
    ("num", "number"),
)
Row = tuple[object, ...]


_TABLES = "m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.sql NOT LIKE 'CREATE VIRTUAL%'"
_MASTER = f"SELECT m.name, m.sql FROM sqlite_master AS m WHERE {_TABLES} ORDER BY m.rowid"
_COLUMNS = f"""
SELECT m.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden
FROM sqlite_master AS m JOIN pragma_table_xinfo(m.name) AS x WHERE {_TABLES} ORDER BY m.rowid, x.cid"""
_UNIQUE = f"""
SELECT m.name, l.name, i.name FROM sqlite_master AS m
JOIN pragma_index_list(m.name) AS l JOIN pragma_index_info(l.name) AS i
WHERE {_TABLES} AND l."unique" ORDER BY m.rowid, l.seq, i.seqno"""
_REFS = f"""
SELECT m.name, k.id, k."table", k."from", k."to"
FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS k WHERE {_TABLES} ORDER BY m.rowid, k.id, k.seq"""


def read(connection: Connection) -> Shapes:
    """Give every table: one query for all of a kind, as a pragma for each table takes most of the time."""
    columns, unique, refs = (_grouped(connection.rows(query)) for query in (_COLUMNS, _UNIQUE, _REFS))
    primary = {name.lower(): (name, _primary(rows)) for name, rows in columns.items()}
    tables = {}
    for name, sql in ((str(row[0]), str(row[1] or "")) for row in connection.rows(_MASTER)):
        made = _table(name, sql, columns.get(name, []), unique.get(name, []))
        tables[name] = replace(made, refs=tuple(_refs(refs.get(name, []), primary)))
    return Shapes("sqlite", tables)


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for name, *rest in rows:
        found.setdefault(str(name), []).append(tuple(rest))
    return found


def _primary(rows: list[Row]) -> tuple[str, ...]:
    return tuple(str(row[0]) for row in sorted((row for row in rows if row[4]), key=lambda row: int(str(row[4]))))


def _table(name: str, sql: str, rows: list[Row], unique: list[Row]) -> Tab:
    checks, primary = tuple(_checks(sql)), _primary(rows)
    alias = len(primary) == 1 and next(str(r[1]) for r in rows if r[0] == primary[0]).upper() == "INTEGER"
    columns = tuple(_column(row, checks, alias and row[0] == primary[0]) for row in rows if row[5] != 1)
    named = _grouped(unique).values()
    keys = [primary, *(tuple(str(part[0]) for part in parts if part[0] is not None) for parts in named)]
    return Tab(
        name,
        quoted(name, "sqlite"),
        columns,
        tuple(dict.fromkeys(key for key in keys if key)),
        checks=checks,
        primary=primary,
    )


def _column(row: Row, checks: tuple[str, ...], alias: bool) -> Col:
    name, declared = str(row[0]), str(row[1] or "")
    sized = _SIZE.search(declared)
    kind = next((kind for word, kind in _KINDS if word in declared.lower()), "text" if not declared else "number")
    return Col(
        name,
        kind,
        declared,
        nullable=not row[2] and not alias,
        default=row[3] is not None,
        filled=alias,
        generated=row[5] in (2, 3),
        size=int(sized[1]) if sized else 0,
        scale=int(sized[2] or 0) if sized else 0,
        labels=members(checks, name),
    )


def _refs(rows: list[Row], primary: Mapping[str, tuple[str, tuple[str, ...]]]) -> Iterator[Ref]:
    for parts in _grouped(rows).values():
        said = str(parts[0][0])
        target, keyed = primary.get(said.lower(), (said, ()))
        to = tuple(str(part[2]) for part in parts if part[2] is not None)
        yield Ref(tuple(str(part[1]) for part in parts), target, to or keyed)


def _checks(sql: str) -> Iterator[str]:
    """Give the expressions of the CHECKs in the text of a table, which is all that SQLite keeps of them."""
    for found in re.finditer(r"\bCHECK\s*\(", sql, re.IGNORECASE):
        depth, at = 1, found.end()
        while at < len(sql) and depth:
            depth += {"(": 1, ")": -1}.get(sql[at], 0)
            at += 1
        yield "\t" + sql[found.end() : at - 1]
