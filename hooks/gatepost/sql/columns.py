"""Read the definitions within CREATE TABLE and ALTER TABLE: columns, constraints, index elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gatepost.sql.cursor import Cursor, Unread, commas
from gatepost.sql.expressions import canonical, default
from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.tokens import Dialect, Token, words
from gatepost.sql.types import read_type, serial

# What ends a type or a default within a column's definition.
STOPS = words(
    "NOT NULL DEFAULT PRIMARY UNIQUE REFERENCES CHECK CONSTRAINT COLLATE GENERATED AUTO_INCREMENT"
    " AUTOINCREMENT COMMENT ON AFTER FIRST KEY STORED VIRTUAL INVISIBLE VISIBLE COMPRESSION STORAGE USING AS"
    " DEFERRABLE INITIALLY ENFORCED CHARACTER CHARSET COLUMN_FORMAT PERSISTENT SRID"
)
_TYPE_STOPS = tuple(word for word in STOPS if word != "CHARACTER")
_AFTER_DEFAULT = tuple(word for word in STOPS if word not in ("AS", "KEY"))
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
_ACTIONS = ("NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT")


@dataclass(slots=True)
class Defined:
    """What a column's definition holds: the column, constraints beside it, and where it is put."""

    column: Column
    constraints: tuple[Constraint, ...] = ()


def column(cursor: Cursor) -> Defined:
    """Read a column's definition from its name on."""
    name = cursor.name()
    return definition(cursor, name)


def definition(cursor: Cursor, name: str) -> Defined:
    """Read what follows a column's name: type, then constraints in any order."""
    kind = _type(cursor)
    found = Defined(Column(name, kind))
    if cursor.dialect == "postgresql" and (base := serial(kind)):
        found.column = replace(found.column, type=base, nullable=False, identity="serial")
    while not cursor.done:
        _column_constraint(cursor, found)
    return found


def _type(cursor: Cursor) -> str:
    start = cursor.at
    if cursor.value == "CHARACTER":  # a type here, a charset later
        cursor.next()
    cursor.until(*_TYPE_STOPS)
    return read_type(cursor.tokens[start : cursor.at], cursor.dialect)


def _column_constraint(cursor: Cursor, found: Defined) -> None:
    name = cursor.name() if cursor.accept("CONSTRAINT") else None
    word = cursor.next().value
    read = _COLUMN.get(word)
    if read is None:
        raise Unread(f"{word or 'a value'} is not known in a column")
    read(cursor, found, name)


def _set(found: Defined, **values: object) -> None:
    found.column = replace(found.column, **values)  # type: ignore[arg-type]  # the callers name fields of Column


def _option(found: Defined, key: str, value: str) -> None:
    _set(found, options=(*found.column.options, (key, value)))


def _constrain(found: Defined, constraint: Constraint) -> None:
    found.constraints = (*found.constraints, constraint)


