"""Introspect MySQL and MariaDB: SHOW CREATE read by the reader of the static model, and what it leaves out besides.

So both sides of a comparison with the static model are written in one way. What the model of operations does not keep
(visibility, comments of indexes, row format, …) comes from information_schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from gatepost.databases import Connection, Facts, Failed, Row, Unable
from gatepost.databases._mysql_dump import quoted, without_definer
from gatepost.databases._mysql_programs import programs
from gatepost.sql.expressions import canonical
from gatepost.sql.operations import UNKNOWN, Column, Constraint, CreateObject, CreateTable
from gatepost.sql.reader import read
from gatepost.sql.replay import apply
from gatepost.sql.schema import Object, Schema, Table
from gatepost.sql.tokens import Token, tokens
from gatepost.sql.types import normal_type

LONGEST = 500_000
KEPT = ("comment", "partition by", "definition")
_BESIDE = (("WITHOUT", "SYSTEM", "VERSIONING"), ("COMPRESSED",), ("REF_SYSTEM_ID", "="))


def inspect(connection: Connection) -> Schema:
    """Introspect the database that the connection is in."""
    schema = Schema("mysql")
    _database(connection, schema)
    facts = _Facts(connection)
    for (name, kind, *_), text in zip(facts.tables, _shown(connection, facts.tables), strict=True):
        if kind == "SEQUENCE":
            _sequence(schema, str(name), text)
        elif kind == "VIEW":
            _view(schema, str(name), text)
        else:
            _table(schema, str(name), text, facts)
    for made in programs(connection):
        schema.objects[made.kind, schema.key(made.name)] = made
    return schema


class _Facts:
    """What information_schema says of every table, asked for once."""

    def __init__(self, connection: Connection) -> None:
        self.tables = connection.rows(
            "SELECT table_name, table_type, row_format, create_options, table_collation, engine"
            " FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY table_name"
        )
        self.columns = _grouped(
            connection.rows(
                "SELECT table_name, column_name, column_type, is_nullable, extra, collation_name"
                " FROM information_schema.columns WHERE table_schema = DATABASE() ORDER BY table_name, ordinal_position"
            )
        )
        hidden, self.hidden = ("ignored", "YES") if "mariadb" in connection.version.lower() else ("is_visible", "NO")
        statistics = (
            f"SELECT table_name, index_name, index_type, index_comment, {hidden} FROM information_schema.statistics"  # noqa: S608  # one of two words
            " WHERE table_schema = DATABASE() AND seq_in_index = 1 ORDER BY table_name, index_name"
        )
        try:
            self.indexes = _grouped(connection.rows(statistics))
        except Failed:  # MariaDB before 10.6, MySQL before 8
            self.indexes = _grouped(connection.rows(statistics.replace(f", {hidden} ", ", '' ")))


def _grouped(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for name, *rest in rows:
        found.setdefault(str(name), []).append(tuple(rest))
    return found


def _database(connection: Connection, schema: Schema) -> None:
    charset, collation = connection.rows("SELECT @@character_set_database, @@collation_database")[0]
    options = (("charset", str(charset)), ("collate", str(collation)))
    schema.objects["database", "default"] = Object("database", "default", options=options)


def _table(schema: Schema, name: str, text: str, facts: _Facts) -> None:
    made = _read_table(text)
    if made is None:
        schema.doubts.append(f"table {name}: what SHOW CREATE TABLE gives was not understood")
        schema.put(_plain(name, text, facts.columns.get(name, [])))
    else:
        apply(schema, replace_name(made, name))
    table = schema.table(name)
    assert table is not None
    schema.put(_with_more(table, name, facts))
    schema.problems.clear()


@lru_cache(maxsize=1024)
def _read_table(text: str) -> CreateTable | None:
    if len(text) > LONGEST:
        return None
    return next((op for op in read(_plainer(text), "mysql") if isinstance(op, CreateTable)), None)


def _plainer(text: str) -> str:
    """Take out what the reader does not know within a column; information_schema says it too."""
    found = list(tokens(text, "mysql"))
    parts, kept, at = [], 0, 0
    while at < len(found):
        words = next((words for words in _BESIDE if _stand(found, at, words)), ())
        if words and found[at - 1].value != "=":
            parts.append(text[kept : found[at].at])
            at += len(words) + (words[-1] == "=")
            kept = found[at].at if at < len(found) else len(text)
        else:
            at += 1
    return "".join([*parts, text[kept:]])


def _stand(found: Sequence[Token], at: int, words: tuple[str, ...]) -> bool:
    return tuple(token.value for token in found[at : at + len(words)]) == words


def replace_name(made: CreateTable, name: str) -> CreateTable:
    """Give the same statement for the name as information_schema has it."""
    held = {**made.held(), "table": name}
    return CreateTable(**held)


def _plain(name: str, text: str, columns: list[Row]) -> Table:
    """Give what can be said of a table whose text was not understood."""
    found = {
        str(column).lower(): Column(str(column), normal_type(str(kind), "mysql"), nullable == "YES", UNKNOWN)
        for column, kind, nullable, _, _ in columns
    }
    return Table(name, found, options={("", "definition"): _canonical(text)})


def _with_more(table: Table, name: str, facts: _Facts) -> Table:
    options = {place: value for place, value in table.options.items() if place[1] in KEPT}
    listed = next(row for row in facts.tables if row[0] == name)
    options.update(_table_options(listed))
    columns: dict[str, Column | None] = dict(table.columns)
    for column, kind, _, extra, collation in facts.columns.get(name, []):
        key = str(column).lower()
        made = columns.get(key)
        if made:
            made = _column(made, str(kind), collation, listed[4])
            json = _is_json(str(column), str(kind), collation, table)
            columns[key] = replace(made, type="json", collation=None) if json else made
        for word in ("INVISIBLE", "WITHOUT SYSTEM VERSIONING"):
            if word in str(extra).upper():
                options[key, word.lower()] = "yes"
        if "COMPRESSED" in str(kind).upper():
            options[key, "compressed"] = "yes"
    options.update(_index_options(facts.indexes.get(name, []), facts.hidden))
    return replace(table, columns=columns, options=options, constraints=_without_json(table, columns))


def _index_options(rows: list[Row], hidden_word: str) -> dict[tuple[str, str], str]:
    options: dict[tuple[str, str], str] = {}
    for index, kind, comment, hidden in rows:
        key = str(index).lower()
        if str(kind).upper() not in ("BTREE", "FULLTEXT", "SPATIAL", "RTREE"):
            options[key, "index type"] = str(kind).lower()
        if comment:
            options[key, "index comment"] = str(comment)
        if hidden == hidden_word:
            options[key, "ignored"] = "yes"
    return options


def _is_json(column: str, kind: str, collation: Any, table: Table) -> bool:
    """Tell MariaDB's JSON, which it keeps as a longtext with a check."""
    return kind == "longtext" and collation == "utf8mb4_bin" and any(_checks_json(column, table))


