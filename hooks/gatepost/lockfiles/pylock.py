"""pylock.toml, the lock that all Python installers can read (PEP 751)."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, array, git, local, pypi_name, registry, string, table, toml_of


def read(file: File) -> Lock:
    """Read the packages; edges are optional in this format and often missing."""
    data = toml_of(file.raw)
    if "lock-version" not in data:
        raise Unreadable("has no lock-version, so it is no pylock.toml")
    packages = [table(entry, "an entry of packages") for entry in array(data.get("packages"), "packages")]
    keys: dict[str, list[str]] = {}
    for number, entry in enumerate(packages):
        name = pypi_name(string(entry.get("name"), "the name of a package"))
        keys.setdefault(name, []).append(f"{name}@{entry.get('version', '')}#{number}")
    pins = []
    at: dict[str, int] = {}
    for entry in packages:
        name = pypi_name(entry["name"])
        key = keys[name][at.setdefault(name, 0)]
        at[name] += 1
        pins.append(_pin(key, name, entry, keys))
    return Lock(pins, edges=any(pin.requires for pin in pins))


def _pin(key: str, name: str, entry: dict[str, Any], keys: dict[str, list[str]]) -> Pin:
    version = string(entry.get("version"), f"the version of {name}", "")
    wanted = [table(item, "a dependency") for item in array(entry.get("dependencies"), "dependencies")]
    requires = tuple(k for item in wanted for k in keys.get(pypi_name(str(item.get("name", ""))), ()))
    files = [entry.get("sdist"), entry.get("archive"), *array(entry.get("wheels"), "wheels")]
    hashes = {
        f"{kind}:{digest}"
        for file in files
        if isinstance(file, dict)
        for kind, digest in table(file.get("hashes"), "hashes").items()
    }
    return Pin(key, name, version, _source(entry), tuple(sorted(hashes)), requires, "", "directory" in entry)


def _source(entry: dict[str, Any]) -> str:
    vcs, directory, single = (table(entry.get(kind), kind) for kind in ("vcs", "directory", "archive"))
    if vcs:
        return git(str(vcs.get("url") or vcs.get("path") or ""), str(vcs.get("commit-id", "")))
    if directory:
        return local(str(directory.get("path", "")))
    if single:
        return archive(str(single["url"])) if "url" in single else local(str(single.get("path", "")))
    return registry(str(entry["index"])) if "index" in entry else ""


FORMAT = Format(
    name="pylock",
    ecosystem="pypi",
    files=("pylock.toml", "pylock.*.toml"),
    read=read,
    manifests=("pyproject.toml",),
    needles=lambda name, version: (f'name = "{name}"\nversion = "{version}"', f'name = "{name}"'),
)
