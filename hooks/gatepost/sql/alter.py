"""Read ALTER statements, each action of an ALTER TABLE on its own, so that an unknown one hides no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gatepost.model import printable
from gatepost.sql.columns import column, default_value, definition
from gatepost.sql.create import ROUTINES, signature, unquoted
from gatepost.sql.cursor import Cursor, Unread, commas
from gatepost.sql.expressions import canonical
from gatepost.sql.names import sibling
from gatepost.sql.opaque import scan
from gatepost.sql.operations import (
    AddColumn,
    AddConstraint,
    AddEnumValue,
    AlterObject,
    CreateIndex,
    Data,
    DropColumn,
    DropConstraint,
    DropIndex,
    Index,
    Nothing,
    Opaque,
    Operation,
    RedefineColumn,
    RenameColumn,
    RenameConstraint,
    RenameEnumValue,
    RenameIndex,
    RenameObject,
    RenameTable,
    SetDefault,
    SetIdentity,
    SetNullable,
    SetOption,
    SetType,
    ValidateConstraint,
)
from gatepost.sql.table_constraints import constraint, is_constraint
from gatepost.sql.tokens import Token, words
from gatepost.sql.types import read_type

Placed = Iterator[tuple[int, Operation]]


def alter(cursor: Cursor) -> Placed:
    """Read what follows ALTER; gives each operation with the offset at which it stands."""
    at = cursor.token.at
    word = cursor.next().value
    if word in ("MATERIALIZED", "FOREIGN", "EVENT", "DEFAULT", "TEXT", "ONLINE", "IGNORE"):
        word = cursor.next().value if word in ("FOREIGN", "ONLINE", "IGNORE") else f"{word} {cursor.next().value}"
    if word == "TABLE":
        yield from _table(cursor)
    elif word == "TYPE":
        yield from ((at, operation) for operation in _type(cursor))
    elif word in ("INDEX", "VIEW", "MATERIALIZED VIEW", "SEQUENCE"):
        yield at, _relation(cursor, word.lower())
    elif word in ("ROLE", "USER", "DATABASE", "SYSTEM", "DEFAULT PRIVILEGES", "GROUP", "SESSION", "INSTANCE"):
        yield at, Nothing(f"alter {word.lower()}", harmless=False)
    else:
        yield at, _other(cursor, word.lower())


def _table(cursor: Cursor) -> Placed:
    cursor.if_exists()
    cursor.accept("ONLY")
    table = cursor.qualified()
    cursor.accept("*")
    parts = commas(cursor.rest())
    if not parts:
        raise Unread("ALTER TABLE without an action")
    for part in parts:
        yield from ((part[0].at, operation) for operation in action(part, table, cursor))


def action(part: list[Token], table: str, outer: Cursor) -> Iterator[Operation]:
    """Read one action of ALTER TABLE; Opaque, with what it shows, where its form is not known."""
    cursor = Cursor(part, outer.dialect)
    word = cursor.next().value
    read = _ACTIONS.get(word, _option)
    try:
        found = list(read(cursor, table))
        cursor.finish()
    except Unread as error:
        text = canonical(part, outer.dialect)
        found = [Opaque(str(error), text[:120], scan(part, outer.dialect, f"ALTER TABLE {table}"), table=table)]
    yield from found


def _add(cursor: Cursor, table: str) -> Iterator[Operation]:
    if is_constraint(cursor):
        made = constraint(cursor)
        yield CreateIndex(table, made) if isinstance(made, Index) else AddConstraint(table, made)
        return
    if cursor.value == "PARTITION":
        cursor.rest()
        yield SetOption(table, "partition", "added", object="partition")
        return
    cursor.accept("COLUMN")
    absent = cursor.if_not_exists()
    parts = commas(cursor.group()) if cursor.value == "(" else [cursor.rest()]
    for part in parts:  # MySQL: ADD COLUMN (a int, b int)
        found = column(Cursor(part, cursor.dialect))
        yield AddColumn(table, found.column, found.constraints, if_not_exists=absent)


def _drop(cursor: Cursor, table: str) -> Iterator[Operation]:
    if cursor.one_of("CONSTRAINT", "CHECK"):
        exists = cursor.if_exists()
        yield DropConstraint(table, cursor.name(), if_exists=exists, cascade=cursor.cascade())
    elif cursor.accept("PRIMARY", "KEY"):
        yield DropConstraint(table, None, kind="primary key")
    elif cursor.accept("FOREIGN", "KEY"):
        exists = cursor.if_exists()
        yield DropConstraint(table, cursor.name(), kind="foreign key", if_exists=exists)
    elif cursor.value in ("INDEX", "KEY") and cursor.dialect == "mysql" and cursor.ahead():
        cursor.next()
        exists = cursor.if_exists()
        yield DropIndex(cursor.name(), table, if_exists=exists)
    elif cursor.value in ("INDEX", "KEY") and cursor.dialect == "mysql" and cursor.at + 1 < len(cursor.tokens):
        cursor.next()
        yield DropIndex(cursor.name(), table)
    elif cursor.value == "PARTITION":
        names = cursor.rest()[1:]
        yield Opaque(
            "drops a partition",
            "drop partition",
            tuple(f"DROP PARTITION {name.text}" for name in names[:3]),
            table=table,
        )
    else:
        cursor.accept("COLUMN")
        exists = cursor.if_exists()
        yield DropColumn(table, cursor.name(), if_exists=exists, cascade=cursor.cascade())


def _rename(cursor: Cursor, table: str) -> Iterator[Operation]:
    if cursor.accept("TO") or cursor.accept("AS") or cursor.accept("="):
        yield RenameTable(table, sibling(table, cursor.qualified()))
    elif cursor.value in ("INDEX", "KEY") and cursor.ahead() != "TO":
        cursor.next()
        name = cursor.name()
        cursor.expect("TO")
        yield RenameIndex(name, cursor.name(), table)
    elif cursor.value == "CONSTRAINT" and cursor.ahead() != "TO":
        cursor.next()
        name = cursor.name()
        cursor.expect("TO")
        yield RenameConstraint(table, name, cursor.name())
    else:  # COLUMN may be left out
        if cursor.value == "COLUMN" and cursor.ahead() != "TO":
            cursor.next()
        name = cursor.name()
        if cursor.done and cursor.dialect == "mysql":
            yield RenameTable(table, sibling(table, name))
            return
        cursor.expect("TO")
        yield RenameColumn(table, name, cursor.name())


def _alter(cursor: Cursor, table: str) -> Iterator[Operation]:
    if cursor.one_of("CONSTRAINT", "CHECK"):
        name = cursor.name()
        yield SetOption(table, "constraint", cursor.text(), object=name)
        return
    if cursor.value == "INDEX" and cursor.dialect == "mysql":
        cursor.next()
        name = cursor.name()
        yield SetOption(table, "visibility", cursor.text(), object=name)
        return
    cursor.accept("COLUMN")
    name = cursor.name()
    if cursor.accept("TYPE") or cursor.accept("SET", "DATA", "TYPE"):
        yield _set_type(cursor, table, name)
    elif cursor.accept("SET", "NOT", "NULL"):
        yield SetNullable(table, name, nullable=False)
    elif cursor.accept("DROP", "NOT", "NULL"):
        yield SetNullable(table, name, nullable=True)
    elif cursor.accept("SET", "DEFAULT"):
        yield SetDefault(table, name, default_value(cursor, "\0"))
    elif cursor.accept("DROP", "DEFAULT"):
        yield SetDefault(table, name, None)
    else:
        yield from _alter_column(cursor, table, name)


def _set_type(cursor: Cursor, table: str, name: str) -> Operation:
    kind = read_type(cursor.until("COLLATE", "USING"), cursor.dialect)
    collation = cursor.qualified() if cursor.accept("COLLATE") else None
    using = cursor.text() if cursor.accept("USING") else None
    cursor.cascade()
    return SetType(table, name, kind, using, collation)


def _alter_column(cursor: Cursor, table: str, name: str) -> Iterator[Operation]:
    if cursor.accept("ADD", "GENERATED"):
        kind = "by default" if cursor.accept("BY", "DEFAULT") else "always"
        cursor.rest()
        yield SetIdentity(table, name, kind)
    elif cursor.accept("DROP", "IDENTITY") or cursor.accept("DROP", "EXPRESSION"):
        cursor.if_exists()
        yield SetIdentity(table, name)
    elif cursor.accept("SET", "GENERATED"):
        yield SetIdentity(table, name, cursor.text())
    elif cursor.accept("SET", "EXPRESSION", "AS"):
        yield SetIdentity(table, name, generated=f"{canonical(cursor.group(), cursor.dialect)} stored")
    elif cursor.value in ("SET", "RESET", "RESTART"):
        verb = cursor.next().value
        if verb == "RESTART":
            cursor.rest()
            yield Data("restart", table)
            return
        key = cursor.one_of("STATISTICS", "STORAGE", "COMPRESSION").lower() or "options"
        if key == "options" and cursor.value != "(":
            raise Unread("this change of a column is not known")
        yield SetOption(table, key, cursor.text(), object=name)
    else:
        raise Unread("this change of a column is not known")


def _redefine(cursor: Cursor, table: str) -> Iterator[Operation]:
    cursor.accept("COLUMN")
    cursor.if_exists()
    parts = commas(cursor.group()) if cursor.value == "(" else [cursor.rest()]
    for part in parts:
        found = column(Cursor(part, cursor.dialect))
        yield RedefineColumn(table, found.column.name, found.column)
        for made in found.constraints:
            yield AddConstraint(table, made)


def _change(cursor: Cursor, table: str) -> Iterator[Operation]:
    cursor.accept("COLUMN")
    cursor.if_exists()
    name = cursor.name()
    to = cursor.name()
    found = definition(cursor, to)
    if to.lower() != name.lower():
        yield RenameColumn(table, name, to)
    yield RedefineColumn(table, to, found.column)
    for made in found.constraints:
        yield AddConstraint(table, made)


def _validate(cursor: Cursor, table: str) -> Iterator[Operation]:
    cursor.expect("CONSTRAINT")
    yield ValidateConstraint(table, cursor.name())


def _toggle(cursor: Cursor, table: str) -> Iterator[Operation]:
    """Read ENABLE, DISABLE, FORCE and NO FORCE: row security, triggers, rules."""
    on = cursor.tokens[cursor.at - 1].value.lower()
    words = cursor.rest()
    kind = words[0].text.lower() if words else ""
    if kind == "row":
        key = "forced row security" if on in ("force", "no") else "row security"
        yield SetOption(table, key, "on" if on in ("enable", "force") else None)
    else:
        yield SetOption(table, kind, None if on == "enable" else on, object=canonical(words[1:], cursor.dialect))


def _partition(cursor: Cursor, table: str) -> Iterator[Operation]:
    verb = cursor.tokens[cursor.at - 1].value
    cursor.expect("PARTITION")
    name = cursor.qualified()
    bounds = cursor.text()
    yield SetOption(table, "partition", bounds or "default" if verb == "ATTACH" else None, object=name)


def _set(cursor: Cursor, table: str) -> Iterator[Operation]:
    if cursor.accept("SCHEMA"):
        yield RenameTable(table, f"{cursor.name()}.{table.rpartition('.')[2]}".removeprefix("public."))
    elif cursor.value in ("LOGGED", "UNLOGGED"):
        yield SetOption(table, "unlogged", "on" if cursor.next().value == "UNLOGGED" else None)
    else:
        key = cursor.next().text.lower() if cursor.value != "(" else "with"
        yield SetOption(table, key, cursor.text() or "on")


def _convert(cursor: Cursor, table: str) -> Iterator[Operation]:
    yield SetOption(table, "charset", cursor.text().removeprefix("to "))


def _cluster(cursor: Cursor, table: str) -> Iterator[Operation]:
    verb = cursor.tokens[cursor.at - 1].value.lower()
    yield SetOption(table, verb, cursor.text() or "on")


def _option(cursor: Cursor, table: str) -> Iterator[Operation]:
    """Read MySQL's table options: ENGINE = InnoDB, ROW_FORMAT = …, ALGORITHM = INPLACE."""
    word = cursor.tokens[cursor.at - 1].value
    if cursor.dialect != "mysql" or word not in _MYSQL_OPTIONS:
        raise Unread(f"the action {word[:30] or 'here'} is not known")
    if word in ("ALGORITHM", "LOCK", "FORCE", "AUTO_INCREMENT"):
        cursor.rest()
        yield Nothing(f"table option {word.lower()}")
        return
    if word == "DEFAULT":
        word = cursor.next().value
    cursor.accept("SET")
    cursor.accept("=")
    yield SetOption(table, word.lower(), cursor.text())


