"""poetry.lock of Poetry 1.x and 2.x."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, array, git, local, pypi_name, registry, string, table
from gatepost.lockfiles._toml_scan import hashes, load


def read(file: File) -> Lock:
    """Read the packages of a poetry.lock; hashes stand with the package, or by name in the metadata."""
    return build(load(file.raw, file.memo))


def build(data: dict[str, Any]) -> Lock:
    """Make pins of the tables, however they were read."""
    metadata = table(data.get("metadata"), "metadata")
    if not metadata:
        raise Unreadable("has no metadata table, so it is no poetry.lock")
    packages = [table(entry, "an entry of package") for entry in array(data.get("package"), "package")]
    files = table(metadata.get("files"), "metadata.files") or table(metadata.get("hashes"), "metadata.hashes")
    keys: dict[str, list[str]] = {}
    for entry in packages:
        name = pypi_name(string(entry.get("name"), "the name of a package"))
        keys.setdefault(name, []).append(_key(name, entry))
    return Lock([_pin(entry, keys, files) for entry in packages])


def _key(name: str, entry: dict[str, Any]) -> str:
    return f"{name}@{string(entry.get('version'), f'the version of {name}')}"


def _pin(entry: dict[str, Any], keys: dict[str, list[str]], files: dict[str, Any]) -> Pin:
    name = pypi_name(entry["name"])
    wanted = table(entry.get("dependencies"), f"the dependencies of {name}")
    requires = tuple(key for other in wanted for key in keys.get(pypi_name(other), ()))
    source = table(entry.get("source"), f"the source of {name}")
    own = source.get("type") == "directory"
    hashes = _hashes(entry.get("files") or files.get(entry["name"]) or files.get(name))
    return Pin(_key(name, entry), name, entry["version"], source_of(source), hashes, requires, _scope(entry), own)


def _scope(entry: dict[str, Any]) -> str:
    """Give the scope: the category of 1.x, the groups of 2.x."""
    groups = entry.get("groups")
    if isinstance(groups, list):
        if "main" not in groups:
            return "dev"
        return "optional" if entry.get("optional") is True else "prod"
    if "category" not in entry:
        return ""
    if entry["category"] == "dev":
        return "dev"
    return "optional" if entry.get("optional") is True else "prod"


def source_of(source: dict[str, Any]) -> str:
    """Name the source of a package: nothing is PyPI."""
    url = source.get("url")
    if not isinstance(url, str):
        return ""
    kind = source.get("type")
    if kind == "git":
        return git(url, str(source.get("resolved_reference") or source.get("reference") or ""))
    if kind in ("directory", "file"):
        return local(url)
    return archive(url) if kind == "url" else registry(url)


def _hashes(files: Any) -> tuple[str, ...]:
    return tuple(sorted({value if ":" in value else "sha256:" + value for value in hashes(files)}))


FORMAT = Format(
    name="poetry",
    ecosystem="pypi",
    files=("poetry.lock",),
    read=read,
    manifests=("pyproject.toml",),
    needles=lambda name, version: (f'name = "{name}"\nversion = "{version}"', f'name = "{name}"'),
)
