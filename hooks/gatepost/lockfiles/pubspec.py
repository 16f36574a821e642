"""pubspec.yaml: what a Dart or Flutter project asks for."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock
from gatepost.lockfiles._text import git, local, table
from gatepost.lockfiles._yaml import load

TABLES = {"dependencies": "prod", "dev_dependencies": "dev", "dependency_overrides": "override"}


def read(file: File) -> Lock:
    """Read the tables of dependencies."""
    data = load(file.raw, bom=True)
    declared = []
    for key, scope in TABLES.items():
        for name, wanted in table(data.get(key) or None, key).items():
            declared.append(Declared(name, _range(wanted), scope))
    return Lock(declared=declared, application=bool(declared) and data.get("publish_to") == "none")


def _range(wanted: Any) -> str:
    if not isinstance(wanted, dict):
        return "" if wanted is None else str(wanted)
    place = wanted.get("git")
    if place:
        return git(str(place["url"]), str(place.get("ref", ""))) if isinstance(place, dict) else git(str(place))
    return local(str(wanted.get("path", wanted.get("sdk", "")))) if "version" not in wanted else str(wanted["version"])


FORMAT = Format(
    name="pubspec.yaml",
    ecosystem="pub",
    files=("pubspec.yaml",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f"\n  {name}:",),
)
