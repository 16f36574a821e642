"""Read webpack's statistics: ``webpack --json``, or a plug-in that writes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.bundles import Output, Source, Stats


def read(data: Any) -> Stats | None:
    """Read statistics with ``assets`` and ``chunks``; None where they are none.

    The sizes of modules are those before minification: they tell what changed, not how large it is.
    """
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("assets"), list)
        or not isinstance(data.get("chunks"), list)
    ):
        return None
    chunks = {chunk["id"]: chunk for chunk in data["chunks"]}
    modules = list(_modules(data.get("modules") or [], 0))
    outputs = {}
    for asset in data["assets"]:
        name = str(asset["name"])
        own = [chunk for chunk in chunks.values() if name in (chunk.get("files") or ())]
        if name.endswith((".map", ".txt")):
            continue
        ids = {chunk["id"] for chunk in own}
        inside = {path: size for path, size, places in modules if ids.intersection(places)}
        outputs[name] = Output(int(asset["size"]), any(chunk.get("initial") for chunk in own) if own else None, inside)
    inputs = {path: None for path, _, _ in modules if "node_modules/" not in path}
    return Stats(outputs, inputs)


def _modules(modules: list[Any], depth: int) -> Iterator[tuple[str, int, list[Any]]]:
    """Give path, size and chunks; a concatenated module stands for the real ones that are nested in it."""
    for module in modules:
        nested = module.get("modules")
        if nested and depth < 5:
            for path, size, places in _modules(nested, depth + 1):
                yield path, size, places or module.get("chunks") or []
            continue
        name = str(module.get("name", "")).rpartition("!")[2].partition("?")[0]
        if name.startswith("./") and not module.get("orphan"):
            yield name[2:].partition(" + ")[0], int(module.get("size", 0)), module.get("chunks") or []


SOURCE = Source("webpack", "webpack's statistics (webpack --json)", stats=read)
