"""Build in a clean directory of its own and measure what comes out: on clients, and in a server's sandbox.

The tree is written to a temporary directory with an installation of its own, never into the one that
was just built (preactjs/preact#5254: the base measured the head's output and nothing ever grew).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from gatepost import commands
from gatepost.bundles import Artifact, Build, Figure, Source
from gatepost.bundles._stats import LIMIT, Reader, Told
from gatepost.bundles._tree import Tree
from gatepost.bundles._weigh import weigh
from gatepost.bundles.committed import globs
from gatepost.bundles.recorded import Made
from gatepost.errors import NotAFile, TooLarge
from gatepost.git import INDEX, Change, Entry, Snapshot
from gatepost.model import printable
from gatepost.own_time import own_time
from gatepost.paths import matches

SOURCE = Source("build", "the output of the build command, in a clean directory")
_PIECE = 256 * 1024
_TOLD = 300
_FILES = 100_000
_BYTES = 2 * 1024 * 1024 * 1024
_SYMLINK = 0o120000


class BuildFailed(Exception):
    """Say why a build gave nothing to measure."""


def allowed(change: Change) -> bool:
    """Tell whether a build may run: a commit, on a client, never in a bare repository or in quarantine."""
    if change.head_oid == INDEX or "GIT_QUARANTINE_PATH" in os.environ:
        return False
    return change.repo.text("rev-parse", "--is-bare-repository") == "false"


def make(build: Build, snapshot: Snapshot, artifacts: Sequence[Artifact], stats: Sequence[str] = ()) -> Made:
    """Build a tree as whoever calls, weigh what the artifacts match, read the statistics. Raises BuildFailed."""
    with tempfile.TemporaryDirectory(prefix="gatepost-build-") as place:
        root = Path(place) / "tree"
        _write(snapshot, root, Path(place) / "index")
        env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        return _made(build, (), snapshot, root, env, artifacts, stats)


def confined(build: Build, snapshot: Snapshot, artifacts: Sequence[Artifact], stats: Sequence[str] = ()) -> Made:
    """Build a tree on a server: from its blobs, by the operator's sandbox, with next to no environment.

    Raises BuildFailed.
    """
    if not build.sandbox:
        raise BuildFailed("the server's own policy has no bundle.build.sandbox")
    with tempfile.TemporaryDirectory(prefix="gatepost-build-", ignore_cleanup_errors=True) as place:
        root, home = Path(place) / "tree", Path(place) / "home"
        root.mkdir()
        home.mkdir()
        _blobs(snapshot, root)
        env = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TZ") if name in os.environ}
        env |= {"HOME": str(home), "TMPDIR": str(home)}
        sandbox = [word.replace("{directory}", place) for word in build.sandbox]
        return _made(build, sandbox, snapshot, root, env, artifacts, stats)


def _made(
    build: Build,
    sandbox: Sequence[str],
    snapshot: Snapshot,
    root: Path,
    env: Mapping[str, str],
    artifacts: Sequence[Artifact],
    stats: Sequence[str],
) -> Made:
    wanted = [glob for artifact in artifacts for glob in globs(artifact)]
    with own_time():
        for command in (build.install, build.command):
            if command:
                _run((*sandbox, *command), root / build.directory, build.timeout, env)
    found = dict(_weighed(root, wanted))
    if not found:
        raise BuildFailed(f"{_shown(build.command)} wrote nothing that matches {', '.join(wanted)}")
    return Made(found, _told(snapshot, root, tuple(stats)))


def _told(snapshot: Snapshot, root: Path, stats: tuple[str, ...]) -> Told:
    """Read what the bundler wrote beside its output, held against the tree that was built."""

    def content(path: str) -> bytes:
        file = root / path
        if not file.resolve().is_relative_to(root.resolve()) or not file.is_file():
            raise NotAFile(path, "not written by the build")
        with file.open("rb") as stream:
            raw = stream.read(LIMIT + 1)
        if len(raw) > LIMIT:
            raise TooLarge(f"larger than {LIMIT} bytes")
        return raw

    return Reader(Tree(snapshot), stats, content).read()


def _blobs(snapshot: Snapshot, root: Path) -> None:
    """Write a pushed tree without git's filters; links come last, so that nothing is written through one."""
    links: list[Entry] = []
    total = 0
    for number, entry in enumerate(snapshot.walk()):
        parts = entry.path.split("/")
        if any(part in ("", ".", "..") or part.lower() == ".git" for part in parts):
            raise BuildFailed(f"{printable(entry.path)} cannot be written")
        if not entry.is_file:
            links.append(entry)
            continue
        size = snapshot.repo.objects.needed(entry.oid, printable(entry.path))[2]
        total += size
        if number > _FILES or total > _BYTES:
            raise BuildFailed(f"the tree is too large to be built here: over {_FILES:,} files or {_BYTES:,} bytes")
        _blob(snapshot, entry, root, size)
    for entry in links:
        _link(snapshot, entry, root)


