"""SQL in strings and here-documents of Ruby; what is interpolated is left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.queries import Query, Source

if TYPE_CHECKING:
    from gatepost.git import Snapshot


def wanted(path: str) -> bool:
    """Tell Ruby."""
    return path.endswith((".rb", ".rake"))


def read(snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the queries of one file. Raises Unreadable."""
    from gatepost.queries._literals import Language, queries

    language = Language(
        "tree_sitter_ruby",
        "language",
        frozenset(("string", "heredoc_body")),
        frozenset(("interpolation",)),
        pieces=frozenset(("string_content", "heredoc_content")),
        joined=frozenset(("chained_string",)),
    )
    yield from queries(language, snapshot, path)


SOURCE = Source("ruby", "SQL in strings of Ruby", wanted, read)
