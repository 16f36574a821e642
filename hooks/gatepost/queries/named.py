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
    line, counted = 1, 0
    for mark, following in zip(marks, [*marks[1:], None], strict=True):
        body = text[mark.end() : following.start() if following else len(text)]
        line += text.count("\n", counted, mark.end())
        counted = mark.end()
        found = list(statements(body, line)) if body.strip() else []
        name = mark[1].rstrip("!<>*?^$")
        yield from (Query(statement, path, at, name) for statement, at in found)


SOURCE = Source("named", "query files: sqlc, aiosql, yesql, PugSQL, HugSQL, plain SQL", wanted, read)
