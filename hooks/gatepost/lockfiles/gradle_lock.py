"""gradle.lockfile: one line a module, with the configurations that it belongs to."""

from __future__ import annotations

import re

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import text_of

_LINE = re.compile(r"([^:=\s]+):([^:=\s]+):([^:=\s]+)=(.*)")
_BUILD = ("classpath", "annotationProcessor", "kapt", "ksp", "checkstyle", "pmd", "jacoco", "detekt", "ktlint")


def read(file: File) -> Lock:
    """Read the modules; the format has no edges."""
    pins = {}
    told = False
    for number, line in enumerate(text_of(file.raw).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        told = told or line.startswith("empty=")
        if line.startswith("empty="):
            continue
        found = _LINE.fullmatch(line.strip())
        if not found:
            raise Unreadable(f"cannot be read: {line[:80]!r}", number)
        key = f"{found[1]}:{found[2]}:{found[3]}"
        if key in pins:
            raise Unreadable(f"has the module {key[:80]!r} twice", number)
        pins[key] = Pin(key, f"{found[1]}:{found[2]}", found[3], scope=_scope(found[4].split(",")))
    if not pins and not told:
        raise Unreadable("holds neither modules nor the line of empty configurations")
    return Lock(list(pins.values()), edges=False)


def _scope(configurations: list[str]) -> str:
    if all(name.startswith(("test", "integrationTest", "androidTest")) or "Test" in name for name in configurations):
        return "dev"
    return "build" if all(name.startswith(_BUILD) for name in configurations) else "prod"


FORMAT = Format(
    name="gradle",
    ecosystem="maven",
    files=("gradle.lockfile", "buildscript-gradle.lockfile", "**/gradle/dependency-locks/*.lockfile"),
    read=read,
    manifests=("gradle/libs.versions.toml",),
    needles=lambda name, version: (f"{name}:{version}", f"{name}:"),
)
