"""Sqitch: ``deploy/``, ``revert/`` and ``verify/`` in the order of ``sqitch.plan``."""

from __future__ import annotations

import re

from gatepost.git import Entry
from gatepost.migrations import Framework, Listing, Migration, Place, Problem, Undo, _files, _order
from gatepost.migrations._look import Look, Unreadable
from gatepost.paths import join

DIRECTORIES = ("deploy", "revert", "verify")
CHANGE = re.compile(r"(?P<name>[^\s%@+\-#\[][^\s\[]*)(?:\s+\[(?P<needs>[^\]\n]*)\])?\s+\d{4}-\d\d-\d\dT")


def root(path: str) -> str | None:
    """Give the directory of the plan."""
    parts = path.split("/")
    if parts[-1] == "sqitch.plan":
        return "/".join(parts[:-1])
    found = next((number for number, part in enumerate(parts[:-1]) if part in DIRECTORIES), None)
    return "/".join(parts[:found]) if found is not None and path.endswith(".sql") else None


def detect(look: Look, directory: str) -> int:
    """Score by the plan."""
    return 90 if look.exists(directory, "sqitch.plan") else 0


def listing(look: Look, place: Place) -> Listing:
    """Give the changes of the plan in its order; a change without a deploy script is a problem."""
    path = join(place.root, "sqitch.plan")
    try:
        text = look.source(path)
    except Unreadable as error:
        return Listing((), (Problem(path, error.reason, error.fix, error.line),))
    made: list[Migration] = []
    problems: list[Problem] = []
    for line, name in _plan(text):
        up, down, verify = (_script(look, place, side, name) for side in DIRECTORIES)
        if up is None and down is None:
            problems.append(
                Problem(path, f"names {name}, whose deploy script is not there", f"write deploy/{name}.sql", line)
            )
            continue
        made.append(_migration(look, place, name, len(made), (up, down, verify)))
    return _order.listing(made, problems)


def _plan(text: str) -> list[tuple[int, str]]:
    """Give the changes with their lines; a reworked change stands where it came first, its scripts are the newest."""
    seen: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        found = CHANGE.match(line.strip())
        if found:
            seen.setdefault(found["name"], number)
    return [(number, name) for name, number in seen.items()]


def _script(look: Look, place: Place, side: str, name: str) -> Entry | None:
    entry = look.snapshot.entry(join(place.root, side, name + ".sql"))
    return entry if entry and entry.is_file else None


def _migration(
    look: Look, place: Place, name: str, number: int, files: tuple[Entry | None, Entry | None, Entry | None]
) -> Migration:
    up, down, verify = files
    extra = (verify,) if verify else ()
    return _files.migration(look, place, up, down, version=name, name=name, order=(number,), extra=extra)


FRAMEWORK = Framework(
    "sqitch",
    "deploy, revert and verify scripts in the order of sqitch.plan",
    root,
    detect,
    listing,
    order="none",
    remedy="write revert/{name}.sql",
    undo=Undo(
        "sqitch revert -y --to {before} --target $DATABASE_URL",
        first="sqitch revert -y --target $DATABASE_URL",
        version="SELECT change FROM sqitch.changes ORDER BY committed_at DESC LIMIT 1",
    ),
)
