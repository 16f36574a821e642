"""Look up the record of a measurement by its inputs: one ref for each key, so that two pushers never collide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gatepost import blobs
from gatepost.bundles import Artifact, Build, Figure, Measurement, Output, Served, Source, Stats
from gatepost.bundles._stats import Told, owner
from gatepost.bundles._weigh import compressor
from gatepost.bundles.committed import globs
from gatepost.git import Repository, Snapshot
from gatepost.paths import join, matches

REFS = "refs/gatepost-size"
FORMAT = 1
LIMIT = 4 * 1024 * 1024
# What decides which versions of the tools build: no command is run to ask them, as a server may not.
_TOOLS = (".nvmrc", ".node-version", ".tool-versions", ".npmrc", "rust-toolchain.toml", ".python-version")

SOURCE = Source("recorded", "the record of a build of the same inputs")


_MODULES = 300  # of one output, by package: a record stays small


class Made(NamedTuple):
    """What came out of a build: content id and figure of each file, and what the bundler told."""

    files: Mapping[str, tuple[str, Figure]]
    told: Told = Told()


def key(build: Build, snapshot: Snapshot, stats: Sequence[str] = ()) -> str:
    """Name a build by what goes into it: ids of its inputs, the commands, the files that pin tools."""
    paths = sorted({*build.inputs, *(join(build.directory, name) for name in _TOOLS)})
    entries = ((path, snapshot.entry(path.rstrip("/"))) for path in paths)
    told = [
        FORMAT,
        [*build.install],
        [*build.command],
        build.directory,
        [(path, entry.oid if entry else "") for path, entry in entries],
        *([sorted(stats)] if stats else []),
    ]
    return hashlib.sha256(json.dumps(told).encode("utf-8", "surrogateescape")).hexdigest()[:40]


def load(repo: Repository, name: str) -> Made | None:
    """Give what a record says; None where there is none that can be used."""
    raw = blobs.kept(repo, f"{REFS}/{name}", LIMIT)
    if raw is None:
        return None
    try:
        data = json.loads(raw)
        if data["format"] != FORMAT or data["compressor"] != compressor("gzip"):
            return None
        files = {
            path: (str(content), Figure(int(raw), int(gzip), data["compressor"]))
            for path, (content, raw, gzip) in data["files"].items()
        }
        problems = tuple((str(file), str(reason)) for file, reason in data.get("problems", ()))
        return Made(files, Told(tuple(_stats(each) for each in data.get("stats", ())), problems))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _stats(kept: Any) -> Stats:
    return Stats(
        {
            str(name): Output(int(size), _told(first), {str(module): int(count) for module, count in modules.items()})
            for name, (size, first, modules) in kept["outputs"].items()
        },
        {},
        _told(kept["rest"]),
    )


def _told(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _kept(stats: Stats) -> dict[str, Any]:
    outputs = {}
    for name, output in stats.outputs.items():
        sums: dict[str, int] = {}
        for module, size in output.modules.items():
            sums[owner(module)] = sums.get(owner(module), 0) + size
        largest = sorted(sums, key=lambda module: (-sums[module], module))[:_MODULES]
        outputs[name] = [output.size, output.initial, {module: sums[module] for module in largest}]
    return {"outputs": outputs, "rest": stats.rest}


def save(repo: Repository, name: str, made: Made) -> None:
    """Keep a record under its ref; whoever pushes brings it along with ``refs/gatepost-size/*``."""
    listed = {path: [content, figure.raw, figure.gzip] for path, (content, figure) in sorted(made.files.items())}
    data: dict[str, Any] = {"format": FORMAT, "compressor": compressor("gzip"), "files": listed}
    if made.told.stats or made.told.problems:
        data |= {"stats": [_kept(stats) for stats in made.told.stats], "problems": made.told.problems}
    blobs.keep(repo, f"{REFS}/{name}", json.dumps(data))


def measure(artifact: Artifact, files: Mapping[str, tuple[str, Figure]]) -> Measurement:
    """Give the part of a record that is one artifact."""
    wanted = globs(artifact)
    packed = artifact.compression != "none"
    return Measurement(
        tuple(
            Served(path, content, figure if packed else Figure(figure.raw, None, "none"))
            for path, (content, figure) in files.items()
            if matches(path, *wanted)
        )
    )
