"""Cargo.toml: what a crate or a workspace asks for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Unreadable
from gatepost.lockfiles._text import git, local, table, toml_of

TABLES = {"dependencies": "prod", "build-dependencies": "build", "dev-dependencies": "dev"}
INHERITED = "workspace"


def read(file: File) -> Lock:
    """Read the tables of dependencies, those of targets and of the workspace included."""
    data = toml_of(file.raw, bom=True)
    workspace = table(data.get("workspace"), "workspace")
    shared = {d.name: d for d in _table(workspace.get("dependencies"), "workspace.dependencies", "override")}
    declared = [*_tables(data, ""), *shared.values()]
    for name, target in table(data.get("target"), "target").items():
        declared += _tables(table(target, f"target.{name}"), f"target.{name}.")
    for registry in table(data.get("patch"), "patch").values():
        declared += _table(registry, "patch", "override")
    ranges = {name: entry.range for name, entry in shared.items()}
    declared = [d._replace(range=ranges.get(d.name, INHERITED)) if d.range == INHERITED else d for d in declared]
    members = workspace.get("members")
    globs = tuple(item for item in members if isinstance(item, str)) if isinstance(members, list) else ()
    return Lock(declared=declared, members=globs, application="bin" in data and bool(declared))


def _tables(data: dict[str, Any], where: str) -> Iterator[Declared]:
    for key, scope in TABLES.items():
        yield from _table(data.get(key, data.get(key.replace("-", "_"))), where + key, scope)


def _table(value: Any, where: str, scope: str) -> Iterator[Declared]:
    for name, wanted in table(value, where).items():
        if isinstance(wanted, str):
            yield Declared(name, wanted, scope)
            continue
        if not isinstance(wanted, dict):
            raise Unreadable(f"{where}.{name} is neither a text nor a table")
        optional = wanted.get("optional") is True and scope == "prod"
        yield Declared(str(wanted.get("package", name)), _range(wanted), "optional" if optional else scope)


def _range(wanted: dict[str, Any]) -> str:
    if wanted.get("workspace") is True:
        return INHERITED
    if isinstance(wanted.get("git"), str):
        return git(wanted["git"], str(wanted.get("rev") or wanted.get("tag") or wanted.get("branch") or ""))
    if isinstance(wanted.get("version"), str):
        return str(wanted["version"])
    return local(str(wanted.get("path", "")))


FORMAT = Format(
    name="Cargo.toml",
    ecosystem="cargo",
    files=("Cargo.toml",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f"\n{name} =", f"\n{name}=", f"\n{name}.", f'"{name}"', f".{name}]"),
)
