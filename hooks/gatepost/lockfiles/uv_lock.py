"""uv.lock, and the locks that uv writes for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, array, git, local, pypi_name, registry, string, table
from gatepost.lockfiles._toml_scan import load
from gatepost.lockfiles.pyproject import scope_of

OWN = ("virtual", "editable", "directory", "path")


def read(file: File) -> Lock:
    """Read the packages of a uv.lock; its own packages say what is asked for."""
    data = load(file.raw, file.memo)
    if not isinstance(data.get("version"), int):
        raise Unreadable("has no version, so it is no uv.lock")
    return build([_package(entry) for entry in array(data.get("package"), "package")], data)


def _package(entry: Any) -> dict[str, Any]:
    found = table(entry, "an entry of package")
    string(found.get("name"), "the name of a package")
    return found


def build(packages: list[dict[str, Any]], data: dict[str, Any]) -> Lock:
    """Make pins of package tables, however they were read."""
    keys: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    named = []
    for entry in packages:
        name, version = entry["name"], string(entry.get("version"), f"the version of {entry['name']}", "")
        key = f"{name}@{version}"
        named.append((key, name, version, entry))
        keys.setdefault(name, []).append((key, entry))
    pins: list[Pin] = []
    declared: list[Declared] = []
    for key, name, version, entry in named:
        source = table(entry.get("source"), f"the source of {name}")
        own = any(kind in source for kind in ("virtual", "editable", "directory"))
        requires = tuple(dict.fromkeys(k for wanted in _wanted(entry) for k in _targets(keys, wanted)))
        pins.append(Pin(key, pypi_name(name), version, source_of(source), _hashes(entry), requires, "", own))
        if own:
            declared += _declared(entry, source, keys)
    manifest = table(data.get("manifest"), "manifest")
    for wanted in array(manifest.get("requirements"), "manifest.requirements"):
        declared.append(_declare(wanted, "prod", "", keys))
    return Lock(pins, declared)


def _wanted(entry: dict[str, Any]) -> Iterator[Any]:
    yield from array(entry.get("dependencies"), "dependencies")
    for key in ("optional-dependencies", "dev-dependencies"):
        for group in table(entry.get(key), key).values():
            yield from array(group, key)


def _targets(keys: dict[str, list[tuple[str, dict[str, Any]]]], wanted: Any) -> Iterator[str]:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("name"), str):
        raise Unreadable("a dependency has no name")
    version = wanted.get("version")
    for key, entry in keys.get(wanted["name"], ()):
        if version is None or entry.get("version") == version:
            yield key


def _declared(entry: dict[str, Any], source: dict[str, Any], keys: Any) -> Iterator[Declared]:
    metadata = table(entry.get("metadata") or table(entry.get("package"), "package").get("metadata"), "metadata")
    where = next((str(source[kind]) for kind in OWN if kind in source), ".")
    manifest = "pyproject.toml" if where in (".", "") else f"{where}/pyproject.toml"
    ranges: dict[str, str] = {}
    for wanted in array(metadata.get("requires-dist"), "requires-dist"):
        ranges.setdefault(_declare(wanted, "", manifest, keys).name, _declare(wanted, "", manifest, keys).range)
    yield from (_ranged(w, "prod", manifest, keys, ranges) for w in array(entry.get("dependencies"), "dependencies"))
    for group, wants in table(entry.get("optional-dependencies"), "optional-dependencies").items():
        yield from (_ranged(w, scope_of(group, "optional"), manifest, keys, ranges) for w in array(wants, group))
    requires_dev = table(metadata.get("requires-dev"), "requires-dev")
    for group, wants in table(entry.get("dev-dependencies"), "dev-dependencies").items():
        given = {}
        for wanted in array(requires_dev.get(group), f"requires-dev.{group}"):
            found = _declare(wanted, "dev", manifest, keys)
            given[found.name] = found.range
        yield from (_ranged(w, "dev", manifest, keys, given) for w in array(wants, group))


def _ranged(wanted: Any, scope: str, manifest: str, keys: Any, ranges: dict[str, str]) -> Declared:
    found = _declare(wanted, scope, manifest, keys)
    return found._replace(range=ranges.get(found.name, found.range))


def _declare(wanted: Any, scope: str, manifest: str, keys: Any) -> Declared:
    entry = table(wanted, "a dependency")
    name = string(entry.get("name"), "the name of a dependency")
    asked = string(entry.get("specifier"), f"the specifier of {name}", "")
    if not asked and isinstance(entry.get("git"), str):
        asked = git(entry["git"])
    return Declared(pypi_name(name), asked, scope, manifest, next(_targets(keys, entry), ""))


def source_of(source: dict[str, Any]) -> str:
    """Name the source of a package."""
    for kind, name in (("registry", registry), ("git", git), ("url", archive)):
        if isinstance(source.get(kind), str):
            return local(source[kind]) if kind == "registry" and "://" not in source[kind] else name(source[kind])
    return next((local(str(source[kind])) for kind in OWN if kind in source), "")


def _hashes(entry: dict[str, Any]) -> tuple[str, ...]:
    files = [entry.get("sdist"), *array(entry.get("wheels"), "wheels")]
    return tuple(
        sorted({file["hash"] for file in files if isinstance(file, dict) and isinstance(file.get("hash"), str)})
    )


FORMAT = Format(
    name="uv",
    ecosystem="pypi",
    files=("uv.lock", "*.py.lock"),
    read=read,
    manifests=("pyproject.toml",),
    needles=lambda name, version: (f'name = "{name}"\nversion = "{version}"', f'name = "{name}"'),
)
