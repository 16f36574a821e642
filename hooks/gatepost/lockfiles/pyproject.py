"""pyproject.toml: what a Python project asks for (PEP 621, PEP 735, Poetry, PDM, uv)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Unreadable
from gatepost.lockfiles._pep508 import requirement
from gatepost.lockfiles._text import array, git, local, pypi_name, string, table, toml_of

DEV = ("dev", "test", "tests", "lint", "docs", "doc", "typing", "types", "ci", "testing")


def read(file: File) -> Lock:
    """Read every table of the file that names dependencies."""
    data = toml_of(file.raw, bom=True)
    tool = table(data.get("tool"), "tool")
    project = table(data.get("project"), "project")
    poetry = table(tool.get("poetry"), "tool.poetry")
    declared = [*_project(project), *_groups(data), *_poetry(poetry), *_tools(tool), *_build(data)]
    application = bool(declared) and "build-system" not in data
    uv = table(tool.get("uv"), "tool.uv")
    members = table(uv.get("workspace"), "tool.uv.workspace").get("members")
    globs = tuple(item for item in members if isinstance(item, str)) if isinstance(members, list) else ()
    return Lock(declared=_merged(declared), members=globs, application=application)


def _merged(declared: list[Declared]) -> list[Declared]:
    """Keep the first of each (name, scope): tables come in the order of their weight."""
    found: dict[tuple[str, str], Declared] = {}
    for entry in declared:
        found.setdefault((entry.name, entry.scope), entry)
    return list(found.values())


def _project(project: dict[str, Any]) -> Iterator[Declared]:
    yield from _requirements(project.get("dependencies"), "project.dependencies", "prod")
    extras = table(project.get("optional-dependencies"), "project.optional-dependencies")
    for name, entries in extras.items():
        yield from _requirements(entries, f"project.optional-dependencies.{name}", scope_of(name, "optional"))


def _groups(data: dict[str, Any]) -> Iterator[Declared]:
    for name, entries in table(data.get("dependency-groups"), "dependency-groups").items():
        yield from _requirements(entries, f"dependency-groups.{name}", "dev")


def _build(data: dict[str, Any]) -> Iterator[Declared]:
    build = table(data.get("build-system"), "build-system")
    yield from _requirements(build.get("requires"), "build-system.requires", "build")


def _requirements(value: Any, where: str, scope: str) -> Iterator[Declared]:
    for item in array(value, where):
        if isinstance(item, dict):  # {include-group = "…"}
            continue
        found = requirement(string(item, f"an entry of {where}"))
        if found is None:
            raise Unreadable(f"{where}: {item[:80]!r} is no requirement (PEP 508)")
        yield Declared(found.name, found.range or found.source, scope)


def scope_of(group: str, default: str) -> str:
    """Give the scope of a group by its name: test, docs and the like are for development."""
    return "dev" if group.lower().partition("-")[0].partition("_")[0] in DEV else default


def _poetry(poetry: dict[str, Any]) -> Iterator[Declared]:
    yield from _poetry_table(poetry.get("dependencies"), "tool.poetry.dependencies", "prod")
    for name, group in table(poetry.get("group"), "tool.poetry.group").items():
        entries = table(group, f"tool.poetry.group.{name}").get("dependencies")
        yield from _poetry_table(entries, f"tool.poetry.group.{name}", "prod" if name == "main" else "dev")
    yield from _poetry_table(poetry.get("dev-dependencies"), "tool.poetry.dev-dependencies", "dev")


def _poetry_table(value: Any, where: str, scope: str) -> Iterator[Declared]:
    for name, wanted in table(value, where).items():
        if name.lower() == "python":
            continue
        entry = wanted[0] if isinstance(wanted, list) and wanted else wanted
        optional = isinstance(entry, dict) and entry.get("optional") is True
        yield Declared(pypi_name(name), _poetry_range(entry, f"{where}.{name}"), "optional" if optional else scope)


def _poetry_range(entry: Any, where: str) -> str:
    if isinstance(entry, str):
        return entry
    if not isinstance(entry, dict):
        raise Unreadable(f"{where} is neither a text nor a table")
    if isinstance(entry.get("version"), str):
        return str(entry["version"])
    if isinstance(entry.get("git"), str):
        return git(entry["git"], str(entry.get("rev") or entry.get("tag") or entry.get("branch") or ""))
    return local(str(entry.get("path") or entry.get("url") or entry.get("file") or ""))


def _tools(tool: dict[str, Any]) -> Iterator[Declared]:
    uv, pdm = table(tool.get("uv"), "tool.uv"), table(tool.get("pdm"), "tool.pdm")
    yield from _requirements(uv.get("dev-dependencies"), "tool.uv.dev-dependencies", "dev")
    for key in ("constraint-dependencies", "override-dependencies"):
        yield from _requirements(uv.get(key), f"tool.uv.{key}", "override")
    for name, entries in table(pdm.get("dev-dependencies"), "tool.pdm.dev-dependencies").items():
        kept = [item for item in array(entries, name) if isinstance(item, str) and not item.startswith("-e")]
        yield from _requirements(kept, f"tool.pdm.dev-dependencies.{name}", "dev")


FORMAT = Format(
    name="pyproject.toml",
    ecosystem="pypi",
    files=("pyproject.toml",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f'"{name}', f"'{name}", f"\n{name} =", f"{name}="),
)
