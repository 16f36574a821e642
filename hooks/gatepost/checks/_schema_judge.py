"""Put the rules, the steps of a change and the comments in its files together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from gatepost.checks import _schema_story as story
from gatepost.checks._migration_rules import NOT_ANALYSED
from gatepost.checks._policy_rules import UNUSED as SUPPRESSION_UNUSED
from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Change
from gatepost.migrations import Collected, History
from gatepost.model import Finding, Outcome, Rule, printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SHOWN, SchemaChange, walk
from gatepost.sql.inline import Ignore, Inline, inline
from gatepost.sql.opaque import destructive
from gatepost.sql.rules import SqlRule, all_rules
from gatepost.sql.schema import Schema

# What a declared contract phase answers: the code that used it is gone. It answers nothing about rows.
CONTRACT = (
    "schema/drop-table",
    "schema/drop-column",
    "schema/rename-table",
    "schema/rename-column",
    "schema/drop-index",
)


def rules() -> tuple[Rule, ...]:
    """Give the rules of the check."""
    return (*(found.rule for found in all_rules()), NOT_ANALYSED, SUPPRESSION_UNUSED)


def judge(change: Change, collected: Collected) -> Outcome:
    """Judge the histories of a change."""
    findings: list[Finding] = []
    entries: list[dict[str, Any]] = []
    files = _Files(change)
    for history in collected.histories:
        for changed in steps(history):
            if isinstance(changed.operation, SHOWN):
                entries.append(changed.entry())
            findings += files.heard(changed, _findings(changed))
    return Outcome((*findings, *files.leftovers()), {"schema": {"changes": entries}})


def steps(history: History) -> Iterator[SchemaChange]:
    """Give what the change does to one history's schema."""
    dialect = story.dialect_of(history)
    yield from walk(story.new_steps(history, dialect), Schema(dialect))


def _findings(changed: SchemaChange) -> Iterator[Finding]:
    if isinstance(changed.operation, ops.Opaque):
        yield from _opaque(changed, changed.operation)
        return
    for rule in _looking_at(type(changed.operation)):
        if changed.fresh and not rule.on_fresh:
            continue
        hit = rule.judge(changed)
        if hit:
            yield Finding(
                rule.rule,
                changed.path,
                hit.message,
                hit.fix,
                changed.operation.line,
                changed.entry(),
                hit.level,
                key=changed.key,
            )


def _looking_at(kind: type[ops.Operation]) -> Iterator[SqlRule]:
    return (rule for rule in all_rules() if kind in rule.operations)


def _opaque(changed: SchemaChange, operation: ops.Opaque) -> Iterator[Finding]:
    if changed.fresh and not destructive(operation.saw):
        return
    saw = f"; it shows {', '.join(printable(text, 80) for text in operation.saw[:6])}" if operation.saw else ""
    yield Finding(
        NOT_ANALYSED,
        changed.path,
        f"not analysed: {printable(operation.reason, 160)}{saw}",
        "read it yourself, rehearse it (gatepost rehearse BASE..HEAD), or write it as plain statements",
        operation.line,
        {**changed.entry(), "saw": list(operation.saw)},
        "error" if destructive(operation.saw) else None,
        key=f"{operation.reason} {operation.text}",
    )


class _Files:
    """The comments of the files of a change, and which of their suppressions were of use."""

    def __init__(self, change: Change) -> None:
        self._change = change
        self._read: dict[str, Inline] = {}
        self._used: set[tuple[str, Ignore]] = set()

    def comments(self, path: str) -> Inline:
        """Give what the comments of a file say."""
        if path not in self._read:
            try:
                text = self._change.head.read(path).decode("utf-8", "replace")
            except (NotAFile, TooLarge):
                text = ""
            self._read[path] = inline(text)
        return self._read[path]

    def heard(self, changed: SchemaChange, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Mark the findings that the file's own comments answer."""
        for finding in findings:
            said = self.comments(finding.path)
            start = changed.operation.start or finding.line
            ignore = next((one for one in said.ignores if one.silences(finding.rule.id, finding.line, start)), None)
            if ignore:
                self._used.add((finding.path, ignore))
            if ignore and ignore.reason:
                yield replace(finding, suppressed=ignore.reason)
            elif said.phase == "contract" and finding.rule.id in CONTRACT:
                after = f" after {printable(said.after, 60)}" if said.after else ""
                yield replace(finding, suppressed=f"declared contract phase{after}")
            else:
                yield _with_marker(finding, said.other(finding.line))

    def leftovers(self) -> Iterator[Finding]:
        """Report suppressions that name no rule, give no reason, or cover nothing."""
        known = {rule.id for rule in rules()}
        for path, said in self._read.items():
            for ignore in said.ignores:
                problem = _problem(ignore, known, (path, ignore) in self._used)
                if problem:
                    yield Finding(
                        SUPPRESSION_UNUSED,
                        path,
                        f"gatepost: ignore {printable(ignore.rule, 60)}: {problem}",
                        'write -- gatepost: ignore RULE reason="…" on the line or before the statement, or take it out',
                        ignore.line,
                        {"rule": ignore.rule, "path": path, "line": ignore.line},
                        key=f"{ignore.rule} {problem}",
                    )


def _problem(ignore: Ignore, known: set[str], used: bool) -> str:
    if ignore.rule not in known:
        if ignore.rule.startswith(("migration/", "query/")):
            return ""
        from gatepost.policy import nearest

        return f"no such rule{nearest(ignore.rule, known)}"
    if used:
        return "" if ignore.reason else "it gives no reason and is not honoured"
    return "it covers nothing"


def _with_marker(finding: Finding, other: str) -> Finding:
    if not other:
        return finding
    return replace(finding, message=f"{finding.message} ({printable(other, 60)} speaks to another tool)")
