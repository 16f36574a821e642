"""Dockerfile: the images that a build begins with, as pins."""

from __future__ import annotations

import re

from gatepost.lockfiles import Declared, File, Format, Lock, Pin
from gatepost.lockfiles._text import text_of

_FROM = re.compile(r"FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*", re.IGNORECASE)
_COPY = re.compile(r"(?:COPY|ADD)\s+.*--from=(\S+)", re.IGNORECASE)
_ARG = re.compile(r"ARG\s+(\w+)=(\S+)\s*", re.IGNORECASE)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))")


def read(file: File) -> Lock:
    """Read FROM and COPY --from; stages of the file itself are no images."""
    arguments: dict[str, str] = {}
    stages: set[str] = set()
    pins: dict[str, Pin] = {}
    for line in re.sub(r"\\\r?\n", " ", text_of(file.raw, bom=True)).splitlines():
        line = line.strip()
        argument, stage, copy = _ARG.fullmatch(line), _FROM.fullmatch(line), _COPY.match(line)
        if argument:
            arguments.setdefault(argument[1], argument[2].strip("\"'"))
        elif stage or copy:
            image = _filled((stage or copy)[1].strip("\"'"), arguments)  # type: ignore[index]  # one of them matched
            if image.lower() not in stages and not image.isdigit() and image != "scratch":
                pin = _pin(image)
                pins[pin.key] = pin
        if stage and stage[2]:
            stages.add(stage[2].lower())
    declared = [Declared(pin.name, pin.version, "prod", "", pin.key) for pin in pins.values()]
    return Lock(list(pins.values()), declared, edges=False, weak=True)  # tags of images move


def _filled(text: str, arguments: dict[str, str]) -> str:
    return _VARIABLE.sub(lambda m: arguments.get(m[1] or m[3], m[2] or m[0]), text)[:400]


def _pin(image: str) -> Pin:
    bare, _, digest = image.partition("@")
    head, slash, tail = bare.rpartition("/")
    name, _, tag = tail.partition(":")
    host, _, rest = head.partition("/")
    remote = "." in host or ":" in host or host == "localhost"
    source = f"registry:{host}" if remote else ""
    full = f"{rest if remote else head}{slash if head and (rest or not remote) else ''}{name}"
    version = tag or ("" if digest else "latest")
    return Pin(image, full, version or digest[:19], source, (digest,) if digest else ())


FORMAT = Format(
    name="Dockerfile",
    ecosystem="docker",
    files=("Dockerfile", "Containerfile", "Dockerfile.*", "*.Dockerfile", "*.dockerfile"),
    read=read,
    kind="both",
    needles=lambda name, version: (f"{name}:{version}", name),
)
