"""Read CREATE statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gatepost.sql.columns import column
from gatepost.sql.cursor import Cursor, Unread, commas
from gatepost.sql.expressions import canonical
from gatepost.sql.operations import (
    Column,
    Constraint,
    CreateIndex,
    CreateObject,
    CreateTable,
    Index,
    Nothing,
    Operation,
)
from gatepost.sql.table_constraints import constraint, index_elements, index_tail, is_constraint
from gatepost.sql.tokens import Token
from gatepost.sql.types import read_type

_PLAIN_KINDS = (
    "EXTENSION",
    "SCHEMA",
    "SEQUENCE",
    "DOMAIN",
    "COLLATION",
    "STATISTICS",
    "SERVER",
    "PUBLICATION",
    "CONVERSION",
)
_UNMODELLED = (
    "ROLE",
    "USER",
    "GROUP",
    "DATABASE",
    "TABLESPACE",
    "SUBSCRIPTION",
    "CAST",
    "OPERATOR",
    "LANGUAGE",
    "ACCESS",
)


def create(cursor: Cursor) -> Iterator[Operation]:
    """Read what follows CREATE."""
    replace = cursor.accept("OR", "REPLACE")
    _prefixes(cursor)
    temporary = _temporary(cursor)
    concurrently_unique = cursor.value in ("UNIQUE", "FULLTEXT", "SPATIAL", "INDEX")
    if concurrently_unique:
        yield _index(cursor)
        return
    word = cursor.next().value
    if word in ("FOREIGN", "VIRTUAL", "MATERIALIZED", "RECURSIVE", "CONSTRAINT", "EVENT", "TEXT", "TRUSTED"):
        word = f"{word} {cursor.next().value}"
        word = {"RECURSIVE VIEW": "VIEW", "CONSTRAINT TRIGGER": "TRIGGER"}.get(word, word)
    if word == "TABLE":
        yield _table(cursor, temporary)
    elif word in _READERS:
        yield _READERS[word](cursor, replace)
    elif word in _PLAIN_KINDS:
        yield _plain(cursor, word.lower(), replace)
    elif word.partition(" ")[0] in _UNMODELLED:
        yield Nothing(f"create {word.lower()}", harmless=False)
    else:
        yield _plain(cursor, word.lower(), replace) if word else _unknown(cursor)


def _unknown(cursor: Cursor) -> Operation:
    raise Unread(f"CREATE {cursor.tokens[1].text[:20]} is not known")


def _prefixes(cursor: Cursor) -> None:
    """Pass over MySQL's ALGORITHM =, DEFINER = and SQL SECURITY."""
    while True:
        if cursor.one_of("ALGORITHM", "DEFINER"):
            cursor.expect("=")
            cursor.next()
            if cursor.accept("@"):
                cursor.next()
            elif cursor.value == "(":
                cursor.group()
        elif cursor.accept("SQL", "SECURITY") or (cursor.value == "AGGREGATE" and cursor.ahead() == "FUNCTION"):
            cursor.next()
        else:
            return


def _temporary(cursor: Cursor) -> bool:
    cursor.one_of("GLOBAL", "LOCAL")
    found = bool(cursor.one_of("TEMP", "TEMPORARY"))
    cursor.one_of("UNLOGGED")
    return found


def _table(cursor: Cursor, temporary: bool) -> CreateTable:
    absent = cursor.if_not_exists()
    name = cursor.qualified()
    columns: list[Column] = []
    constraints: list[Constraint] = []
    indexes: list[Index] = []
    sources: list[str] = []
    if cursor.accept("PARTITION", "OF"):
        sources.append(f"partition of {cursor.qualified()}")
    elif cursor.accept("OF"):
        sources.append(f"of {cursor.qualified()}")
    if cursor.accept("LIKE"):
        sources.append(f"like {cursor.qualified()}")
    elif cursor.value == "(" and cursor.ahead() not in ("SELECT", "WITH", "VALUES"):
        for part in commas(cursor.group()):
            _table_element(Cursor(part, cursor.dialect), columns, constraints, indexes, sources)
    options, source = _table_tail(cursor)
    sources += source
    return CreateTable(
        name,
        tuple(columns),
        tuple(constraints),
        tuple(indexes),
        if_not_exists=absent,
        temporary=temporary,
        source="; ".join(sources),
        options=options,
    )


def _table_element(
    cursor: Cursor, columns: list[Column], constraints: list[Constraint], indexes: list[Index], sources: list[str]
) -> None:
    if cursor.accept("LIKE"):
        sources.append(f"like {cursor.qualified()} {cursor.text()}".strip())
    elif is_constraint(cursor):
        made = constraint(cursor)
        if isinstance(made, Index):
            indexes.append(made)
        else:
            constraints.append(made)
    elif (cursor.value == "PERIOD" and cursor.ahead() == "FOR") or (
        cursor.ahead() == "WITH" and cursor.ahead(2) == "OPTIONS"
    ):
        cursor.rest()
    else:
        found = column(cursor)
        columns.append(found.column)
        constraints.extend(found.constraints)


