"""Read a span of time out of a log file and its rotated parts, without reading the rest.

Nothing is remembered between two reads: the place is found by bisection on the times in the file. So a
worker that was killed, a rotation, a late flush and a truncation need no case of their own here.
"""

from __future__ import annotations

import glob
import gzip
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from gatepost.metrics import SourceError
from gatepost.metrics._lines import Parser

CHUNK = 4 * 1024 * 1024
LINE = 256 * 1024
SLACK = 30.0  # a log is written at the end of a request, Apache writes its beginning: out of order by as much
SAMPLE = 256 * 1024
PROBE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a log: its path, whether it is compressed, when it was last written."""

    path: str
    packed: bool
    written: float
    head: bytes

    def open(self) -> BinaryIO:
        """Open the part for reading."""
        return cast("BinaryIO", gzip.open(self.path, "rb")) if self.packed else Path(self.path).open("rb")


def parts(path: str, since: float = 0.0) -> list[Part]:
    """Give the log and its rotated parts that were written after ``since``, the oldest first.

    ``access.log`` has ``access.log.1``, ``access.log.2.gz``, ``access.log-20261122``. A part that begins with the
    same bytes as another is a copy on its way to be compressed or truncated, and counts once.
    """
    seen: dict[bytes, Part] = {}
    for name in _names(path):
        part = _part(name, since)
        if part is None or not part.head:
            continue
        known = seen.get(part.head)
        if known is None or (known.packed and not part.packed):
            seen[part.head] = part
    return sorted(seen.values(), key=lambda part: (part.path == path, part.written))


def _names(path: str) -> list[str]:
    return _listed(path) if glob.has_magic(path) else [path, *_listed(glob.escape(path) + "[.-]*")]


def _listed(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern))  # noqa: PTH207 - the pattern may be absolute, which Path.glob refuses


def _part(name: str, since: float) -> Part | None:
    packed = name.endswith(".gz")
    try:
        status = Path(name).stat()
        if status.st_mtime < since or not stat.S_ISREG(status.st_mode):
            return None
        part = Part(name, packed, status.st_mtime, b"")
        with part.open() as stream:
            return Part(name, packed, status.st_mtime, stream.read(512))
    except (OSError, EOFError):
        return None


def sample(path: str) -> str:
    """Give the first lines of the newest part that has any; SourceError where there is no log."""
    if not glob.has_magic(path) and not Path(path).exists():
        raise SourceError(f"{path}: no such file", "name the access log in verification.path")
    for part in reversed(parts(path)):
        try:
            with part.open() as stream:
                raw = stream.read(SAMPLE)
        except (OSError, EOFError) as error:
            raise SourceError(f"{path}: {error}") from None
        text = _text(raw[: raw.rfind(b"\n") + 1] or raw)
        if text.strip():
            return text
    if not os.access(path, os.R_OK):
        raise SourceError(f"{path}: cannot be read", "let the user that runs gatepost read the log")
    return ""


class Rotated(SourceError):
    """Say that a log was rotated while it was read: what was read of it may be half."""


def span(path: str, parser: Parser, start: float, end: float) -> Iterator[str]:
    """Give pieces of whole lines that hold everything between two times, and some more on both sides.

    Raises Rotated at the end where the files are others than at the beginning.
    """
    before = _inodes(path)
    yield from _span(path, parser, start, end)
    if _inodes(path) != before:
        raise Rotated(f"{path}: was rotated while it was read", "try again")


def _inodes(path: str) -> list[tuple[str, int]]:
    found = []
    for name in _names(path):
        with suppress(OSError):
            found.append((name, Path(name).stat().st_ino))
    return found


def _span(path: str, parser: Parser, start: float, end: float) -> Iterator[str]:
    for part in parts(path, since=start - SLACK):
        try:
            with part.open() as stream:
                first = _time_after(stream, parser, 0)
                if first is not None and first > end + SLACK:
                    continue
                until = end + SLACK
                stop = None if part.packed or until >= part.written else _bisect(stream, parser, until, unknown=0.0)[1]
                stream.seek(0 if part.packed else _place(stream, parser, start - SLACK))
                yield from _pieces(stream, parser, until, stop)
        except FileNotFoundError:
            continue  # rotated away between the listing and now: its new name comes with the next read
        except (OSError, EOFError) as error:
            raise SourceError(f"{part.path}: {error}", "the log must stay readable during a watch") from None


def _pieces(stream: BinaryIO, parser: Parser, until: float, stop: int | None) -> Iterator[str]:
    """Read up to an offset, or to the first piece of a packed part that is later than ``until``."""
    rest = b""
    while raw := stream.read(CHUNK if stop is None else max(0, min(CHUNK, stop - stream.tell()))):
        raw = rest + raw
        cut = raw.rfind(b"\n") + 1
        rest = raw[cut:][-LINE:]  # the last line may still be being written
        text = _text(raw[:cut])
        if text:
            first = _first_time(text[: 4 * LINE], parser)
            if first is not None and first > until:
                return
            yield text


def _place(stream: BinaryIO, parser: Parser, wanted: float) -> int:
    """Find by bisection the offset of a line before which everything is older than ``wanted``."""
    low, _ = _bisect(stream, parser, wanted, unknown=wanted)
    if low == 0:
        return 0
    stream.seek(low)
    return low + stream.read(LINE).find(b"\n") + 1


def _bisect(stream: BinaryIO, parser: Parser, wanted: float, unknown: float) -> tuple[int, int]:
    """Give two near offsets: before the first all is older than ``wanted``, after the second nothing is.

    ``unknown`` is the time that is assumed where none can be read: in a line of megabytes, say.
    """
    low, high = 0, stream.seek(0, os.SEEK_END)
    while high - low > PROBE:
        middle = (low + high) // 2
        time = _time_after(stream, parser, middle)
        if (unknown if time is None else time) >= wanted:
            high = middle
        else:
            low = middle
    return low, high


def _time_after(stream: BinaryIO, parser: Parser, offset: int) -> float | None:
    for size in (PROBE, LINE):  # almost no line is longer than the first
        stream.seek(offset)
        raw = stream.read(size)
        begin = raw.find(b"\n") + 1 if offset else 0
        time = _first_time(_text(raw[begin : raw.rfind(b"\n") + 1]), parser)
        if time is not None:
            return time
    return None


def _first_time(text: str, parser: Parser) -> float | None:
    for at in range(0, len(text), 4096):
        piece = text[at : at + 8192]
        cut = piece.rfind("\n") + 1
        for event in parser(piece[:cut] if cut else piece):
            return event[0]
    return None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def last_time(path: str, parser: Parser) -> float | None:
    """Give the time of the newest line of the log, or None where it has none."""
    for part in reversed(parts(path)):
        for size in (PROBE, LINE):
            with part.open() as stream:
                if part.packed:
                    raw = b"".join(_tail(stream))
                else:
                    stream.seek(max(0, stream.seek(0, os.SEEK_END) - size))
                    raw = stream.read()
            times = [event[0] for event in parser(_text(raw[: raw.rfind(b"\n") + 1]))]
            if times:
                return max(times)
    return None


def _tail(stream: BinaryIO) -> list[bytes]:
    before = raw = b""
    while piece := stream.read(CHUNK):
        before, raw = raw, piece
    return [before[-LINE:], raw]
