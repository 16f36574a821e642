"""The nouns: small frozen values that every layer shares. Standard library only.

Paths and refs are ``str`` decoded as UTF-8 with ``surrogateescape``, so that any bytes that git
knows as a name survive; ``printable`` makes them fit for a person's terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("note", "warning", "error")
Verdict = Literal["pass", "review", "block", "unknown"]


class RefUpdate(NamedTuple):
    """One line of githooks(5): a ref moved from ``old`` to ``new``; an id of zeros means "none"."""

    old: str
    new: str
    ref: str

    @property
    def creates(self) -> bool:
        """Tell whether the ref did not exist before."""
        return is_zero(self.old)

    @property
    def deletes(self) -> bool:
        """Tell whether the ref does not exist afterwards."""
        return is_zero(self.new)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a check can say: an id ``check/word-word``, a default level, and its page.

    The page's first paragraph is the summary; the paragraphs that follow begin with ``Why:``,
    ``Instead:`` and ``Fine when:``. ``formerly`` are ids that still mean this rule in a policy.
    """

    id: str
    level: Level
    page: str
    formerly: tuple[str, ...] = ()

    @property
    def check(self) -> str:
        """The part before the slash."""
        return self.id.partition("/")[0]

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The page's paragraphs, each on one line."""
        return tuple(" ".join(part.split()) for part in self.page.strip().split("\n\n") if part.strip())

    @property
    def summary(self) -> str:
        """The first paragraph, on one line."""
        return self.paragraphs[0] if self.page.strip() else self.id

    def section(self, head: str) -> str:
        """Give the text of the paragraph that begins with ``head:``, or nothing."""
        for paragraph in self.paragraphs:
            if paragraph.startswith(head + ":"):
                return paragraph[len(head) + 1 :].strip()
        return ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a rule says about exactly one place, with what to do next.

    ``level`` and ``suppressed`` are set by the gate (or by a check that read an inline suppression:
    then ``suppressed`` is its reason). ``data`` names the subject with the report's own keys.
    ``key`` is what identifies the finding across commits; the message where it is empty.
    """

    rule: Rule
    path: str
    message: str
    fix: str = ""
    line: int = 1
    data: Mapping[str, Any] = field(default_factory=dict)
    level: Level | None = None
    suppressed: str | None = None
    key: str = ""

    @property
    def effective_level(self) -> Level:
        """The level that the policy gave, else the rule's own."""
        return self.level or self.rule.level

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that stay the same while rule, path and subject do; lines may move."""
        import hashlib  # 2 ms, and most runs have no findings

        parts = (self.rule.id, self.path, self.key or self.message)
        text = _encoded("\0".join(parts))
        return hashlib.sha256(text).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Skip:
    """Something that was not judged, and why. ``fatal`` makes the whole verdict "unknown".

    ``detail`` is for the server's own log only, such as the traceback of an internal error.
    """

    check: str
    reason: str
    fatal: bool = False
    rule: str = ""
    detail: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one check found: findings, what it skipped, and its sections of the report."""

    findings: tuple[Finding, ...] = ()
    sections: Mapping[str, Any] = field(default_factory=dict)
    skipped: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The answer to one Change: findings, sections, what was skipped and why, the verdict."""

    base: str | None
    head: str
    ref: str | None
    commits: int
    findings: tuple[Finding, ...]
    sections: Mapping[str, Any]
    skipped: tuple[Skip, ...]
    elapsed_ms: int = 0

    @property
    def open_findings(self) -> tuple[Finding, ...]:
        """The findings that no suppression covers."""
        return tuple(finding for finding in self.findings if finding.suppressed is None)

    @property
    def verdict(self) -> Verdict:
        """``block`` before ``unknown`` before ``review`` before ``pass``."""
        levels = {finding.effective_level for finding in self.open_findings}
        if "error" in levels:
            return "block"
        if any(skip.fatal for skip in self.skipped):
            return "unknown"
        return "review" if "warning" in levels else "pass"

    @property
    def exit_code(self) -> int:
        """0 pass or review, 1 blocked, 3 could not judge."""
        return {"pass": 0, "review": 0, "block": 1, "unknown": 3}[self.verdict]

    @property
    def digest(self) -> str:
        """Identify the delta by what was found, not by the commit: a rebase keeps it (64 hex digits)."""
        import hashlib
        import json

        found = sorted((f.fingerprint, f.effective_level) for f in self.findings)
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()


def is_zero(oid: str) -> bool:
    """Tell git's null object id, of 40 or 64 zeros, from a real one."""
    return bool(oid) and not oid.strip("0")


def printable(text: str, limit: int = 200) -> str:
    r"""Make untrusted text fit for a terminal and for an agent: one line, no control or format characters.

    Bytes that are not UTF-8, control characters, bidirectional overrides and zero-width characters
    become ``\xNN`` or ``\uNNNN``; what is longer than ``limit`` characters is cut.
    """
    if not (text.isascii() and text.isprintable()):
        text = "".join(char if _harmless(char) else _escape(char) for char in text)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _encoded(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a surrogate pair, which JSON may name
        return text.encode("utf-8", "surrogatepass")


def _harmless(char: str) -> bool:
    return char.isprintable() and not 0xDC80 <= ord(char) <= 0xDCFF


def _escape(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(char, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
