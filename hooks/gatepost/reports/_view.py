"""What the formats for readers share: findings in groups, and the sections as plain tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gatepost.model import LEVELS, Finding, Report, Verdict, printable
from gatepost.reports.json import plain
from gatepost.reports.text import PATH, plural, ranked

ROWS, CELL = 200, 160
TITLES: dict[Verdict, str] = {
    "pass": "passed",
    "review": "passed, open until reviewed",
    "block": "refused",
    "unknown": "could not judge",
}


class Table(NamedTuple):
    """Some rows of a section; ``left`` more did not fit."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int = 0


class Group(NamedTuple):
    """Findings of one level."""

    title: str
    level: str
    findings: tuple[Finding, ...]


def groups(report: Report) -> Iterator[Group]:
    """Give the open findings by level, the gravest first, then what is suppressed."""
    for level in reversed(LEVELS):
        found = tuple(finding for finding in ranked(report) if finding.effective_level == level)
        if found:
            yield Group(plural(len(found), level), level, found)
    quiet = tuple(finding for finding in report.findings if finding.suppressed is not None)
    if quiet:
        yield Group(f"{len(quiet)} suppressed", "suppressed", quiet)


def change_of(report: Report) -> str:
    """Say in a line what was compared."""
    base = report.base[:12] if report.base else "nothing"
    head = "what is staged" if report.head == "index" else report.head[:12]
    said = [f"{base} to {head}"]
    if report.ref:
        said.append(f"on {printable(report.ref, PATH)}")
    if report.commits:
        said.append(plural(report.commits, "commit"))
    return ", ".join([*said, f"{report.elapsed_ms} ms"])


def tables(report: Report, without: str = "") -> Iterator[Table]:
    """Give every list of the sections, but for one, as a table; what is empty is left out."""
    for name, section in report.sections.items():
        if name != without:
            yield from _tables(name, plain(section))


def _tables(title: str, value: Any) -> Iterator[Table]:
    if isinstance(value, list) and value:
        rows = [row if isinstance(row, dict) else {title: row} for row in value]
        columns = tuple(dict.fromkeys(column for row in rows for column in row))
        shown = tuple(tuple(cell(row.get(column)) for column in columns) for row in rows[:ROWS])
        yield Table(title, columns, shown, max(0, len(rows) - ROWS))
    elif isinstance(value, dict):
        facts = {key: entry for key, entry in value.items() if not isinstance(entry, (list, dict))}
        if facts:
            yield Table(title, ("what", "is"), tuple((cell(key), cell(entry)) for key, entry in facts.items()))
        for key, entry in value.items():
            if key not in facts:
                yield from _tables(f"{title}: {printable(key, 60)}", entry)


def cell(value: Any) -> str:
    """Write one value of a section in few characters."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = ", ".join(f"{key} {cell(entry)}" for key, entry in value.items() if entry not in (None, "", [], {}))
    elif isinstance(value, list):
        value = ", ".join(cell(entry) for entry in value)
    return printable(str(value), CELL)
