"""Tell queries of another service of the same repository, whose own migrations make a table of that name."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.git import Change, Entry, Snapshot
from gatepost.migrations import History
from gatepost.paths import parent
from gatepost.queries import Broken
from gatepost.queries._text import is_migrations

DEPTH, SEEN = 4, 500


def elsewhere(change: Change, broken: Broken, history: History) -> bool:
    """Tell whether migrations that stand nearer to a query than a history's know what the query needs."""
    path, root = broken.query.path, history.place.root
    name = (broken.table or broken.object).rpartition(".")[2].partition("(")[0]
    if not path or path.startswith("refs/") or not name:
        return False
    snapshot = change.head if change.head.exists(path) else change.base
    near = _common(path, root)
    here = parent(path)
    while len(here) > len(near):
        for found in _migrations(snapshot, here):
            if found.path != root and change.repo.grep(found.oid, [name]):
                return True
        here = parent(here)
    return False


def _common(path: str, root: str) -> str:
    """Give the directory that both lie in."""
    parts = []
    for one, two in zip(parent(path).split("/"), root.split("/"), strict=False):
        if one != two:
            break
        parts.append(one)
    return "/".join(parts)


def _migrations(snapshot: Snapshot, directory: str) -> Iterator[Entry]:
    """Give the directories below one that are named as migrations are; not far below."""
    queue, seen = [(directory, 0)], 0
    while queue:
        here, depth = queue.pop(0)
        for entry in snapshot.children(here):
            if not entry.is_tree:
                continue
            seen += 1
            if is_migrations(entry.path + "/"):
                yield entry
            elif depth < DEPTH and seen < SEEN:
                queue.append((entry.path, depth + 1))