def _checks_json(column: str, table: Table) -> Iterator[str]:
    for name, made in table.constraints.items():
        if made and made.kind == "check" and made.expression == f"json_valid({column.lower()})" and made.columns:
            yield name


def _without_json(table: Table, columns: Mapping[str, Column | None]) -> dict[str, Constraint | None]:
    gone = {
        name for made in columns.values() if made and made.type == "json" for name in _checks_json(made.name, table)
    }
    kept = [(name, made) for name, made in table.constraints.items() if name not in gone]
    return _numbered(table.name, kept) if gone else dict(kept)


def _numbered(table: str, kept: list[tuple[str, Constraint | None]]) -> dict[str, Constraint | None]:
    """Count the checks without a name again."""
    found: dict[str, Constraint | None] = {}
    number = 0
    for name, made in kept:
        if made and made.columns and made.kind == "check" and name.startswith(f"{table.lower()}_chk_"):
            number += 1
            made = replace(made, name=f"{table}_chk_{number}")
            name = f"{table}_chk_{number}".lower()
        found[name] = made
    return found


def _column(made: Column, kind: str, collation: Any, usual: Any) -> Column:
    """Say the type whole, and the collation where it is another than the table's."""
    other = str(collation) if collation and collation != usual else None
    options = tuple(pair for pair in made.options if pair[0] != "charset")
    return replace(made, type=made.type or normal_type(kind, "mysql"), collation=other, options=options)


