"""SQL in strings of Go: literals and sums of literals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.queries import Query, Source

if TYPE_CHECKING:
    from gatepost.git import Snapshot


def wanted(path: str) -> bool:
    """Tell Go."""
    return path.endswith(".go")


def read(snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the queries of one file. Raises Unreadable."""
    from gatepost.queries._literals import Language, queries

    strings = frozenset(("interpreted_string_literal", "raw_string_literal"))
    language = Language("tree_sitter_go", "language", strings, frozenset(), raw=frozenset(("raw_string_literal",)))
    yield from queries(language, snapshot, path)


SOURCE = Source("go", "SQL in strings of Go", wanted, read)
