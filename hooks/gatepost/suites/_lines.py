"""Scan lines for marks that switch tests off, where the grammar of a language is not installed."""

from __future__ import annotations

import re

from gatepost.suites._units import Marker, Source

_FOCUS = {
    "javascript": re.compile(r"\b(?:(?:it|test|describe|context|suite)\.only|fit|fdescribe|fcontext)\s*[.(`]"),
    "go": re.compile(r"\bF(?:It|Describe|Context|When|Entry|DescribeTable)\("),
    "ruby": re.compile(r"^\s*(?:fit|fdescribe|fcontext|fspecify)\b|\bfocus: true|,\s*:focus\b"),
}
_SKIP = {
    "javascript": re.compile(
        r"\b(?:(?:it|test|describe|context|suite)\.(?:skip|todo|failing|fails)|x(?:it|test|describe))\s*[.(`]"
    ),
    "go": re.compile(r"\b(?:[tbs]\.Skip(?:f|Now)?|[PX](?:It|Describe|Context|When))\("),
    "ruby": re.compile(r"^\s*(?:xit|xdescribe|xcontext|xspecify|skip|pending)\b|\bskip: true"),
    "java": re.compile(r"@(?:Disabled|Ignore)\b"),
    "rust": re.compile(r"#\[ignore\b"),
}
_LINE = 2_000


def scan(raw: bytes, language: str) -> Source:
    """Give the focus and skip marks of a file, each as the line that holds it."""
    found: list[Marker] = []
    for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), 1):
        shown = line.strip()[:_LINE]
        if shown.startswith(("//", "#!", "*", "/*")):
            continue
        focus, skip = _FOCUS.get(language), _SKIP.get(language)
        if focus is not None and focus.search(line[:_LINE]):
            found.append(Marker("focus", shown[:160], number))
        elif skip is not None and skip.search(line[:_LINE]):
            found.append(Marker("skip", shown[:160], number))
    return Source(markers=tuple(found))
