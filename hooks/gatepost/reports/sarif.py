"""The report as SARIF 2.1.0, with the fields that GitHub's code scanning asks for."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from gatepost import __version__
from gatepost.model import Finding, Report, Rule, Skip, printable
from gatepost.reports import Format
from gatepost.reports.json import dumps, plain

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
SHORT, LONG = 1000, 4000  # GitHub takes 1,024 characters of a short description
_SEVERITY = {"error": "error", "warning": "warning", "note": "recommendation"}


def as_data(report: Report) -> dict[str, Any]:
    """Give the report as a SARIF log of one run."""
    rules = {finding.rule.id: finding.rule for finding in report.findings}
    places = {rule_id: number for number, rule_id in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "gatepost",
                "version": __version__,
                "rules": [_rule(rule) for rule in rules.values()],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not any(skip.fatal for skip in report.skipped),
                "exitCode": report.exit_code,
                "toolExecutionNotifications": [_notification(skip) for skip in report.skipped],
            }
        ],
        "automationDetails": {"id": f"gatepost/{printable(report.ref or 'staged')}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, places[finding.rule.id]) for finding in report.findings],
        "properties": {
            "verdict": report.verdict,
            "base": report.base,
            "head": report.head,
            "commits": report.commits,
            "suppressed": len(report.findings) - len(report.open_findings),
        },
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    why, instead, fine = (rule.section(head) for head in ("Why", "Instead", "Fine when"))
    parts = {"Why": why, "Instead": instead, "Fine when": fine}
    return {
        "id": rule.id,
        "shortDescription": {"text": message(rule.summary, SHORT)},
        "fullDescription": {"text": message(" ".join(part for part in (rule.summary, why) if part), LONG)},
        "help": {
            "text": "\n\n".join(message(paragraph, LONG) for paragraph in rule.paragraphs) or "-",
            "markdown": "\n\n".join([rule.summary, *(f"**{head}:** {text}" for head, text in parts.items() if text)]),
        },
        "defaultConfiguration": {"level": rule.level},
        "properties": {"tags": [rule.check], "problem.severity": _SEVERITY[rule.level]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    fix = f"\n\nFix: {message(finding.fix, LONG)}" if finding.fix else ""
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": index,
        "level": finding.effective_level,
        "message": {"text": message(finding.message, LONG) + fix},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": uri(finding.path)},
                    "region": {"startLine": finding.line, "startColumn": 1, "endLine": finding.line},
                }
            }
        ],
        # The one name that GitHub reads; it wants a hash and a number.
        "partialFingerprints": {"primaryLocationLineHash": f"{finding.fingerprint}:1"},
        "properties": {"data": plain(finding.data)},
    }
    if finding.suppressed is not None:
        reason = {"kind": "external", "status": "accepted", "justification": printable(finding.suppressed, SHORT)}
        result["suppressions"] = [reason]
    return result


def _notification(skip: Skip) -> dict[str, Any]:
    return {
        "descriptor": {"id": skip.rule or f"{skip.check}/skipped"},
        "level": "error" if skip.fatal else "note",
        "message": {"text": message(f"{skip.check}: {skip.reason}", LONG)},
    }


def uri(path: str) -> str:
    """Write a path of the repository as a relative URI reference, byte for byte."""
    return quote(path.encode("utf-8", "surrogateescape"), safe="/")


def message(text: str, limit: int) -> str:
    """Make text fit for a SARIF message: no link and no placeholder that somebody pushed (§3.11.5, §3.11.6)."""
    text = printable(text, limit)
    if "](" in text:
        text = text.replace("[", "\\[")
    return re.sub(r"\{(\d{1,9})\}", r"{{\1}}", text) or "-"


def render(report: Report) -> str:
    """Write the report as a SARIF log."""
    return dumps(as_data(report)) + "\n"


FORMAT = Format("sarif", "SARIF 2.1.0, for code scanning and editors", render)
