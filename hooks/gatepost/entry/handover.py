"""Hand a verdict from pre-receive, which cannot write refs, to post-receive, which records it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gatepost.errors import CannotJudge
from gatepost.model import RefUpdate
from gatepost.records import state_dir

STALE_SECONDS = 600.0


def save(directory: Path, update: RefUpdate, said: Mapping[str, Any]) -> None:
    """Keep what was said of an update until it has landed; CannotJudge where it cannot be kept."""
    path = _path(directory, update)
    fresh = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        fresh.write_text(json.dumps(said))
        fresh.replace(path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        hint = "make room, or make the repository writable for the server's user"
        raise CannotJudge(f"the verdict cannot be kept: {error.strerror}", hint) from None


def take(directory: Path, update: RefUpdate) -> dict[str, Any] | None:
    """Give what was said of an update that landed, and forget it; None where nothing was said."""
    path = _path(directory, update)
    said = _load(path)
    with suppress(OSError):
        path.unlink()
    return said


def stale(directory: Path) -> Iterator[dict[str, Any]]:
    """Give, and forget, what was said of pushes that git then refused itself, or that died."""
    until = time.time() - STALE_SECONDS
    for path in sorted((directory / "gatepost" / "handover").glob("*")):
        with suppress(OSError):
            if path.stat().st_mtime > until:
                continue
            said = _load(path)
            path.unlink()
            if said is not None:
                yield said


def _path(directory: Path, update: RefUpdate) -> Path:
    name = f"{update.old[:12]}-{update.new}-{update.ref.encode('utf-8', 'surrogateescape').hex()}"
    if len(name) > 200:
        import hashlib  # 6 ms, and most names of refs are short

        name = hashlib.sha256(name.encode()).hexdigest()
    return state_dir(directory) / "handover" / f"{name}.json"


def _load(path: Path) -> dict[str, Any] | None:
    try:
        said = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) else None
