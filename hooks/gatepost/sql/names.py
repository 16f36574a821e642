"""Give identifiers as the database keeps them."""

from __future__ import annotations

from collections.abc import Sequence

from gatepost.sql.tokens import Dialect, Token

_DEFAULT_SCHEMA: dict[Dialect, tuple[str, ...]] = {"postgresql": ("public",), "mysql": (), "sqlite": ("main",)}
_LONGEST: dict[Dialect, int] = {"postgresql": 63, "mysql": 64, "sqlite": 1_000_000}


def folded(token: Token, dialect: Dialect) -> str:
    """Give the name of a token: quotes taken off; PostgreSQL folds the unquoted and cuts after 63 bytes."""
    text = token.text
    if token.kind == "word":
        text = text.lower() if dialect == "postgresql" else text
    else:
        quote = text[:1]
        if quote in "uU":
            text, quote = text[2:], '"'
        close = "]" if quote == "[" else quote
        text = text[1:-1] if text.endswith(close) and len(text) > 1 else text[1:]
        text = text.replace(close * 2, close)
    if dialect == "postgresql" and len(text) > _LONGEST[dialect] // 4:
        text = text.encode("utf-8", "replace")[: _LONGEST[dialect]].decode("utf-8", "ignore")
    return text


def without_default_schema(parts: Sequence[str], dialect: Dialect) -> str:
    """Join the parts of a name; the schema that everyone means is left out."""
    if len(parts) > 1 and parts[0] in _DEFAULT_SCHEMA[dialect]:
        parts = parts[1:]
    return ".".join(parts)


def sibling(name: str, to: str) -> str:
    """Give ``to`` the schema of ``name``: ALTER TABLE s.a RENAME TO b makes s.b."""
    schema, dot, _ = name.rpartition(".")
    return to if "." in to else schema + dot + to


def same(one: str, other: str, dialect: str) -> bool:
    """Tell whether two names mean the same; only PostgreSQL minds the case of names as they are kept."""
    return key(one, dialect) == key(other, dialect)


def key(name: str, dialect: str) -> str:
    """Give the form of a name that is compared."""
    return name if dialect == "postgresql" else name.lower()
