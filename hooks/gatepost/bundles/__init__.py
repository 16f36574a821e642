"""One file per source of sizes or of an import graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gatepost.policy import LOWER, Percent, Size

__all__ = ["Artifact", "Bundle", "Figure", "Measurement", "Served"]


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
    compression: Literal["gzip", "none"] = "gzip"


@dataclass(frozen=True, slots=True)
class Bundle:
    """``[bundle]``: the artifacts, and where production enters the import graph."""

    artifact: tuple[Artifact, ...] = ()
    entries: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figure:
    """How large something is; ``compressor`` says what made ``gzip``, as no two of them agree."""

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
        return "raw" if self.gzip is None else "gzip"

    def json(self) -> dict[str, int | str | None]:
        """Give the figure as the report has it."""
        return {"raw": self.raw, "gzip": self.gzip, "compressor": self.compressor}


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
