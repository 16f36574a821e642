"""Tell minified text from text that is not, and bytes that repeat from bytes that are new."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass

from gatepost.bundles._cache import Cache
from gatepost.git import Repository

VERSION = 1
SAMPLE = 1024 * 1024
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
# Strings are data. The closing quote is optional so that a match never fails, and never goes back.
_STRING = re.compile(r""""[^"\\\n]*(?:\\.[^"\\\n]*)*"?|'[^'\\\n]*(?:\\.[^'\\\n]*)*'?""")
_SMALLEST = 1000
_WINDOW = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Texture:
    """What minifiers change: white space, the length of names, and how truth is written."""

    size: int
    spaces: float
    names: float
    short_truths: int
    long_truths: int


def texture(pieces: Iterable[bytes]) -> Texture:
    """Measure the first megabyte of a file."""
    raw = bytearray()
    for piece in pieces:
        raw += piece[: SAMPLE - len(raw)]
        if len(raw) >= SAMPLE:
            break
    text = _STRING.sub("0", raw.decode("utf-8", "replace"))
    words = _WORD.findall(text)
    spaces = sum(text.count(char) for char in " \t\n\r")
    return Texture(
        len(text),
        spaces / max(1, len(text)),
        sum(map(len, words)) / max(1, len(words)),
        text.count("!0") + text.count("!1"),
        words.count("true") + words.count("false"),
    )


def known(repo: Repository, oid: str, size: int, cache: Cache) -> Texture:
    """Give the texture of a blob, from the cache where it has been looked at before."""
    kind = f"texture {VERSION}"
    try:
        return Texture(*json.loads(cache.get(kind, (oid,)).get(oid, "")))
    except (ValueError, TypeError):
        found = texture(repo.stream(oid, size))
        cache.put(kind, {oid: json.dumps(astuple(found))})
        return found


def lost(before: Texture, after: Texture) -> list[str]:
    """Give the signs that a minifier no longer ran; none where it did, or never had."""
    if min(before.size, after.size) < _SMALLEST or after.size < 1.1 * before.size:
        return []
    signs = []
    if before.spaces < 0.08 and after.spaces > max(0.1, 2 * before.spaces):
        signs.append(f"white space {before.spaces:.1%} → {after.spaces:.1%}")
    if after.names > 1.25 * before.names and before.names < 6:
        signs.append(f"mean length of names {before.names:.1f} → {after.names:.1f}")
    if before.short_truths >= 3 and after.short_truths * 10 < before.short_truths and after.long_truths:
        signs.append(f"!0 and !1 {before.short_truths} → {after.short_truths}")
    return signs if len(signs) > 1 or (signs and before.spaces < 0.04 and after.spaces > 0.12) else []


def repeated(before: Iterable[bytes], after: Iterable[bytes]) -> tuple[int, int]:
    """Give the sizes that a compressor with a window of megabytes makes of both sides.

    gzip looks back 32 KiB only, so that a second copy of a package costs as much as the first.
    """
    return _long(before), _long(after)


def _long(pieces: Iterable[bytes]) -> int:
    import lzma

    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": _WINDOW}]
    packer = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=filters)
    return sum(len(packer.compress(piece)) for piece in pieces) + len(packer.flush())


def chained(streams: Iterable[Iterator[bytes]]) -> Iterator[bytes]:
    """Give the pieces of several files one after the other."""
    for stream in streams:
        yield from stream
