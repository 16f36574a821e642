"""The dependency audit of a push for people: one screen of what matters, everything else to unfold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from gatepost.model import Report, printable
from gatepost.reports._view import CELL, ROWS, Table, cell
from gatepost.reports.json import plain
from gatepost.reports.text import plural

LISTED = 8
SERVICES = 24
SECTION, KEYS = "dependencies", frozenset(("summary", "changes", "fleet"))
HIDDEN = "not shown"
_USERINFO = re.compile(r"://[^/@\s]{1,400}@")
_NEW = ("added", "added-transitive")
_FACTS = {
    "unexplained": "unexplained",
    "downgraded": "downgraded",
    "from elsewhere": "source-changed",
    "other hash": "integrity-changed",
    "new, asked for": "added",
    "new, brought along": "added-transitive",
}
Entry = Mapping[str, Any]


class Audit(NamedTuple):
    """What is shown first (a line and a short table), then the tables that are folded."""

    line: str
    first: Table
    details: tuple[Table, ...]
    matrix: Table | None


def audit(report: Report) -> Audit | None:
    """Give the audit of a report, or None where no dependency changed (or the section is none of ours)."""
    section = plain(report.sections.get(SECTION))
    if not isinstance(section, dict) or section.keys() - KEYS:
        return None
    changes, fleet = _entries(section.get("changes")), _entries(section.get("fleet"))
    if not changes:
        return None
    details = [*_details(changes), *_fleet_details(fleet)]
    counts = _counts(changes, section.get("summary"))
    return Audit(_line(changes, fleet, counts), _first(changes, fleet, counts), tuple(details), _matrix(fleet))


def _entries(value: Any) -> list[Entry]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _counts(changes: Sequence[Entry], summary: Any) -> dict[str, int]:
    """Count what happened; a stored record may hold fewer entries than its summary tells of."""
    counts = {"packages": len(changes), "unexplained": sum(entry.get("explained") is False for entry in changes)}
    for entry in changes:
        for fact in _texts(entry.get("facts")):
            counts[fact] = counts.get(fact, 0) + 1
    for fact, count in summary.items() if isinstance(summary, dict) else ():
        if isinstance(count, int) and count > counts.get(fact, 0):
            counts[fact] = count
    return counts


def _line(changes: Sequence[Entry], fleet: Sequence[Entry], counts: Mapping[str, int]) -> str:
    facts = sorted(counts.keys() - {"packages", "unexplained"})
    told = [f"{counts[fact]} {printable(fact, 40)}" for fact in facts]
    told += [f"{counts['unexplained']} unexplained"] if counts["unexplained"] else []
    told += [plural(len(fleet), "verdict") + " of the fleet"] if fleet else []
    stored = f" ({len(changes)} of them below)" if len(changes) < counts["packages"] else ""
    return f"{plural(counts['packages'], 'package')} changed{stored}: {', '.join(told)}"


def _first(changes: Sequence[Entry], fleet: Sequence[Entry], counts: Mapping[str, int]) -> Table:
    """Give a row for each thing worth a look, in the order in which one would look."""
    kinds: tuple[tuple[str, Iterable[Entry], Callable[[Entry], str]], ...] = (
        ("unexplained", (e for e in changes if e.get("explained") is False), _step),
        ("downgraded", _with(changes, "downgraded"), _step),
        ("from elsewhere", _with(changes, "source-changed"), _source),
        ("other hash", _with(changes, "integrity-changed"), _integrity),
        ("outside of what the fleet expects", _judged(fleet, "outside-expectation"), _against),
        ("in conflict with the fleet", _judged(fleet, "conflict"), _against),
        ("new, asked for", _with(changes, "added"), _step),
        ("new, brought along", _with(changes, "added-transitive"), _brought),
    )
    rows = []
    for title, found, say in kinds:
        entries = list(found)
        if entries:
            many = max(len(entries), counts.get(_FACTS.get(title, ""), 0))
            told = [say(entry) for entry in entries[:LISTED]]
            told += [f"and {many - LISTED} more"] if many > LISTED else []
            rows.append((title, str(many), "; ".join(told)))
    return Table("look at", ("look at", "how many", "which"), tuple(rows))


def _with(changes: Sequence[Entry], fact: str) -> Iterator[Entry]:
    return (entry for entry in changes if fact in _texts(entry.get("facts")))


def _judged(fleet: Sequence[Entry], verdict: str) -> Iterator[Entry]:
    return (entry for entry in fleet if entry.get("verdict") == verdict)


def _texts(value: Any) -> list[str]:
    return [_clean(entry) for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _clean(value: Any) -> str:
    """Write a value in few characters, without the credentials of an address."""
    return printable(_USERINFO.sub("://", cell(value)), CELL)


def _name(entry: Entry) -> str:
    return printable(_clean(entry.get("name")), 60)


def _versions(entry: Entry, side: str) -> str:
    return printable(", ".join(_texts(entry.get(side))[:4]), 60)


def _step(entry: Entry) -> str:
    old, new = _versions(entry, "old"), _versions(entry, "new")
    if old == new:
        return f"{_name(entry)} {new}"
    return f"{_name(entry)} {old} → {new or 'gone'}" if old else f"{_name(entry)} {new}"


def _brought(entry: Entry) -> str:
    by = _texts(entry.get("introducers"))
    if not by:
        return f"{_step(entry)} (the lock does not say by whom)"
    more = f" and {len(by) - 1} more" if len(by) > 1 else ""
    return f"{_step(entry)} by {printable(by[0], 60)}{more}"


def _source(entry: Entry) -> str:
    source = entry.get("source")
    sides = source if isinstance(source, dict) else {}
    old, new = (printable(", ".join(_texts(sides.get(side))), 80) for side in ("old", "new"))
    return f"{_name(entry)}: {old or 'the registry'} → {new or 'the registry'}"


def _integrity(entry: Entry) -> str:
    return f"{_step(entry)} {_clean(entry.get('integrity'))}".rstrip()


def _against(entry: Entry) -> str:
    ours, expected = entry.get("ours"), entry.get("expected")
    mine = ours if isinstance(ours, dict) else {}
    asked = _clean(mine.get("range")) or printable(", ".join(_texts(mine.get("versions"))), 60)
    if isinstance(expected, dict):
        because = _clean(expected.get("because"))
        return f"{_name(entry)} {asked}, expected {_clean(expected.get('range'))}{f' ({because})' if because else ''}"
    theirs = [f"{_service(use)} {_use(use)}" for use in _entries(entry.get("theirs"))]
    more = f" and {len(theirs) - 3} more" if len(theirs) > 3 else ""
    return f"{_name(entry)} {asked} against {', '.join(theirs[:3])}{more}"


def _service(use: Entry) -> str:
    return printable(_clean(use.get("service")), 60) or HIDDEN


def _use(use: Entry) -> str:
    return _clean(use.get("range")) or ", ".join(_texts(use.get("versions")))


def _details(changes: Sequence[Entry]) -> Iterator[Table]:
    """Give the changed packages of each lock, what is new before what moved."""
    columns = ("package", "facts", "from", "to", "step", "scope", "brought by", "path", "explained", "more")
    locks: dict[tuple[str, str], list[Entry]] = {}
    for entry in changes:
        locks.setdefault((_clean(entry.get("ecosystem")), _clean(entry.get("lockfile"))), []).append(entry)
    for (ecosystem, lockfile), entries in sorted(locks.items()):
        ordered = sorted(entries, key=lambda e: (not set(_NEW) & set(_texts(e.get("facts"))), _name(e)))
        rows = tuple(_row(entry) for entry in ordered[:ROWS])
        yield Table(f"{ecosystem}: {lockfile or 'manifests'}", columns, rows, max(0, len(entries) - ROWS))


def _row(entry: Entry) -> tuple[str, ...]:
    by = _texts(entry.get("introducers"))
    who = "asked for" if entry.get("direct") else ", ".join(by[:3]) + (f" and {len(by) - 3} more" if by[3:] else "")
    more = [_source(entry)] if entry.get("source") else []
    more += [f"hashes {_clean(entry.get('integrity'))}"] if entry.get("integrity") else []
    return (
        _name(entry),
        ", ".join(_texts(entry.get("facts"))),
        _versions(entry, "old"),
        _versions(entry, "new"),
        _clean(entry.get("step")),
        _clean(entry.get("scope")),
        who,
        " > ".join(_texts(entry.get("why"))[:12]),
        "no" if entry.get("explained") is False else "yes",
        "; ".join(more),
    )


def _fleet_details(fleet: Sequence[Entry]) -> Iterator[Table]:
    if fleet:
        rows = tuple(
            (_name(entry), _clean(entry.get("verdict")), _ours(entry), _theirs(entry), _clean(entry.get("before")))
            for entry in fleet[:ROWS]
        )
        columns = ("package", "verdict", "this push", "the others", "stood before")
        yield Table("the fleet", columns, rows, max(0, len(fleet) - ROWS))


def _ours(entry: Entry) -> str:
    ours = entry.get("ours")
    return ", ".join(_texts(ours.get("versions"))) if isinstance(ours, dict) else ""


def _theirs(entry: Entry) -> str:
    told = [f"{_service(use)} {', '.join(_texts(use.get('versions'))) or _use(use)}" for use in _uses(entry)]
    return ", ".join(told[:6]) + (f" and {len(told) - 6} more" if len(told) > 6 else "")


def _uses(entry: Entry) -> list[Entry]:
    return _entries(entry.get("theirs"))


def _matrix(fleet: Sequence[Entry]) -> Table | None:
    """Give packages by services where another service stands elsewhere; an empty cell agrees, or has none."""
    told = [entry for entry in fleet if _uses(entry)]
    services = sorted({_service(use) for entry in told for use in _uses(entry)})[:SERVICES]
    if not told:
        return None
    rows = []
    for entry in told[:ROWS]:
        cells: dict[str, list[str]] = {}
        for use in _uses(entry):
            cells.setdefault(_service(use), []).append(", ".join(_texts(use.get("versions"))) or _use(use))
        theirs = (printable("; ".join(dict.fromkeys(cells.get(service, ()))), CELL) for service in services)
        rows.append((_name(entry), _clean(entry.get("verdict")), _ours(entry), *theirs))
    columns = ("package", "verdict", "this push", *services)
    return Table("packages by services", columns, tuple(rows), max(0, len(told) - ROWS))
