"""Write a database as statements that make it again: how templates are kept where no server clones databases.

Measured: a schema of 30 tables is made again in some 60 ms, a copied data directory would cost a server's start. Each
statement comes from the server itself, so that both sides have the same structure.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gatepost.databases import Row, Unable
from gatepost.databases._mysql_connection import Wire

FORMAT = 1
PACKET = 1 << 20
MOST = 64 * 1024 * 1024
BEFORE = (
    "SET NAMES utf8mb4",
    "SET foreign_key_checks = 0",
    "SET unique_checks = 0",
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO'",
    "SET check_constraint_checks = 0",
)
_ESCAPES = str.maketrans({"\\": "\\\\", "'": "\\'", "\0": "\\0", "\n": "\\n", "\r": "\\r", "\x1a": "\\Z"})
_DEFINER = re.compile(r"\bDEFINER\s*=\s*`(?:[^`]|``)*`@`(?:[^`]|``)*`\s*")


def quoted(name: str) -> str:
    """Write a name."""
    return "`" + name.replace("`", "``") + "`"


def without_definer(text: str) -> str:
    """Take the definer out of a CREATE: on a scratch server it is whoever ran it."""
    head, body = text[:600], text[600:]
    return _DEFINER.sub("", head, count=1) + body


def statements(wire: Wire) -> list[tuple[str, str]]:
    """Give the statements, each with the sql_mode in which it has to run ("" for any)."""
    tables = wire.rows("SHOW FULL TABLES")
    found: list[tuple[str, str]] = [("", _collation(wire))]
    for name, kind in tables:
        if str(kind) != "VIEW":
            found.append(("", _created(wire, "SEQUENCE" if kind == "SEQUENCE" else "TABLE", str(name))))
    for name, kind in tables:
        if str(kind) in ("BASE TABLE", "SYSTEM VERSIONED"):
            found += (("", text) for text in _rows(wire, str(name)))
    found += _programs(wire)
    found += (("", text) for text in _views(wire, [str(name) for name, kind in tables if kind == "VIEW"]))
    found += (_with_mode(wire, "TRIGGER", str(name), 2, 1) for name, *_ in wire.rows("SHOW TRIGGERS"))
    if sum(len(text) for _, text in found) > MOST:
        raise Unable("the template is larger than 64 MiB", "load data outside of migrations")
    return found


def _collation(wire: Wire) -> str:
    charset, collation = wire.rows("SELECT @@character_set_database, @@collation_database")[0]
    return f"ALTER DATABASE CHARACTER SET {charset} COLLATE {collation}"


def _created(wire: Wire, kind: str, name: str, column: int = 1) -> str:
    text = wire.rows(f"SHOW CREATE {kind} {quoted(name)}")[0][column]
    if text is None:
        raise Unable(f"the role may not see {kind.lower()} {name}")
    return without_definer(str(text))


def _with_mode(wire: Wire, kind: str, name: str, column: int, mode: int) -> tuple[str, str]:
    row = wire.rows(f"SHOW CREATE {kind} {quoted(name)}")[0]
    if row[column] is None:
        raise Unable(f"the role may not see {kind.lower()} {name}")
    return str(row[mode]) or " ", without_definer(str(row[column]))


def _programs(wire: Wire) -> Iterator[tuple[str, str]]:
    """Give functions before procedures, and events last."""
    listed = wire.rows(
        "SELECT routine_type, routine_name FROM information_schema.routines"
        " WHERE routine_schema = DATABASE() AND routine_type <> 'PACKAGE BODY' ORDER BY routine_type, routine_name"
    )
    for kind, name in listed:
        yield _with_mode(wire, str(kind), str(name), 2, 1)
    for (name,) in wire.rows("SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()"):
        yield _with_mode(wire, "EVENT", str(name), 3, 1)


def _views(wire: Wire, names: list[str]) -> list[str]:
    """Give views after those that they read; what is broken comes last."""
    texts = {name: _created(wire, "VIEW", name) for name in names}
    found: list[str] = []
    left = dict(texts)
    while left:
        ready = [name for name in left if not any(quoted(other) in left[name] for other in left if other != name)]
        found += [left.pop(name) for name in ready or list(left)]
    return found


def _rows(wire: Wire, table: str) -> Iterator[str]:
    columns = [
        quoted(str(name))
        for name, extra in wire.rows(
            "SELECT column_name, extra FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
            [table],
        )
        if "GENERATED" not in str(extra).upper() or "DEFAULT_GENERATED" in str(extra).upper()
    ]
    head = f"INSERT INTO {quoted(table)} ({', '.join(columns)}) VALUES "  # noqa: S608  # quoted
    values: list[str] = []
    size = 0
    for row in wire.rows(f"SELECT {', '.join(columns)} FROM {quoted(table)}"):  # noqa: S608  # quoted
        values.append(_row(row))
        size += len(values[-1])
        if size > PACKET:
            yield head + ", ".join(values)
            values, size = [], 0
    if values:
        yield head + ", ".join(values)


def _row(row: Row) -> str:
    return "(" + ", ".join(_literal(value) for value in row) + ")"


def _literal(value: Any) -> str:
    """Write a value; escapes with backslashes are on in the mode that ``replay`` sets."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        return "'" + value.translate(_ESCAPES) + "'"
    return str(value)


def replay(wire: Wire, found: list[tuple[str, str]]) -> None:
    """Make the database again, in an empty one."""
    for text in BEFORE:
        if "check_constraint" not in text or "mariadb" in wire.version.lower():
            wire.run(text)
    mode = ""
    for wanted, text in found:
        if wanted and wanted != mode:
            wire.rows("SET sql_mode = %s", [wanted.strip()])
            mode = wanted
        wire.run(text)


def write(file: Path, found: list[tuple[str, str]]) -> None:
    """Keep the statements."""
    file.write_text(json.dumps({"format": FORMAT, "statements": found}), "utf-8")


def read(file: Path) -> list[tuple[str, str]]:
    """Read what ``write`` wrote; raises ValueError, KeyError or TypeError where it is anything else."""
    data = json.loads(file.read_text("utf-8"))
    if data["format"] != FORMAT:
        raise ValueError("another format")
    return [(str(mode), str(text)) for mode, text in data["statements"]]
