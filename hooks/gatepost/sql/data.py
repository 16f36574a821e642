"""Read statements that change rows, settings or nothing at all, and those that run code."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gatepost.sql.cursor import Cursor, Unread
from gatepost.sql.opaque import scan
from gatepost.sql.operations import (
    CreateTable,
    Data,
    Nothing,
    Opaque,
    Operation,
    Setting,
    Transaction,
)
from gatepost.sql.splitter import Statement
from gatepost.sql.tokens import Token, words

Read = Callable[[Cursor, Statement], Iterator[Operation]]

# Functions of the servers that leave the structure alone; any other that a SELECT calls might not.
_KNOWN_CALLS = frozenset(
    words(
        "setval nextval currval lastval now count max min sum avg coalesce set_config current_setting"
        " pg_sleep lower upper length version concat gen_random_uuid random round abs greatest least exists"
        " pg_advisory_lock pg_advisory_unlock pg_advisory_xact_lock array_agg json_agg jsonb_agg row_number"
        " pg_get_serial_sequence to_char date_trunc ifnull group_concat nullif substring replace trim cast"
        " convert if last_insert_id datetime date strftime  any all database schema user over partition and or"
        " not then when as from where on using join lateral unnest in values generate_series setseed"
        " pg_catalog regexp_replace split_part jsonb_build_object json_build_object row_to_json to_jsonb md5"
        " sleep recover_geometry_column pg_notify select"
    )
)


def _insert(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    verb = cursor.tokens[0].value.lower()
    while cursor.one_of(
        "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "OR", "ROLLBACK", "ABORT", "FAIL", "REPLACE"
    ):
        pass
    cursor.accept("INTO")
    table = cursor.qualified()
    columns = cursor.names() if cursor.value == "(" and cursor.ahead() not in ("SELECT", "WITH", "VALUES") else ()
    del statement
    yield Data(verb, table, columns=columns)


def _update(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    while cursor.one_of("LOW_PRIORITY", "IGNORE", "ONLY"):
        pass
    if cursor.one_of("OR"):
        cursor.next()
    table = cursor.qualified()
    cursor.until("SET")
    cursor.expect("SET")
    found = cursor.until("WHERE", "FROM", "RETURNING", "ORDER", "LIMIT")
    columns = tuple(_assigned(found, cursor))
    filtered = any(token.value in ("WHERE", "LIMIT") for token in _top_level(cursor.rest()))
    del statement
    yield Data("update", table, filtered, columns)


def _assigned(found: list[Token], cursor: Cursor) -> Iterator[str]:
    depth = 0
    for at, token in enumerate(found):
        depth += (token.value == "(") - (token.value == ")")
        if token.value == "=" and depth == 0 and at and found[at - 1].kind in ("word", "name"):
            before = at < 2 or found[at - 2].value in (",", ".")
            if before:
                yield Cursor(found[at - 1 : at], cursor.dialect).name()


def _top_level(found: list[Token]) -> Iterator[Token]:
    depth = 0
    for token in found:
        depth += (token.value == "(") - (token.value == ")")
        if depth == 0:
            yield token


def _delete(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    while cursor.one_of("LOW_PRIORITY", "QUICK", "IGNORE"):
        pass
    if not cursor.accept("FROM"):  # MySQL: DELETE a FROM a JOIN b
        cursor.until("FROM")
        cursor.expect("FROM")
    cursor.accept("ONLY")
    table = cursor.qualified()
    filtered = any(token.value in ("WHERE", "LIMIT", "USING", "JOIN") for token in _top_level(cursor.rest()))
    del statement
    yield Data("delete", table, filtered)


def _merge(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    cursor.accept("INTO")
    cursor.accept("ONLY")
    del statement
    yield Data("merge", cursor.qualified())


def _copy(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    del statement
    if cursor.value == "(":
        yield Nothing("copy")
        return
    table = cursor.qualified()
    if cursor.value == "(":
        cursor.group()
    yield Data("copy", table) if cursor.accept("FROM") else Nothing("copy")


def _with(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    """Read WITH …: what it does stands behind the queries, or in them."""
    verbs = [token for token in cursor.tokens if token.value in ("INSERT", "UPDATE", "DELETE", "MERGE")]
    found: list[Operation] = []
    depth = 0
    for at, token in enumerate(cursor.tokens):
        depth += (token.value == "(") - (token.value == ")")
        before = cursor.tokens[at - 1].value if at else ""
        inside = before == "(" or depth == 0
        if token in verbs and inside and before not in ("FOR", "ON", "DO", "THEN", "KEY"):
            end = _closing(cursor.tokens, at)
            part = Cursor(cursor.tokens[at:end], cursor.dialect)
            part.next()
            found += list(READERS[token.value](part, statement))
    yield from found or [Nothing("select")]


def _closing(found: object, at: int) -> int:
    assert isinstance(found, (list, tuple))
    depth = 0
    for end in range(at, len(found)):
        depth += (found[end].value == "(") - (found[end].value == ")")
        if depth < 0:
            return end
    return len(found)


def _parentheses(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    """Read (SELECT …) UNION …: anything else in parentheses is no statement."""
    inner = next((token.value for token in cursor.tokens if token.value != "("), "")
    if inner not in ("SELECT", "WITH", "VALUES", "TABLE"):
        raise Unread("parentheses without a query in them")
    yield from _select(cursor, statement)


def _select(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    del statement
    found = list(_top_level(cursor.tokens))  # type: ignore[arg-type]  # a list, always
    values = [token.value for token in found]
    if "INTO" in values and cursor.dialect == "postgresql":
        into = Cursor(found[values.index("INTO") + 1 :], cursor.dialect)
        temporary = bool(into.one_of("TEMP", "TEMPORARY", "UNLOGGED"))
        into.accept("TABLE")
        yield CreateTable(into.qualified(), temporary=temporary, source="as")
        return
    calls = [
        token.text.lower()
        for token, after in zip(cursor.tokens, cursor.tokens[1:], strict=False)
        if after.value == "(" and token.kind in ("word", "name")
    ]
    unknown = [name for name in calls if name not in _KNOWN_CALLS]
    yield Nothing(f"select {unknown[0]}()" if unknown else "select", harmless=not unknown)


def _setting(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    del statement
    verb = cursor.tokens[0].value
    while cursor.one_of("SESSION", "LOCAL", "GLOBAL"):
        pass
    if cursor.done:
        yield Nothing(verb.lower())
        return
    name = ""
    while not cursor.done and cursor.value not in ("=", ":=", "TO", "("):
        name += cursor.next().text
        if cursor.tokens[cursor.at - 1].text not in "@.":
            break
    while cursor.accept("."):
        name += f".{cursor.next().text}"
    value = None if verb == "RESET" else cursor.text().removeprefix("= ").removeprefix("to ")
    yield Setting(name.lower(), value)


def _transaction(verb: str) -> Read:
    def read(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
        del statement
        if cursor.tokens[0].value == "START" and cursor.value != "TRANSACTION":
            raise Unread("START is not known here")
        if cursor.tokens[0].value == "BEGIN" and cursor.value == "NOT":
            yield Opaque("a block of code", "begin not atomic", scan(cursor.tokens, cursor.dialect))
            return
        yield Transaction("savepoint" if verb == "rollback" and "TO" in (cursor.value, cursor.ahead()) else verb)

    return read


def _nothing(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
    del statement
    yield Nothing(cursor.tokens[0].value.lower())


def _code(reason: str) -> Read:
    def read(cursor: Cursor, statement: Statement) -> Iterator[Operation]:
        yield Opaque(reason, " ".join(statement.text[:120].split()), scan(cursor.tokens, cursor.dialect))

    return read


READERS: dict[str, Read] = {
    "INSERT": _insert,
    "REPLACE": _insert,
    "UPDATE": _update,
    "DELETE": _delete,
    "MERGE": _merge,
    "COPY": _copy,
    "LOAD": _code("loads rows or code from a file"),
    "WITH": _with,
    "SELECT": _select,
    "VALUES": _nothing,
    "(": _parentheses,
    "TABLE": _nothing,
    "SET": _setting,
    "RESET": _setting,
    "PRAGMA": _setting,
    "USE": _setting,
    "BEGIN": _transaction("begin"),
    "START": _transaction("begin"),
    "COMMIT": _transaction("commit"),
    "END": _transaction("commit"),
    "ROLLBACK": _transaction("rollback"),
    "ABORT": _transaction("rollback"),
    "SAVEPOINT": _transaction("savepoint"),
    "RELEASE": _transaction("savepoint"),
    "DO": _nothing,  # MySQL: evaluates an expression
    "CALL": _code("CALL runs code that is not in this file"),
    "EXECUTE": _code("EXECUTE runs a text that is only known when it runs"),
    "PREPARE": _code("PREPARE makes a statement from a text"),
} | dict.fromkeys(
    words(
        "GRANT REVOKE ANALYZE VACUUM EXPLAIN SHOW LOCK UNLOCK REFRESH REINDEX CLUSTER CHECKPOINT NOTIFY"
        " LISTEN UNLISTEN DISCARD OPTIMIZE FLUSH DEALLOCATE DECLARE FETCH CLOSE DESCRIBE DESC HELP CHECK"
        " REPAIR SECURITY REASSIGN MOVE ATTACH DETACH"
    ),
    _nothing,
)
