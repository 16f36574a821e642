"""pnpm-workspace.yaml: catalogs and overrides, which members refer to as ``catalog:``."""

from __future__ import annotations

from gatepost.lockfiles import Declared, File, Format, Lock
from gatepost.lockfiles._text import table
from gatepost.lockfiles._yaml import load


def read(file: File) -> Lock:
    """Read catalogs as expectations, overrides as what is forced."""
    data = load(file.raw, bom=True)
    catalogs = [data.get("catalog"), *table(data.get("catalogs") or None, "catalogs").values()]
    ranges = {name: str(text) for entries in catalogs for name, text in table(entries or None, "a catalog").items()}
    forced = table(data.get("overrides") or None, "overrides")
    declared = [Declared(name, text, "override") for name, text in ranges.items()]
    declared += [Declared(name, str(text), "override") for name, text in forced.items()]
    return Lock(declared=declared, expectations=ranges)


FORMAT = Format(
    name="pnpm-workspace.yaml",
    ecosystem="npm",
    files=("pnpm-workspace.yaml",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f"\n  {name}:", f"'{name}':", f'"{name}":'),
)
