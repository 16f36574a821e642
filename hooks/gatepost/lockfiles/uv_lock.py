"""uv.lock, and the locks that uv writes for scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import archive, array, git, local, pypi_name, registry, string, table
from gatepost.lockfiles._toml_scan import hashes, load
from gatepost.lockfiles.pyproject import scope_of

OWN = ("virtual", "editable", "directory", "path")


def read(file: File) -> Lock:
    """Read the packages of a uv.lock; its own packages say what is asked for."""
    data = load(file.raw, file.memo)
    if not isinstance(data.get("version"), int):
        raise Unreadable("has no version, so it is no uv.lock")
    return build([_package(entry) for entry in array(data.get("package"), "package")], data, file.memo)


def _package(entry: Any) -> dict[str, Any]:
    found = table(entry, "an entry of package")
    string(found.get("name"), "the name of a package")
    return found


class _Node(NamedTuple):
    """One package understood: its table, the pin without edges, and what it requires, by name and version."""

    entry: dict[str, Any]
    pin: Pin
    wanted: tuple[tuple[str, str | None], ...]


Keys = dict[str, dict[str, str]]  # the key of each package by its name and version


def build(packages: list[dict[str, Any]], data: dict[str, Any], memo: dict[str, Any] | None = None) -> Lock:
    """Make pins of package tables, however they were read."""
    known: dict[int, _Node] = {} if memo is None else memo.setdefault("\0nodes", {})
    nodes = []
    keys: Keys = {}
    for entry in packages:
        node = known.get(id(entry))  # the node holds its entry, so that no other one gets its id
        if node is None:
            node = known[id(entry)] = _node(entry)
        nodes.append(node)
        keys.setdefault(entry["name"], {})[node.pin.version] = node.pin.key
    linked: dict[str, tuple[Pin, Pin]] = {} if memo is None else memo.setdefault("\0linked", {})
    pins = [_linked(node, keys, linked) for node in nodes]
    declared: list[Declared] = []
    for node in nodes:
        if node.pin.own:
            declared += _declared(node.entry, table(node.entry.get("source"), "source"), keys)
    manifest = table(data.get("manifest"), "manifest")
    for wanted in array(manifest.get("requirements"), "manifest.requirements"):
        declared.append(_declare(wanted, "prod", "", keys))
    return Lock(pins, declared)


def _node(entry: dict[str, Any]) -> _Node:
    name, version = entry["name"], string(entry.get("version"), f"the version of {entry['name']}", "")
    source = table(entry.get("source"), f"the source of {name}")
    own = any(kind in source for kind in ("virtual", "editable", "directory"))
    pin = Pin(f"{name}@{version}", pypi_name(name), version, source_of(source), _hashes(entry), (), "", own)
    return _Node(entry, pin, tuple(_wanted(entry)))


def _linked(node: _Node, keys: Keys, linked: dict[str, tuple[Pin, Pin]]) -> Pin:
    """Give the pin with its edges; the other side's, where it is the same."""
    if not node.wanted:
        return node.pin
    requires = tuple(dict.fromkeys(key for name, version in node.wanted for key in _targets(keys, name, version)))
    held = linked.get(node.pin.key)
    if held is None or held[0] is not node.pin or held[1].requires != requires:
        held = linked[node.pin.key] = node.pin, node.pin._replace(requires=requires)
    return held[1]


def _wanted(entry: dict[str, Any]) -> Iterator[tuple[str, str | None]]:
    yield from map(_named, array(entry.get("dependencies"), "dependencies"))
    for key in ("optional-dependencies", "dev-dependencies"):
        if key in entry:
            for group in table(entry[key], key).values():
                yield from map(_named, array(group, key))


def _named(wanted: Any) -> tuple[str, str | None]:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("name"), str):
        raise Unreadable("a dependency has no name")
    return wanted["name"], wanted.get("version")


def _targets(keys: Keys, name: str, version: str | None) -> Iterable[str]:
    """Give the packages of a name, of one version where the lock says which: it may hold several, by marker."""
    found = keys.get(name, {})
    if version is None:
        return found.values()
    return (found[version],) if version in found else ()


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
    return Declared(pypi_name(name), asked, scope, manifest, next(iter(_targets(keys, *_named(entry))), ""))


def source_of(source: dict[str, Any]) -> str:
    """Name the source of a package."""
    for kind, name in (("registry", registry), ("git", git), ("url", archive)):
        if isinstance(source.get(kind), str):
            return local(source[kind]) if kind == "registry" and "://" not in source[kind] else name(source[kind])
    return next((local(str(source[kind])) for kind in OWN if kind in source), "")


def _hashes(entry: dict[str, Any]) -> tuple[str, ...]:
    sdist = entry.get("sdist")
    files = {*hashes(entry.get("wheels")), *hashes(sdist if type(sdist) is tuple else [sdist])}
    return tuple(sorted(files))


FORMAT = Format(
    name="uv",
    ecosystem="pypi",
    files=("uv.lock", "*.py.lock"),
    read=read,
    manifests=("pyproject.toml",),
    needles=lambda name, version: (f'name = "{name}"\nversion = "{version}"', f'name = "{name}"'),
)
