"""Read what a migration says to gatepost in its comments: what to ignore, and which phase of a deploy it is.

``-- gatepost: ignore schema/drop-column reason="unused since March"`` covers its own line, or the statement that
follows; ``-- gatepost: phase=contract after=2026-10`` the whole file. ``#``, ``//`` and ``/*`` begin comments too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MARK = re.compile(
    r"(?:--|#|//|/\*|\*|<!--)[ \t]*gatepost:[ \t]*(?P<word>ignore|phase)\b(?P<rest>[^\n]{0,500})", re.IGNORECASE
)
_RULE = re.compile(r"[ \t]*([a-z-]{1,40}/[a-z-]{1,60}|[^\s]{0,80})")
_REASON = re.compile(r'\breason[ \t]*=[ \t]*"([^"\n]*)"')
_PHASE = re.compile(
    r"[ \t]*=[ \t]*\"?(?P<phase>[a-z-]{1,20})\"?(?:[ \t]+after[ \t]*=[ \t]*\"?(?P<after>[^\s\"]{1,80})\"?)?",
    re.IGNORECASE,
)
_SAFE = re.compile(r"^[ \t]*safe[ \t]*=[ \t]*Safe\.(?P<when>after_deploy|before_deploy|always)\b", re.MULTILINE)
_OTHERS = re.compile(r"(squawk-ignore(?:-file)?[^\n]{0,60}|safety_assured|atlas:nolint[^\n]{0,60}|noqa:[ \t]*DML?\w*)")
_COMMENT_LINE = re.compile(r"^[ \t]*(?:--|#|//|/\*|\*|$)")


CONTRACT = "phase=contract after=DEPLOY"
_SIGNS = {"py": "#", "rb": "#", "exs": "#", "yaml": "#", "yml": "#"}


def spoken(path: str, text: str) -> str:
    """Give what to write in a file to say ``gatepost: text`` there: a comment of its language."""
    ending = path.rpartition(".")[2].lower()
    if ending == "xml":
        return f"<comment>gatepost: {text}</comment>"
    sign = "//" if ending in ("js", "ts", "cjs", "mjs", "php", "cs", "go") else _SIGNS.get(ending, "--")
    return f"{sign} gatepost: {text}"


@dataclass(frozen=True, slots=True)
class Ignore:
    """One inline suppression; ``covers`` is the line of code that it stands on or before."""

    rule: str
    reason: str
    line: int
    covers: int

    def silences(self, rule: str, line: int, start: int) -> bool:
        """Tell whether it covers a finding of a rule at a line whose statement begins at ``start``."""
        return rule == self.rule and self.covers in (line, start)


@dataclass(frozen=True, slots=True)
class Inline:
    """What the comments of one file say."""

    ignores: tuple[Ignore, ...] = ()
    phase: str = ""
    after: str = ""
    phase_line: int = 0
    others: tuple[tuple[int, str], ...] = ()

    def other(self, line: int) -> str:
        """Give the marker of another tool that stands on a line or shortly before it."""
        near = [text for at, text in self.others if line - 3 <= at <= line]
        return near[-1] if near else ""


def inline(text: str) -> Inline:
    """Read the comments of a file."""
    others = tuple((_line(text, found.start()), found[0].strip()) for found in _OTHERS.finditer(text))
    phase, after, at = _declared(text)
    if "gatepost:" not in text:
        return Inline((), phase, after, at, others)
    lines = text.split("\n")
    ignores = tuple(_ignores(text, lines))
    return Inline(ignores, phase, after, at, others)


def _declared(text: str) -> tuple[str, str, int]:
    for found in _MARK.finditer(text) if "gatepost:" in text else ():
        if found["word"].lower() == "phase" and (said := _PHASE.match(found["rest"])):
            return said["phase"].lower(), said["after"] or "", _line(text, found.start())
    if "Safe." in text and (safe := _SAFE.search(text)):
        return (
            {"after_deploy": "contract", "before_deploy": "expand"}.get(safe["when"], ""),
            "",
            _line(text, safe.start()),
        )
    return "", "", 0


def _ignores(text: str, lines: list[str]) -> Iterator[Ignore]:
    for found in _MARK.finditer(text):
        if found["word"].lower() != "ignore":
            continue
        line = _line(text, found.start())
        name, reason = _RULE.match(found["rest"]), _REASON.search(found["rest"])
        alone = not lines[line - 1][: found.start() - text.rfind("\n", 0, found.start()) - 1].strip()
        yield Ignore(
            name[1] if name else "",
            reason[1].strip(" ….\t") if reason else "",
            line,
            _next(lines, line) if alone else line,
        )


def _next(lines: list[str], line: int) -> int:
    for number in range(line, len(lines)):
        if not _COMMENT_LINE.match(lines[number]):
            return number + 1
    return line


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def unused(ignores: Iterable[Ignore], used: set[Ignore]) -> list[Ignore]:
    """Give those that covered nothing."""
    return [ignore for ignore in ignores if ignore not in used]
