"""What a framework may ask about one side of a change: names, texts, and configuration nearby."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Entry, Snapshot
from gatepost.paths import join, parent

CONFIG_LIMIT = 256 * 1024
FILE_LIMIT = 5 * 1024 * 1024
HEAD = 64 * 1024
SAMPLE = 4
T = TypeVar("T")


class Unreadable(Exception):
    """Say why the text of a migration cannot be read."""

    def __init__(self, path: str, reason: str, fix: str = "", line: int = 1) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason
        self.fix = fix
        self.line = line


class Look:
    """One snapshot, read with a memory; costs depend on the directories asked for, not on the tree."""

    def __init__(self, snapshot: Snapshot, memory: dict[tuple[str, str], Any] | None = None) -> None:
        self.snapshot = snapshot
        self._texts: dict[str, str] = {}
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self.limits: dict[str, int] = {}
        self._memory = {} if memory is None else memory

    def once(self, what: str, oid: str, build: Callable[[], T]) -> T:
        """Compute what depends on a blob alone once; both sides of a change share the answers."""
        key = (what, oid)
        if key not in self._memory:
            self._memory[key] = build()
        return self._memory[key]  # type: ignore[no-any-return]  # put there by the line above

    def entries(self, directory: str) -> tuple[Entry, ...]:
        """Give the entries of a directory, listed once: a dozen frameworks ask, for some thousand files each."""
        if directory not in self._entries:
            self._entries[directory] = self.snapshot.children(directory)
        return self._entries[directory]

    def files(self, directory: str, *suffixes: str) -> tuple[Entry, ...]:
        """Give the regular files of a directory, of these suffixes if any are named."""
        return tuple(
            entry
            for entry in self.entries(directory)
            if entry.is_file and (not suffixes or entry.name.endswith(suffixes))
        )

    def directories(self, directory: str) -> tuple[Entry, ...]:
        """Give the directories in a directory."""
        return tuple(entry for entry in self.entries(directory) if entry.is_tree)

    def exists(self, *path: str) -> bool:
        """Tell whether a path is there."""
        return self.snapshot.exists(join(*path))

    def config(self, path: str) -> str:
        """Give the text of a configuration file, "" where there is none that can be read."""
        if path not in self._texts:
            try:
                raw = self.snapshot.read(path, CONFIG_LIMIT)
            except (NotAFile, TooLarge):
                raw = b""
            self._texts[path] = raw.decode("utf-8", "replace")
        return self._texts[path]

    def head(self, entry: Entry) -> str:
        """Give the beginning of a file, bytes that are no text replaced; for telling what it is."""

        def build() -> str:
            try:
                text = self.snapshot.read(entry.path)[:HEAD].decode("utf-8", "replace")
                return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
            except (NotAFile, TooLarge):
                return ""

        return self.once("head", entry.oid, build)

    def sample(self, entries: Sequence[Entry]) -> tuple[str, ...]:
        """Give the beginnings of the first and the newest few of some files."""
        return tuple(self.head(entry) for entry in (*entries[-SAMPLE:], *entries[: -SAMPLE or None][:1]))

    def nearby(self, directory: str, *names: str) -> tuple[str, ...]:
        """Give the paths of these names in a directory and those above it, the nearest first."""
        found = []
        here: str | None = directory
        while here is not None:
            found += [join(here, name) for name in names if self.snapshot.exists(join(here, name))]
            here = parent(here) if here else None
        return tuple(found)

    def mentions(self, directory: str, names: Iterable[str], *words: str) -> bool:
        """Tell whether one of the words stands in a file of these names, here or above."""
        return any(word in self.config(path) for path in self.nearby(directory, *names) for word in words)

    def source(self, path: str) -> str:
        """Give the text of a migration; Unreadable says why not."""
        limit = next((self.limits[root] for root in self.limits if path.startswith(root + "/")), FILE_LIMIT)
        try:
            raw = self.snapshot.read(path, limit)
        except NotAFile as error:
            raise Unreadable(path, f"is {error.kind}, not a regular file", "put the file itself there") from None
        except TooLarge:
            raise Unreadable(
                path, f"is larger than {limit} bytes", "load data outside of migrations, or raise file_limit"
            ) from None
        return decoded(raw, path)


def decoded(raw: bytes, path: str) -> str:
    """Decode a migration: UTF-8 with or without a mark, any line ends; Unreadable where it is neither."""
    if b"\0" in raw:
        line = raw[: raw.index(b"\0")].count(b"\n") + 1
        raise Unreadable(path, "holds NUL bytes (UTF-16, or no text at all)", "save it as UTF-8", line)
    if raw.startswith(b"version https://git-lfs.github.com/spec/"):
        raise Unreadable(path, "is a Git LFS pointer, not the text itself", "keep migrations out of Git LFS")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Unreadable(path, f"is not UTF-8 (byte {error.start})", "save it as UTF-8", line) from None
    if "<<<<<<< " in text:
        _refuse_conflict(text, path)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _refuse_conflict(text: str, path: str) -> None:
    lines = text.splitlines()
    start = next((n for n, line in enumerate(lines) if line.startswith("<<<<<<< ")), None)
    if start is not None and any(line.startswith("=======") for line in lines[start:]):
        raise Unreadable(path, "holds the markers of an unfinished merge", "finish the merge", start + 1)
