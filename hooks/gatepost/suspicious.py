"""See paths that are not what they seem: links where a watched file belongs, and names that look alike.

Whether a place is watched is asked of the checks themselves: a path is suspicious where its plain
reading would be judged and the path itself is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from gatepost.alike import UNSEEN, reading
from gatepost.gate_rules import SUSPICIOUS
from gatepost.git import Change, Entry, PathChange
from gatepost.model import Finding, Level, printable

Watched = Callable[[Change], bool]

_LIMIT = 2000
_SAID = ("gatepost.toml", "pyproject.toml")  # policy/invalid says it of these
_CASE: Level = "warning"  # only a file system that ignores case takes the one for the other


def findings(change: Change, watched: Watched) -> Iterator[Finding]:
    """Look at each changed path; ``watched`` tells whether the checks judge a change."""
    new = [item for item in change.paths.values() if item.new is not None]
    links = [item for item in new if item.new and not item.new.is_file and item.path not in _SAID]
    yield from _links(change, links, watched)
    yield from _unseen(item.path for item in new)
    yield from _alike(change, [item.path for item in new if item.status == "A"], watched)


def _links(change: Change, items: Iterable[PathChange], watched: Watched) -> Iterator[Finding]:
    for item in items:
        below = {path: each for path, each in change.paths.items() if path.startswith(item.path + "/")}
        as_file = {item.path: item._replace(new=_as_file(item.new))}
        if any(watched(_with(change, paths)) for paths in (as_file, below) if paths):
            kind = item.new.kind if item.new else "nothing"
            message = f"is {kind} where gatepost watches a file or a directory; what it leads to is not what is judged"
            yield Finding(SUSPICIOUS, item.path, message, f"put the files themselves there, not {kind}", key=item.path)


def _as_file(entry: Entry | None) -> Entry | None:
    return entry._replace(mode=0o100644) if entry else None


def _with(change: Change, paths: Mapping[str, PathChange]) -> Change:
    return replace(change, paths=paths, _shared={})


def _unseen(paths: Iterable[str]) -> Iterator[Finding]:
    for path in paths:
        if path.isascii() and path.isprintable():
            continue
        import unicodedata

        found = next((char for char in path if unicodedata.category(char) in UNSEEN), None)
        if found is not None:
            name = unicodedata.name(found, "a control character").lower()
            message = f"has a character in its name that is not seen: {printable(found)} ({name})"
            yield Finding(SUSPICIOUS, path, message, "give it a name that shows what it is", key=path)


def _alike(change: Change, added: list[str], watched: Watched) -> Iterator[Finding]:
    plain = {path: reading(path) for path in added[:_LIMIT]}
    odd = {path: read for path, read in plain.items() if read != path}
    if not odd:
        return
    every = {read: _moved(change.paths[path], read) for path, read in odd.items()}
    some = watched(_with(change, every))
    for path, read in odd.items():
        other, level = _sibling(change, path), None
        if other is not None:
            message = f"reads like {printable(other)}, which is there too, and is another file"
        elif some and _hides(change, path, read, watched):
            message = f"reads like {printable(read)}, which would be judged; under this name it is not"
            level = _CASE if read == path.casefold() else None
        else:
            continue
        fix = f"name it {printable(read)}, or something else altogether"
        yield Finding(SUSPICIOUS, path, message, fix, level=level, key=path)


def _hides(change: Change, path: str, read: str, watched: Watched) -> bool:
    """Tell whether a path passes for one that is watched: in other letters, or in another case."""
    item = change.paths[path]
    if not watched(_with(change, {read: _moved(item, read)})):
        return False
    return _disguised(path) or (path.isascii() and not watched(_with(change, {path: item})))


def _disguised(path: str) -> bool:
    """Tell whether a part of a path reads as plain ASCII and is not; a word of another script does not."""
    return any(not part.isascii() and reading(part).isascii() for part in path.split("/"))


def crafted(change: Change) -> Iterator[Finding]:
    """Read the tree behind each changed path: what only a crafted tree holds is read by git in two ways.

    Odd names and double entries raise GitError where the tree is parsed.
    """
    for path, item in change.paths.items():
        if item.new is not None and (found := change.head.entry(path)) != item.new:
            mode = f"{found.mode:o}" if found else "nothing"
            message = f"is one file in the list of changes ({item.new.mode:o}) and another in its tree ({mode})"
            yield Finding(
                SUSPICIOUS, path, message, "make the commit with git itself; git fsck finds the tree", key=path
            )


def _moved(item: PathChange, path: str) -> PathChange:
    return PathChange(path, item.status, None, item.new._replace(path=path) if item.new else None)


def _sibling(change: Change, path: str) -> str | None:
    """Give another path of the tree that reads the same, at the first directory where the two part."""
    if not path.isascii() or path.casefold() != path:
        parts = path.split("/")
        for depth, name in enumerate(parts):
            above = "/".join(parts[:depth])
            wanted = reading(name)
            for entry in change.head.children(above):
                if entry.name != name and reading(entry.name) == wanted:
                    return entry.path
    return None
