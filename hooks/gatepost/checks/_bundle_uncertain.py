"""Name what makes the import graph of JavaScript uncertain: what the scanner knows that it does not follow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.bundles import Bundle
from gatepost.bundles._cache import Cache
from gatepost.bundles._reachable import Reachable
from gatepost.bundles._tree import Tree
from gatepost.errors import GitError, NotAFile, TooLarge
from gatepost.git import Change, Snapshot
from gatepost.paths import parent

_LIMIT = 1024 * 1024
_FILES = 200
_ALIASES = "its aliases are not read: name them in bundle.aliases"
_CONTEXT = re.compile(rb"\brequire\s*\.\s*context\s*\(")
_ALIAS = re.compile(rb"\balias\s*[:(=]|\bresolveAlias\b")
_CONFIG = re.compile(r"(?:vite|webpack|rollup|next|rspack|rsbuild|vue|craco|esbuild)\.config(?:\.[\w-]+)*\.[cm]?[jt]s")


def uncertain(found: Reachable, change: Change, settings: Bundle, cache: Cache) -> list[dict[str, object]]:
    """Give the places that the graph does not follow: changed files, and the bundler's configuration."""
    return [*_contexts(found, change, cache), *(() if settings.aliases else _aliases(found, change.head))]


def _contexts(found: Reachable, change: Change, cache: Cache) -> Iterator[dict[str, object]]:
    reached = [
        (path, each.new.oid)
        for path, each in change.paths.items()
        if each.new and path in found.after and found.family.language(path)
    ][:_FILES]
    kept = cache.get("context", (oid for _, oid in reached))
    new = {oid: str(_line(_CONTEXT, _read(change.head, path))) for path, oid in reached if oid not in kept}
    cache.put("context", new)
    for path, oid in reached:
        if line := int((kept | new)[oid]):
            yield {"path": path, "line": line, "reason": "what require.context names is not followed"}


def _line(pattern: re.Pattern[bytes], raw: bytes) -> int:
    """Give the line of the first match; 0 where there is none."""
    match = pattern.search(raw)
    return raw.count(b"\n", 0, match.start()) + 1 if match else 0


def _aliases(found: Reachable, head: Snapshot) -> Iterator[dict[str, object]]:
    tree, seen = Tree(head), set()
    for entry in found.entries:
        directory = parent(entry)
        while directory not in seen:
            seen.add(directory)
            for name in sorted(tree.names(directory)):
                path = f"{directory}/{name}".lstrip("/")
                if _CONFIG.fullmatch(name) and (line := _line(_ALIAS, _read(head, path))):
                    yield {"path": path, "line": line, "reason": _ALIASES}
            directory = parent(directory)


def _read(snapshot: Snapshot, path: str) -> bytes:
    try:
        return snapshot.read(path, _LIMIT)
    except (GitError, NotAFile, TooLarge):
        return b""
