"""Read DROP, TRUNCATE, RENAME TABLE and COMMENT ON statements."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.sql.create import signature, unquoted
from gatepost.sql.cursor import Cursor, Unread
from gatepost.sql.names import sibling
from gatepost.sql.operations import (
    AlterObject,
    DropIndex,
    DropObject,
    DropTable,
    Nothing,
    Operation,
    RenameTable,
    SetOption,
    Truncate,
)

_UNMODELLED = (
    "ROLE",
    "USER",
    "DATABASE",
    "GROUP",
    "SUBSCRIPTION",
    "OWNED",
    "CAST",
    "OPERATOR",
    "PREPARE",
    "TABLESPACE",
)
_TWO_WORDS = ("MATERIALIZED", "FOREIGN", "EVENT", "TEXT", "ACCESS")


def drop(cursor: Cursor) -> Iterator[Operation]:
    """Read what follows DROP."""
    cursor.accept("TEMPORARY")
    kind = cursor.next().value
    if kind in _TWO_WORDS and cursor.ahead(0) in ("VIEW", "TABLE", "TRIGGER", "SEARCH", "METHOD", "DATA"):
        kind = f"{kind} {cursor.next().value}".removeprefix("FOREIGN TABLE") or "TABLE"
    if kind in _UNMODELLED:
        yield Nothing(f"drop {kind.lower()}", harmless=False)
        return
    concurrently, exists = cursor.accept("CONCURRENTLY"), cursor.if_exists()
    read = signature if kind in ("FUNCTION", "PROCEDURE", "AGGREGATE", "ROUTINE") else Cursor.qualified
    names = [read(cursor)]
    while cursor.accept(","):
        names.append(read(cursor))
    table = cursor.qualified() if cursor.accept("ON") else ""
    if cursor.dialect == "mysql" and kind == "INDEX":
        cursor.rest()  # ALGORITHM and LOCK
    cascade = cursor.cascade()
    if not cursor.done:
        raise Unread(f"{cursor.token.text[:20]!r} is not known behind DROP {kind}")
    for name in names:
        if kind == "TABLE":
            beside = tuple(other for other in names if other != name)
            yield DropTable(name, if_exists=exists, cascade=cascade, beside=beside)
        else:
            gone = exists or (cascade and name != names[0])  # the CASCADE of one before may have taken it along
            yield _dropped(kind, name, table, concurrently, gone, cascade)


def _dropped(kind: str, name: str, table: str, concurrently: bool, exists: bool, cascade: bool) -> Operation:
    if kind == "INDEX":
        return DropIndex(name, table, concurrently=concurrently, if_exists=exists)
    return DropObject(kind.lower(), name, on=table, if_exists=exists, cascade=cascade)


def truncate(cursor: Cursor) -> Iterator[Operation]:
    """Read what follows TRUNCATE."""
    cursor.accept("TABLE")
    names = []
    while True:
        cursor.accept("ONLY")
        names.append(cursor.qualified())
        cursor.accept("*")
        if not cursor.accept(","):
            break
    words = [token.value for token in cursor.rest()]
    for name in names:
        yield Truncate(name, cascade="CASCADE" in words)


def rename(cursor: Cursor) -> Iterator[Operation]:
    """Read MySQL's RENAME TABLE a TO b, c TO d."""
    if not cursor.one_of("TABLE", "TABLES"):
        yield Nothing("rename user", harmless=False)
        return
    cursor.if_exists()
    while True:
        name = cursor.qualified()
        cursor.expect("TO")
        yield RenameTable(name, sibling(name, cursor.qualified()))
        if not cursor.accept(","):
            return


def comment(cursor: Cursor) -> Iterator[Operation]:
    """Read what follows COMMENT: ON kind name IS text."""
    cursor.expect("ON")
    kind = cursor.next().text.lower()
    if kind in ("materialized", "foreign", "event", "text"):
        kind = f"{kind} {cursor.next().text.lower()}"
    name = signature(cursor)
    table = cursor.qualified() if cursor.accept("ON") else ""
    cursor.expect("IS")
    value = None if cursor.value == "NULL" else unquoted(cursor.token)
    cursor.rest()
    if kind in ("table", "foreign table"):
        yield SetOption(name, "comment", value)
    elif kind == "column":
        owner, _, column = name.rpartition(".")
        yield SetOption(owner, "comment", value, object=column)
    else:
        yield AlterObject(kind, name, "comment", value, on=table)
