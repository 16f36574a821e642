"""Flyway: ``V1__name.sql``, undone by ``U1__name.sql``; ``R__`` is run whenever it changes, ``B`` is a baseline."""

from __future__ import annotations

import re
from dataclasses import replace

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Undo, _files, _order
from gatepost.migrations._look import Look
from gatepost.paths import parent

NAME = re.compile(r"(?P<kind>[VUB])(?P<version>\d[\d._]*?)__(?P<name>.*)\.sql", re.DOTALL)
REPEATABLE = re.compile(r"R__(?P<name>.*)\.sql", re.DOTALL)
CONFIGS = ("flyway.toml", "flyway.conf", "conf/flyway.conf", "conf/flyway.toml")
BUILDS = ("pom.xml", "build.gradle", "build.gradle.kts", "docker-compose.yml", "package.json")
OUTSIDE = re.compile(r"^\s*executeInTransaction\s*=\s*false", re.MULTILINE)


def root(path: str) -> str | None:
    """Give the directory of a file that bears a version and two underscores."""
    name = path.rpartition("/")[2].removesuffix(".conf")
    return parent(path) if NAME.fullmatch(name) or REPEATABLE.fullmatch(name) else None


def detect(look: Look, directory: str) -> int:
    """Score by Flyway's configuration or the build that names it, else by the names."""
    if not any(root(entry.path) is not None for entry in look.files(directory, ".sql")):
        return 0
    known = look.nearby(directory, *CONFIGS) or look.mentions(directory, BUILDS, "flyway")
    return 85 if known else 65


def listing(look: Look, place: Place) -> Listing:
    """Pair V and U by their version; without a single U nothing is meant to be undone by files."""
    sides: dict[tuple[str, str], Entry] = {}
    lone = []
    for entry in look.files(place.root, ".sql"):
        found = NAME.fullmatch(entry.name)
        if found:
            sides[found["kind"], _normal(found["version"])] = entry
        elif REPEATABLE.fullmatch(entry.name):
            lone.append(entry)
    versions = sorted({version for kind, version in sides if kind != "B"})
    made = [_versioned(look, place, version, sides) for version in versions]
    made += [
        _files.migration(
            look,
            place,
            entry,
            None,
            version=version,
            name=entry.name,
            order=(0, *_order.number(version)),
            kind="baseline",
        )
        for (kind, version), entry in sides.items()
        if kind == "B"
    ]
    made += [
        _files.migration(look, place, entry, None, version="", name=entry.name, order=(1,), kind="repeatable")
        for entry in lone
    ]
    listed = _order.listing(made)
    return listed if any(kind == "U" for kind, _ in sides) else replace(listed, downs="none")


def _normal(version: str) -> str:
    parts = [str(int(part)) for part in version.replace("_", ".").split(".") if part]
    return ".".join(parts)


def _versioned(look: Look, place: Place, version: str, sides: dict[tuple[str, str], Entry]) -> Migration:
    up, down = sides.get(("V", version)), sides.get(("U", version))
    named = up or down
    assert named
    return _files.migration(
        look,
        place,
        up,
        down,
        version=version,
        name=named.name.partition("__")[2].removesuffix(".sql"),
        order=(0, *_order.number(version)),
        transaction=not (up and OUTSIDE.search(look.config(up.path + ".conf"))),
    )


FRAMEWORK = Framework(
    "flyway",
    "V1__name.sql, undone by U1__name.sql",
    root,
    detect,
    listing,
    remedy="write {directory}/U{version}__{name}.sql",
    undo=Undo(
        "flyway undo",
        each=True,
        note="undo is in Flyway's paid editions only",
    ),
)