def _not(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001 - one signature for all
    if cursor.one_of("DEFERRABLE", "ENFORCED", "VALID", "VISIBLE"):
        return
    cursor.expect("NULL")
    _set(found, nullable=False)
    if cursor.accept("ON", "CONFLICT"):
        cursor.next()
    cursor.accept("NO", "INHERIT")


def _null(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    _set(found, nullable=True)


def _default(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    _set(found, default=default_value(cursor))


def _after_default(dialect: Dialect) -> tuple[str, ...]:
    """Give what ends a default; in PostgreSQL CHARACTER is a type that it may be cast to."""
    return tuple(word for word in _AFTER_DEFAULT if dialect == "mysql" or word not in ("CHARACTER", "CHARSET"))


def default_value(cursor: Cursor, *stops: str) -> str | None:
    """Take the expression behind DEFAULT; its first token may be any word, such as NULL."""
    start = cursor.at
    if cursor.value != "(":
        cursor.next()
    cursor.until(*(stops or _after_default(cursor.dialect)))
    return default(cursor.tokens[start : cursor.at], cursor.dialect)


def _primary(cursor: Cursor, found: Defined, name: str | None) -> None:
    cursor.accept("KEY")
    cursor.one_of("ASC", "DESC")
    if cursor.accept("ON", "CONFLICT"):
        cursor.next()
    _constrain(found, Constraint("primary key", (found.column.name,), name))


def _unique(cursor: Cursor, found: Defined, name: str | None) -> None:
    cursor.accept("KEY")
    if cursor.accept("ON", "CONFLICT"):
        cursor.next()
    if cursor.one_of("NULLS"):
        cursor.until("DISTINCT")
        cursor.expect("DISTINCT")
    _constrain(found, Constraint("unique", (found.column.name,), name))


def _check(cursor: Cursor, found: Defined, name: str | None) -> None:
    text = canonical(cursor.group(), cursor.dialect)
    cursor.accept("NO", "INHERIT")
    _constrain(found, Constraint("check", (found.column.name,), name, text, valid=not cursor.accept("NOT", "VALID")))


def _references(cursor: Cursor, found: Defined, name: str | None) -> None:
    _constrain(found, references(cursor, (found.column.name,), name))


def references(cursor: Cursor, columns: tuple[str, ...], name: str | None) -> Constraint:
    """Read what follows REFERENCES."""
    target = cursor.qualified()
    names = cursor.names() if cursor.value == "(" else ()
    made = Constraint("foreign key", columns, name, target=target, target_columns=names)
    while True:
        if cursor.accept("MATCH"):
            cursor.next()
        elif cursor.accept("ON", "DELETE"):
            made = replace(made, on_delete=_action(cursor))
        elif cursor.accept("ON", "UPDATE"):
            made = replace(made, on_update=_action(cursor))
        elif text := _deferral(cursor):
            made = replace(made, deferrable=f"{made.deferrable} {text}".strip())
        elif cursor.accept("NOT", "VALID"):
            made = replace(made, valid=False)
        elif not (cursor.accept("NOT", "ENFORCED") or cursor.accept("ENFORCED")):
            return made


def _action(cursor: Cursor) -> str:
    for action in _ACTIONS:
        if cursor.accept(*action.split()):
            if cursor.value == "(":
                cursor.group()
            same = action == "NO ACTION" or (action == "RESTRICT" and cursor.dialect == "mysql")  # as its manual says
            return "" if same else action.lower()
    raise Unread("an action of a foreign key expected")


def _deferral(cursor: Cursor) -> str:
    for text in ("DEFERRABLE", "INITIALLY DEFERRED", "INITIALLY IMMEDIATE"):
        if cursor.accept(*text.split()):
            return text.lower() if text != "INITIALLY IMMEDIATE" else " "
    return " " if cursor.accept("NOT", "DEFERRABLE") else ""


def _generated(cursor: Cursor, found: Defined, name: str | None) -> None:
    kind = "by default" if cursor.accept("BY", "DEFAULT") else "always"
    if kind == "always":
        cursor.accept("ALWAYS")
    if cursor.accept("ON", "NULL"):
        pass
    cursor.expect("AS")
    if cursor.accept("IDENTITY"):
        if cursor.value == "(":
            cursor.group()
        _set(found, identity=kind, nullable=False)
        return
    _as(cursor, found, name)


def _as(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    text = canonical(cursor.group(), cursor.dialect)
    kind = "stored" if cursor.one_of("STORED", "PERSISTENT") else "virtual"
    cursor.accept("VIRTUAL")
    _set(found, generated=f"{text} {kind}")


def _collate(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    cursor.accept("=")
    _set(found, collation=cursor.qualified())


def _auto(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    _set(found, identity="auto_increment", nullable=False)


def _comment(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    _option(found, "comment", cursor.next().text)


def _on(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    if cursor.accept("CONFLICT"):
        cursor.next()
        return
    cursor.expect("UPDATE")
    start = cursor.at
    cursor.next()
    cursor.until(*STOPS)
    _option(found, "on update", default(cursor.tokens[start : cursor.at], cursor.dialect) or "")


def _named(key: str) -> Callable[[Cursor, Defined, str | None], None]:
    def read(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
        cursor.accept("SET")
        cursor.accept("=")
        _option(found, key, cursor.next().text.lower())

    return read


def _place(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    if cursor.tokens[cursor.at - 1].value == "AFTER":
        cursor.name()


def _nothing(cursor: Cursor, found: Defined, name: str | None) -> None:
    """Pass over a word that says nothing that the model keeps."""


def _deferred(cursor: Cursor, found: Defined, name: str | None) -> None:  # noqa: ARG001
    cursor.at -= 1
    text = _deferral(cursor).strip()
    if found.constraints and text:
        last = found.constraints[-1]
        found.constraints = (*found.constraints[:-1], replace(last, deferrable=f"{last.deferrable} {text}".strip()))


_COLUMN: dict[str, Callable[[Cursor, Defined, str | None], None]] = {
    "NOT": _not,
    "NULL": _null,
    "DEFAULT": _default,
    "PRIMARY": _primary,
    "KEY": _primary,
    "UNIQUE": _unique,
    "CHECK": _check,
    "REFERENCES": _references,
    "GENERATED": _generated,
    "AS": _as,
    "COLLATE": _collate,
    "AUTO_INCREMENT": _auto,
    "AUTOINCREMENT": _nothing,
    "COMMENT": _comment,
    "ON": _on,
    "CHARACTER": _named("charset"),
    "CHARSET": _named("charset"),
    "STORAGE": _named("storage"),
    "COMPRESSION": _named("compression"),
    "COLUMN_FORMAT": _named("format"),
    "SRID": _named("srid"),
    "INVISIBLE": _nothing,
    "VISIBLE": _nothing,
    "ENFORCED": _nothing,
    "FIRST": _place,
    "AFTER": _place,
    "DEFERRABLE": _deferred,
    "INITIALLY": _deferred,
}


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
        if text := _deferral(cursor):
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
