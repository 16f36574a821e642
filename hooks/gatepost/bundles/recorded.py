"""Look up the record of a measurement by its inputs: one ref for each key, so that two pushers never collide."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from gatepost.bundles import Artifact, Build, Figure, Measurement, Served, Source
from gatepost.bundles._weigh import compressor
from gatepost.bundles.committed import globs
from gatepost.errors import GitError
from gatepost.git import Repository, Snapshot
from gatepost.paths import join, matches

REFS = "refs/gatepost-size"
FORMAT = 1
LIMIT = 4 * 1024 * 1024
# What decides which versions of the tools build: no command is run to ask them, as a server may not.
_TOOLS = (".nvmrc", ".node-version", ".tool-versions", ".npmrc", "rust-toolchain.toml", ".python-version")

SOURCE = Source("recorded", "the record of a build of the same inputs")


def key(build: Build, snapshot: Snapshot) -> str:
    """Name a build by what goes into it: ids of its inputs, the commands, the files that pin tools."""
    paths = sorted({*build.inputs, *(join(build.directory, name) for name in _TOOLS)})
    entries = ((path, snapshot.entry(path.rstrip("/"))) for path in paths)
    told = [
        FORMAT,
        [*build.install],
        [*build.command],
        build.directory,
        [(path, entry.oid if entry else "") for path, entry in entries],
    ]
    return hashlib.sha256(json.dumps(told).encode("utf-8", "surrogateescape")).hexdigest()[:40]


def load(repo: Repository, name: str) -> Mapping[str, tuple[str, Figure]] | None:
    """Give content id and figure of each file of a record; None where there is none that can be used."""
    found = repo.objects.info(f"{REFS}/{name}")
    if found is None or found[1] != "blob" or found[2] > LIMIT:
        return None
    try:
        data = json.loads(repo.objects.read(found[0]))
        if data["format"] != FORMAT or data["compressor"] != compressor("gzip"):
            return None
        return {
            path: (str(content), Figure(int(raw), int(gzip), data["compressor"]))
            for path, (content, raw, gzip) in data["files"].items()
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def save(repo: Repository, name: str, files: Mapping[str, tuple[str, Figure]]) -> None:
    """Keep a record under its ref; whoever pushes brings it along with ``refs/gatepost-size/*``."""
    listed = {path: [content, figure.raw, figure.gzip] for path, (content, figure) in sorted(files.items())}
    data = {"format": FORMAT, "compressor": compressor("gzip"), "files": listed}
    blob = repo.text("hash-object", "-w", "--stdin", stdin=json.dumps(data).encode("utf-8", "surrogateescape"))
    try:
        repo.run("update-ref", f"{REFS}/{name}", blob)
    except GitError:  # another push keeps the same record at this moment
        return


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