_MYSQL_OPTIONS = frozenset(
    words(
        "ENGINE ROW_FORMAT ALGORITHM LOCK FORCE AUTO_INCREMENT COMMENT DEFAULT CHARSET CHARACTER COLLATE"
        " KEY_BLOCK_SIZE STATS_PERSISTENT STATS_AUTO_RECALC MAX_ROWS MIN_ROWS COMPRESSION ENCRYPTION"
        " AVG_ROW_LENGTH CHECKSUM"
    )
)
_ACTIONS: dict[str, Callable[[Cursor, str], Iterator[Operation]]] = {
    "ADD": _add,
    "DROP": _drop,
    "RENAME": _rename,
    "ALTER": _alter,
    "MODIFY": _redefine,
    "CHANGE": _change,
    "VALIDATE": _validate,
    "ENABLE": _toggle,
    "DISABLE": _toggle,
    "NO": _toggle,
    "ATTACH": _partition,
    "DETACH": _partition,
    "SET": _set,
    "RESET": _set,
    "CONVERT": _convert,
    "CLUSTER": _cluster,
    "REPLICA": _cluster,
    "OWNER": _cluster,
    "INHERIT": _cluster,
}


def _relation(cursor: Cursor, kind: str) -> Operation:
    """Read ALTER INDEX, VIEW, MATERIALIZED VIEW and SEQUENCE."""
    if kind == "index" and cursor.accept("ALL"):
        raise Unread("ALTER INDEX ALL is not known")
    exists = cursor.if_exists()
    name = cursor.qualified()
    if cursor.accept("RENAME", "TO"):
        to = sibling(name, cursor.qualified())
        return RenameIndex(name, to, if_exists=exists) if kind == "index" else RenameObject(kind, name, to)
    if kind == "view" and cursor.accept("AS"):
        return AlterObject(kind, name, "definition", cursor.text())
    if kind == "sequence" and cursor.accept("OWNED", "BY"):
        return AlterObject(kind, name, "owned by", cursor.qualified())
    if kind == "sequence" and cursor.value == "RESTART":
        cursor.rest()
        return Data("restart")
    return AlterObject(kind, name, *_key_value(cursor))


