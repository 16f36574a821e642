"""Hear what the files of a change say to gatepost in their comments, for every check that reads migrations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from gatepost.checks._policy_rules import UNUSED
from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Change
from gatepost.model import Finding, printable
from gatepost.policy import nearest
from gatepost.sql.inline import CONTRACT as DECLARED
from gatepost.sql.inline import Ignore, Inline, inline, spoken

# What a declared contract phase answers: the code that used it is gone. It answers nothing about rows.
CONTRACT = (
    "schema/drop-table",
    "schema/drop-column",
    "schema/rename-table",
    "schema/rename-column",
    "schema/drop-index",
    "schema/drop-constraint",
    "schema/drop-object",
)
PHASES = ("expand", "migrate", "contract")


class Comments:
    """The comments of the files of a change, and which of their suppressions were of use.

    Get it by ``change.shared(Comments)``: the checks share it, and the last one reports what is left.
    """

    def __init__(self, change: Change) -> None:
        self._change = change
        self._read: dict[str, Inline] = {}
        self._used: set[tuple[str, Ignore]] = set()

    def of(self, path: str) -> Inline:
        """Give what the comments of a file say."""
        if path not in self._read:
            try:
                text = self._change.head.read(path).decode("utf-8", "replace")
            except (NotAFile, TooLarge):
                text = ""
            self._read[path] = inline(text)
        return self._read[path]

    def heard(self, findings: Iterable[Finding], start: int = 0) -> Iterator[Finding]:
        """Mark the findings that the files' own comments answer; ``start`` is where their statement begins."""
        for finding in findings:
            yield self._heard(finding, start or finding.line)

    def _heard(self, finding: Finding, start: int) -> Finding:
        said = self.of(finding.path)
        ignore = self._ignore(finding, start)
        if ignore and ignore.reason:
            return replace(finding, suppressed=ignore.reason)
        if said.phase == "contract" and finding.rule.id in CONTRACT:
            after = f" after {printable(said.after, 60)}" if said.after else ""
            return replace(finding, suppressed=f"declared contract phase{after}")
        other = said.other(finding.line)
        if other:
            text = f"{finding.message} ({printable(other, 60)} speaks to another tool)"
            return replace(finding, message=text, key=finding.key or finding.message)
        return finding

    def _ignore(self, finding: Finding, start: int) -> Ignore | None:
        about = finding.data.get("path")
        whole = finding.rule.check == "migration" and not finding.rule.id.endswith("not-analysed")
        for path in dict.fromkeys((finding.path, about if isinstance(about, str) else finding.path)):
            for ignore in self.of(path).ignores:
                # what is said of a migration as a whole has no line of its own
                if ignore.silences(finding.rule.id, finding.line, start) or (whole and ignore.rule == finding.rule.id):
                    self._used.add((path, ignore))
                    return ignore
        return None

    def leftovers(self, known: Collection[str], judged: Collection[str]) -> Iterator[Finding]:
        """Report suppressions that name no rule, give no reason, or cover nothing that was judged."""
        for path, said in self._read.items():
            yield from _unknown_phase(path, said)
            for ignore in said.ignores:
                problem = self._problem(path, ignore, known, judged)
                if problem:
                    yield Finding(
                        UNUSED,
                        path,
                        f"gatepost: ignore {printable(ignore.rule, 60)}: {problem}",
                        self._mend(path, ignore, known),
                        ignore.line,
                        {"rule": ignore.rule, "path": path, "line": ignore.line},
                        key=f"{ignore.rule} {problem}",
                    )

    def _mend(self, path: str, ignore: Ignore, known: Collection[str]) -> str:
        if ignore.rule in known and ignore.reason:
            return "take it out, or put it on the line of the statement or right before it"
        rule = ignore.rule if ignore.rule in known else "RULE"
        return "write " + spoken(path, f'ignore {rule} reason="…"') + " right before the statement, or take it out"

    def _problem(self, path: str, ignore: Ignore, known: Collection[str], judged: Collection[str]) -> str:
        if ignore.rule not in known:
            return f"no rule that can be ignored here{nearest(ignore.rule, known)}"
        if (path, ignore) in self._used:
            return "" if ignore.reason else "it gives no reason and is not honoured"
        return "it covers nothing" if ignore.rule in judged else ""


def _unknown_phase(path: str, said: Inline) -> Iterator[Finding]:
    """Report a phase that is none: what it was meant to declare is not heard."""
    if said.phase and said.phase not in PHASES:
        yield Finding(
            UNUSED,
            path,
            f"gatepost: phase={printable(said.phase, 40)}: no phase of a deploy{nearest(said.phase, PHASES)}",
            f"write {spoken(path, 'phase=expand')} or {spoken(path, DECLARED)}",
            said.phase_line,
            {"path": path, "line": said.phase_line},
            key=f"phase {said.phase}",
        )
