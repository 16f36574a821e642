"""The report as GitHub's workflow commands, which annotate the files of a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from gatepost.model import Finding, Report, printable
from gatepost.reports import Format
from gatepost.reports.text import FIX, MESSAGE, PATH, agent_line, ranked, summary

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})


def render(report: Report) -> str:
    """Write one command a finding, the gravest first: GitHub shows ten of a kind and step."""
    return "\n".join([*_commands(report), summary(report), agent_line(report)]) + "\n"


def _commands(report: Report) -> Iterator[str]:
    yield from (_finding(finding) for finding in ranked(report))
    for skip in report.skipped:
        if skip.fatal:
            title = printable(f"gatepost could not judge: {skip.check}", PATH).translate(_PROPERTY)
            yield f"::error title={title}::{printable(skip.reason, MESSAGE).translate(_DATA)}"


def _finding(finding: Finding) -> str:
    command = _COMMANDS[finding.effective_level]
    path = printable(finding.path, PATH).translate(_PROPERTY)
    said = printable(finding.message, MESSAGE) + (f"\nFix: {printable(finding.fix, FIX)}" if finding.fix else "")
    title = finding.rule.id.translate(_PROPERTY)
    return f"::{command} file={path},line={finding.line},title={title}::{said.translate(_DATA)}"


FORMAT = Format("github", "workflow commands that annotate a pull request", render)
