"""pom.xml: what a Maven project declares, and what its dependencyManagement expects of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gatepost.lockfiles import Declared, File, Format, Lock, Unreadable
from gatepost.lockfiles._xml import child, children, plain, root_of, text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

SCOPES = {"test": "dev", "provided": "build", "system": "build", "import": "prod"}


def read(file: File) -> Lock:
    """Read dependencies, plugins, the parent, and the managed versions; properties of the file are filled in."""
    project = root_of(file.raw)
    if plain(project.tag) != "project":
        raise Unreadable("is XML, but no pom.xml")
    held = child(project, "properties")
    properties = {plain(item.tag): (item.text or "").strip() for item in (held if held is not None else ())}
    properties.setdefault("project.version", text(project, "version") or text(child(project, "parent"), "version"))
    managed = {_name(d): _filled(text(d, "version"), properties) for d in _listed(project, "dependencyManagement")}
    declared = [_declared(d, properties, managed) for d in _listed(project)]
    for plugin in children(child(project, "build", "plugins"), "plugin"):
        name = f"{text(plugin, 'groupId') or 'org.apache.maven.plugins'}:{text(plugin, 'artifactId')}"
        declared.append(Declared(name, _filled(text(plugin, "version"), properties), "build"))
    parent = child(project, "parent")
    if parent is not None:
        declared.append(Declared(_name(parent), text(parent, "version"), "build"))
    declared += [Declared(name, version, "override") for name, version in managed.items() if version]
    return Lock(declared=declared, expectations={n: f"[{v}]" for n, v in managed.items() if v and v[0] not in "[("})


def _listed(project: Element, *path: str) -> list[Element]:
    return children(child(project, *path, "dependencies"), "dependency")


def _name(element: Element) -> str:
    return f"{text(element, 'groupId')}:{text(element, 'artifactId')}"


def _declared(element: Element, properties: dict[str, str], managed: dict[str, str]) -> Declared:
    name = _name(element)
    version = _filled(text(element, "version"), properties) or managed.get(name, "")
    scope = SCOPES.get(text(element, "scope"), "optional" if text(element, "optional") == "true" else "prod")
    return Declared(name, version, scope)


def _filled(value: str, properties: dict[str, str]) -> str:
    for _ in range(5):
        found = re.search(r"\$\{([^}]*)\}", value)
        if not found or found[1] not in properties:
            break
        value = value.replace(found[0], properties[found[1]])[:400]
    return value


FORMAT = Format(
    name="pom.xml",
    ecosystem="maven",
    files=("pom.xml",),
    read=read,
    kind="manifest",
    needles=lambda name, _version: (f"<artifactId>{name.rpartition(':')[2]}</artifactId>",),
)
