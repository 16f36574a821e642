"""go.work: which modules are built together, and what replaces modules in all of them."""

from __future__ import annotations

from gatepost.lockfiles import File, Format, Lock, Pin
from gatepost.lockfiles._text import local, text_of
from gatepost.lockfiles.go_mod import replacements, statements, sums
from gatepost.paths import join, parent


def read(file: File) -> Lock:
    """Read the modules that are used, the replacements as pins, and the hashes of go.work.sum."""
    lines = list(statements(text_of(file.raw)))
    raw = file.open(join(parent(file.path), "go.work.sum"))
    pins = []
    for name, (target, version) in replacements(lines).items():
        own = target.startswith((".", "/"))
        source = local(target) if own else f"replace:{target}"
        pins.append(Pin(name, name.partition(" ")[0], version, source, (), (), "", own))
    uses = tuple(line.words[0].removeprefix("./") for line in lines if line.verb == "use" and line.words)
    return Lock(pins, edges=False, members=uses, sums=sums(text_of(raw)) if raw else {})


FORMAT = Format(
    name="go.work",
    ecosystem="golang",
    files=("go.work",),
    read=read,
    kind="both",
    companions=("go.work.sum",),
)
