"""Write the types that frameworks name as the database's own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gatepost.migrations import MYSQL, POSTGRESQL, SQLITE

if TYPE_CHECKING:
    from gatepost.sql.tokens import Dialect

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
    from gatepost.sql.types import normal_type

    return normal_type(text, dialect)


def expression(text: str, dialect: str) -> str:
    """Give the canonical spelling of an expression."""
    from gatepost.sql.expressions import canonical as spelled
    from gatepost.sql.tokens import tokens

    return spelled(list(tokens(text, _known(dialect))), _known(dialect))


def default(text: str, dialect: str) -> str | None:
    """Give a default as the database keeps it; None where it is none."""
    from gatepost.sql.expressions import default as kept
    from gatepost.sql.tokens import tokens

    return kept(list(tokens(text, _known(dialect))), _known(dialect))


def _known(dialect: str) -> Dialect:
    return dialect if dialect in (POSTGRESQL, MYSQL, SQLITE) else "postgresql"  # type: ignore[return-value]  # as said