def _table_tail(cursor: Cursor) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Read what follows the elements: INHERITS, PARTITION BY, storage and engine options, AS query."""
    options: list[tuple[str, str]] = []
    sources: list[str] = []
    while not cursor.done:
        if cursor.accept("INHERITS"):
            sources.append(f"inherits {canonical(cursor.group(), cursor.dialect)}")
        elif cursor.accept("PARTITION", "BY"):
            options.append(("partition by", cursor.text("WITH", "TABLESPACE", "USING")))
        elif cursor.value in ("AS", "SELECT", "VALUES") or (cursor.value == "WITH" and cursor.ahead() != "("):
            if cursor.value == "WITH" and cursor.ahead() == "SYSTEM":
                options.append(("system versioning", "on"))
            else:
                sources.append("as")
            cursor.rest()
        elif cursor.value == "(":
            sources.append("as")
            cursor.rest()
        elif cursor.accept("WITHOUT", "ROWID"):
            options.append(("without rowid", "on"))
        else:
            word = cursor.next().value
            if word == "AUTO_INCREMENT":
                cursor.accept("=")
                cursor.next()
            elif word not in (",", "DEFAULT"):
                options.append(_table_option(cursor, word))
    return tuple(options), sources


def _table_option(cursor: Cursor, word: str) -> tuple[str, str]:
    cursor.accept("SET")
    if cursor.accept("=") or (not cursor.done and word not in ("STRICT", "FOR", "ON")):
        value = canonical(cursor.group(), cursor.dialect) if cursor.value == "(" else cursor.next().text
        return word.lower(), value
    return word.lower(), cursor.text("PARTITION", "WITH", "TABLESPACE", ",") or "on"


def _index(cursor: Cursor) -> CreateIndex:
    unique, method = cursor.accept("UNIQUE"), cursor.one_of("FULLTEXT", "SPATIAL").lower()
    cursor.expect("INDEX")
    concurrently, absent = cursor.accept("CONCURRENTLY"), cursor.if_not_exists()
    name = cursor.qualified() if cursor.value not in ("ON", "USING") or cursor.ahead() == "ON" else None
    if cursor.accept("USING"):
        cursor.next()
    cursor.expect("ON")
    cursor.accept("ONLY")
    table = cursor.qualified()
    if cursor.accept("USING"):
        method = cursor.next().text.lower()
    elements = index_elements(cursor.group(), cursor.dialect)
    if cursor.dialect == "mysql":
        made = Index(elements, name, unique, method, options=index_tail(cursor))
    else:
        made = _index_rest(cursor, Index(elements, name, unique, "" if method == "btree" else method))
    return CreateIndex(table, made, concurrently=concurrently, if_not_exists=absent)


def _index_rest(cursor: Cursor, made: Index) -> Index:
    include: tuple[str, ...] = ()
    predicate: str | None = None
    options: list[tuple[str, str]] = []
    while not cursor.done:
        if cursor.accept("INCLUDE"):
            include = cursor.names()
        elif cursor.accept("NULLS"):
            if cursor.accept("NOT"):
                options.append(("nulls", "not distinct"))
            cursor.expect("DISTINCT")
        elif cursor.accept("WITH"):
            options.append(("with", canonical(cursor.group(), cursor.dialect)))
        elif cursor.accept("TABLESPACE"):
            cursor.name()
        elif cursor.accept("WHERE"):
            predicate = cursor.text()
        else:
            raise Unread(f"{cursor.token.text[:20]} is not known behind an index")
    return Index(made.columns, made.name, made.unique, made.method, predicate, include, tuple(options))


def _view(kind: str) -> Callable[[Cursor, bool], CreateObject]:
    def read(cursor: Cursor, replace: bool) -> CreateObject:
        absent = cursor.if_not_exists()
        name = cursor.qualified()
        body = cursor.rest()
        return CreateObject(
            kind,
            name,
            canonical(body, cursor.dialect),
            replace=replace,
            if_not_exists=absent,
            uses=_sources(body, cursor),
        )

    return read


def _sources(body: list[Token], cursor: Cursor) -> tuple[str, ...]:
    """Give the names that stand behind FROM and JOIN."""
    found: dict[str, None] = {}
    for at, token in enumerate(body[:-1]):
        if token.value in ("FROM", "JOIN") and body[at + 1].kind in ("word", "name"):
            found[Cursor(body[at + 1 : at + 6], cursor.dialect).qualified()] = None
    return tuple(found)


def _type(cursor: Cursor, replace: bool) -> CreateObject:
    absent = cursor.if_not_exists()
    name = cursor.qualified()
    if cursor.accept("AS", "ENUM"):
        values = tuple(unquoted(token) for token in cursor.group() if token.kind == "string")
        return CreateObject("enum", name, values=values, replace=replace, if_not_exists=absent)
    return CreateObject("type", name, cursor.text(), replace=replace, if_not_exists=absent)


def unquoted(token: Token) -> str:
    """Give what a string literal says."""
    text = token.text
    quote = text.find("'") if "'" in text else 0
    return text[quote + 1 : -1].replace("''", "'")


def _function(kind: str) -> Callable[[Cursor, bool], CreateObject]:
    def read(cursor: Cursor, replace: bool) -> CreateObject:
        absent = cursor.if_not_exists()
        start = cursor.at
        name = signature(cursor)
        optional = sum(token.value in _DEFAULTS for token in cursor.tokens[start : cursor.at])
        return CreateObject(
            kind, name, cursor.text(), replace=replace, if_not_exists=absent, optional=min(optional, 100)
        )

    return read


def signature(cursor: Cursor) -> str:
    """Take a routine's name with its argument types, where it has any: PostgreSQL tells overloads apart by them."""
    name = cursor.qualified()
    if cursor.value != "(":
        return name
    arguments = cursor.group()
    if cursor.dialect != "postgresql":
        return name
    kinds = (_argument(part, cursor) for part in commas(arguments))
    return f"{name}({', '.join(kind for kind in kinds if kind)})"


