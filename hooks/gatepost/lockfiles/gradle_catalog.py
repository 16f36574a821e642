"""libs.versions.toml: the version catalog of a Gradle build."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Unreadable
from gatepost.lockfiles._text import table, toml_of


def read(file: File) -> Lock:
    """Read libraries and plugins, with the versions that they refer to."""
    data = toml_of(file.raw, bom=True)
    versions = table(data.get("versions"), "versions")
    declared = []
    for alias, entry in table(data.get("libraries"), "libraries").items():
        name, version = _library(alias, entry)
        declared.append(Declared(name, _version(version, versions), "prod"))
    for alias, entry in table(data.get("plugins"), "plugins").items():
        if isinstance(entry, str):
            name, _, version = entry.partition(":")
        else:
            plugin = table(entry, f"plugins.{alias}")
            name, version = str(plugin.get("id", alias)), plugin.get("version", "")
        declared.append(Declared(f"{name}:{name}.gradle.plugin", _version(version, versions), "build"))
    return Lock(declared=declared, expectations={d.name: d.range for d in declared if d.range})


def _library(alias: str, entry: Any) -> tuple[str, Any]:
    if isinstance(entry, str):
        parts = entry.split(":")
        if len(parts) < 2:
            raise Unreadable(f"libraries.{alias}: {entry[:80]!r} is no group:name:version")
        return ":".join(parts[:2]), parts[2] if len(parts) > 2 else ""
    found = table(entry, f"libraries.{alias}")
    return str(found.get("module") or f"{found.get('group')}:{found.get('name')}"), found.get("version", "")


def _version(value: Any, versions: dict[str, Any]) -> str:
    if isinstance(value, dict) and "ref" in value:
        value = versions.get(str(value["ref"]), "")
    if isinstance(value, dict):  # a rich version: the strongest word counts
        value = value.get("strictly") or value.get("require") or value.get("prefer") or ""
    return str(value).removesuffix("!!")


FORMAT = Format(
    name="libs.versions.toml",
    ecosystem="maven",
    files=("*.versions.toml",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (name, name.rpartition(":")[2]),
)
