"""Models of dbt: ``ref()`` and ``source()`` are read as the tables that they name, other templates are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.queries import Query, Source

if TYPE_CHECKING:
    from gatepost.git import Snapshot

_WORD = r"\s*['\"](\w+)['\"]\s*"
_REF = re.compile(r"\{\{\s*(?:ref\(" + _WORD + r"\)|source\(" + _WORD + "," + _WORD + r"\))\s*\}\}")
_NOTHING = re.compile(r"\{\{\s*config\([^{}]*\)\s*\}\}|\{#[^#]*#\}")


def wanted(path: str) -> bool:
    """Tell the models of a dbt project."""
    return path.endswith(".sql") and ("/models/" in path or path.startswith("models/"))


def read(snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the query of one model."""
    from gatepost.queries._text import is_query, source

    text = source(snapshot, path)
    if "{{" not in text:
        return  # plain SQL, which the other source of such files reads
    plain = _REF.sub(lambda found: found[1] or found[3], _NOTHING.sub("", text)).strip()
    if "{{" not in plain and "{%" not in plain and is_query(plain + " "):
        name = path.rpartition("/")[2].removesuffix(".sql")
        yield Query(plain, path, 1, name, certain=False)


SOURCE = Source("dbt", "models of dbt, without other templates", wanted, read)
