"""Query files: sqlc, aiosql, yesql, PugSQL, HugSQL (``-- name: find_user :one``), and plain ``.sql`` files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.queries import Query, Source

if TYPE_CHECKING:
    from gatepost.git import Snapshot

_NAME = re.compile(r"^[ \t]*(?:--|/\*)[ \t]*:?name[ \t]*:?[ \t]*([\w./$!<>*?^-]+)[^\n]*$", re.MULTILINE)


def wanted(path: str) -> bool:
    """Tell files of SQL that are no migrations."""
    return path.lower().endswith(".sql")


def read(snapshot: Snapshot, path: str) -> Iterator[Query]:
    """Give the queries of one file, each with its name where it has one."""
    from gatepost.queries._text import source, statements

    text = source(snapshot, path)
    marks = list(_NAME.finditer(text))
    if not marks:
        yield from (Query(found, path, line, dialect="") for found, line in statements(text))
        return
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        body = text[mark.end() : following.start() if following else len(text)]
        first = text.count("\n", 0, mark.end()) + 1
        found = list(statements(body, first))
        name = mark[1].rstrip("!<>*?^$")
        yield from (Query(statement, path, line, name) for statement, line in found)


SOURCE = Source("named", "query files: sqlc, aiosql, yesql, PugSQL, HugSQL, plain SQL", wanted, read)
