"""What a pusher sees: at most 40 lines of at most 72 columns, then one line of JSON."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import replace
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from gatepost.entry import incident
from gatepost.entry.lines import updates
from gatepost.entry.pre_receive import Answer, Judged, judge
from gatepost.errors import UNKNOWN, GatepostError
from gatepost.git import Repository
from gatepost.model import Report, Skip, printable

WIDTH, LINES, REFS = 72, 40, 8
WOULD = 'would be refused (mode = "report")'


def answer(directory: Path, stdin: bytes) -> tuple[int, str]:
    """Judge a push; give the exit code and the text. Never raises: what goes wrong refuses."""
    try:
        with Repository(directory, own=True, client=False) as repo:
            said = judge(repo, directory, updates(stdin), os.environ)
        code, text = said.exit_code, render(said)
    except GatepostError as error:
        incident.failed(directory, stdin, error)
        return error.exit_code, failed(error.message, error.hint, error.rule, error.exit_code)
    except Exception as error:  # noqa: BLE001 - an error of ours must refuse with a reference, never pass
        number = incident.report(directory, error)
        hint = f"tell the operator the reference {number}; the log of the server has the details"
        return UNKNOWN, failed("the gate itself failed; nothing was accepted", hint, "gate/internal", UNKNOWN)
    if code:
        incident.refused(directory, said)
    return code, text


def render(said: Answer) -> str:
    """Write what is said of a push."""
    reported = [one for one in said.judged if one.report is not None]
    if not reported:
        return "".join(f"{_cut(one.update.ref)}: {one.remark}\n" for one in said.judged if one.remark)
    head = [*_refs(said), *said.reminders[:5]]
    if all(one.report and one.report.verdict == "pass" for one in reported):
        return "".join(line + "\n" for line in head)
    if said.mode == "report":
        head.append("report mode: nothing is refused, this is what would be said")
    from gatepost.reports.text import render as whole

    body = whole(_merged(reported), width=WIDTH, limit=LINES - len(head), exit_code=said.exit_code)
    *lines, last = body.splitlines()
    if not said.exit_code:
        lines = [_would(line) for line in lines]
    return "\n".join([*head, *lines, json.dumps(json.loads(last) | _agent(said), separators=(",", ":"))]) + "\n"


def failed(message: str, hint: str, rule: str, code: int) -> str:
    """Write what is said where there is no verdict at all."""
    from textwrap import wrap

    first = wrap(f"gatepost: refused, {rule}: {printable(message, 600)}", WIDTH, subsequent_indent="    ")
    fix = wrap(f"fix: {printable(hint, 400)}", WIDTH, initial_indent="    ", subsequent_indent="    ") if hint else []
    data = {"gatepost": 1, "verdict": "unknown", "exit": code, "findings": []}
    data["skipped"] = [{"check": "gate", "rule": rule, "reason": printable(message, 400)}]
    return "\n".join([*first, *fix, json.dumps(data, separators=(",", ":"))]) + "\n"


def write(text: str) -> None:
    """Print to the pusher, who may be gone."""
    with suppress(OSError):
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a locale without "…" must not end the gate
        sys.stdout.write(text)
        sys.stdout.flush()


def _would(line: str) -> str:
    """Say of a push that lands in report mode what would be done, not that it was."""
    for word in ("refused", "could not judge, which counts as refused"):
        if line.startswith(f"gatepost: {word}"):
            return line.replace(word, WOULD if word == "refused" else f"could not judge, {WOULD}", 1)
    return line


def _refs(said: Answer) -> list[str]:
    """Give a line for each ref: the refused ones first, then what goes with them."""
    refuses = said.exit_code != 0
    ordered = sorted(said.judged, key=lambda one: (not one.refuses, one.report is None))
    words = [(one.update.ref, _word(one, refuses)) for one in ordered[:REFS]]
    lines = [f"{_cut(ref, word)}: {word}" for ref, word in words]
    if len(ordered) > REFS:
        rest = "refused with them" if refuses else "accepted"
        lines.append(f"… and {len(ordered) - REFS} more refs, {rest}")
    return lines


def _cut(ref: str, word: str = "") -> str:
    return printable(ref, WIDTH - max(22, len(word) + 2))


def _word(one: Judged, refuses: bool) -> str:
    if one.refuses and not refuses:
        return WOULD
    if one.remark and not refuses:
        return one.remark
    words = {"pass": "passed", "review": "open for review", "block": "refused", "unknown": "not judged"}
    word = words[one.report.verdict] if one.report else "not protected"
    return word if one.refuses or not refuses else f"{word}, refused too"


def _merged(judged: list[Judged]) -> Report:
    """Put the reports of a push together, each finding once."""
    reports = [one.report for one in judged if one.report is not None]
    findings = {(f.fingerprint, f.effective_level): f for report in reports for f in report.findings}
    skipped: dict[Skip, None] = {skip: None for report in reports for skip in report.skipped}
    elapsed = max(report.elapsed_ms for report in reports)
    commits = max(report.commits for report in reports)
    return replace(
        reports[0], findings=tuple(findings.values()), skipped=tuple(skipped), elapsed_ms=elapsed, commits=commits
    )


def _agent(said: Answer) -> dict[str, Any]:
    refs = [
        {
            "ref": printable(one.update.ref),
            "old": one.update.old,
            "new": one.update.new,
            "verdict": one.report.verdict if one.report else None,
        }
        for one in said.judged[:50]
    ]
    return {"refs": refs, "mode": said.mode}
