"""Read the tables of a SQLite database for the seeder."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.databases import Connection
from gatepost.rehearsals._shape import Col, Ref, Shapes, Tab, members, quoted, text

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


def read(connection: Connection) -> Shapes:
    """Give every table."""
    listed = connection.rows(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        " AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid"
    )
    tables = {str(name): _table(connection, str(name), str(sql or "")) for name, sql in listed}
    return Shapes("sqlite", tables)


def _table(connection: Connection, name: str, sql: str) -> Tab:
    said = text(name, "sqlite")
    rows = connection.rows(f'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo({said})')
    checks = tuple(_checks(sql))
    primary = tuple(str(row[0]) for row in sorted((row for row in rows if row[4]), key=lambda row: int(row[4])))
    alias = len(primary) == 1 and next(str(r[1]) for r in rows if r[0] == primary[0]).upper() == "INTEGER"
    columns = tuple(_column(row, checks, alias and row[0] == primary[0]) for row in rows if row[5] != 1)
    keys = [primary] if primary else []
    for index, unique in connection.rows(f'SELECT name, "unique" FROM pragma_index_list({said})'):
        if unique:
            parts = connection.rows(f"SELECT name FROM pragma_index_info({text(str(index), 'sqlite')}) ORDER BY seqno")
            keys.append(tuple(str(part[0]) for part in parts if part[0] is not None))
    return Tab(
        name,
        quoted(name, "sqlite"),
        columns,
        tuple(dict.fromkeys(key for key in keys if key)),
        tuple(_refs(connection, said)),
        checks,
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


def _refs(connection: Connection, said: str) -> Iterator[Ref]:
    rows = connection.rows(f'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list({said}) ORDER BY id, seq')
    grouped: dict[int, list[Row]] = {}
    for row in rows:
        grouped.setdefault(int(row[0]), []).append(row)
    for parts in grouped.values():
        target = str(parts[0][1])
        to = tuple(str(part[3]) for part in parts if part[3] is not None)
        if not to:
            keyed = connection.rows(
                f"SELECT name FROM pragma_table_info({text(target, 'sqlite')}) WHERE pk > 0 ORDER BY pk"
            )
            to = tuple(str(row[0]) for row in keyed)
        yield Ref(tuple(str(part[2]) for part in parts), target, to)


def _checks(sql: str) -> Iterator[str]:
    """Give the expressions of the CHECKs in the text of a table, which is all that SQLite keeps of them."""
    for found in re.finditer(r"\bCHECK\s*\(", sql, re.IGNORECASE):
        depth, at = 1, found.end()
        while at < len(sql) and depth:
            depth += {"(": 1, ")": -1}.get(sql[at], 0)
            at += 1
        yield "\t" + sql[found.end() : at - 1]
