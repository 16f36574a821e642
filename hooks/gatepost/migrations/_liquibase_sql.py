"""Read Liquibase's formatted SQL."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gatepost.migrations import Irreversible, Script, Scripts, Sql, _sqltext

CHANGESET = re.compile(
    r"^[ \t]*--[ \t]*changeset[ \t]+(?P<author>\"[^\"\n]*\"|[^:\n]*?):(?P<id>\"[^\"\n]*\"|\S+)(?P<rest>[^\n]*)$",
    re.MULTILINE | re.IGNORECASE,
)
ROLLBACK = re.compile(r"^[ \t]*--[ \t]*rollback\b[ \t]*(?P<text>[^\n]*)$", re.MULTILINE | re.IGNORECASE)
BLOCK = re.compile(
    r"^[ \t]*/\*[ \t]*liquibase[ \t]+rollback[ \t]*\n(?P<text>.*?)\*/", re.MULTILINE | re.IGNORECASE | re.DOTALL
)
FAKE = re.compile(r"\s*(?:empty|not required)\s*;?\s*", re.IGNORECASE)
EMPTY_SAYS = "it says that no rollback is required"


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """One changeset: ``author:id``, what identifies its text, and how to read it."""

    version: str
    digest: str
    load: Callable[[], Scripts]
    repeatable: bool = False


def read(text: str, path: str, dialect: str) -> Iterator[ChangeSet]:
    """Give the changesets of a file; a file without any is one without a name."""
    found = list(CHANGESET.finditer(text))
    line, counted = 1, 0
    for number, match in enumerate(found):
        end = found[number + 1].start() if number + 1 < len(found) else len(text)
        line, counted = line + text.count("\n", counted, match.end()), match.end()
        yield _changeset(match, text[match.end() : end], path, dialect, line)


def _changeset(match: re.Match[str], body: str, path: str, dialect: str, line: int) -> ChangeSet:
    version = f"{match['author'].strip().strip(chr(34))}:{match['id'].strip(chr(34))}"
    rest = match["rest"].lower()

    def load() -> Scripts:
        return _scripts(body, path, dialect, line, "runintransaction:false" not in rest.replace(" ", ""))

    digest = hashlib.sha256(" ".join((rest + "\n" + body).split()).encode()).hexdigest()
    repeatable = bool(re.search(r"\brun(?:onchange|always):\s*true", rest))
    return ChangeSet(version, digest, load, repeatable)


def _scripts(body: str, path: str, dialect: str, line: int, transaction: bool) -> Scripts:
    blocks = [(match.start("text"), match["text"]) for match in BLOCK.finditer(body)]
    singles = [(match.start("text"), match["text"]) for match in ROLLBACK.finditer(body)]
    up = ROLLBACK.sub(_blank, BLOCK.sub(_blank, body))
    first = _sqltext.script(up, path, dialect, line, transaction)
    declared: Irreversible | None = _sqltext.marker(body, path, line)
    parts = sorted(blocks + singles)
    if not parts:
        return Scripts(first, None, declared)
    return Scripts(first, _down(parts, body, path, dialect, line, transaction), declared)


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _down(parts: list[tuple[int, str]], body: str, path: str, dialect: str, line: int, transaction: bool) -> Script:
    start = line + body.count("\n", 0, parts[0][0])
    kept = [(at, text) for at, text in parts if not FAKE.fullmatch(text)]
    if not kept:
        reason = EMPTY_SAYS if any(text.strip() for _, text in parts) else "its rollback is empty"
        return Script(path, (), dialect, transaction, start, "empty", reason)
    steps = tuple(Sql(text, line + body.count("\n", 0, at)) for at, text in kept)
    state, reason = _sqltext.state("\n".join(text for _, text in kept))
    # One statement may go on over several --rollback lines.
    joined = _joined(steps)
    return Script(path, joined, dialect, transaction, start, state, reason)


def _joined(steps: tuple[Sql, ...]) -> tuple[Sql, ...]:
    """Join lines into one text that keeps every line where it stands."""
    text, first = steps[0].text, steps[0].line
    for step in steps[1:]:
        gap = step.line - first - text.count("\n")
        text += "\n" * max(gap, 1) + step.text
    return (Sql(text, first),)