def _type(cursor: Cursor) -> Iterator[Operation]:
    name = cursor.qualified()
    if cursor.accept("ADD", "VALUE"):
        absent = cursor.if_not_exists()
        value = unquoted(cursor.next())
        yield AddEnumValue(name, value, cursor.text(), if_not_exists=absent)
    elif cursor.accept("RENAME", "VALUE"):
        old = unquoted(cursor.next())
        cursor.expect("TO")
        yield RenameEnumValue(name, old, unquoted(cursor.next()))
    elif cursor.accept("RENAME", "TO"):
        yield RenameObject("type", name, sibling(name, cursor.name()))
    else:
        yield AlterObject("type", name, *_key_value(cursor))


# The first word after ALTER in PostgreSQL 17, MySQL 8.4, MariaDB 11 and SQLite 3.46; a misspelt one is no object.
_KINDS = frozenset(
    (
        *("access", "aggregate", "collation", "conversion", "database", "default", "domain", "event", "extension"),
        *("foreign", "function", "group", "index", "instance", "language", "large", "logfile", "materialized"),
        *("operator", "policy", "procedure", "publication", "role", "routine", "rule", "schema", "sequence"),
        *("server", "statistics", "subscription", "system", "table", "tablespace", "text", "trigger", "type"),
        *("user", "view"),
    )
)


