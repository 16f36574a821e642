"""One file per lockfile or manifest format: bytes in, pins and their edges out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from gatepost.errors import GatepostError

__all__ = ["Declared", "File", "Format", "Lock", "Pin", "Unreadable"]


class Pin(NamedTuple):
    """One package of a lock: what is installed, where it comes from, and what it requires.

    ``key`` names the node within its file; ``requires`` holds keys. ``source`` is empty for the
    ecosystem's own registry where the file does not say, else ``registry:host``, ``git:url#ref``,
    ``url:…`` or ``path:…``, without credentials. ``scope`` is what the file itself says, if anything.
    """

    key: str
    name: str
    version: str
    source: str = ""
    integrity: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    scope: str = ""
    own: bool = False


class Declared(NamedTuple):
    """One direct dependency: the name and range that a manifest asks for, and its scope.

    ``manifest`` is the path of the file that says so, relative to the file that was read ("" for
    itself). ``key`` is the node of the lock that answers it, where the lock says.
    """

    name: str
    range: str
    scope: str = "prod"
    manifest: str = ""
    key: str = ""


class Lock(NamedTuple):
    """What one file says.

    ``edges``: whether the format tells who requires whom. ``aliases`` maps a descriptor such as
    ``name@range`` to a node. ``members`` are globs of directories whose manifests count as well.
    ``sums`` are hashes of versions that need not be part of the graph (go.sum). ``application``:
    whether a manifest belongs to something that is deployed rather than published. ``dialect`` parts
    kinds of one format whose hashes cannot be compared; ``weak``: the hashes depend on the tool's
    settings. ``expectations`` are ranges that the file gives for others (catalogs, platforms).
    """

    pins: Sequence[Pin] = ()
    declared: Sequence[Declared] = ()
    edges: bool = True
    aliases: Mapping[str, str] = MappingProxyType({})
    members: tuple[str, ...] = ()
    sums: Mapping[tuple[str, str], tuple[str, ...]] = MappingProxyType({})
    application: bool = False
    dialect: str = ""
    weak: bool = False
    expectations: Mapping[str, str] = MappingProxyType({})


class Unreadable(GatepostError):
    """Say that a lockfile or manifest cannot be understood, and why."""

    rule = "dependency/unreadable"

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


class File(NamedTuple):
    """The bytes of one file, its path in the tree, and a way to look at files beside it.

    ``open`` takes a path of the tree and gives None where there is no regular file. ``memo`` keeps the
    parsed blocks of generated text: the two sides of a change share nearly all of theirs.
    """

    path: str
    raw: bytes
    open: Callable[[str], bytes | None] = lambda _path: None
    memo: dict[str, Any] | None = None


class Format(NamedTuple):
    """How a file is recognised and read.

    ``files`` are globs for paths. A ``lock`` pins; a ``manifest`` only declares; ``both`` does both
    (go.mod, requirements.txt, Dockerfile). ``manifests`` are the names beside a lock that declare what
    it locks, ``companions`` files whose change concerns it. ``needles`` gives the texts by which a
    name (and a version) is found in the file again.
    """

    name: str
    ecosystem: str
    files: tuple[str, ...]
    read: Callable[[File], Lock]
    kind: Literal["lock", "manifest", "both"] = "lock"
    manifests: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    needles: Callable[[str, str], tuple[str, ...]] = lambda name, _version: (name,)
