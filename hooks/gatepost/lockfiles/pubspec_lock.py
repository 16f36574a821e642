"""pubspec.lock of Dart and Flutter."""

from __future__ import annotations

from typing import Any

from gatepost.lockfiles import Declared, File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import git, local, registry, table
from gatepost.lockfiles._yaml import load

KINDS = {"direct main": "prod", "direct dev": "dev", "direct overridden": "prod"}


def read(file: File) -> Lock:
    """Read the packages; the format has no edges, but tells what is direct."""
    data = load(file.raw)
    if "packages" not in data:
        raise Unreadable("has no packages, so it is no pubspec.lock")
    pins, declared = [], []
    for name, entry in table(data["packages"] or None, "packages").items():
        found = table(entry, name)
        described = found.get("description")
        place = described if isinstance(described, dict) else {}
        digest = place.get("sha256")
        own = found.get("source") in ("path", "sdk")
        version = str(found.get("version", ""))
        hashes = (f"sha256:{digest}",) if digest else ()
        pins.append(Pin(name, name, version, _source(found, place), hashes, (), "", own))
        if found.get("dependency") in KINDS:
            declared.append(Declared(name, "", KINDS[str(found["dependency"])], "", name))
    return Lock(pins, declared, edges=False)


def _source(found: dict[str, Any], place: dict[str, Any]) -> str:
    kind = found.get("source")
    if kind == "git":
        return git(str(place.get("url", "")), str(place.get("resolved-ref", "")))
    if kind == "path":
        return local(str(place.get("path", "")))
    return registry(str(place["url"])) if place.get("url") else ""


FORMAT = Format(
    name="pubspec.lock",
    ecosystem="pub",
    files=("pubspec.lock",),
    read=read,
    manifests=("pubspec.yaml",),
    needles=lambda name, _version: (f"\n  {name}:",),
)
