"""Weigh bytes: raw and compressed, in pieces, with the name of the compressor."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from typing import NamedTuple

from gatepost.bundles import Figure
from gatepost.errors import CannotJudge

LEVEL = 9
_BROTLI = 11
_ZSTD = 19
_GZIP_CONTAINER = 31  # no file name and no time in the header, so the size depends on the bytes alone


class _Packer(NamedTuple):
    add: Callable[[bytes], bytes]
    end: Callable[[], bytes]


def compressor(compression: str) -> str:
    """Name the compressor with its version: zlib-ng and zlib differ as much as a threshold does."""
    if compression == "gzip":
        return f"zlib/{zlib.ZLIB_RUNTIME_VERSION}/{LEVEL}"
    if compression == "none":
        return "none"
    return _extra(compression)[0]


def weigh(pieces: Iterable[bytes], compression: str = "gzip") -> Figure:
    """Measure bytes that come in pieces."""
    raw = packed = 0
    packer = _packer(compression)
    for piece in pieces:
        raw += len(piece)
        if packer:
            packed += len(packer.add(piece))
    if packer:
        packed += len(packer.end())
    return Figure(raw, packed if packer else None, compressor(compression))


def _packer(compression: str) -> _Packer | None:
    if compression == "gzip":
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, _GZIP_CONTAINER)
        return _Packer(packer.compress, packer.flush)
    return None if compression == "none" else _extra(compression)[1]


def _extra(compression: str) -> tuple[str, _Packer]:
    """Give the name and a fresh compressor of an extra. Raises CannotJudge where it is not installed."""
    try:
        return _brotli() if compression == "brotli" else _zstd()
    except ModuleNotFoundError:
        hint = f"pip install 'gatepost[{compression}]', or set compression to \"gzip\""
        raise CannotJudge(f"the compressor {compression} is not installed", hint) from None


def _brotli() -> tuple[str, _Packer]:
    import brotli  # type: ignore[import-not-found,import-untyped,unused-ignore]  # an extra

    packer = brotli.Compressor(quality=_BROTLI)
    return f"brotli/{brotli.__version__}/{_BROTLI}", _Packer(packer.process, packer.finish)


def _zstd() -> tuple[str, _Packer]:
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # standard from Python 3.14
    except ModuleNotFoundError:
        from backports import zstd  # type: ignore[import-not-found,no-redef,unused-ignore]  # an extra

    packer = zstd.ZstdCompressor(level=_ZSTD)
    return f"zstd/{zstd.zstd_version}/{_ZSTD}", _Packer(packer.compress, packer.flush)


def text(size: int) -> str:
    """Write a number of bytes for people."""
    return f"{size / 1024:,.1f} KiB" if abs(size) >= 1024 else f"{size} B"


def change(before: int, after: int) -> str:
    """Write a step for people: both sizes and the share."""
    share = f" ({(after - before) / before:+.1%})" if before else ""
    return f"{text(before)} → {text(after)}{share}"
