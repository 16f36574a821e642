"""Introspect SQLite: what pragmas say, and from the text of CREATE what they leave out, as a Schema.

Pragmas know nothing of checks, generated expressions, collations, names of constraints and what is done on a
conflict; the text does, and SQLite itself keeps it up to date where a column or a table is renamed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from gatepost.databases import Connection, Facts, Failed, Row
from gatepost.databases._sqlite_text import Text, defaulted, read_operation, read_table
from gatepost.sql.operations import Column, Constraint, CreateIndex, CreateObject, Index
from gatepost.sql.schema import Object, Schema, Table, constraint_name
from gatepost.sql.types import normal_type

_MASTER = (
    "SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master"
    " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY rowid"
)
_REAL = "FROM sqlite_master AS m JOIN {} WHERE m.type = 'table' AND m.sql NOT LIKE 'CREATE VIRTUAL TABLE%'"
_COLUMNS = f'SELECT m.name, x.name, x.type, x."notnull", x.dflt_value, x.pk, x.hidden {_REAL} ORDER BY m.rowid, x.cid'
_INDEXES = (
    f'SELECT m.name, l.name, l.origin, i.name, i."desc", i.coll {_REAL} AND i.key = 1 ORDER BY m.rowid, l.seq, i.seqno'
)
_KEYS = (
    f'SELECT m.name, k.id, k."table", k."from", k."to", k.on_update, k.on_delete, k."match" {_REAL}'
    " ORDER BY m.rowid, k.id, k.seq"
)
_SHADOWS = {
    "fts3": ("content", "segments", "segdir", "docsize", "stat"),
    "fts4": ("content", "segments", "segdir", "docsize", "stat"),
    "fts5": ("data", "idx", "content", "docsize", "config"),
    "rtree": ("node", "rowid", "parent"),
    "rtree_i32": ("node", "rowid", "parent"),
    "geopoly": ("node", "rowid", "parent"),
}
_BIG = 1 << 30  # bytes; reading every page of more takes too long for a snapshot


def inspect(connection: Connection) -> Schema:
    """Introspect a database."""
    schema = Schema("sqlite")
    master = connection.rows(_MASTER)
    texts = {str(name): read_table(str(sql)) for kind, name, _, sql in master if kind == "table"}
    hidden = set(_shadows(texts))
    rows = _Rows(connection)
    for kind, name, _, _sql in master:
        if kind == "table" and name not in hidden:
            schema.put(_table(connection, str(name), texts[str(name)], rows))
    for table in [table for table in schema.tables.values() if table]:
        schema.put(_with_keys(schema, table, rows.keys.get(table.name, []), texts[table.name]))
    for kind, name, on, sql in master:
        if kind == "index" and sql:
            _add_index(schema, str(name), str(on), str(sql))
        elif kind in ("view", "trigger"):
            schema.objects[str(kind), schema.key(str(name))] = _object(str(kind), str(name), str(on), str(sql))
    return schema


class _Rows:
    """What the pragmas say of every table, asked for once."""

    def __init__(self, connection: Connection) -> None:
        self.columns = _grouped(connection.rows(_COLUMNS.format("pragma_table_xinfo(m.name) AS x")))
        both = "pragma_index_list(m.name) AS l JOIN pragma_index_xinfo(l.name) AS i"
        self.indexes = _grouped(connection.rows(_INDEXES.format(both)))
        self.keys = _grouped(connection.rows(_KEYS.format("pragma_foreign_key_list(m.name) AS k")))


def _grouped(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for name, *rest in rows:
        found.setdefault(str(name), []).append(tuple(rest))
    return found


def _shadows(texts: dict[str, Text]) -> Iterator[str]:
    """Give the tables in which virtual ones keep what they hold."""
    by_key = {name.lower(): name for name in texts}
    for name, text in texts.items():
        for part in _SHADOWS.get(text.module, ()):
            if found := by_key.get(f"{name}_{part}".lower()):
                yield found


def _table(connection: Connection, name: str, text: Text, rows: _Rows) -> Table:
    found = rows.columns.get(name, [])
    if text.module:
        with suppress(Failed):  # a module that is not here
            found = [row[1:] for row in connection.rows(
                'SELECT cid, name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?)', [name]
            ) if row[6] == 0]  # fmt: skip
    columns = {str(row[0]).lower(): _column(row, text) for row in found}
    table = Table(name, columns, options=dict(text.options))
    keyed = sorted((row for row in found if row[4]), key=lambda row: int(row[4]))
    if keyed and not text.module:
        table = _with(table, Constraint("primary key", tuple(str(row[0]) for row in keyed), text.primary))
    for origin, parts in _automatic(rows.indexes.get(name, [])):
        table = _with_unique(table, origin, parts, text)
    for check in text.checks:
        table = _with(table, check)
    return table


def _column(row: Row, text: Text) -> Column:
    name, kind, required, default, _, hidden = row
    said = text.columns.get(str(name).lower())
    generated = said.generated if said else None
    if hidden in (2, 3) and generated is None:
        generated = f"? {'virtual' if hidden == 2 else 'stored'}"
    return Column(
        str(name),
        normal_type(str(kind or ""), "sqlite"),
        not required,
        defaulted(None if default is None else str(default)),
        generated,
        None,
        said.collation.lower() if said and said.collation else None,
    )


def _automatic(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """Give the indexes that stand for a primary key or a unique constraint, with their columns."""
    found: dict[str, tuple[str, list[Row]]] = {}
    for index, origin, column, down, collation in rows:
        if origin in ("u", "pk"):
            found.setdefault(str(index), (str(origin), []))[1].append((column, down, collation))
    return list(reversed(found.values()))  # the list begins with the newest


def _with_unique(table: Table, origin: str, parts: list[Row], text: Text) -> Table:
    columns = tuple(str(column) for column, _, _ in parts)
    kind = "unique" if origin == "u" else "primary key"
    if origin == "u":
        table = _with(table, Constraint("unique", columns, text.uniques.get(tuple(c.lower() for c in columns))))
    order = ", ".join(_element(table, *part) for part in parts)
    if order != ", ".join(columns):
        place = f"{kind} ({', '.join(columns)})".lower(), "order"
        table = replace(table, options={**table.options, place: order})
    return table


def _element(table: Table, column: str, down: int, collation: str) -> str:
    made = table.columns.get(str(column).lower())
    usual = (made.collation if made else None) or "binary"
    other = f" collate {collation.lower()}" if collation.lower() != usual else ""
    return f"{column}{other}{' desc' if down else ''}"


def _with(table: Table, made: Constraint) -> Table:
    """Add a constraint under what it says, which tells it apart: SQLite names none."""
    place = constraint_name(table, made, "sqlite").lower()
    taken, number = place, 1
    while taken in table.constraints:
        number += 1
        taken = f"{place} {number}"
    return replace(table, constraints={**table.constraints, taken: made})


def _with_keys(schema: Schema, table: Table, rows: list[Row], text: Text) -> Table:
    grouped: dict[int, list[Row]] = {}
    for number, *rest in rows:
        grouped.setdefault(int(number), []).append(tuple(rest))
    for number in sorted(grouped, reverse=True):  # the list begins with the newest
        table = _with(table, _foreign_key(schema, grouped[number], text))
    return table


def _foreign_key(schema: Schema, parts: list[Row], text: Text) -> Constraint:
    target, _, _, update, delete, match = parts[0]
    columns = tuple(str(part[1]) for part in parts)
    targets = tuple(str(part[2]) for part in parts if part[2] is not None)
    if not targets:
        other = schema.table(str(target))
        keys = [c for c in other.constraints.values() if c and c.kind == "primary key"] if other else []
        targets = keys[0].columns if keys else ()
    name, deferrable = text.keys.get((tuple(c.lower() for c in columns), str(target).lower()), (None, ""))
    return Constraint(
        "foreign key",
        columns,
        name,
        None if match == "NONE" else f"match {str(match).lower()}",
        str(target),
        targets,
        _action(str(delete)),
        _action(str(update)),
        deferrable,
    )


def _action(text: str) -> str:
    return "" if text == "NO ACTION" else text.lower()


def _add_index(schema: Schema, name: str, on: str, sql: str) -> None:
    table = schema.table(on)
    if table is None:
        return
    found = read_operation(sql)
    made = replace(found.index, name=name) if isinstance(found, CreateIndex) else Index((" ".join(sql.split()),), name)
    schema.put(replace(table, indexes={**table.indexes, schema.key(name): made}))


def _object(kind: str, name: str, on: str, sql: str) -> Object:
    made = read_operation(sql)
    definition, uses = (made.definition, made.uses) if isinstance(made, CreateObject) else (" ".join(sql.split()), ())
    return Object(kind, name, definition, on if kind == "trigger" else "", uses=uses)


def facts(connection: Connection) -> Facts:
    """Say how large the tables are: rows as ANALYZE left them, else by the highest row number; bytes by page."""
    version = str(connection.rows("SELECT sqlite_version()")[0][0])
    names = [str(row[0]) for row in connection.rows(_MASTER.replace("type, name", "name, type")) if row[1] == "table"]
    rows, sizes = _analysed(connection), _bytes(connection)
    found = {name: (rows.get(name) or _highest(connection, name), sizes.get(name, 0)) for name in names}
    return Facts("sqlite", version, (), found)


def _analysed(connection: Connection) -> dict[str, int]:
    try:
        said = connection.rows("SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl")
    except Failed:
        return {}
    return {str(name): int(count or 0) for name, count in said}


def _highest(connection: Connection, name: str) -> int:
    quoted = '"' + name.replace('"', '""') + '"'
    try:
        return int(connection.rows(f"SELECT max(rowid) FROM {quoted}")[0][0] or 0)  # noqa: S608  # quoted above
    except (Failed, TypeError, ValueError):  # WITHOUT ROWID, or virtual
        return 0


def _bytes(connection: Connection) -> dict[str, int]:
    pages, size = connection.rows(
        "SELECT p.page_count, s.page_size FROM pragma_page_count AS p, pragma_page_size AS s"
    )[0]
    if pages * size > _BIG:
        return {}
    try:  # SQLite may be built without dbstat
        said = connection.rows(
            "SELECT m.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_master AS m ON m.name = d.name GROUP BY 1"
        )
    except Failed:
        return {}
    return {str(name): int(found) for name, found in said}
