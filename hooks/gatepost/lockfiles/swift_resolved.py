"""Package.resolved of the Swift Package Manager, versions 1 to 3."""

from __future__ import annotations

from gatepost.lockfiles import File, Format, Lock, Pin, Unreadable
from gatepost.lockfiles._text import array, git, json_of, string, table


def read(file: File) -> Lock:
    """Read the pins; the format has no edges."""
    data = json_of(file.raw)
    if not isinstance(data.get("version"), int):
        raise Unreadable("has no version, so it is no Package.resolved")
    old = table(data.get("object"), "object")
    pins = []
    for entry in array(old.get("pins", data.get("pins")), "pins"):
        pin = table(entry, "a pin")
        state = table(pin.get("state"), "the state of a pin")
        name = string(pin.get("identity") or pin.get("package"), "the identity of a pin").lower()
        place = string(pin.get("location") or pin.get("repositoryURL"), f"the location of {name}")
        revision = str(state.get("revision") or "")
        version = str(state.get("version") or "")
        hashes = (f"commit:{revision}",) if version and revision else ()
        pins.append(Pin(name, name, version, git(place, "" if version else revision), hashes))
    return Lock(pins, edges=False)


FORMAT = Format(
    name="Package.resolved",
    ecosystem="swift",
    files=("Package.resolved",),
    read=read,
    needles=lambda name, _version: (f'"{name}"', name),
)
