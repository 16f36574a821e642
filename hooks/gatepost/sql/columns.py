"""Read the definition of a column within CREATE TABLE and ALTER TABLE, with what it says of keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gatepost.sql.cursor import Cursor, Unread
from gatepost.sql.expressions import canonical, default
from gatepost.sql.operations import Column, Constraint
from gatepost.sql.tokens import Dialect, words
from gatepost.sql.types import read_type, serial

# What ends a type or a default within a column's definition.
STOPS = words(
    "NOT NULL DEFAULT PRIMARY UNIQUE REFERENCES CHECK CONSTRAINT COLLATE GENERATED AUTO_INCREMENT"
    " AUTOINCREMENT COMMENT ON AFTER FIRST KEY STORED VIRTUAL INVISIBLE VISIBLE COMPRESSION STORAGE USING AS"
    " DEFERRABLE INITIALLY ENFORCED CHARACTER CHARSET COLUMN_FORMAT PERSISTENT SRID"
)
_TYPE_STOPS = tuple(word for word in STOPS if word != "CHARACTER")
_AFTER_DEFAULT = tuple(word for word in STOPS if word not in ("AS", "KEY"))
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
        elif text := deferral(cursor):
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


def deferral(cursor: Cursor) -> str:
    """Take one word on when a constraint is checked: " " for what is so by default, "" where none stands here."""
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
    text = deferral(cursor).strip()
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
