"""Give the schema that the migrations of the base produce, from a cache where one prefix of them is kept."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gatepost import __version__
from gatepost.git import Change
from gatepost.migrations import History, Migration
from gatepost.migrations._story import dialect_of, operations
from gatepost.sql.replay import apply
from gatepost.sql.schema import Schema
from gatepost.sql.store import dump, load

FOLDER = "gatepost/schema-cache"
KEPT = 12  # files; one is some 100 KiB for a schema of a hundred tables


def base_schema(change: Change, history: History) -> Schema:
    """Replay the ups of the base; the caller owns the answer."""
    kept = change.shared(_Kept)
    place = (history.place.framework, history.place.root, history.place.dialect)
    if place not in kept.schemas:
        folder = change.repo.directory() / FOLDER
        kept.schemas[place] = replayed(history.base, dialect_of(history), folder, str(place))
    return kept.schemas[place].copy()


class _Kept:
    """The schemas of one change, so that the checks share them."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.schemas: dict[tuple[str, ...], Schema] = {}


def replayed(migrations: Sequence[Migration], dialect: str, folder: Path | None = None, name: str = "") -> Schema:
    """Replay migrations in order, from the longest run of them that the folder knows."""
    keys = _keys(migrations, dialect, name)
    start, schema = _longest(keys, folder) if folder else (0, None)
    if schema is None:
        schema = Schema(dialect)
    for migration in migrations[start:]:
        for operation in operations(migration.up, dialect):
            apply(schema, operation)
        schema.problems.clear()
    if folder and start < len(migrations):
        _keep(folder, keys[-1], schema)
    return schema


def _keys(migrations: Sequence[Migration], dialect: str, name: str) -> list[str]:
    """Give one key for each run from the beginning: what was read, by which version, in which order."""
    digest = hashlib.sha256(f"{__version__} {dialect} {name}".encode("utf-8", "surrogateescape"))
    keys = []
    for migration in migrations:
        digest.update(repr(sorted(migration.files.items())).encode("utf-8", "surrogateescape"))
        keys.append(digest.copy().hexdigest()[:40])
    return keys


def _longest(keys: list[str], folder: Path) -> tuple[int, Schema | None]:
    try:
        known = {entry.stem for entry in folder.iterdir()}
    except OSError:
        return 0, None
    for at in range(len(keys), 0, -1):
        if keys[at - 1] in known:
            schema = _read(folder / f"{keys[at - 1]}.json")
            if schema:
                return at, schema
    return 0, None


def _read(file: Path) -> Schema | None:
    """Read one kept schema; a damaged file is as good as none."""
    try:
        raw = file.read_bytes()
        checked, _, body = raw.partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != checked:
            return None
        return load(body.decode())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _keep(folder: Path, key: str, schema: Schema) -> None:
    """Write beside and rename, so that no reader sees half a file; a cache that cannot be written is none."""
    body = dump(schema).encode()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{key}.{os.getpid()}"
        beside.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        beside.replace(folder / f"{key}.json")
        _prune(folder)


def _prune(folder: Path) -> None:
    entries: list[tuple[float, Any]] = sorted((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder))
    for _, path in entries[:-KEPT]:
        with suppress(OSError):
            Path(path).unlink()
