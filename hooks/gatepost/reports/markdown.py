"""The report as Markdown, for a pull request's comment or a job's summary."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from gatepost.model import Finding, Report, printable
from gatepost.reports import Format
from gatepost.reports._dependencies import SECTION, Audit, audit
from gatepost.reports._view import TITLES, Table, change_of, groups, tables
from gatepost.reports.text import FIX, MESSAGE, PATH, counts

FINDINGS = 100
SCREEN = 1000
_ESCAPES = str.maketrans({char: "\\" + char for char in "\\`*_[]#|~!$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def render(report: Report) -> str:
    """Write the report as Markdown."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"## gatepost: {TITLES[report.verdict]}"
    yield ""
    yield f"{counts(report)} ({code(change_of(report))})"
    for group in groups(report):
        yield from ("", f"### {group.title}", "")
        for finding in group.findings[:FINDINGS]:
            yield from _finding(finding)
        if len(group.findings) > FINDINGS:
            yield f"- … and {len(group.findings) - FINDINGS} more"
    if report.skipped:
        yield from ("", "### Not judged", "")
        for skip in report.skipped:
            fatal = " **could not judge**" if skip.fatal else ""
            yield f"- {code(skip.check)}{fatal} {prose(skip.reason, MESSAGE)}"
    audited = audit(report)
    if audited:
        yield from _audit(audited)
    for table in tables(report, SECTION if audited else ""):
        yield from _table(table)


def _audit(audited: Audit) -> Iterator[str]:
    yield from ("", "### Dependencies", "", prose(audited.line, MESSAGE))
    if audited.first.rows:
        yield ""
        yield from _grid(audited.first, SCREEN)
    for table in audited.details:
        yield from _table(table)


def _finding(finding: Finding) -> Iterator[str]:
    place = code(f"{printable(finding.path, PATH)}:{finding.line}")
    yield f"- **{finding.rule.id}** {place}  "
    more = finding.suppressed is not None or finding.fix
    yield f"  {prose(finding.message, MESSAGE)}{'  ' if more else ''}"
    if finding.suppressed is not None:
        yield f"  suppressed: {prose(finding.suppressed, MESSAGE)}"
    elif finding.fix:
        yield f"  **Fix:** {prose(finding.fix, FIX)}"


def _table(table: Table) -> Iterator[str]:
    title = escape(printable(table.title, PATH)).replace("@", "@<!-- -->")  # no Markdown within a line of HTML
    yield from ("", "<details>", f"<summary>{title} ({len(table.rows) + table.left})</summary>", "")
    yield from _grid(table, PATH)
    if table.left:
        yield from ("", f"… and {table.left} more rows")
    yield from ("", "</details>")


def _grid(table: Table, limit: int) -> Iterator[str]:
    yield "| " + " | ".join(prose(column, PATH) for column in table.columns) + " |"
    yield "|" + " --- |" * len(table.columns)
    for row in table.rows:
        yield "| " + " | ".join(prose(value, limit) for value in row) + " |"


def prose(text: str, limit: int) -> str:
    """Escape text so that nothing in it is markup, a link or a mention."""
    text = printable(text, limit).translate(_ESCAPES)
    return text.replace("://", ":\\//").replace("www.", "www\\.").replace("@", "@<!-- -->")


def code(text: str) -> str:
    """Write text as code, in a fence that it does not contain."""
    text, fence = printable(text, PATH + 20).replace("|", "¦"), "`"
    while fence in text:
        fence += "`"
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


FORMAT = Format("markdown", "for a pull request's comment or a job's summary", render)
