"""Workflows and actions of GitHub: every ``uses:`` is a pin of somebody else's code."""

from __future__ import annotations

import re

from gatepost.lockfiles import Declared, File, Format, Lock, Pin
from gatepost.lockfiles._text import text_of

_USES = re.compile(r"^\s*(?:-\s+)?uses:\s*[\"']?([^\s\"'#]+)[\"']?[ \t]*(?:#[ \t]*(\S+))?", re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def read(file: File) -> Lock:
    """Read the lines; local actions are the project's own."""
    pins: dict[str, Pin] = {}
    for found in _USES.finditer(text_of(file.raw, bom=True)):
        place, _, ref = found[1].partition("@")
        if place.startswith(("./", "../", "docker://")) or not ref or "/" not in place:
            continue
        name = "/".join(place.split("/")[:2]) if ".github/workflows/" not in place else place
        note = found[2] or ""
        tag = re.fullmatch(r"(?:tag=|@)?(v?\d+\.\d+\.\d[\w.-]*)", note)
        commit = _COMMIT.fullmatch(ref)
        # A commit with its whole tag beside it: such a tag stays. One such as v4 moves, and names no version.
        version = tag[1] if commit and tag else ref
        pins[found[1]] = Pin(found[1], name, version, "", (f"commit:{ref}",) if commit else ())
    declared = [Declared(pin.name, pin.version, "build", "", pin.key) for pin in pins.values()]
    # Bots move the commit and leave the comment, so that this is a warning only.
    return Lock(list(pins.values()), declared, edges=False, weak=True)


FORMAT = Format(
    name="github-actions",
    ecosystem="githubactions",
    files=(".github/workflows/*.yml", ".github/workflows/*.yaml", "action.yml", "action.yaml"),
    read=read,
    kind="both",
    needles=lambda name, version: (f"{name}@{version}", f"{name}@", name),
)
