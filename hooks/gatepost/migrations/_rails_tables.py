"""Turn Rails' columns, references and indexes into neutral ones."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from gatepost.migrations import MYSQL, POSTGRESQL, _types
from gatepost.migrations._code import Call, Text, plain, plains
from gatepost.migrations._interpret import literal
from gatepost.sql import operations as ops

# What Rails calls a type, with what PostgreSQL, MySQL and SQLite call it (the adapters of Rails 7 and 8).
_TYPES: dict[str, tuple[str, str, str]] = {
    "string": ("varchar", "varchar(255)", "varchar"),
    "text": ("text", "text", "text"),
    "integer": ("integer", "int", "integer"),
    "bigint": ("bigint", "bigint", "integer"),
    "float": ("double precision", "float", "float"),
    "decimal": ("numeric", "decimal", "decimal"),
    "numeric": ("numeric", "decimal", "decimal"),
    "datetime": ("timestamp(6)", "datetime(6)", "datetime(6)"),
    "timestamp": ("timestamp(6)", "datetime(6)", "datetime(6)"),
    "timestamptz": ("timestamptz(6)", "datetime(6)", "datetime(6)"),
    "time": ("time", "time", "time"),
    "date": ("date", "date", "date"),
    "binary": ("bytea", "blob", "blob"),
    "blob": ("bytea", "blob", "blob"),
    "boolean": ("boolean", "tinyint(1)", "boolean"),
    "json": ("json", "json", "json"),
}
_LONGEST = 62
_REFERENCES = ("references", "belongs_to")
_OWN = ("jsonb", "uuid", "citext", "inet", "cidr", "macaddr", "hstore", "xml", "tsvector", "interval", "ltree", "money")
_COLUMNS = (*_TYPES, *_OWN, "virtual", "enum", "bit", "point", "tsrange", "daterange", "int4range", "int8range")


def type_of(kind: str, words: dict[str, Any], dialect: str) -> str:
    """Give the database's type for a type of Rails."""
    if kind == "enum":
        return plain(words.get("enum_type"))
    known = _TYPES.get(kind)
    text = known[{POSTGRESQL: 0, MYSQL: 1}.get(dialect, 2)] if known else kind
    limit, precision, scale = (words.get(key) for key in ("limit", "precision", "scale"))
    if kind == "integer" and type(limit) is int:
        text = "bigint" if limit > 4 else "smallint" if limit < 4 else text
    elif kind in ("string", "binary") and type(limit) is int:
        text = f"{text.partition('(')[0]}({limit})" if text != "bytea" else text
    elif kind in ("decimal", "numeric") and type(precision) is int:
        text = f"{text}({precision},{scale if type(scale) is int else 0})"
    array = "[]" if words.get("array") is True else ""
    return _types.canonical(text, dialect) + array if text else ""


def column(name: str, kind: str, words: dict[str, Any], dialect: str) -> ops.Column:
    """Give the column that a name, a type and options define."""
    null = words.get("null", True)
    default = literal(words["default"]) if "default" in words else None
    return ops.Column(name, type_of(kind, words, dialect), null if isinstance(null, bool) else None, default)


def timestamps(words: dict[str, Any], dialect: str) -> list[ops.Column]:
    """Give the two columns of ``timestamps``."""
    words = {"null": False, **words}
    return [column(name, "datetime", words, dialect) for name in ("created_at", "updated_at")]


def index(table: str, columns: tuple[str, ...], words: dict[str, Any]) -> ops.Index:
    """Give the index on some columns, with the name that Rails gives it."""
    named = plain(words.get("name")) or index_name(table, columns)
    where = words.get("where")
    predicate = where.value if isinstance(where, Text) else None
    return ops.Index(columns, named, words.get("unique") is True, plain(words.get("using")), predicate)


def index_name(table: str, columns: tuple[str, ...]) -> str:
    """Give the name as Rails 7.1 makes it: more than 62 bytes are cut and get a digest (schema_statements.rb)."""
    if len(columns) == 1 and not columns[0].isidentifier():
        columns = ("_".join(re.findall(r"\w+", columns[0])),)
    usual = f"index_{table}_on_{'_and_'.join(columns)}"
    if len(usual.encode()) <= _LONGEST:
        return usual
    digest = hashlib.sha256(usual.encode()).hexdigest()[:10]
    return f"{('idx_on_' + '_'.join(columns))[: _LONGEST - 11]}_{digest}"


def reference(
    table: str, name: str, words: dict[str, Any], dialect: str
) -> tuple[tuple[ops.Column, ...], tuple[ops.Constraint, ...], ops.Index | None]:
    """Give columns, foreign key and index of a reference; a polymorphic one has a column for the type as well."""
    kind = plain(words.get("type")) or "bigint"
    made = column(f"{name}_id", kind, {key: value for key, value in words.items() if key != "index"}, dialect)
    several = words.get("polymorphic")
    if several:
        own = {**words, **several} if isinstance(several, dict) else words
        kept = {key: value for key, value in own.items() if key in ("null", "limit", "default")}
        options = words.get("index", True)
        return _polymorphic(table, name, (column(f"{name}_type", "string", kept, dialect), made), options)
    key = words.get("foreign_key")
    constraints: tuple[ops.Constraint, ...] = ()
    if key is True or isinstance(key, dict):
        options = key if isinstance(key, dict) else {}
        target = plain(options.get("to_table")) or plural(name)
        constraints = (foreign_key(target, {"column": Text(made.name), **options}),)
    options = words.get("index", True)
    wanted = options is True or isinstance(options, dict)
    found = index(table, (made.name,), options if isinstance(options, dict) else {}) if wanted else None
    return (made,), constraints, found


