"""SQL in strings and templates of JavaScript and TypeScript; a tag such as ``sql`` makes parameters of the values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.queries import Query, Source

if TYPE_CHECKING:
    from gatepost.git import Snapshot

_SUFFIXES = (".js", ".mjs", ".cjs", ".jsx", ".ts", ".mts", ".cts", ".tsx")
_TAGS = ("sql", "SQL", "queryRaw", "$queryRaw", "executeRaw", "$executeRaw", "query", "sqlite", "pgsql")


def wanted(path: str) -> bool:
    """Tell JavaScript and TypeScript."""
    return path.endswith(_SUFFIXES)


def read(snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the queries of one file. Raises Unreadable."""
    from gatepost.queries._literals import Language, queries

    typed = path.endswith((".ts", ".mts", ".cts", ".tsx"))
    language = Language(
        "tree_sitter_typescript" if typed else "tree_sitter_javascript",
        ("language_tsx" if path.endswith("x") else "language_typescript") if typed else "language",
        frozenset(("string", "template_string")),
        frozenset(("template_substitution",)),
        tags=frozenset(_TAGS),
    )
    yield from queries(language, snapshot, path)


SOURCE = Source("javascript", "SQL in strings of JavaScript and TypeScript", wanted, read)
