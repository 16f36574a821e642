"""refinery: ``V1__name.sql`` in order and ``U1__name.sql`` unordered; both go up, and there is no way down."""

from __future__ import annotations

import re

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Script, Scripts, _files, _order
from gatepost.migrations._look import Look
from gatepost.paths import parent

NAME = re.compile(r"(?P<kind>[VU])(?P<version>\d{1,20})__(?P<name>.*)\.(?P<suffix>sql|rs)", re.DOTALL)
REHEARSE = "read it yourself, and rehearse it: gatepost rehearse BASE..HEAD"


def root(path: str) -> str | None:
    """Give the directory of a file that bears a version and two underscores."""
    return parent(path) if NAME.fullmatch(path.rpartition("/")[2]) else None


def detect(look: Look, directory: str) -> int:
    """Score by the crate; without it the names are Flyway's."""
    if not any(NAME.fullmatch(entry.name) for entry in look.files(directory, ".sql", ".rs")):
        return 0
    return 88 if look.mentions(directory, ("Cargo.toml",), "refinery") else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the versions, U being an up as well."""
    return _order.listing(
        _migration(look, place, entry, found)
        for entry in look.files(place.root, ".sql", ".rs")
        if (found := NAME.fullmatch(entry.name))
    )


def _migration(look: Look, place: Place, entry: Entry, found: re.Match[str]) -> Migration:
    made = _files.migration(
        look,
        place,
        entry,
        None,
        version=found["kind"] + found["version"],
        name=found["name"],
        order=_order.number(found["version"]),
        kind="versioned" if found["kind"] == "V" else "unordered",
    )
    if found["suffix"] == "sql":
        return made
    from dataclasses import replace

    code = Script(entry.path, (), place.dialect, True, 1, "not-analysed", "is written in Rust", REHEARSE, certain=False)
    return replace(made, load=lambda: Scripts(code))


FRAMEWORK = Framework(
    "refinery",
    "V1__name.sql and U1__name.sql, both going up; no downs",
    root,
    detect,
    listing,
    downs="none",
)
