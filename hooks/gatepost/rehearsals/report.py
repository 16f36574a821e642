"""Write rehearsals for a person and for a program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gatepost.model import printable
from gatepost.rehearsals import Failure, Lost, Rehearsal, Rehearsed

WORDS = {
    "reversible": "reversible",
    "data-loss": "reversible, but loses data",
    "up-fails": "UP FAILS",
    "down-fails": "DOWN FAILS",
    "down-fails-with-rows": "DOWN FAILS ONCE THERE ARE ROWS",
    "schema-differs": "DOWN GIVES ANOTHER SCHEMA",
    "missing": "no way back",
    "irreversible": "irreversible, as declared",
    "unknown": "could not judge",
}
# The same within a sentence; the ids of the verdicts are for programs.
PHRASES = {
    "reversible": "it is reversible",
    "data-loss": "it is reversible, but loses data",
    "up-fails": "the up fails",
    "down-fails": "the down fails",
    "down-fails-with-rows": "the down fails once there are rows",
    "schema-differs": "the down gives another schema",
    "missing": "there is no way back",
    "irreversible": "it is declared irreversible",
    "unknown": "it could not be judged",
}
_MOST = 12


def as_data(made: Rehearsal) -> dict[str, Any]:
    """Give a rehearsal as plain JSON values."""
    from dataclasses import asdict

    return asdict(made)


def text(rehearsals: Sequence[Rehearsal]) -> str:
    """Write all of them for a person."""
    return "\n".join(line for made in rehearsals for line in _one(made)) + ("\n" if rehearsals else "")


def _one(made: Rehearsal) -> Iterator[str]:
    server = f"{made.engine} {made.server}" if made.server else made.engine
    many = len(made.migrations)
    yield f"{printable(made.root) or '.'}: {many} migration{'s' if many != 1 else ''} on {server}"
    if made.how:
        yield f"  server: {printable(made.how, 300)}"
    if made.assumed and made.assumed not in made.reason:
        yield f"  {printable(made.assumed, 300)}"
    for one in made.migrations:
        yield from _migration(one, made)
    if many > 1 or made.whole == "unknown":
        yield f"  the change as a whole: {WORDS[made.whole]}{': ' + printable(made.reason, 600) if made.reason else ''}"
    yield from _after(made)


def _migration(one: Rehearsed, made: Rehearsal) -> Iterator[str]:
    took = f"  (up {one.up_ms} ms, down {one.down_ms} ms)" if one.up_ms or one.down_ms else ""
    yield f"  {printable(one.version or one.path, 80)}  {WORDS[one.verdict]}{took}"
    yield f"    {printable(one.path)}"
    if one.reason and one.reason != made.reason and not (one.failure and one.failure.message in one.reason):
        yield f"    {printable(one.reason, 400)}"
    if one.failure:
        yield from _failure(one.failure)
    for difference in one.differences[:_MOST]:
        yield f"    not as before: {printable(difference, 300)}"
    if len(one.differences) > _MOST:
        yield f"    and {len(one.differences) - _MOST} more"
    for lost in one.lost[:_MOST]:
        yield f"    {said(lost)}"
    for table, reason in {each.table: each.reason for each in reversed(one.unfilled[:_MOST])}.items():
        yield f"    no rows in: {printable(table, 80)}{f' ({printable(reason, 200)})' if reason else ''}"
    for note in one.notes[:_MOST]:
        yield f"    note: {printable(note, 300)}"


def _failure(failure: Failure) -> Iterator[str]:
    code = f" ({printable(failure.code, 20)})" if failure.code else ""
    yield f"    {printable(failure.path)}:{failure.line}: {printable(failure.message, 400)}{code}"
    if failure.statement:
        yield f"      {printable(failure.statement, 160)}"


def said(lost: Lost) -> str:
    """Say what is lost."""
    what = (
        f"{printable(lost.table, 80)}.{printable(lost.column, 80)}"
        if lost.column
        else f"rows of {printable(lost.table, 80)}"
    )
    when = "that was there before the change" if lost.when == "before" else "written after the change, as is natural"
    return f"lost: {what} ({lost.rows} synthetic row{'s' if lost.rows != 1 else ''}), {when}"


def of_queries(section: Mapping[str, Any]) -> Iterator[str]:
    """Say how many of the known queries were tried, and which break."""
    tried, broken = section.get("prepared", 0), section.get("broken", ())
    how = f"{tried} tried on {section['server']}" if tried else f"none tried, {section.get('judged', 0)} judged"
    worst = f"{len(broken)} break{'s' if len(broken) == 1 else ''}" if broken else "none breaks"
    if not tried and not section.get("judged") and not broken:
        yield "known queries: none is concerned"
        return
    yield f"known queries: {how}; {worst}"
    for one in broken[:_MOST]:
        named = printable(str(one["query"] or one["text"]), 100)
        sure = "" if one["certain"] else ", perhaps"
        yield f"  breaks{sure}: {printable(one['path'])}:{one['line']}: {named}"
    if len(broken) > _MOST:
        yield f"  and {len(broken) - _MOST} more"


def line(made: Rehearsal, tried: int, at: str = "") -> str:
    """Say in one line what came out, on which server and how long it took; ``at``: it was made before."""
    many = len(made.migrations)
    took = f"rehearsed at {at}" if at else f"{made.elapsed_ms / 1000:.1f} s"
    also = f", {tried} known queries tried" if tried else ""
    what = f"{many} migration{'s' if many != 1 else ''}: {PHRASES[made.whole]}"
    told = f"{printable(made.root) or '.'}: {what} ({made.engine} {made.server}, {took}{also})"
    return f"{told}; {printable(made.assumed, 300)}" if made.assumed else told


def _after(made: Rehearsal) -> Iterator[str]:
    verdicts = {one.verdict for one in made.migrations}
    if verdicts & {"down-fails", "schema-differs", "down-fails-with-rows"}:
        yield "  next: mend the down, commit, and rehearse again"
    elif "up-fails" in verdicts:
        yield "  next: mend the up, commit, and rehearse again"
    elif "missing" in verdicts:
        yield "  next: write the down, or declare the migration irreversible with a reason and a strategy"
    elif "data-loss" in verdicts:
        yield "  next: copy the values aside in the up, or plan a backup: gatepost rollback plan"
