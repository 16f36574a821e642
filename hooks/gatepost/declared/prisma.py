"""Prisma: the models and enums of ``schema.prisma``.

The grammar: https://www.prisma.io/docs/orm/reference/prisma-schema-reference. Read are tables, columns with NULL, and
enums with their values; the types of Prisma map to others in each database and are not compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.declared import Declared
from gatepost.paths import join, parent
from gatepost.sql.operations import Column
from gatepost.sql.schema import Object, Schema, Table

_BLOCK = re.compile(r"(?m)^(model|enum|view|type)\s+(\w+)\s*\{")
_FIELD = re.compile(r"^\s*(\w+)\s+([\w.]+)(\[\])?(\?)?(.*)$")
_MAP = re.compile(r'@map\(\s*(?:name:\s*)?"([^"\n]*)"')
_TABLE = re.compile(r'@@map\(\s*(?:name:\s*)?"([^"\n]*)"')
_SPACE = re.compile(r'@@schema\(\s*"([^"\n]*)"')
_VALUE = re.compile(r"^\s*(\w+)(.*)$")
_COMMENT = re.compile(r"//[^\n]*")


def paths(root: str) -> tuple[str, ...]:
    """Give where it stands: beside the directory of migrations."""
    return (join(parent(root), "schema.prisma"),)


def read(text: str, dialect: str) -> Schema:
    """Read the blocks; a field whose type is another model is a relation and no column."""
    blocks = list(_blocks(_COMMENT.sub("", text)))
    models = {name for kind, name, _ in blocks if kind in ("model", "view", "type")}
    schema = Schema(dialect)
    for kind, name, body in blocks:
        if kind == "model":
            schema.put(_model(name, body, models, schema))
        elif kind == "enum" and dialect == "postgresql":
            label = _named(name, body)
            values = tuple(_values(body))
            schema.objects["enum", schema.key(label)] = Object("enum", label, values=values)
    if not blocks:
        schema.doubts.append("has no model")
    return schema


def _blocks(text: str) -> Iterator[tuple[str, str, str]]:
    """Give kind, name and body of each block. A pattern for all of it is quadratic where blocks are not closed."""
    at = 0
    while found := _BLOCK.search(text, at):
        end = text.find("}", found.end())
        if end < 0:
            return
        yield found[1], found[2], text[found.end() : end]
        at = end + 1


def _named(name: str, body: str) -> str:
    found, space = _TABLE.search(body), _SPACE.search(body)
    plain = found[1] if found else name
    return f"{space[1]}.{plain}" if space and space[1] != "public" else plain


def _model(name: str, body: str, models: set[str], schema: Schema) -> Table:
    columns = {}
    for line in body.splitlines():
        found = _FIELD.match(line)
        if found is None or line.lstrip().startswith("@@") or found[2] in models or "@ignore" in found[5]:
            continue
        mapped = _MAP.search(found[5])
        column = mapped[1] if mapped else found[1]
        nullable = bool(found[4]) if not found[3] else None  # a list may be NULL in the database all the same
        columns[schema.key(column)] = Column(column, "", nullable)
    return Table(_named(name, body), columns, complete=not _in_part(body))


def _in_part(body: str) -> bool:
    """Tell whether the model says that it does not hold all columns."""
    return "Unsupported(" in body or "@@ignore" in body


def _values(body: str) -> Iterator[str]:
    for line in body.splitlines():
        found = _VALUE.match(line)
        if found and not line.lstrip().startswith("@@"):
            mapped = _MAP.search(found[2])
            yield mapped[1] if mapped else found[1]


DECLARED = Declared("prisma", "schema.prisma", ("prisma",), paths, read, "npx prisma migrate dev")
