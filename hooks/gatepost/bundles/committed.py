"""Measure artifacts that are committed: the blobs that match the globs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from gatepost.bundles import Artifact, Figure, Measurement, Served, Source
from gatepost.bundles._cache import Cache
from gatepost.bundles._masks import plain
from gatepost.bundles._weigh import compressor, weigh
from gatepost.errors import MissingObject
from gatepost.git import Entry, Repository, Snapshot
from gatepost.model import printable
from gatepost.paths import matches

_POINTER = b"version https://git-lfs.github.com/spec/v1\n"
_MAGIC = re.compile(r"[*?\[{<]")


SOURCE = Source("committed", "files that are committed, measured from their blobs")


def globs(artifact: Artifact) -> tuple[str, ...]:
    """Give the globs of an artifact as paths are matched against them."""
    return tuple(plain(glob) for glob in artifact.globs)


def find(artifact: Artifact, snapshot: Snapshot) -> Iterator[Entry]:
    """Give what the globs of an artifact match, looking only below their fixed directories."""
    wanted, seen = globs(artifact), set()
    for root in fixed(artifact):
        own = snapshot.entry(root)
        below = snapshot.walk(root) if own is None or own.is_tree else [own]
        for entry in below:
            if entry.path not in seen and matches(entry.path, *wanted):
                seen.add(entry.path)
                yield entry


def fixed(artifact: Artifact) -> list[str]:
    """Give the directories (or files) below which the globs of an artifact match; "" is the root."""
    return sorted({_root(glob) for glob in globs(artifact)})


def _root(glob: str) -> str:
    if "/" not in glob:
        return ""
    magic = _MAGIC.search(glob)
    fixed = glob[: magic.start()] if magic else glob
    return (fixed.rpartition("/")[0] if magic else fixed).strip("/")


def measure(artifact: Artifact, snapshot: Snapshot, cache: Cache, *, only_cached: bool = False) -> Measurement:
    """Measure an artifact in a tree; with ``only_cached`` no blob is read, and gzip may be unknown."""
    entries = list(find(artifact, snapshot))
    files = [entry for entry in entries if entry.is_file]
    figures = weights(snapshot.repo, files, cache, artifact.compression, only_cached=only_cached)
    served = (Served(entry.path, entry.oid, figures[entry.oid]) for entry in files)
    return Measurement(tuple(served), tuple((entry.path, entry.kind) for entry in entries if not entry.is_file))


def weights(
    repo: Repository, entries: Iterable[Entry], cache: Cache, compression: str, *, only_cached: bool = False
) -> dict[str, Figure]:
    """Give the figure of each blob by its id, from the cache where it has been weighed before."""
    identity, paths = compressor(compression), {entry.oid: entry.path for entry in entries}
    kept = cache.get(f"weight {identity}", paths)
    figures = {oid: figure for oid, text in kept.items() if (figure := _read(text, identity))}
    for oid, path in paths.items():
        if oid in figures:
            continue
        size = _size(repo, oid, path)
        if only_cached:
            figures[oid] = Figure(size, None, "none")
        else:
            figures[oid] = figure = _weigh(repo, oid, size, compression)
            # One by one, so that a run that meets its deadline leaves less for the next.
            cache.put(f"weight {identity}", {oid: f"{figure.raw} {figure.gzip}"})
    return figures


def _read(text: str, identity: str) -> Figure | None:
    raw, _, packed = text.partition(" ")
    if not raw.isdigit() or not (packed.isdigit() or packed == "None"):
        return None
    return Figure(int(raw), int(packed) if packed.isdigit() else None, identity if packed.isdigit() else "none")


def _size(repo: Repository, oid: str, path: str) -> int:
    found = repo.objects.info(oid)
    if found is None:
        raise MissingObject(f"{printable(path)}: {oid} is not in this repository", "fetch it: git fetch --refetch")
    return found[2]


def _weigh(repo: Repository, oid: str, size: int, compression: str) -> Figure:
    if size < 1024:  # a pointer of Git LFS stands for the file that is served
        raw = repo.objects.read(oid)
        pointed = re.search(rb"^size (\d{1,15})$", raw, re.MULTILINE) if raw.startswith(_POINTER) else None
        return Figure(int(pointed[1]), None, "none") if pointed else weigh([raw], compression)
    return weigh(repo.stream(oid, size), compression)
