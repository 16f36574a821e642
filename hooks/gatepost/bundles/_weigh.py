"""Weigh bytes: raw and compressed, in pieces, with the name of the compressor."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from gatepost.bundles import Figure

LEVEL = 9
_GZIP_CONTAINER = 31  # no file name and no time in the header, so the size depends on the bytes alone


def compressor(compression: str) -> str:
    """Name the compressor with its version: zlib-ng and zlib differ as much as a threshold does."""
    return f"zlib/{zlib.ZLIB_RUNTIME_VERSION}/{LEVEL}" if compression == "gzip" else "none"


def weigh(pieces: Iterable[bytes], compression: str = "gzip") -> Figure:
    """Measure bytes that come in pieces."""
    raw = packed = 0
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP_CONTAINER) if compression == "gzip" else None
    for piece in pieces:
        raw += len(piece)
        if packer:
            packed += len(packer.compress(piece))
    if packer:
        packed += len(packer.flush())
    return Figure(raw, packed if packer else None, compressor(compression))


def text(size: int) -> str:
    """Write a number of bytes for people."""
    return f"{size / 1024:,.1f} KiB" if abs(size) >= 1024 else f"{size} B"


def change(before: int, after: int) -> str:
    """Write a step for people: both sizes and the share."""
    share = f" ({(after - before) / before:+.1%})" if before else ""
    return f"{text(before)} → {text(after)}{share}"
