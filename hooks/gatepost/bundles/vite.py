"""Read the manifest that Vite writes with ``build.manifest``: what is loaded at first, without modules."""

from __future__ import annotations

from typing import Any

from gatepost.bundles import Output, Source, Stats


def read(data: Any) -> Stats | None:
    """Read a manifest; None where it is none."""
    if not isinstance(data, dict) or not data:
        return None
    if not all(isinstance(each, dict) and isinstance(each.get("file"), str) for each in data.values()):
        return None
    first: set[str] = set()
    stack = [key for key, each in data.items() if each.get("isEntry")]
    if not stack:
        return None
    while stack:
        key = stack.pop()
        if key in first or key not in data:
            continue
        first.add(key)
        stack += data[key].get("imports", ())
    outputs: dict[str, Output] = {}
    for key, each in data.items():
        for file in (each["file"], *each.get("css", ())):
            known = outputs.get(file)
            outputs[file] = Output(0, key in first or bool(known and known.initial), {})
    return Stats(outputs, {each["src"]: None for each in data.values() if isinstance(each.get("src"), str)})


SOURCE = Source("vite", "the manifest of Vite and Rollup (build.manifest)", stats=read)