def _other(cursor: Cursor, kind: str) -> Operation:
    if kind.split(" ", maxsplit=1)[0] not in _KINDS:
        raise Unread(f"ALTER {printable(kind.upper(), 20)} is not known")
    cursor.if_exists()
    name = signature(cursor) if kind in ROUTINES else cursor.qualified()
    on = cursor.qualified() if cursor.accept("ON") else ""
    if cursor.accept("RENAME", "TO"):
        tail = name.partition("(")
        return RenameObject(kind, name, sibling(tail[0], cursor.name()) + tail[1] + tail[2], on=on)
    return AlterObject(kind, name, *_key_value(cursor), on=on)


def _key_value(cursor: Cursor) -> tuple[str, str | None]:
    """Take what is left as a key of one or two words, and its value."""
    if cursor.done:
        raise Unread("the statement ends early")
    words = [cursor.next().text.lower()]
    if words[0] in ("set", "drop", "add", "rename", "alter", "reset") and not cursor.done:
        words.append(cursor.next().text.lower())
    verb, value = words[0], cursor.text()
    if verb == "drop":
        return " ".join(words[1:]) + (f" {value}" if value else ""), None
    if verb in ("set", "add"):
        return " ".join(words[1:]), value or "on"
    return " ".join(words), value or "on"
