"""pdm.lock, with files beside each package or, in its first versions, in the metadata."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._pep508 import requirement
from gatepost.lockfiles._text import archive, array, git, local, pypi_name, string, table
from gatepost.lockfiles._toml_scan import hashes, load


def read(file: File) -> Lock:
    """Read the packages of a pdm.lock."""
    data = load(file.raw, file.memo)
    metadata = table(data.get("metadata"), "metadata")
    if not metadata:
        raise Unreadable("has no metadata table, so it is no pdm.lock")
    packages = [table(entry, "an entry of package") for entry in array(data.get("package"), "package")]
    files = table(metadata.get("files"), "metadata.files")
    keys: dict[str, list[str]] = {}
    for entry in packages:
        name = pypi_name(string(entry.get("name"), "the name of a package"))
        keys.setdefault(name, []).append(f"{name}@{entry.get('version', '')}")
    found: dict[str, Pin] = {}
    for entry in packages:  # a package with extras stands once more, with what they add
        pin = _pin(entry, keys, files)
        known = found.get(pin.key)
        found[pin.key] = pin if known is None else known._replace(requires=_united(known.requires, pin.requires))
    return Lock(list(found.values()))


def _united(left: tuple[str, ...], right: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*left, *right)))


def _pin(entry: dict[str, Any], keys: dict[str, list[str]], files: dict[str, Any]) -> Pin:
    name = pypi_name(entry["name"])
    version = string(entry.get("version"), f"the version of {name}", "")
    wanted = [requirement(string(text, "a dependency")) for text in array(entry.get("dependencies"), "dependencies")]
    requires = tuple(k for other in wanted if other and other.name != name for k in keys.get(other.name, ()))
    groups = entry.get("groups")
    scope = "" if not isinstance(groups, list) else "prod" if "default" in groups else "dev"
    listed = entry.get("files") or files.get(f"{entry['name']} {version}")
    own = isinstance(entry.get("path"), str)
    return Pin(
        f"{name}@{version}", name, version, _source(entry), tuple(sorted(set(hashes(listed)))), requires, scope, own
    )


def _source(entry: dict[str, Any]) -> str:
    if isinstance(entry.get("git"), str):
        return git(entry["git"], str(entry.get("revision") or entry.get("ref") or ""))
    if isinstance(entry.get("path"), str):
        return local(entry["path"])
    return archive(entry["url"]) if isinstance(entry.get("url"), str) else ""


FORMAT = Format(
    name="pdm",
    ecosystem="pypi",
    files=("pdm.lock",),
    read=read,
    manifests=("pyproject.toml",),
    needles=lambda name, version: (f'name = "{name}"\nversion = "{version}"', f'name = "{name}"'),
)
