"""Read table constraints, and the indexes that MySQL lets stand among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gatepost.sql.columns import deferral, references
from gatepost.sql.cursor import Cursor, Unread, commas
from gatepost.sql.expressions import canonical
from gatepost.sql.operations import Constraint, Index
from gatepost.sql.tokens import Dialect, Token

_TABLE_CONSTRAINT = (
    "CONSTRAINT",
    "PRIMARY",
    "UNIQUE",
    "FOREIGN",
    "CHECK",
    "EXCLUDE",
    "KEY",
    "INDEX",
    "FULLTEXT",
    "SPATIAL",
)


def is_constraint(cursor: Cursor) -> bool:
    """Tell whether an element of CREATE TABLE, or what follows ADD, is a constraint or an index and no column."""
    word = cursor.value
    if word == "NOT" and cursor.ahead() == "NULL":
        return True
    if word in ("KEY", "INDEX"):  # also a column's name, which a type follows
        return cursor.dialect == "mysql" and (cursor.ahead() == "(" or "(" in (cursor.ahead(2), cursor.ahead(4)))
    if word == "CHECK":
        return cursor.ahead() == "("
    return word in _TABLE_CONSTRAINT


def constraint(cursor: Cursor) -> Constraint | Index:
    """Read a table constraint, or an index that MySQL lets stand among them."""
    name = None
    if cursor.accept("CONSTRAINT"):
        cursor.if_not_exists()
        name = (
            cursor.name()
            if cursor.value not in ("PRIMARY", "UNIQUE", "FOREIGN", "CHECK") or cursor.ahead() in _KINDS
            else None
        )
    word = cursor.next().value
    read = _KINDS.get(word)
    if read is None:
        raise Unread(f"{word or 'a value'} is not known as a constraint")
    made = read(cursor, name)
    return _tail(cursor, made)


def _tail(cursor: Cursor, made: Constraint | Index) -> Constraint | Index:
    while not cursor.done and isinstance(made, Constraint):
        if text := deferral(cursor):
            made = replace(made, deferrable=f"{made.deferrable} {text}".strip())
        elif cursor.accept("NOT", "VALID"):
            made = replace(made, valid=False)
        elif not _passed(cursor):
            raise Unread(f"{cursor.token.text[:20]} is not known behind a constraint")
    return made


def _passed(cursor: Cursor) -> bool:
    if cursor.accept("NO", "INHERIT") or cursor.accept("NOT", "ENFORCED") or cursor.accept("ENFORCED"):
        return True
    if cursor.accept("ON", "CONFLICT") or cursor.accept("USING", "INDEX", "TABLESPACE") or cursor.accept("USING"):
        cursor.next()
        return True
    if cursor.one_of("INCLUDE", "WITH"):
        cursor.group()
        return True
    if cursor.accept("COMMENT") or cursor.accept("KEY_BLOCK_SIZE"):
        cursor.accept("=")
        cursor.next()
        return True
    return False


def _primary_key(cursor: Cursor, name: str | None) -> Constraint:
    cursor.expect("KEY")
    if cursor.accept("USING", "INDEX"):
        return Constraint("primary key", (), name, using_index=cursor.name())
    if cursor.accept("USING"):
        cursor.next()
    return Constraint("primary key", cursor.names(), name)


def _unique_key(cursor: Cursor, name: str | None) -> Constraint | Index:
    if cursor.accept("USING", "INDEX"):
        return Constraint("unique", (), name, using_index=cursor.name())
    cursor.one_of("KEY", "INDEX")
    distinct = ""
    if cursor.accept("NULLS"):
        distinct = "" if not cursor.accept("NOT") else "nulls not distinct"
        cursor.expect("DISTINCT")
    if cursor.value not in ("(", "USING"):
        name = cursor.name()
    if cursor.accept("USING"):
        cursor.next()
    elements = cursor.group()
    if cursor.dialect == "mysql":  # a unique key is an index there, by whichever name
        made = Index(index_elements(elements, cursor.dialect), name, unique=True)
        return replace(made, options=index_tail(cursor))
    names = tuple(Cursor(part, cursor.dialect).name() for part in commas(elements))
    return Constraint("unique", names, name, expression=distinct or None)


def _foreign(cursor: Cursor, name: str | None) -> Constraint:
    cursor.expect("KEY")
    if cursor.value != "(":
        name = name or cursor.name()
    columns = cursor.names()
    cursor.expect("REFERENCES")
    return references(cursor, columns, name)


def _table_check(cursor: Cursor, name: str | None) -> Constraint:
    return Constraint("check", (), name, canonical(cursor.group(), cursor.dialect))


def _exclude(cursor: Cursor, name: str | None) -> Constraint:
    return Constraint("exclude", (), name, cursor.text("DEFERRABLE", "INITIALLY"))


def _not_null(cursor: Cursor, name: str | None) -> Constraint:
    cursor.expect("NULL")
    return Constraint("not null", (cursor.name(),), name)


def _key(cursor: Cursor, name: str | None) -> Index:
    return _plain_index(cursor, name, "")


def _special(cursor: Cursor, name: str | None) -> Index:
    method = cursor.tokens[cursor.at - 1].value.lower()
    cursor.one_of("KEY", "INDEX")
    return _plain_index(cursor, name, method)


def _plain_index(cursor: Cursor, name: str | None, method: str) -> Index:
    cursor.if_not_exists()
    if cursor.value not in ("(", "USING"):
        name = cursor.name()
    if cursor.accept("USING"):
        cursor.next()
    columns = index_elements(cursor.group(), cursor.dialect)
    return Index(columns, name, method=method, options=index_tail(cursor))


_KINDS: dict[str, Callable[[Cursor, str | None], Constraint | Index]] = {
    "PRIMARY": _primary_key,
    "UNIQUE": _unique_key,
    "FOREIGN": _foreign,
    "CHECK": _table_check,
    "EXCLUDE": _exclude,
    "NOT": _not_null,
    "KEY": _key,
    "INDEX": _key,
    "FULLTEXT": _special,
    "SPATIAL": _special,
}


def index_elements(found: Sequence[Token], dialect: Dialect) -> tuple[str, ...]:
    """Give the elements of an index as canonical text; ASC, which is the default, is left out."""
    return tuple(_element(part, dialect) for part in commas(found))


def _element(part: Sequence[Token], dialect: Dialect) -> str:
    if len(part) > 1 and part[-1].value == "ASC":
        part = part[:-1]
    if len(part) == 1 and part[0].kind in ("word", "name"):
        return Cursor(part, dialect).name()
    return canonical(part, dialect)


def index_tail(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    """Take what MySQL allows behind an index; only what changes its meaning is kept."""
    kept: list[tuple[str, str]] = []
    while not cursor.done:
        word = cursor.next().value
        if word in ("VISIBLE", "INVISIBLE", "IGNORED") or (word == "NOT" and cursor.accept("IGNORED")):
            continue
        if word not in ("USING", "COMMENT", "KEY_BLOCK_SIZE", "WITH", "ALGORITHM", "LOCK"):
            raise Unread(f"{word or 'a value'} is not known behind an index")
        if word == "WITH":
            cursor.expect("PARSER")
        cursor.accept("=")
        text = cursor.next().text
        if word == "WITH":
            kept.append(("parser", text))
    return tuple(kept)