_DEFAULTS = ("DEFAULT", "=", ":=")
ROUTINES = ("function", "procedure", "aggregate", "routine")
_ONE_WORD = frozenset(("DOUBLE", "CHARACTER", "TIMESTAMP", "TIME", "BIT", "NATIONAL", "INTERVAL", "CHAR"))


def _argument(part: list[Token], cursor: Cursor) -> str:
    mode = part[0].value if part[0].value in ("IN", "OUT", "INOUT", "VARIADIC") and len(part) > 1 else ""
    part = part[1:] if mode else part
    for at, token in enumerate(part):
        if token.value in _DEFAULTS:
            part = part[:at]
            break
    if mode == "OUT":
        return ""
    named = len(part) > 1 and part[1].kind in ("word", "name") and part[0].value not in _ONE_WORD
    kind = read_type(part[1:] if named else part, cursor.dialect)
    return kind.partition("(")[0] + ("[]" if kind.endswith("[]") and "(" in kind else "")


def _trigger(cursor: Cursor, replace: bool) -> CreateObject:
    absent = cursor.if_not_exists()
    name = cursor.qualified()
    start = cursor.at
    cursor.until("ON")
    table = cursor.qualified() if cursor.accept("ON") else ""
    cursor.at = start
    return CreateObject("trigger", name, cursor.text(), replace=replace, if_not_exists=absent, on=table)


def _policy(kind: str) -> Callable[[Cursor, bool], CreateObject]:
    def read(cursor: Cursor, replace: bool) -> CreateObject:
        name = cursor.qualified()
        cursor.until("ON", "TO")
        cursor.next()
        return CreateObject(kind, name, on=cursor.qualified(), definition=cursor.text(), replace=replace)

    return read


def _virtual(cursor: Cursor, replace: bool) -> CreateTable:  # noqa: ARG001 - one signature for all
    absent = cursor.if_not_exists()
    name = cursor.qualified()
    return CreateTable(name, if_not_exists=absent, source="virtual", options=(("using", cursor.text()),))


def _foreign_table(cursor: Cursor, replace: bool) -> CreateTable:  # noqa: ARG001
    return _table(cursor, temporary=False)


def _plain(cursor: Cursor, kind: str, replace: bool) -> CreateObject:
    absent = cursor.if_not_exists()
    if kind == "schema" and cursor.accept("AUTHORIZATION"):
        return CreateObject(kind, cursor.name(), if_not_exists=absent)
    name = cursor.qualified()
    return CreateObject(kind, name, cursor.text(), replace=replace, if_not_exists=absent)


_READERS: dict[str, Callable[[Cursor, bool], Operation]] = {
    "VIEW": _view("view"),
    "MATERIALIZED VIEW": _view("materialized view"),
    "TYPE": _type,
    "FUNCTION": _function("function"),
    "PROCEDURE": _function("procedure"),
    "AGGREGATE": _function("aggregate"),
    "TRIGGER": _trigger,
    "POLICY": _policy("policy"),
    "RULE": _policy("rule"),
    "VIRTUAL TABLE": _virtual,
    "FOREIGN TABLE": _foreign_table,
}
