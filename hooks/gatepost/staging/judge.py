"""Hold migrations against a snapshot of staging: what drifted, and what the deploy will change there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from gatepost.databases._differences_left_out import bookkeeping
from gatepost.migrations import History
from gatepost.migrations._story import dialect_of, step
from gatepost.paths import matches
from gatepost.sql.changes import SHOWN, SchemaChange, walk
from gatepost.sql.compare import Difference
from gatepost.sql.locks import lock
from gatepost.sql.rules import all_rules
from gatepost.staging import Drift, Staging, ledgers
from gatepost.staging.ledgers import Applied
from gatepost.staging.produce import Way

_AHEAD = 3600.0  # seconds by which another machine's clock may be ahead


@dataclass(frozen=True, slots=True)
class Compared:
    """One history against staging: what its bookkeeping says, what drifted, what is to come.

    ``doubts`` say why nothing could be concluded, where that is so.
    """

    history: History
    applied: Applied
    drifted: tuple[Difference, ...]
    coming: tuple[SchemaChange, ...]
    doubts: tuple[str, ...] = ()


def match(staging: Staging, history: History) -> Applied:
    """Say which migrations of the head staging has, by its bookkeeping."""
    return ledgers.applied(history.head, staging.applied, staging.newest_only)


def unfit(staging: Staging, history: History, found: Applied) -> str:
    """Say why a snapshot says nothing of a history, "" where it does."""
    dialect = dialect_of(history)
    if staging.engine != dialect:
        return f"the snapshot of {staging.environment} is of {staging.engine}, the migrations are for {dialect}"
    if not found.ledger:
        named = ", ".join(sorted(staging.applied)) or "no table of a migration tool"
        return f"the snapshot of {staging.environment} names none of these migrations as applied ({named})"
    return ""


def other_major(staging: Staging, history: History) -> str:
    """Say that the policy names another major version than staging runs, "" where it does not."""
    wanted = history.place.settings.server if history.place.settings else ""
    real = staging.version.split(".")
    if not wanted or real[: wanted.count(".") + 1] == wanted.split("."):
        return ""
    return f"{staging.environment} runs {staging.engine} {staging.version}, [[migrations]] server says {wanted}"


def aged(staging: Staging, settings: Drift, now: datetime | None = None) -> str:
    """Say that a snapshot is older than the policy allows, "" where it is not."""
    try:
        age = ((now or datetime.now(timezone.utc)) - datetime.fromisoformat(staging.at)).total_seconds()
    except (ValueError, TypeError):  # TypeError where it has no time zone
        return f"the snapshot of {staging.environment} does not say when it was taken"
    if age < -_AHEAD:
        return f"the snapshot of {staging.environment} says that it was taken in the future: take a new one"
    if age <= settings.max_age:
        return ""
    return (
        f"the snapshot of {staging.environment} is {_shown(age)} old, drift.max_age is {_shown(settings.max_age)}: "
        f"take a new one"
    )


def _shown(seconds: float) -> str:
    for unit, length in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.0f} seconds"


def compare(history: History, staging: Staging, settings: Drift, found: Applied, way: Way) -> Compared:
    """Compare staging with what its applied migrations produce, and follow those that are still to come."""
    expected = way.expected
    doubts = tuple(dict.fromkeys(expected.doubts))
    drifted = () if doubts else tuple(_kept(way.differ(expected, staging.schema), settings))
    dialect = dialect_of(history)
    steps = [step(one, dialect) for one in found.pending if one.kind != "baseline"]
    coming = tuple(one for one in walk(steps, expected.copy()) if isinstance(one.operation, SHOWN))
    return Compared(history, found, drifted, coming, doubts)


def _kept(found: Iterable[Difference], settings: Drift) -> Iterator[Difference]:
    for item in found:
        subject = f"{item.table}.{item.object}" if item.table and item.object != item.table else item.object
        if not bookkeeping(item.table) and not any(matches(name, *settings.ignore) for name in (item.table, subject)):
            yield item


def touched(compared: Compared) -> set[str]:
    """Give the tables that the pending migrations name."""
    return {change.table for change in compared.coming if change.table}


def entry(compared: Compared, staging: Staging) -> dict[str, Any]:
    """Give the section of the report for one history."""
    return {
        "framework": compared.history.place.framework,
        "path": compared.history.place.root,
        "environment": staging.environment,
        "taken": staging.at,
        "server": f"{staging.engine} {staging.version}",
        "applied": compared.applied.done[-1].version if compared.applied.done else None,
        "unknown": list(compared.applied.unknown),
        "pending": [one.version or one.name for one in compared.applied.pending],
        "drifted": [_difference(item) for item in compared.drifted],
        "doubts": list(compared.doubts),
        "coming": [_coming(change, staging) for change in compared.coming],
    }


def _difference(item: Difference) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "table": item.table or None,
        "object": item.object,
        "expected": item.before,
        "staging": item.after,
        "text": item.text,
    }


def _coming(change: SchemaChange, staging: Staging) -> dict[str, Any]:
    rows, size = staging.sizes.get(change.table, (None, None))
    held = lock(change)
    return {
        **change.entry(),
        "rows": rows,
        "bytes": size,
        "lock": held.mode if held else None,
        "blocks": held.blocks if held else None,
        "reads": held.rows or None if held else None,
        "scans": staging.index_use.get(change.object),
        "rules": _rules(change),
    }


def _rules(change: SchemaChange) -> list[str]:
    """Give the rules that speak of it, with the level of each."""
    found = ((rule, rule.judge(change)) for rule in all_rules() if isinstance(change.operation, rule.operations))
    told = ((rule.rule, hit) for rule, hit in found if hit and (rule.on_fresh or not change.fresh))
    return [f"{hit.level or rule.level} {rule.id}" for rule, hit in told]
