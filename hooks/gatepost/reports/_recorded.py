"""Turn a stored record back into a Report, so that every format can write what was judged then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gatepost.model import LEVELS, Finding, Report, Rule, Skip

KINDS = ("verdict", "dependency-audit")


def report_of(record: Mapping[str, Any]) -> Report | None:
    """Give the Report that a record holds; None where it is of a kind that holds none.

    Nothing in a record is trusted to have its type: a clone reads what its server wrote.
    """
    if record.get("kind") not in KINDS:
        return None
    change = _table(record.get("change"))
    sections = _table(record.get("sections"))
    if record["kind"] == "dependency-audit":
        sections = {"dependencies": _table(record.get("dependencies"))}
    ref = record.get("ref")
    report = Report(
        base=_text(change.get("base") or record.get("old")) or None,
        head=_text(change.get("head") or record.get("commit")),
        ref=ref if isinstance(ref, str) else None,
        commits=_number(change.get("commits")),
        findings=tuple(_finding(entry) for entry in _tables(record.get("findings"))),
        sections=sections,
        skipped=_skipped(record),
        elapsed_ms=_number(record.get("elapsed_ms")),
    )
    return replace(report, skipped=(*report.skipped, *_left_out(record, report)))


def _finding(entry: Mapping[str, Any]) -> Finding:
    level, quiet = entry.get("level"), entry.get("suppressed")
    rule = Rule(_text(entry.get("rule")), level if level in LEVELS else "warning", "")
    return Finding(
        rule,
        _text(entry.get("path")),
        _text(entry.get("message")),
        _text(entry.get("fix")),
        _number(entry.get("line")) or 1,
        _table(entry.get("data")),
        suppressed=quiet if isinstance(quiet, str) else None,
    )


def _skipped(record: Mapping[str, Any]) -> tuple[Skip, ...]:
    fatal = record.get("verdict") == "unknown"
    return tuple(Skip(_text(e.get("check")), _text(e.get("reason")), fatal) for e in _tables(record.get("skipped")))


def _left_out(record: Mapping[str, Any], report: Report) -> Iterator[Skip]:
    """Say where the page is not all of what was judged."""
    if record.get("cut"):
        yield Skip(
            "record", f"it had {_number(record['cut'])} bytes, and was stored with shorter lists or without them"
        )
    if record["kind"] == "verdict" and record.get("verdict") not in (None, report.verdict):
        yield Skip("record", f"the verdict that was recorded is {_text(record['verdict'])}")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _table(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
