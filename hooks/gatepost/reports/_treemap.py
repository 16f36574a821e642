"""Draw what is shipped before and after as two treemaps, the parts that are new marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, NamedTuple

from gatepost.model import Report, printable

_WIDE, _HIGH = 600.0, 300.0
_LABELLED = 70.0
_MOST = 200


class _Part(NamedTuple):
    name: str
    before: int
    after: int

    @property
    def kind(self) -> str:
        if not self.name:
            return "same"
        if not self.before:
            return "new"
        return "grown" if self.after > self.before else "shrunk" if self.after < self.before else "same"


def treemaps(report: Report) -> Iterator[str]:
    """Give the figures of each measured artifact; none where the library that lays them out is not installed."""
    try:
        import squarify  # type: ignore[import-not-found,import-untyped,unused-ignore]  # an extra
    except ModuleNotFoundError:
        return
    for artifact in report.sections.get("bundle", {}).get("artifacts", ()):
        parts = _parts(artifact)
        if not parts:
            continue
        yield f"<h3>{escape(printable(str(artifact['name']), 80))}</h3>"
        yield '<div class="maps">'
        for side in ("before", "after"):
            size = sum(getattr(part, side) for part in parts)
            yield f"<figure><figcaption>{side}: {size:,} bytes</figcaption>"
            yield from _map(squarify, parts, side, max(size, 1))
            yield "</figure>"
        yield "</div>"


def _parts(artifact: Mapping[str, Any]) -> list[_Part]:
    """Give modules where they are known, else files; what did not change is one part without a name."""
    if not (artifact.get("before") and artifact.get("after")) or artifact["before"] == artifact["after"]:
        return []
    listed = artifact.get("modules") or ()
    parts = [_Part(str(each.get("package") or each.get("path")), each["before"], each["after"]) for each in listed]
    if not parts:
        files = artifact.get("files") or ()
        parts = [_Part(str(each["path"]), _raw(each["before"]), _raw(each["after"])) for each in files]
    rest = [_raw(artifact[side]) - sum(getattr(part, side) for part in parts) for side in ("before", "after")]
    return [*parts[:_MOST], *([_Part("", max(rest[0], 0), max(rest[1], 0))] if max(rest) > 0 else [])]


def _raw(figure: Mapping[str, Any] | None) -> int:
    return int(figure["raw"]) if figure else 0


def _map(library: Any, parts: list[_Part], side: str, size: int) -> Iterator[str]:
    there = sorted((part for part in parts if getattr(part, side) > 0), key=lambda part: -getattr(part, side))
    sizes = library.normalize_sizes([getattr(part, side) for part in there], _WIDE, _HIGH)
    yield f'<svg viewBox="0 0 {_WIDE:g} {_HIGH:g}" role="img">'
    for part, place in zip(there, library.squarify(sizes, 0, 0, _WIDE, _HIGH), strict=True):
        name = escape(printable(part.name, 120)) or "unchanged"
        x, y, wide, high = (round(place[key], 1) for key in ("x", "y", "dx", "dy"))
        share = getattr(part, side) / size
        yield f'<g class="{part.kind}"><title>{name}: {getattr(part, side):,} bytes, {share:.1%}</title>'
        yield f'<rect x="{x}" y="{y}" width="{wide}" height="{high}"/>'
        if wide > _LABELLED and high > 16:
            short = escape(printable(part.name.rpartition("/")[2] or "unchanged", max(4, int(wide / 7))))
            yield f'<text x="{x + 4}" y="{y + 13}">{short}</text>'
        yield "</g>"
    yield "</svg>"
