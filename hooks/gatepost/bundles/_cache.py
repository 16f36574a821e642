"""Keep what was computed from a blob under the git directory; losing it only costs time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

FILE = "gatepost/bundle-cache.sqlite"
LIMIT = 256 * 1024 * 1024
_BATCH = 500
_TABLE = "CREATE TABLE IF NOT EXISTS kept (kind TEXT, key TEXT, value TEXT, PRIMARY KEY (kind, key)) WITHOUT ROWID"


class Cache:
    """A map from (kind, key) to text in one SQLite file; empty where it cannot be opened.

    SQLite, because hooks of several work trees write at the same time. A damaged file is thrown away
    and begun again, as is one above ``LIMIT`` bytes.
    """

    def __init__(self, directory: Path | None) -> None:
        self._file = directory / FILE if directory else None
        self._open: sqlite3.Connection | None = None

    def __enter__(self) -> Cache:
        if self._file:
            with suppress(ImportError):  # a Python built without SQLite works, only slower
                self._open = _connect(self._file)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._open:
            self._open.close()
            self._open = None

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, str]:
        """Give what is kept for these keys; what is not kept is not in the answer."""
        found: dict[str, str] = {}
        wanted = list(dict.fromkeys(keys))
        if self._open is None:
            return found
        import sqlite3

        try:
            for at in range(0, len(wanted), _BATCH):
                part = wanted[at : at + _BATCH]
                query = f"SELECT key, value FROM kept WHERE kind = ? AND key IN ({','.join('?' * len(part))})"  # noqa: S608 - only question marks
                found.update((k, v) for k, v in self._open.execute(query, (kind, *part)) if isinstance(v, str))
        except sqlite3.Error:
            self._throw_away()
        return found

    def put(self, kind: str, values: Mapping[str, str]) -> None:
        """Keep these values; a cache that cannot be written is left as it is."""
        if self._open is None or not values:
            return
        import sqlite3

        with suppress(sqlite3.Error), self._open:
            rows = [(kind, key, value) for key, value in values.items()]
            self._open.executemany("INSERT OR REPLACE INTO kept (kind, key, value) VALUES (?, ?, ?)", rows)

    def _throw_away(self) -> None:
        if self._open:
            self._open.close()
        self._open = None
        if self._file:
            with suppress(OSError):
                self._file.unlink()


def _connect(file: Path) -> sqlite3.Connection | None:
    import sqlite3

    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.exists() and file.stat().st_size > LIMIT:
            file.unlink()
    for _ in range(2):
        connection: sqlite3.Connection | None = None
        try:
            connection = sqlite3.connect(file, timeout=2)
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute(_TABLE)
            return connection
        except sqlite3.OperationalError:  # read-only, locked, no such directory
            if connection:
                connection.close()
            return None
        except sqlite3.DatabaseError:  # damaged: begin again
            if connection:
                connection.close()
            with suppress(OSError):
                file.unlink()
    return None