def _polymorphic(
    table: str, name: str, columns: tuple[ops.Column, ...], options: Any
) -> tuple[tuple[ops.Column, ...], tuple[ops.Constraint, ...], ops.Index | None]:
    if options is False:
        return columns, (), None
    named = {"name": Text(f"index_{table}_on_{name}"), **(options if isinstance(options, dict) else {})}
    return columns, (), index(table, tuple(made.name for made in columns), named)


def foreign_key(target: str, words: dict[str, Any]) -> ops.Constraint:
    """Give the constraint of a foreign key."""
    own = plain(words.get("column")) or (f"{singular(target)}_id" if target else "")
    return ops.Constraint(
        "foreign key",
        (own,) if own else (),
        plain(words.get("name")) or None,
        target=target or None,
        target_columns=(plain(words.get("primary_key")) or "id",),
        on_delete=_action(words.get("on_delete")),
        on_update=_action(words.get("on_update")),
        valid=words.get("validate") is not False,
    )


def _action(value: Any) -> str:
    return {"nullify": "set null"}.get(plain(value), plain(value))


def plural(name: str) -> str:
    """Give the table of a model, by the commonest rules of English."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return name[:-1] + "ies"
    return name + ("es" if name.endswith(("s", "x", "ch", "sh")) else "s")


def singular(table: str) -> str:
    """Give the model of a table."""
    if table.endswith("ies"):
        return table[:-3] + "y"
    if table.endswith(("sses", "xes", "ches", "shes")):
        return table[:-2]
    return table.removesuffix("s")


def create_table(call: Call, dialect: str) -> list[Any] | None:
    """Give what ``create_table`` makes; None where a line of its block is not understood."""
    table = call.text(0)
    if not table:
        return None
    columns, constraints, after = _key(call.words, dialect)
    for node in call.block.body if call.block else ():
        if not isinstance(node, Call) or not _line(node, table, dialect, (columns, constraints, after)):
            return None
    create = ops.CreateTable(
        table,
        tuple(columns),
        tuple(constraints),
        if_not_exists=call.words.get("if_not_exists") is True,
        temporary=call.words.get("temporary") is True,
        line=call.line,
    )
    return [create, *after]


def _key(words: dict[str, Any], dialect: str) -> tuple[list[ops.Column], list[ops.Constraint], list[Any]]:
    kind, named = words.get("id", True), words.get("primary_key")
    if isinstance(named, list):
        return [], [ops.Constraint("primary key", plains(named))], []
    if kind is False:
        return [], [], []
    name = plain(named) or "id"
    typed = type_of(plain(kind) or "bigint", {}, dialect)
    counted = typed in ("bigint", "integer", "int")
    identity = {POSTGRESQL: "serial", MYSQL: "auto_increment"}.get(dialect) if counted else None
    return [ops.Column(name, typed, False, identity=identity)], [ops.Constraint("primary key", (name,))], []


def _line(node: Call, table: str, dialect: str, found: tuple[list[Any], list[Any], list[Any]]) -> bool:
    columns, constraints, after = found
    if node.name == "timestamps":
        columns += timestamps(node.words, dialect)
    elif node.name in _REFERENCES:
        for argument in node.args or ():
            made, keys, own = reference(table, plain(argument), node.words, dialect)
            columns += made
            constraints += keys
            after += [ops.CreateIndex(table, own, line=node.line)] if own else []
    elif node.name == "index":
        names = plains(node.arg(0))
        after.append(ops.CreateIndex(table, index(table, names, node.words), line=node.line))
    elif node.name in ("column", "primary_key"):
        key = node.name == "primary_key"
        words = {"null": False} if key else node.words
        columns.append(column(node.text(0), node.text(1) or "bigint", words, dialect))
        constraints += [ops.Constraint("primary key", (node.text(0),))] if key else []
    elif node.name == "foreign_key":
        constraints.append(foreign_key(node.text(0), node.words))
    elif node.name == "check_constraint":
        constraints.append(ops.Constraint("check", (), plain(node.words.get("name")) or None, node.text(0)))
    elif node.name in _COLUMNS:
        columns += [column(plain(one), node.name, node.words, dialect) for one in node.args or () if plain(one)]
        if node.words.get("index"):
            options = node.words["index"] if isinstance(node.words["index"], dict) else {}
            after += [
                ops.CreateIndex(table, index(table, (plain(one),), options), line=node.line) for one in node.args or ()
            ]
    else:
        return False
    return True


_SAME = {
    "remove": "remove_columns",
    "rename": "rename_column",
    "index": "add_index",
    "remove_index": "remove_index",
    "change": "change_column",
    "change_default": "change_column_default",
    "change_null": "change_column_null",
    "column": "add_column",
    "references": "add_reference",
    "belongs_to": "add_reference",
    "remove_references": "remove_reference",
    "remove_belongs_to": "remove_reference",
    "timestamps": "add_timestamps",
    "foreign_key": "add_foreign_key",
    "remove_foreign_key": "remove_foreign_key",
    "check_constraint": "add_check_constraint",
}


def as_statement(node: Any, table: str) -> Call | None:
    """Give the statement that a line of ``change_table`` stands for."""
    if not isinstance(node, Call):
        return None
    own = Text(table, node.line)
    if node.name in _SAME:
        return Call(_SAME[node.name], None, [own, *(node.args or [])], node.words, None, node.line)
    if node.name in _COLUMNS:
        given = [*(node.args or [])[:1], Text(node.name, node.line)]
        return Call("add_column", None, [own, *given], node.words, None, node.line)
    return None
