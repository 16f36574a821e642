"""The report for people and hooks: each finding with its fix beneath, a summary, one JSON line last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from textwrap import TextWrapper
from typing import Any

from gatepost.model import LEVELS, Finding, Report, Skip, Verdict, printable
from gatepost.reports import Format
from gatepost.reports.json import dumps

HOOK_WIDTH = 72  # git puts "remote: " before each line of a server's hook
HOOK_LINES = 40
MESSAGE, FIX, PATH = 600, 400, 300
JSON_FINDINGS, JSON_SKIPS, JSON_MESSAGE = 50, 20, 240
JSON_SIZE = 32_000  # of the findings: a line that an agent and git's side-band take at once
ALIKE = 4

_WORDS: dict[Verdict, str] = {
    "pass": "passed",
    "review": "passed, open until reviewed",
    "block": "refused",
    "unknown": "could not judge, which counts as refused",
}
_COLOURS = {"error": "31", "warning": "33", "note": "36", "fix": "32"}


def render(
    report: Report,
    *,
    width: int | None = None,
    limit: int | None = None,
    colour: bool = False,
    exit_code: int | None = None,
) -> str:
    """Write the report for a person, and for an agent in the last line.

    ``width`` wraps, ``limit`` is the most lines there may be, ``colour`` is for terminals only, and
    ``exit_code`` says how the process really ends where that is not what the report says.
    """
    shown, left = _fit(list(_blocks(report, width, colour, None if limit is None else ALIKE)), limit)
    lines = [line for block in shown for line in block]
    if left:
        lines.append(f"… and {left} more; the whole list: gatepost check{_range(report)}")
    lines += [*_wrap(summary(report), width), agent_line(report, exit_code)]
    return "\n".join(lines) + "\n"


def render_hook(report: Report, *, colour: bool = False, exit_code: int | None = None) -> str:
    """Write the report as a hook prints it: at most 40 lines of at most 72 columns."""
    return render(report, width=HOOK_WIDTH, limit=HOOK_LINES, colour=colour, exit_code=exit_code)


def agent_line(report: Report, exit_code: int | None = None) -> str:
    """Write what an agent needs in order to act, as one line of JSON."""
    found = ranked(report)
    listed = _listed(found[:JSON_FINDINGS])
    skips = sorted(report.skipped, key=lambda skip: not skip.fatal)
    data = {
        "gatepost": 1,
        "verdict": report.verdict,
        "exit": report.exit_code if exit_code is None else exit_code,
        "findings": listed,
        "more": len(found) - len(listed),
        "skipped": [
            {"check": skip.check, "reason": printable(skip.reason, FIX), "fatal": skip.fatal}
            for skip in skips[:JSON_SKIPS]
        ],
    }
    return dumps(data)


def _listed(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Give the findings for the line of JSON, as many as its size allows."""
    listed: list[dict[str, Any]] = []
    room = JSON_SIZE
    for finding in found:
        entry = {
            "rule": finding.rule.id,
            "level": finding.effective_level,
            "path": printable(finding.path, PATH),
            "line": finding.line,
            "message": printable(finding.message, JSON_MESSAGE),
            "fix": printable(finding.fix, FIX),
        }
        room -= len(dumps(entry)) + 1
        if room < 0:
            break
        listed.append(entry)
    return listed


def ranked(report: Report) -> list[Finding]:
    """Give the findings that no suppression covers: errors, warnings, notes; of each by their places."""
    return sorted(report.open_findings, key=lambda f: (-LEVELS.index(f.effective_level), f.path, f.line))


def counts(report: Report) -> str:
    """Say how many findings there are of each level, and how many are suppressed."""
    found = Counter(finding.effective_level for finding in report.open_findings)
    said = [plural(found[level], level) for level in reversed(LEVELS) if found[level]]
    suppressed = len(report.findings) - len(report.open_findings)
    return ", ".join([*said, *([f"{suppressed} suppressed"] if suppressed else [])]) or "no findings"


