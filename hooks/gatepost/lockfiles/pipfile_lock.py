"""Pipfile.lock: default, develop, and the custom categories that are further keys of the file."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, array, git, json_of, local, pypi_name, registry, string, table
from gatepost.lockfiles.pyproject import scope_of


def read(file: File) -> Lock:
    """Read every category; the file knows no edges."""
    data = json_of(file.raw)
    if "_meta" not in data:
        raise Unreadable("has no _meta, so it is no Pipfile.lock")
    meta = table(data["_meta"], "_meta")
    indexes = {}
    for source in array(meta.get("sources"), "_meta.sources"):
        if isinstance(source, dict) and isinstance(source.get("url"), str):
            indexes[str(source.get("name"))] = registry(source["url"])
    pins = []
    for category, entries in data.items():
        if category != "_meta":
            scope = {"default": "prod", "develop": "dev"}.get(category) or scope_of(category, "optional")
            for name, entry in table(entries, category).items():
                pins.append(_pin(category, name, table(entry, f"{category}.{name}"), scope, indexes))
    return Lock(pins, edges=False)


def _pin(category: str, name: str, entry: dict[str, Any], scope: str, indexes: dict[str, str]) -> Pin:
    version = string(entry.get("version"), f"the version of {name}", "").lstrip("=")
    hashes = array(entry.get("hashes"), f"the hashes of {name}")
    integrity = tuple(sorted(value for value in hashes if isinstance(value, str)))
    real = pypi_name(name)
    own = entry.get("editable") is True or "path" in entry
    return Pin(f"{category}/{real}", real, version, _source(entry, indexes), integrity, (), scope, own)


def _source(entry: dict[str, Any], indexes: dict[str, str]) -> str:
    if isinstance(entry.get("git"), str):
        return git(entry["git"], str(entry.get("ref", "")))
    if "path" in entry:
        return local(str(entry["path"]))
    if isinstance(entry.get("file"), str):
        return archive(entry["file"]) if "://" in entry["file"] else local(entry["file"])
    return indexes.get(str(entry.get("index")), "")


FORMAT = Format(
    name="Pipfile.lock",
    ecosystem="pypi",
    files=("Pipfile.lock",),
    read=read,
    manifests=("Pipfile",),
    needles=lambda name, _version: (f'"{name}": {{', f'"{name}"'),
)
