"""Published statistics of a running server: exports of pg_stat_statements, MySQL's statement digests, query logs.

Values are taken out, equal statements are counted together. A file is known by its name, or named by the policy.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.queries import Query, Source

if TYPE_CHECKING:
    from gatepost.git import Snapshot

LIMIT = 64 * 1024 * 1024
_WORDS = ("pg_stat_statements", "statement_digest", "statements_digest", "statements_summary", "query_digest")
_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson")


def wanted(path: str) -> bool:
    """Tell exports by their name."""
    name = path.rpartition("/")[2].lower().replace("-", "_")
    return name.endswith(_SUFFIXES) and any(word in name for word in _WORDS)


def read(snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the statements of one file, the most called first. Raises Unreadable."""
    from gatepost.queries._digest import statements

    yield from statements(snapshot.read(path, LIMIT), path)


SOURCE = Source("digest", "pg_stat_statements, statement digests of MySQL, query logs", wanted, read)
