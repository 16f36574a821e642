"""package.json: what an npm, yarn, pnpm or bun project asks for."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Unreadable
from gatepost.lockfiles._text import clean, json_of, table

SCOPES = {
    "dependencies": "prod",
    "devDependencies": "dev",
    "optionalDependencies": "optional",
    "peerDependencies": "peer",
}


def read(file: File) -> Lock:
    """Read what a package.json declares, its overrides and its workspaces."""
    data = json_of(file.raw, bom=True)
    declared = [*dependencies(data), *_overrides(data)]
    published = any(key in data for key in ("exports", "main", "module", "bin", "publishConfig", "files"))
    application = bool(declared) and (data.get("private") is True or not published)
    return Lock(declared=declared, members=_workspaces(data), application=application, expectations=_catalogs(data))


def dependencies(data: dict[str, Any], manifest: str = "") -> list[Declared]:
    """Read the four tables of dependencies; a name in two of them counts as the first."""
    found: dict[str, Declared] = {}
    for key, scope in SCOPES.items():
        value = data.get(key)
        if isinstance(value, list) and not value:  # npm writes [] for an empty table now and then
            continue
        for name, wanted in table(value, key).items():
            if not isinstance(wanted, str):
                raise Unreadable(f"{key}: the range of {name[:80]!r} is not a text")
            # npm takes an optional dependency out of "dependencies": the later table wins there.
            if name not in found or scope == "optional":
                found[name] = Declared(name, clean(wanted.strip()), scope, manifest)
    return list(found.values())


def _overrides(data: dict[str, Any]) -> list[Declared]:
    pnpm = data.get("pnpm")
    places = [data.get("overrides"), data.get("resolutions"), pnpm.get("overrides") if isinstance(pnpm, dict) else None]
    found = []
    for place in places:
        for name, wanted in place.items() if isinstance(place, dict) else ():
            target = name.rpartition(">")[2].strip()
            if "/" in target and not target.startswith("@"):
                target = target.rpartition("/")[2]
            bare = target[0] + target[1:].partition("@")[0] if target else name
            found.append(Declared(bare, wanted if isinstance(wanted, str) else str(wanted), "override"))
    return found


def _workspaces(data: dict[str, Any]) -> tuple[str, ...]:
    value = data.get("workspaces")
    if isinstance(value, dict):
        value = value.get("packages")
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _catalogs(data: dict[str, Any]) -> dict[str, str]:
    """Read bun's catalogs, which stand in the root's package.json."""
    found: dict[str, str] = {}
    places = [data, data.get("workspaces")]
    for place in places:
        if isinstance(place, dict):
            tables = [place.get("catalog"), *table_values(place.get("catalogs"))]
            for entries in tables:
                if isinstance(entries, dict):
                    found.update({k: v for k, v in entries.items() if isinstance(v, str)})
    return found


def table_values(value: Any) -> list[Any]:
    """Give the values of a table, none for anything else."""
    return list(value.values()) if isinstance(value, dict) else []


FORMAT = Format(
    name="package.json",
    ecosystem="npm",
    files=("package.json",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f'"{name}":', f'"{name}" :'),
)
