"""Keep prepared templates between runs: one file each, with a digest, so that a damaged one is made again."""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path

KEPT = 12
CHUNK = 1 << 20


class Store:
    """A folder of templates of one engine and version; without a folder nothing is kept."""

    def __init__(self, folder: str | None, server: str) -> None:
        self.folder = Path(folder) / server if folder else None

    @staticmethod
    def name(key: str) -> str:
        """Give the name of a template's file."""
        return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:40]

    def fetch(self, key: str, to: Path) -> bool:
        """Copy a template to a place; False where there is none, or a damaged one."""
        if self.folder is None:
            return False
        kept = self.folder / self.name(key)
        try:
            said = kept.with_suffix(".sha256").read_text("ascii")
            shutil.copyfile(kept, to)
            if _digest(to) == said:
                with suppress(OSError):
                    os.utime(kept)
                return True
        except (OSError, ValueError):
            pass
        with suppress(OSError):
            to.unlink()
        return False

    def keep(self, key: str, made: Path) -> None:
        """Keep a template: written beside and renamed; a folder that cannot be written keeps none."""
        if self.folder is None:
            return
        kept = self.folder / self.name(key)
        beside = self.folder / f".{kept.name}.{os.getpid()}"
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(made, beside)
            said = _digest(beside)
            beside.replace(kept)
            beside.write_text(said, "ascii")
            beside.replace(kept.with_suffix(".sha256"))
            self._prune()

    def _prune(self) -> None:
        assert self.folder is not None
        kept = sorted(
            (path for path in self.folder.iterdir() if not path.suffix), key=lambda path: path.stat().st_mtime
        )
        for path in kept[:-KEPT]:
            for one in (path, path.with_suffix(".sha256")):
                with suppress(OSError):
                    one.unlink()


def _digest(file: Path) -> str:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