def _table_options(row: Row) -> dict[tuple[str, str], str]:
    _, kind, row_format, created, collation, engine = row
    found = {("", "engine"): str(engine or "").lower()}
    if collation:
        found["", "collate"] = str(collation)
        found["", "charset"] = str(collation).partition("_")[0]
    if row_format and str(row_format).lower() != "dynamic":
        found["", "row format"] = str(row_format).lower()
    if str(kind) == "SYSTEM VERSIONED":
        found["", "system versioning"] = "on"
    rest = " ".join(sorted(word for word in str(created or "").split() if word != "partitioned"))
    if rest:
        found["", "create options"] = rest
    return found


def _sequence(schema: Schema, name: str, shown: str) -> None:
    text = _canonical(shown).partition(quoted(name).strip("`"))[2]
    schema.objects["sequence", schema.key(name)] = Object("sequence", name, text.strip())


def _view(schema: Schema, name: str, text: str) -> None:
    made = next((op for op in read(text, "mysql") if isinstance(op, CreateObject)), None)
    security = "invoker" if re.search(r"SQL SECURITY INVOKER", text[:600], re.IGNORECASE) else "definer"
    algorithm = re.search(r"ALGORITHM=(\w+)", text[:600], re.IGNORECASE)
    options = (("algorithm", algorithm[1].lower() if algorithm else ""), ("security", security))
    definition = made.definition if made else _canonical(text)
    schema.objects["view", schema.key(name)] = Object(
        "view", name, definition, uses=made.uses if made else (), options=options
    )


def _shown(connection: Connection, tables: Sequence[Row]) -> list[str]:
    """Give what SHOW CREATE says of each, without the definer: in one question where the connection takes several."""
    kinds = {"SEQUENCE": "SEQUENCE", "VIEW": "VIEW"}
    asked = [f"SHOW CREATE {kinds.get(str(kind), 'TABLE')} {quoted(str(name))}" for name, kind, *_ in tables]
    together = getattr(connection, "together", None)
    answers = together(asked) if together else [connection.rows(text) for text in asked]
    return [without_definer(str(answer[0][1] or "")) for answer in answers]


def _canonical(text: str) -> str:
    return canonical(list(tokens(text[:LONGEST], "mysql")), "mysql")


def facts(connection: Connection) -> Facts:
    """Say how large the tables are, and how often their indexes were read where the server counts it."""
    rows = connection.rows(
        "SELECT table_name, coalesce(table_rows, 0), coalesce(data_length, 0) + coalesce(index_length, 0)"
        " FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type NOT LIKE '%VIEW%'"
    )
    sizes = {str(name): (int(count), int(size)) for name, count, size in rows}
    return Facts("mysql", connection.version, (), sizes, _use(connection))


_COUNTED = (
    """SELECT object_name, index_name, count_read FROM performance_schema.table_io_waits_summary_by_index_usage
    WHERE object_schema = DATABASE() AND index_name IS NOT NULL""",
    # MariaDB with userstat
    "SELECT table_name, index_name, rows_read FROM information_schema.index_statistics WHERE table_schema = DATABASE()",
)


def _use(connection: Connection) -> dict[str, int]:
    """Count the reads of each index, where performance_schema runs or userstat is on."""
    for question in _COUNTED:
        try:
            rows = connection.rows(question)
        except (Failed, Unable):  # it is not there, or the account may not see it
            continue
        if rows:
            return {f"{table}.{index}": int(count) for table, index, count in rows}
    return {}
