"""One file per source of sizes or of an import graph."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

from gatepost.policy import LOWER, Duration, Percent, Size

if TYPE_CHECKING:
    from gatepost.bundles._tree import Tree

PACKAGE = "//"  # begins a node that is a package; no path of a tree begins so

__all__ = [
    "PACKAGE",
    "Artifact",
    "Build",
    "Bundle",
    "Figure",
    "Import",
    "Measurement",
    "Resolved",
    "Resolves",
    "Served",
    "Source",
]


@dataclass(frozen=True, slots=True)
class Figure:
    """How large something is; ``compressor`` says what made ``gzip`` (brotli may have), as no two of them agree."""

    raw: int
    gzip: int | None
    compressor: str

    @property
    def gated(self) -> int:
        """The number that the thresholds are held against."""
        return self.raw if self.gzip is None else self.gzip

    @property
    def unit(self) -> str:
        """What the gated number counts."""
        name = self.compressor.partition("/")[0]
        return "raw" if self.gzip is None else {"zlib": "gzip"}.get(name, name)

    def json(self) -> dict[str, int | str | None]:
        """Give the figure as the report has it."""
        return {"raw": self.raw, "gzip": self.gzip, "compressor": self.compressor}


@dataclass(frozen=True, slots=True)
class Artifact:
    """``[[bundle.artifact]]``: files that are served together, and how much they may grow.

    Above ``growth`` and ``floor`` together a step is too much; so is three times the share above a
    fifth of the floor, because a small library has accidents below 10 KiB.
    """

    name: str
    globs: tuple[str, ...]
    loads: Literal["initial", "lazy", "any"] = "any"
    growth: Percent = field(default=Percent(0.05), metadata=LOWER)
    floor: Size = field(default=Size(10 * 1024), metadata=LOWER)
    limit: Size | None = field(default=None, metadata=LOWER)
    compression: Literal["gzip", "none", "brotli", "zstd"] = "gzip"

    def exceeded(self, before: Figure, after: Figure) -> bool:
        """Tell whether a step is too large; figures of two compressors are not compared."""
        if before.compressor != after.compressor:
            return False
        delta = after.gated - before.gated
        share = delta / before.gated if before.gated else float("inf")
        large = share > self.growth and delta > self.floor
        steep = share > 3 * self.growth and delta > self.floor / 5
        return delta > 0 and (large or steep)


@dataclass(frozen=True, slots=True)
class Build:
    """``[bundle.build]``: how to build what is not committed, and what goes into it.

    The same ``inputs`` (files and directories) are built once; commands are lists, no shell reads them.
    ``sandbox`` counts in a server's own file only: the words before each command there, which make a
    server build what has landed; ``{directory}`` among them is the directory of that build.
    """

    command: tuple[str, ...]
    inputs: tuple[str, ...]
    install: tuple[str, ...] = ()
    directory: str = ""
    timeout: Duration = field(default=Duration(300), metadata=LOWER)
    sandbox: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """``[bundle]``: the artifacts, and where production enters the import graph.

    ``test_paths`` and ``test_packages`` are test code besides the usual; ``allow`` names paths and
    packages that are none in spite of their name. ``stats`` are files that a bundler wrote, which are
    committed or come out of the build; with them an artifact that ``loads`` initially counts what is
    loaded at first, no more.
    """

    artifact: tuple[Artifact, ...] = ()
    entries: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    test_paths: tuple[str, ...] = ()
    test_packages: tuple[str, ...] = ()
    allow: tuple[str, ...] = field(default=(), metadata=LOWER)
    stats: tuple[str, ...] = ()
    build: Build | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """One file of an artifact with its figure."""

    path: str
    oid: str
    figure: Figure


@dataclass(frozen=True, slots=True)
class Measurement:
    """The files of one artifact in one tree, and what matched but is no regular file."""

    files: tuple[Served, ...] = ()
    odd: tuple[tuple[str, str], ...] = ()

    @property
    def total(self) -> Figure | None:
        """The sum over the files, each measured on its own as it is served."""
        if not self.files:
            return None
        figures = [file.figure for file in self.files]
        packed = [figure.gzip for figure in figures if figure.gzip is not None]
        gzip = sum(packed) if len(packed) == len(figures) else None
        compressor = figures[0].compressor if gzip is not None else "none"
        return Figure(sum(figure.raw for figure in figures), gzip, compressor)


@dataclass(frozen=True, slots=True)
class Import:
    """One import of a file: what it names, where, and how it is loaded.

    ``dynamic`` is loaded on demand; ``glob`` names many files (patterns after "!" are left out);
    ``guarded`` stands behind a test for a development build.
    """

    specifier: str
    line: int = 1
    dynamic: bool = False
    glob: bool = False
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """What an import leads to, and the paths (without extension) that decided it."""

    targets: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()


class Resolves(Protocol):
    """Turn what a file imports into files and packages of one tree."""

    def resolve(self, importer: str, item: Import) -> Resolved:
        """Give the targets of one import."""


@dataclass(frozen=True, slots=True)
class Family:
    """The import graph of one family of languages.

    ``language`` names how a file is scanned, "" for one without imports of its own, None for a file
    that is not of this family. ``settles`` tells files that decide how imports resolve. ``entries``
    detects where production begins, near the paths that changed. ``first_load`` tells whether it
    matters to users what is loaded at first.
    """

    language: Callable[[str], str | None]
    scan: Callable[[str, str], tuple[Import, ...]]
    resolver: Callable[[Tree, Mapping[str, str]], Resolves]
    entries: Callable[[Tree, Iterable[str]], tuple[str, ...]]
    settles: Callable[[str], bool]
    test_paths: tuple[str, ...] = ()
    test_packages: tuple[str, ...] = ()
    first_load: bool = True


@dataclass(frozen=True, slots=True)
class Output:
    """One file that a bundler wrote: bytes (0 where it does not say), when it is loaded, and its modules."""

    size: int
    initial: bool | None
    modules: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Stats:
    """What a bundler tells: its outputs, and the inputs with their sizes where it knows them.

    ``rest`` is what holds for an output that it does not name: None unknown, False not loaded at first.
    """

    outputs: Mapping[str, Output]
    inputs: Mapping[str, int | None]
    rest: bool | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What each plug-in of this package has as ``SOURCE``: a way to sizes, or an import graph."""

    name: str
    summary: str
    graph: Family | None = None
    stats: Callable[[Any], Stats | None] | None = None
