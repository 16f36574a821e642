"""Write the types that frameworks name as the database's own."""

from __future__ import annotations

import re

from gatepost.migrations import MYSQL, POSTGRESQL, SQLITE

_GENERIC = {
    POSTGRESQL: {
        "datetime": "timestamp",
        "clob": "text",
        "blob": "bytea",
        "tinyint": "smallint",
        "double": "double precision",
        "number": "numeric",
        "currency": "numeric",
        "nvarchar": "varchar",
        "nclob": "text",
    },
    MYSQL: {"clob": "longtext", "nclob": "longtext", "blob": "longblob", "uuid": "char(36)", "number": "numeric"},
    SQLITE: {"clob": "text", "nclob": "text", "number": "numeric"},
}
_PARTS = re.compile(r"(?:java\.sql\.Types\.)?([A-Za-z][\w ]*?)\s*(\([^()]*\))?\s*\Z")


def generic(text: str, dialect: str) -> str:
    """Give the canonical type for a name that is no database's own; "" where a value is filled in later."""
    if "${" in text:
        return ""
    found = _PARTS.match(text.strip()) if len(text) < 200 else None
    if found:
        base = found[1].lower()
        text = _GENERIC.get(dialect, {}).get(base, base) + (found[2] or "")
    return canonical(text, dialect)


def canonical(text: str, dialect: str) -> str:
    """Give the canonical name of a type."""
    _ = dialect
    return " ".join(text.lower().split())


def expression(text: str, dialect: str) -> str:
    """Give the canonical spelling of an expression."""
    _ = dialect
    return " ".join(text.split())
