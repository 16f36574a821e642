"""Images of stopped clusters, kept between runs: one file each, whole or not there, a few of them.

A file is a header line with the digest of the rest, then, compressed, an index and what the files hold.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import tempfile
import zlib
from pathlib import Path

from gatepost.databases._postgresql_programs import Account

MAGIC = b"gatepost-postgresql-image 1 "
KEPT = 6
LARGEST = 1 << 30
_LEFT_OUT = ("postmaster.pid", "postmaster.opts", "current_logfiles")


class Damaged(Exception):
    """Say that an image is not whole."""


def pack(data: Path) -> bytes | None:
    """Give the image of a data directory; None for one that is too large to keep."""
    index: list[list[object]] = []
    parts: list[bytes] = []
    for folder, folders, files in os.walk(data):
        folders.sort()
        inside = os.path.relpath(folder, data)
        index.append([inside, -1])
        for name in sorted(files):
            path = Path(folder, name)
            if name not in _LEFT_OUT and stat.S_ISREG(path.lstat().st_mode):
                parts.append(path.read_bytes())
                index.append([os.path.normpath(f"{inside}/{name}"), len(parts[-1])])
    if sum(map(len, parts)) > LARGEST:
        return None
    body = zlib.compress(json.dumps(index).encode() + b"\n" + b"".join(parts), 1)
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def unpack(image: bytes, data: Path, account: Account) -> None:
    """Make a data directory of an image. Raises Damaged."""
    head, _, body = image.partition(b"\n")
    if head != MAGIC + hashlib.sha256(body).hexdigest().encode():
        raise Damaged
    try:
        whole = memoryview(zlib.decompress(body))
    except zlib.error:
        raise Damaged from None
    at = bytes(whole[: 1 << 22]).find(b"\n") + 1
    for name, size in json.loads(bytes(whole[:at])):
        path = data / name
        if size < 0:
            path.mkdir(mode=0o700)
            account.own(path)
            continue
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, whole[at : at + size]) if size else None
            account.own(file)
        finally:
            os.close(file)
        at += size


class Images:
    """A folder of images; without one nothing is kept."""

    def __init__(self, folder: str | None) -> None:
        self._folder = Path(folder) / "postgresql" if folder else None

    def load(self, key: str) -> bytes | None:
        """Give an image, None where there is none."""
        if self._folder is None:
            return None
        path = self._folder / key
        try:
            image = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return image

    def store(self, key: str, data: Path) -> None:
        """Keep the image of a data directory; a folder that is full or not ours keeps nothing."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            image = pack(data)
            if image is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._write(self._folder / key, image)
                self._prune(self._folder)

    def forget(self, key: str) -> None:
        """Take an image away."""
        if self._folder is not None:
            with contextlib.suppress(OSError):
                (self._folder / key).unlink()

    def _write(self, path: Path, image: bytes) -> None:
        file, name = tempfile.mkstemp(prefix="tmp-", dir=path.parent)
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(image)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _prune(self, folder: Path) -> None:
        newest = sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in newest[KEPT:]:
            path.unlink(missing_ok=True)
