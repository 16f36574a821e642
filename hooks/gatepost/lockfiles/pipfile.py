"""Pipfile: what a Pipenv project asks for, custom categories included."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock
from gatepost.lockfiles._text import git, local, pypi_name, table, toml_of
from gatepost.lockfiles.pyproject import scope_of

NO_PACKAGES = ("source", "requires", "scripts", "pipenv", "pipfile")


def read(file: File) -> Lock:
    """Read every category."""
    data = toml_of(file.raw, bom=True)
    declared = []
    for category, entries in data.items():
        if category not in NO_PACKAGES:
            scope = {"packages": "prod", "dev-packages": "dev"}.get(category) or scope_of(category, "optional")
            for name, wanted in table(entries, category).items():
                declared.append(Declared(pypi_name(name), _range(wanted), scope))
    return Lock(declared=declared, application=bool(declared))


def _range(wanted: Any) -> str:
    if isinstance(wanted, dict):
        if isinstance(wanted.get("git"), str):
            return git(wanted["git"], str(wanted.get("ref", "")))
        return str(wanted["version"]) if "version" in wanted else local(str(wanted.get("path", wanted.get("file", ""))))
    return str(wanted)


FORMAT = Format(
    name="Pipfile",
    ecosystem="pypi",
    files=("Pipfile",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f"\n{name} =", f"\n{name}=", f'"{name}"'),
)
