"""Read esbuild's metafile, which Angular's ``--stats-json`` writes too."""

from __future__ import annotations

from typing import Any

from gatepost.bundles import Output, Source, Stats


def read(data: Any) -> Stats | None:
    """Read a metafile; None where it is none."""
    if not isinstance(data, dict) or not isinstance(data.get("inputs"), dict) or "outputs" not in data:
        return None
    outputs = {name: each for name, each in data["outputs"].items() if not name.endswith(".map")}
    first = _initial(outputs)
    return Stats(
        {
            name: Output(
                int(each["bytes"]),
                name in first,
                {path: int(module["bytesInOutput"]) for path, module in each.get("inputs", {}).items()},
            )
            for name, each in outputs.items()
        },
        {path: int(each["bytes"]) for path, each in data["inputs"].items()},
    )


def _initial(outputs: dict[str, Any]) -> set[str]:
    dynamic = {i["path"] for each in outputs.values() for i in each.get("imports", ()) if i["kind"] == "dynamic-import"}
    stack = [name for name, each in outputs.items() if each.get("entryPoint") and name not in dynamic]
    seen = set(stack)
    while stack:
        each = outputs.get(stack.pop(), {})
        static = [i["path"] for i in each.get("imports", ()) if i["kind"] != "dynamic-import" and not i.get("external")]
        following = [*static, *([each["cssBundle"]] if "cssBundle" in each else [])]
        stack += [name for name in following if name not in seen]
        seen.update(following)
    return seen


SOURCE = Source("esbuild", "esbuild's metafile (also Angular's --stats-json)", stats=read)
