"""The report as one HTML file that needs nothing else: no script, no font, no other host."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from gatepost import __version__
from gatepost.model import Finding, Report, printable
from gatepost.reports import Format
from gatepost.reports._dependencies import SECTION, Audit, audit
from gatepost.reports._treemap import treemaps
from gatepost.reports._view import TITLES, Table, change_of, groups, tables
from gatepost.reports.text import FIX, MESSAGE, PATH, counts

FINDINGS = 500
SCREEN = 1000
STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --soft: #59636e; --paper: #fff; --card: #f5f7f9; --line: #d5dbe1;
  --error: #b3261e; --warning: #8a5300; --note: #1f5fae; --pass: #1a7f37; --suppressed: #59636e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ec; --soft: #9aa5b1; --paper: #14181c; --card: #1d2329;
  --line: #38414b; --error: #ff8a80; --warning: #f0b429; --note: #82b6ff; --pass: #5bd17e; --suppressed: #9aa5b1; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
header { border-left: .4rem solid var(--mark); padding-left: .8rem; margin-bottom: 1.5rem; }
h1 { font-size: 1.4rem; margin: 0; }
h1 strong { color: var(--mark); }
h2 { font-size: 1.1rem; margin: 1.6rem 0 .6rem; }
p { margin: .2rem 0; }
code { font: .9em ui-monospace, monospace; }
.soft { color: var(--soft); }
article { background: var(--card); border: 1px solid var(--line); border-left: .3rem solid var(--mark);
  border-radius: .3rem; padding: .6rem .8rem; margin: .6rem 0; }
.error, .block, .unknown { --mark: var(--error); }
.warning, .review { --mark: var(--warning); }
.note { --mark: var(--note); }
.pass { --mark: var(--pass); }
.suppressed { --mark: var(--suppressed); }
article b { color: var(--mark); }
.fix::before { content: "Fix: "; font-weight: 600; }
details { border: 1px solid var(--line); border-radius: .3rem; margin: .6rem 0; }
summary { cursor: pointer; padding: .5rem .8rem; }
.wide { overflow-x: auto; padding: 0 .8rem .6rem; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0; border-top: 1px solid var(--line);
  overflow-wrap: normal; }
.maps { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { flex: 1 1 20rem; margin: 0; }
svg { width: 100%; }
rect { fill: var(--line); stroke: var(--paper); }
.new rect { fill: #c62828; }
.grown rect { fill: #ef9a4b; }
.shrunk rect { fill: #66a86a; }
svg text { font-size: 11px; fill: var(--ink); }
td { max-width: 24rem; overflow-wrap: break-word; }
"""


def render(report: Report) -> str:
    """Write the report as a page."""
    title = f"gatepost: {TITLES[report.verdict]}"
    return page(title, report.verdict, _header(report), _main(report))


def page(title: str, mark: str, header: Iterable[str], main: Iterable[str], style: str = "") -> str:
    """Write a page without scripts; ``mark`` gives it its colour, ``style`` is added to that of all pages."""
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            # Whatever slipped through the escaping could still load and run nothing.
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{escape(title)}</title>",
            f"<style>{STYLE}{style}</style>",
            "</head>",
            f'<body class="{mark}">',
            "<header>",
            *header,
            "</header>",
            "<main>",
            *main,
            "</main>",
            f'<footer class="soft">gatepost {escape(__version__)}</footer>',
            "</body>",
            "</html>",
            "",
        ]
    )


def _header(report: Report) -> Iterator[str]:
    yield f"<h1>gatepost: <strong>{escape(TITLES[report.verdict])}</strong></h1>"
    yield f"<p>{escape(counts(report))}</p>"
    yield f'<p class="soft">{escape(change_of(report))}</p>'


def _main(report: Report) -> Iterator[str]:
    for group in groups(report):
        yield f'<section class="{group.level}">'
        yield f"<h2>{escape(group.title)}</h2>"
        for finding in group.findings[:FINDINGS]:
            yield from _finding(finding)
        if len(group.findings) > FINDINGS:
            yield f"<p>… and {len(group.findings) - FINDINGS} more</p>"
        yield "</section>"
    if report.skipped:
        yield "<section>"
        yield "<h2>Not judged</h2>"
        for skip in report.skipped:
            kind = "error" if skip.fatal else "suppressed"
            reason = _text(skip.reason, MESSAGE)
            yield f'<article class="{kind}"><p><b>{_text(skip.check, PATH)}</b></p><p>{reason}</p></article>'
        yield "</section>"
    maps = list(treemaps(report))
    if maps:
        yield "<section>"
        yield "<h2>What is shipped, before and after: new, grown, shrunk</h2>"
        yield from maps
        yield "</section>"
    audited = audit(report)
    if audited:
        yield from _audit(audited)
    found = list(tables(report, SECTION if audited else ""))
    if found:
        yield "<section>"
        yield "<h2>Everything that was looked at</h2>"
        for table in found:
            yield from _table(table)
        yield "</section>"


def _audit(audited: Audit) -> Iterator[str]:
    yield "<section>"
    yield "<h2>Dependencies</h2>"
    yield f"<p>{_text(audited.line, MESSAGE)}</p>"
    if audited.first.rows:
        yield '<div class="wide">'
        yield from _grid(audited.first, SCREEN)
        yield "</div>"
    if audited.matrix:
        yield "<h2>The fleet: who runs what</h2>"
        yield '<p class="soft">An empty cell: it runs the same, or does not use it.</p>'
        yield '<div class="wide">'
        yield from _grid(audited.matrix, PATH)
        yield from _left(audited.matrix)
        yield "</div>"
    for table in audited.details:
        yield from _table(table)
    yield "</section>"


def _finding(finding: Finding) -> Iterator[str]:
    place = f"{printable(finding.path, PATH)}:{finding.line}"
    yield "<article>"
    yield f"<p><b>{escape(finding.rule.id)}</b> <code>{escape(place)}</code></p>"
    yield f"<p>{_text(finding.message, MESSAGE)}</p>"
    if finding.suppressed is not None:
        yield f'<p class="soft">suppressed: {_text(finding.suppressed, MESSAGE)}</p>'
    elif finding.fix:
        yield f'<p class="fix">{_text(finding.fix, FIX)}</p>'
    yield "</article>"


def _table(table: Table) -> Iterator[str]:
    yield f"<details><summary>{_text(table.title, PATH)} ({len(table.rows) + table.left})</summary>"
    yield '<div class="wide">'
    yield from _grid(table, PATH)
    yield from _left(table)
    yield "</div></details>"


def _grid(table: Table, limit: int) -> Iterator[str]:
    yield "<table>"
    yield f"<tr>{''.join(f'<th>{_text(column, PATH)}</th>' for column in table.columns)}</tr>"
    for row in table.rows:
        yield f"<tr>{''.join(f'<td>{_text(value, limit)}</td>' for value in row)}</tr>"
    yield "</table>"


def _left(table: Table) -> Iterator[str]:
    if table.left:
        yield f"<p>… and {table.left} more rows</p>"


def _text(text: str, limit: int) -> str:
    return escape(printable(text, limit))


FORMAT = Format("html", "one file for a browser, without scripts", render)
