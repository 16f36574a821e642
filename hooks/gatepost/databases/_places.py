"""Say where scratch databases go, and as whom they run where gatepost is root."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def base(disk: int) -> str:
    """Give where a private directory goes: memory, where there is twice the room that may be used."""
    shared = Path("/dev/shm")  # noqa: S108  # a private directory is made in it
    try:
        room = os.statvfs(shared)
        if os.access(shared, os.W_OK | os.X_OK) and room.f_bavail * room.f_frsize > 2 * disk:
            return str(shared)
    except OSError:
        pass
    return tempfile.gettempdir()


def account(name: str, place: str) -> tuple[int, int]:
    """Give whom root runs a database as, where that user gets into the directory at all, else (0, 0)."""
    if os.geteuid() != 0:
        return 0, 0
    import pwd

    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return 0, 0
    path = Path(place).resolve()
    open_to_all = all(part.stat().st_mode & 0o001 for part in (path, *path.parents))
    return (found.pw_uid, found.pw_gid) if open_to_all else (0, 0)
