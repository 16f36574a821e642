"""Recognise the files of a tree that a format reads, and read them, whatever they hold."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from gatepost import lockfiles, registry
from gatepost.errors import NotAFile, TooLarge
from gatepost.lockfiles import File, Format, Lock, Unreadable
from gatepost.paths import compiled, parent

if TYPE_CHECKING:  # readers need neither git nor the model
    from gatepost.git import Entry, Snapshot

Kind = Literal["lock", "manifest", "both"]


@cache
def formats() -> tuple[Format, ...]:
    """Give every format there is."""
    return registry.load(lockfiles, "FORMAT", Format)


class _Index(NamedTuple):
    """Which module reads which files: by name, by glob, and the companions whose change concerns it."""

    plain: dict[str, str]
    globs: list[tuple[re.Pattern[str], str]]
    companions: dict[str, tuple[str, ...]]


@cache
def _index() -> _Index:
    """Give the index of all formats without importing them: that costs 30 ms, and a push needs one or two."""
    index = _Index({}, [], {})
    for info in sorted(pkgutil.iter_modules(lockfiles.__path__), key=lambda info: info.name):
        if info.name.startswith("_"):
            continue
        files, beside = told(info.name)
        for name in files:
            if re.search(r"[*?\[{/]", name):
                index.globs.append((compiled(name), info.name))
            else:
                index.plain[name] = info.name
        for name in beside:
            index.companions[name] = (*index.companions.get(name, ()), info.name)
    return index


def told(module: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the files and companions of a format: by its source where they are plain words in it, else imported."""
    found = []
    try:
        with open(f"{lockfiles.__path__[0]}/{module}.py", encoding="utf-8") as stream:  # noqa: PTH123 - pathlib costs 2 ms
            source = stream.read()
    except OSError:
        source = ""
    for key, most in (("files", 1), ("companions", 1 if "companions" in source else 0)):
        words = re.findall(rf'^    {key}=\(((?:\s*"[^"\\\n]+",?)+)\s*\),$', source, re.MULTILINE)
        if len(words) != most:
            form = _format(module)
            return form.files, form.companions
        found.append(tuple(re.findall(r'"([^"]+)"', words[0])) if words else ())
    return found[0], found[1]


@cache
def _format(module: str) -> Format:
    form = importlib.import_module(f"{lockfiles.__name__}.{module}").FORMAT
    if not isinstance(form, Format):
        raise TypeError(f"{module}.FORMAT must be a Format")
    return form


def format_of(path: str) -> Format | None:
    """Give the format that reads a path, or None. Cheap: it is asked for every path of a push."""
    index = _index()
    found = index.plain.get(path.rpartition("/")[2])
    if found is None:
        found = next((module for pattern, module in index.globs if pattern.fullmatch(path)), None)
    return _format(found) if found is not None else None


def companions(name: str) -> tuple[Format, ...]:
    """Give the formats that the change of a companion file of that name concerns."""
    return tuple(map(_format, _index().companions.get(name, ())))


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
        from gatepost.model import printable

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
