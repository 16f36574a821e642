"""Queries that sqlx has prepared: ``.sqlx/query-*.json`` and the older ``sqlx-data.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gatepost.queries import Query, Source

if TYPE_CHECKING:
    from gatepost.git import Snapshot

_DIALECTS = {"PostgreSQL": "postgresql", "MySQL": "mysql", "SQLite": "sqlite"}


def wanted(path: str) -> bool:
    """Tell the files that ``cargo sqlx prepare`` writes."""
    directory, _, name = path.rpartition("/")
    prepared = directory.rpartition("/")[2] == ".sqlx" and name.startswith("query-") and name.endswith(".json")
    return prepared or name == "sqlx-data.json"


def read(snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the queries of one file. Raises Unreadable."""
    from gatepost.migrations._look import Unreadable
    from gatepost.queries._text import source

    try:
        data: Any = json.loads(source(snapshot, path))
    except (ValueError, RecursionError):
        raise Unreadable(path, "is no JSON", "run: cargo sqlx prepare") from None
    if not isinstance(data, dict):
        return
    dialect = _DIALECTS.get(str(data.get("db_name") or data.get("db")), "")
    entries = [data] if "query" in data else list(data.values())
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("query"), str):
            yield Query(entry["query"], path, 1, str(entry.get("hash", ""))[:12], dialect)


SOURCE = Source("sqlx", "the queries that sqlx has prepared", wanted, read)
