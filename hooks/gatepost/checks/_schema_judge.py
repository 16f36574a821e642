"""Put the rules, the steps of a change and the comments in its files together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gatepost.checks._declared import completed
from gatepost.checks._inline import Comments
from gatepost.checks._migration_rules import NOT_ANALYSED
from gatepost.checks._migration_rules import RULES as MIGRATION_RULES
from gatepost.checks._policy_rules import UNUSED
from gatepost.checks._queries_rules import RULES as QUERY_RULES
from gatepost.git import Change
from gatepost.migrations import Collected, History
from gatepost.migrations import _story as story
from gatepost.migrations._produced import base_schema
from gatepost.model import Finding, Outcome, Rule, printable
from gatepost.sql import operations as ops
from gatepost.sql.changes import SHOWN, SchemaChange, walk
from gatepost.sql.opaque import destructive
from gatepost.sql.rules import SqlRule, all_rules


def rules() -> tuple[Rule, ...]:
    """Give the rules of the check."""
    return (*(found.rule for found in all_rules()), NOT_ANALYSED, UNUSED)


def judge(change: Change, collected: Collected) -> Outcome:
    """Judge the histories of a change."""
    findings: list[Finding] = []
    entries: list[dict[str, Any]] = []
    comments = change.shared(Comments)
    for history in collected.histories:
        _hear(history, comments)
        for changed in steps(change, history):
            if isinstance(changed.operation, SHOWN):
                entries.append(changed.entry())
            findings += comments.heard(_findings(changed), changed.operation.start)
    judged = {rule.id for rule in rules()}
    known = judged | {rule.id for rule in (*MIGRATION_RULES, *QUERY_RULES)}
    return Outcome((*findings, *comments.leftovers(known, judged)), {"schema": {"changes": entries}})


def _hear(history: History, comments: Comments) -> None:
    """Read what the changed files say, also where there is nothing else to say of them: it may cover nothing."""
    for changed in history.changes:
        if changed.after and changed.status in ("new", "edited"):
            for path in changed.after.files:
                comments.of(path)


def steps(change: Change, history: History) -> Iterator[SchemaChange]:
    """Give what the change does to one history's schema."""
    dialect = story.dialect_of(history)
    made = list(story.new_steps(history, dialect))
    yield from walk(made, completed(base_schema(change, history), made, change, history))


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
