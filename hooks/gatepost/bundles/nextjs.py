"""Read what Next.js tells about its routes: ``app-build-manifest.json``, from 16 ``route-bundle-stats.json``."""

from __future__ import annotations

from typing import Any

from gatepost.bundles import Output, Source, Stats


def read(data: Any) -> Stats | None:
    """Read either file; None where it is none. Each chunk that a route names is loaded at first."""
    if isinstance(data, list) and data and all(isinstance(e, dict) and "firstLoadChunkPaths" in e for e in data):
        chunks = [path for each in data for path in each["firstLoadChunkPaths"]]
    elif isinstance(data, dict) and isinstance(data.get("pages"), dict):
        chunks = [path for each in data["pages"].values() for path in each]
    else:
        return None
    names = {str(path).removeprefix(".next/").lstrip("/") for path in chunks}
    return Stats({name: Output(0, True, {}) for name in sorted(names)}, {}, rest=False)


SOURCE = Source("nextjs", "Next.js: app-build-manifest.json, or route-bundle-stats.json", stats=read)