def _blob(snapshot: Snapshot, entry: Entry, root: Path, size: int) -> None:
    file = root / entry.path
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as out:
            for piece in snapshot.repo.stream(entry.oid, size):
                out.write(piece)
        file.chmod(0o755 if entry.mode & 0o111 else 0o644)
    except (OSError, ValueError) as error:
        raise BuildFailed(f"{printable(entry.path)} cannot be written: {error}") from None


def _link(snapshot: Snapshot, entry: Entry, root: Path) -> None:
    """Write a symbolic link that stays inside of the tree; others, and submodules, are left out."""
    if entry.mode != _SYMLINK:
        return
    target = os.fsdecode(snapshot.repo.objects.read(entry.oid, 4096))
    inside = os.path.normpath(os.path.join(os.path.dirname(entry.path), target))  # noqa: PTH118, PTH120 - text only
    if target.startswith("/") or "\0" in target or inside.split("/")[0] == "..":
        return
    file = root / entry.path
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        if file.parent.resolve().is_relative_to(root.resolve()):
            file.symlink_to(target)


def _write(snapshot: Snapshot, root: Path, index: Path) -> None:
    root.mkdir()
    own = {"GIT_INDEX_FILE": str(index)}
    snapshot.repo.run("read-tree", snapshot.tree, env=own)
    snapshot.repo.run("checkout-index", "-a", "-f", f"--prefix={root}/", env=own)


def _run(command: Sequence[str], directory: Path, seconds: float, env: Mapping[str, str]) -> None:
    try:
        code, said = commands.run(command, directory, seconds, env, _TOLD)
    except OSError as error:
        raise BuildFailed(f"{_shown(command)}: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise BuildFailed(f"{_shown(command)} did not end within {seconds:g} seconds") from None
    if code:
        raise BuildFailed(f"{_shown(command)} failed with exit code {code}: {said}")


def _weighed(root: Path, wanted: Sequence[str]) -> Iterator[tuple[str, tuple[str, Figure]]]:
    total = 0
    for directory, below, names in os.walk(root):
        below[:] = sorted(name for name in below if name not in ("node_modules", ".git"))
        for name in sorted(names):
            file = Path(directory) / name
            path = file.relative_to(root).as_posix()
            if matches(path, *wanted) and file.is_file() and not file.is_symlink():
                if (total := total + file.stat().st_size) > _BYTES:
                    raise BuildFailed(f"its output is larger than {_BYTES:,} bytes")
                digest = hashlib.sha256()
                figure = weigh(_pieces(file, digest.update))
                yield path, (digest.hexdigest(), figure)


def _pieces(file: Path, see: Callable[[bytes], None]) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            see(piece)
            yield piece


def _shown(command: Sequence[str]) -> str:
    return "`" + printable(" ".join(command), 100) + "`"
