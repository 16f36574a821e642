"""The report as one JSON object: the stable contract that docs/report.schema.json describes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from gatepost import __version__
from gatepost.model import Finding, Report
from gatepost.reports import Format

VERSION = 1
_DEEPEST = 100


def as_data(report: Report) -> dict[str, Any]:
    """Give the report as plain values that any JSON writer takes."""
    return {
        "format": VERSION,
        "tool": {"name": "gatepost", "version": __version__},
        "change": {
            "base": report.base,
            "head": report.head,
            "ref": plain(report.ref),
            "commits": report.commits,
        },
        "verdict": report.verdict,
        "findings": [finding_data(finding) for finding in report.findings],
        "skipped": [{"check": skip.check, "reason": plain(skip.reason)} for skip in report.skipped],
        "sections": plain(report.sections),
        "elapsed_ms": report.elapsed_ms,
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """Give one finding as plain values."""
    return {
        "rule": finding.rule.id,
        "level": finding.effective_level,
        "path": plain(finding.path),
        "line": finding.line,
        "message": plain(finding.message),
        "fix": plain(finding.fix),
        "data": plain(finding.data),
        "fingerprint": finding.fingerprint,
        "suppressed": plain(finding.suppressed),
    }


def plain(value: Any, depth: int = 0) -> Any:
    r"""Turn a value into what JSON has, whatever it came from.

    Names that are not UTF-8 become text with ``\xNN``: a lone surrogate is no Unicode, and strict
    readers refuse the whole document. Numbers that JSON lacks become null.
    """
    if depth > _DEEPEST:
        return None
    if isinstance(value, str):
        return unicode(value)
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {unicode(str(key)): plain(entry, depth + 1) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry, depth + 1) for entry in value]
    return _other(value, depth)


def _other(value: Any, depth: int) -> Any:
    if isinstance(value, (set, frozenset)):
        return sorted((plain(entry, depth + 1) for entry in value), key=str)
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: plain(getattr(value, item.name), depth + 1) for item in fields(value)}
    if isinstance(value, bytes):
        return unicode(value.decode("utf-8", "surrogateescape"))
    return value.isoformat() if isinstance(value, date) else unicode(str(value))


def unicode(text: str) -> str:
    r"""Write bytes that are not UTF-8 as ``\xNN`` and other lone surrogates as ``\uNNNN``."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join(map(_unicode, text))
    return text


def _unicode(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if 0xD800 <= code <= 0xDFFF else char


def dumps(value: Any) -> str:
    """Write plain values as one line of ASCII, which no terminal and no encoding can spoil."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def render(report: Report) -> str:
    """Write the report as one line of JSON."""
    return dumps(as_data(report)) + "\n"


FORMAT = Format("json", "one object for programs; see docs/report.schema.json", render)
