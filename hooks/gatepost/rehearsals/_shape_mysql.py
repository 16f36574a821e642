"""Read the tables of a MySQL or MariaDB database for the seeder."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from gatepost.databases import Connection, Failed
from gatepost.rehearsals._shape import Col, Ref, Shapes, Tab, members, quoted

COLUMNS = """
SELECT c.table_name, c.column_name, c.data_type, c.column_type, c.is_nullable, c.column_default, c.extra,
  c.character_maximum_length, c.numeric_precision, c.numeric_scale, c.generation_expression, c.datetime_precision
FROM information_schema.columns c JOIN information_schema.tables t
  ON t.table_schema = c.table_schema AND t.table_name = c.table_name
WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE' ORDER BY c.table_name, c.ordinal_position"""
KEYS = """
SELECT table_name, index_name, column_name FROM information_schema.statistics
WHERE table_schema = database() AND non_unique = 0 ORDER BY table_name, index_name, seq_in_index"""
REFS = """
SELECT table_name, constraint_name, column_name, referenced_table_name, referenced_column_name
FROM information_schema.key_column_usage WHERE table_schema = database() AND referenced_table_name IS NOT NULL
ORDER BY table_name, constraint_name, ordinal_position"""
CHECKS = """
SELECT t.table_name, c.constraint_name, c.check_clause FROM information_schema.check_constraints c
JOIN information_schema.table_constraints t
  ON t.constraint_schema = c.constraint_schema AND t.constraint_name = c.constraint_name {more}
WHERE c.constraint_schema = database()"""
_KINDS = {
    "tinyint": "int",
    "smallint": "int",
    "mediumint": "int",
    "int": "int",
    "bigint": "int",
    "decimal": "number",
    "float": "number",
    "double": "number",
    "date": "date",
    "datetime": "timestamp",
    "timestamp": "timestamp",
    "time": "time",
    "year": "year",
    "json": "json",
    "uuid": "uuid",
    "binary": "bytes",
    "varbinary": "bytes",
    "blob": "bytes",
    "tinyblob": "bytes",
    "mediumblob": "bytes",
    "longblob": "bytes",
    "bit": "bits",
    "inet6": "inet",
    "inet4": "inet",
}
_LABEL = re.compile(r"'((?:[^']|'')*)'")
Row = Sequence[Any]


def read(connection: Connection) -> Shapes:
    """Give every base table."""
    columns: dict[str, list[Row]] = defaultdict(list)
    for row in connection.rows(COLUMNS):
        columns[_word(row[0])].append(row)
    keys: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for table, index, column in connection.rows(KEYS):
        if column is not None:
            keys[_word(table)][_word(index)].append(_word(column))
    refs: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.rows(REFS):
        refs[_word(row[0])][_word(row[1])].append(row)
    checks: dict[str, list[str]] = defaultdict(list)
    for table, name, clause in _checks(connection):
        checks[_word(table)].append(f"{_word(name)}\t{_word(clause)}")
    tables = {name: _table(name, rows, keys[name], refs[name], tuple(checks[name])) for name, rows in columns.items()}
    return Shapes("mysql", tables)


def _checks(connection: Connection) -> Sequence[Row]:
    """MariaDB names a check within its table, MySQL within its schema."""
    for more in ("AND t.table_name = c.table_name", ""):
        try:
            return connection.rows(CHECKS.replace("{more}", more))
        except Failed:
            continue
    return ()


def _word(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _table(
    name: str, rows: list[Row], keys: dict[str, list[str]], refs: dict[str, list[Row]], checks: tuple[str, ...]
) -> Tab:
    return Tab(
        name,
        quoted(name, "mysql"),
        tuple(_column(row, checks) for row in rows),
        tuple(dict.fromkeys(tuple(key) for key in keys.values())),
        tuple(
            Ref(tuple(_word(r[2]) for r in ref), _word(ref[0][3]), tuple(_word(r[4]) for r in ref))
            for ref in refs.values()
        ),
        checks,
        primary=tuple(keys.get("PRIMARY", ())),
    )


def _column(row: Row, checks: tuple[str, ...]) -> Col:
    name, word, shown, extra = _word(row[1]), _word(row[2]).lower(), _word(row[3]), _word(row[6]).lower()
    labels = tuple(found.replace("''", "'") for found in _LABEL.findall(shown)) if word in ("enum", "set") else ()
    kind = "bool" if shown.lower() == "tinyint(1)" else _KINDS.get(word, "text")
    if any(f"json_valid(`{name}`)" in check for check in checks):
        kind = "json"
    number = word == "decimal"
    size = row[8] if number else row[11] if kind == "timestamp" else row[7]
    return Col(
        name,
        "enum" if labels else kind,
        word,
        nullable=_word(row[4]).upper() == "YES",
        default=row[5] is not None and _word(row[5]).upper() != "NULL",
        filled="auto_increment" in extra,
        generated=bool(row[10]),
        size=min(int(size or 0), 65535),
        scale=int(row[9] or 0) if number else 0,
        labels=labels or (members(checks, f"`{name}`") if kind == "text" else ()),
    )
