"""Cargo.lock, versions 1 to 4."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import array, git, registry, string, table
from gatepost.lockfiles._toml_scan import load

Known = dict[str, list[tuple[str, dict[str, Any]]]]


def read(file: File) -> Lock:
    """Read the packages; a package without a source is the project's own."""
    return build(load(file.raw, file.memo), file.memo)


def build(data: dict[str, Any], memo: dict[str, Any] | None = None) -> Lock:
    """Make pins of the tables, however they were read."""
    packages = [table(entry, "an entry of package") for entry in array(data.get("package"), "package")]
    if isinstance(data.get("root"), dict):  # before Cargo 1.16
        packages.append(data["root"])
    if not packages and "version" not in data:
        raise Unreadable("has neither version nor package, so it is no Cargo.lock")
    sums = table(data.get("metadata"), "metadata")
    keys: Known = {}
    for entry in packages:
        name = string(entry.get("name"), "the name of a package")
        version = string(entry.get("version"), f"the version of {name}")
        keys.setdefault(name, []).append((f"{name} {version} {entry.get('source', '')}", entry))
    # What one lock holds once is asked for by its name alone.
    lone = {name: entries[0][0] for name, entries in keys.items() if len(entries) == 1}
    known: dict[str, tuple[dict[str, Any], Pin]] = {} if memo is None or sums else memo.setdefault("\0pins", {})
    pins = []
    for entries in keys.values():
        for key, entry in entries:
            wanted = array(entry.get("dependencies"), "dependencies")
            requires = tuple([other for text in wanted for other in [lone.get(text) or _target(text, keys)] if other])
            held = known.get(key)
            if held is None or held[0] is not entry or held[1].requires != requires:
                held = known[key] = entry, _pin(key, entry, sums, requires)
            pins.append(held[1])
    return Lock(pins)


def _pin(key: str, entry: dict[str, Any], sums: dict[str, Any], requires: tuple[str, ...]) -> Pin:
    source = entry.get("source")
    checksum = entry.get("checksum") or sums.get(f"checksum {entry['name']} {entry['version']} ({source})")
    integrity = (f"sha256:{checksum}",) if checksum and checksum != "<none>" else ()
    return Pin(key, entry["name"], entry["version"], _source(source), integrity, requires, "", not source)


def _target(text: Any, keys: Known) -> str:
    """Resolve ``name``, ``name version`` or ``name version (source)``, as specific as it needs to be."""
    name, _, rest = string(text, "a dependency").partition(" ")
    version, _, source = rest.partition(" ")
    source = source.strip("()")
    for key, entry in keys.get(name, ()):
        if (not version or entry["version"] == version) and (not source or _same(entry.get("source"), source)):
            return key
    return ""


def _same(left: Any, right: str) -> bool:
    return str(left or "").partition("#")[0] == right.partition("#")[0]


def _source(source: Any) -> str:
    if not isinstance(source, str):
        return ""
    if source == "registry+https://github.com/rust-lang/crates.io-index":
        return "registry:index.crates.io"
    if source.startswith("git+"):
        return git(source[4:])
    url = source.partition("+")[2] or source
    if "github.com/rust-lang/crates.io-index" in url:
        return "registry:index.crates.io"
    return registry(url)


FORMAT = Format(
    name="cargo",
    ecosystem="cargo",
    files=("Cargo.lock",),
    read=read,
    manifests=("Cargo.toml",),
    needles=lambda name, version: (f'name = "{name}"\nversion = "{version}"', f'name = "{name}"'),
)
