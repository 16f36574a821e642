"""Recognise the files of a tree that a format reads, and read them, whatever they hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Literal

from gatepost import lockfiles, registry
from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Entry, Snapshot
from gatepost.lockfiles import File, Format, Lock, Unreadable
from gatepost.model import printable
from gatepost.paths import compiled, parent

Kind = Literal["lock", "manifest", "both"]


@cache
def formats() -> tuple[Format, ...]:
    """Give every format there is."""
    return registry.load(lockfiles, "FORMAT", Format)


@cache
def _recognisers() -> tuple[dict[str, Format], list[tuple[re.Pattern[str], Format]]]:
    plain: dict[str, Format] = {}
    globs = []
    for form in formats():
        for name in form.files:
            if re.search(r"[*?\[{/]", name):
                globs.append((compiled(name), form))
            else:
                plain[name] = form
    return plain, globs


def format_of(path: str) -> Format | None:
    """Give the format that reads a path, or None. Cheap: it is asked for every path of a push."""
    plain, globs = _recognisers()
    found = plain.get(path.rpartition("/")[2])
    if found is not None:
        return found
    return next((form for pattern, form in globs if pattern.fullmatch(path)), None)


@cache
def companions() -> dict[str, tuple[Format, ...]]:
    """Give the formats that a companion file's change concerns, by the file's name."""
    found: dict[str, tuple[Format, ...]] = {}
    for form in formats():
        for name in form.companions:
            found[name] = (*found.get(name, ()), form)
    return found


def in_directory(snapshot: Snapshot, directory: str) -> list[tuple[Format, Entry]]:
    """Give the files of one directory that a format reads."""
    return [(form, entry) for entry in snapshot.children(directory) for form in [format_of(entry.path)] if form]


@contextmanager
def without_collector() -> Iterator[None]:
    """Hold Python's cycle collector: it would walk ten thousands of new tuples again and again, and find nothing."""
    import gc

    held = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if held:
            gc.enable()


class Reader:
    """Read files of a snapshot once, and remember what each said, or why it could not be read."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._known: dict[tuple[str, str, str], Lock | Unreadable] = {}
        self._raw: dict[str, bytes] = {}
        self._memo: dict[str, dict[str, Any]] = {}

    def lock(self, snapshot: Snapshot, path: str, form: Format) -> Lock:
        """Read one file; Unreadable where it cannot be understood. Files beside it may be looked at."""
        entry = snapshot.entry(path)
        # What stands beside a file counts too, but only formats of more than one file look at it.
        beside = snapshot.tree if form.companions or form.kind == "both" else ""
        name = (form.name, path + "\0" + beside, entry.oid if entry else "")
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._read(snapshot, path, form)
        if isinstance(known, Unreadable):
            raise known
        return known

    def raw(self, snapshot: Snapshot, path: str) -> bytes:
        """Give the bytes of a file; Unreadable where it is no regular file, or too large."""
        try:
            oid = snapshot.file(path).oid
            if oid not in self._raw:
                self._raw[oid] = snapshot.read(path, self.limit)
            return self._raw[oid]
        except NotAFile as error:
            raise Unreadable(f"is {error.kind}, not a regular file") from None
        except TooLarge:
            raise Unreadable(f"is larger than the limit of {self.limit} bytes (gate.max_file)") from None

    def _read(self, snapshot: Snapshot, path: str, form: Format) -> Lock | Unreadable:
        def beside(other: str) -> bytes | None:
            entry = snapshot.entry(other)
            return self.raw(snapshot, other) if entry is not None and entry.is_file else None

        try:
            return read(form, File(path, self.raw(snapshot, path), beside, self._memo.setdefault(form.name, {})))
        except Unreadable as error:
            return error


def read(form: Format, file: File) -> Lock:
    """Read a file with a format; whatever a hostile file makes the reader raise becomes Unreadable."""
    try:
        return form.read(file)
    except RecursionError:
        raise Unreadable("is nested too deeply") from None
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise Unreadable(f"is no {form.name} file ({type(error).__name__}: {printable(str(error), 80)})") from None


def line_of(raw: bytes, form: Format, name: str, version: str) -> int:
    """Find the line on which a file names a package; 1 where it does not."""
    text = raw
    if form.ecosystem == "pypi":
        text, name = raw.lower().replace(b"_", b"-"), name.lower()
    for needle in form.needles(name, version):
        wanted = needle.encode("utf-8", "surrogatepass")  # JSON may name half a surrogate pair
        at = text.find(wanted)
        if at < 0 and needle.startswith("\n") and text.startswith(wanted[1:]):
            return 1
        if at >= 0:
            return text.count(b"\n", 0, at + (1 if needle.startswith("\n") else 0)) + 1
    return 1


def ancestors(path: str) -> list[str]:
    """Give the directories above a path, the nearest first, the root ("") last."""
    found = [parent(path)]
    while found[-1]:
        found.append(parent(found[-1]))
    return found
