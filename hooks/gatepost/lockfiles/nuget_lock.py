"""packages.lock.json of NuGet: for each framework what is direct, transitive or a project of our own."""

from __future__ import annotations

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import json_of, string, table


def read(file: File) -> Lock:
    """Read every framework; one package may have another version in each."""
    data = json_of(file.raw, bom=True)
    if "dependencies" not in data or "version" not in data:
        raise Unreadable("has no version and dependencies, so it is no packages.lock.json")
    pins: dict[str, Pin] = {}
    declared: dict[str, Declared] = {}
    for framework, packages in table(data["dependencies"], "dependencies").items():
        entries = table(packages, framework)
        keys = {name.lower(): f"{name.lower()}@{_resolved(name, entry)}" for name, entry in entries.items()}
        for name, entry in entries.items():
            found = table(entry, name)
            key, kind = keys[name.lower()], found.get("type")
            wanted = table(found.get("dependencies"), f"the dependencies of {name}")
            requires = tuple(keys[other.lower()] for other in wanted if other.lower() in keys)
            digest = found.get("contentHash")
            hashes = (f"sha512:{digest}",) if isinstance(digest, str) else ()
            pins[key] = Pin(key, name, _resolved(name, entry), "", hashes, requires, "", kind == "Project")
            if kind in ("Direct", "CentralTransitive"):
                declared.setdefault(key, Declared(name, str(found.get("requested", "")), "prod", "", key))
    return Lock(list(pins.values()), list(declared.values()))


def _resolved(name: str, entry: object) -> str:
    return string(table(entry, name).get("resolved"), f"the version of {name}", "")


FORMAT = Format(
    name="packages.lock.json",
    ecosystem="nuget",
    files=("packages.lock.json", "packages.*.lock.json"),
    read=read,
    needles=lambda name, _version: (f'"{name}": {{', f'"{name}"'),
)