def plural(number: int, noun: str) -> str:
    """Write a number and its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def summary(report: Report) -> str:
    """Say the verdict and the counts in a line."""
    said = [counts(report)]
    if report.commits:
        said.append(plural(report.commits, "commit"))
    return f"gatepost: {_WORDS[report.verdict]} ({'; '.join(said)}; {report.elapsed_ms} ms)"


def _range(report: Report) -> str:
    return f" {report.base[:10]}..{report.head[:10]}" if report.base and report.head != "index" else ""


def _blocks(report: Report, width: int | None, colour: bool, alike: int | None) -> Iterator[list[str]]:
    found = ranked(report)
    errors = [finding for finding in found if finding.effective_level == "error"]
    yield from (_finding(finding, width, colour) for finding in errors)
    yield from (_fatal(skip, width) for skip in report.skipped if skip.fatal)
    yield from (_folded(group, width, colour, alike) for group in _groups(found[len(errors) :]))
    for finding in report.findings:
        if finding.suppressed is not None:
            yield _wrap(f"{_place(finding)}: suppressed {finding.rule.id} {printable(finding.suppressed)}", width)
    reasons: dict[str, list[str]] = {}
    for skip in report.skipped:
        if not skip.fatal:
            reasons.setdefault(skip.reason, []).append(skip.rule or skip.check)
    for reason, names in reasons.items():
        yield _wrap(f"not judged: {', '.join(names)}: {printable(reason, MESSAGE)}", width)


def _groups(found: Iterable[Finding]) -> Iterable[list[Finding]]:
    """Put notes of one rule that are mended alike together; every other finding stays by itself."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(found):
        alike = finding.effective_level == "note" and finding.fix
        groups.setdefault((finding.rule.id, finding.fix) if alike else number, []).append(finding)
    return groups.values()


def _folded(group: list[Finding], width: int | None, colour: bool, alike: int | None) -> list[str]:
    first, *others = group
    shown = others if alike is None or len(others) <= alike else others[: alike - 1]
    more = []
    for finding in shown:
        where = "" if _place(finding) == _place(first) else f"{_place(finding)}: "
        more += _wrap(f"and {where}{printable(finding.message, MESSAGE)}", width, "    ")
    if len(shown) < len(others):
        more.append(f"    and {len(others) - len(shown)} more of {first.rule.id}")
    return _finding(first, width, colour, more)


def _finding(finding: Finding, width: int | None, colour: bool, more: Iterable[str] = ()) -> list[str]:
    level = finding.effective_level
    head = f"{_place(finding)}: {level} {finding.rule.id} {printable(finding.message, MESSAGE)}"
    lines = [*_wrap(head, width), *more]
    if finding.fix:
        lines += _wrap(f"fix: {printable(finding.fix, FIX)}", width, "    ")
    if colour:
        lines = [_paint(line, level) for line in lines]
    return lines


def _fatal(skip: Skip, width: int | None) -> list[str]:
    name = f"{skip.check}: {skip.rule}" if skip.rule else skip.check
    return _wrap(f"could not judge {name}: {printable(skip.reason, MESSAGE)}", width)


def _place(finding: Finding) -> str:
    return f"{printable(finding.path, PATH)}:{finding.line}"


def _wrap(text: str, width: int | None, indent: str = "") -> list[str]:
    if width is None:
        return [indent + text]
    # A path or a command that is longer than the line stays whole: it is there to be copied.
    wrapper = TextWrapper(width, initial_indent=indent, subsequent_indent=indent + "    ")
    wrapper.break_long_words = wrapper.break_on_hyphens = False
    return wrapper.wrap(text)


def _paint(line: str, level: str) -> str:
    for word, code in ((f": {level} ", _COLOURS[level]), ("    fix:", _COLOURS["fix"])):
        if word in line:
            return line.replace(word, f"\x1b[{code}m{word}\x1b[0m", 1)
    return line


def _fit(blocks: list[list[str]], limit: int | None) -> tuple[list[list[str]], int]:
    """Give the blocks that fit into ``limit`` lines beside the three that always come, and how many do not."""
    if limit is None or sum(map(len, blocks)) + 3 <= limit:
        return blocks, 0
    room, fitting = limit - 4, 0
    for block in blocks:
        room -= len(block)
        if room < 0:
            break
        fitting += 1
    fitting = max(fitting, 1)
    return blocks[:fitting], len(blocks) - fitting


FORMAT = Format("text", "for people and hooks; the last line is JSON for agents", render)
