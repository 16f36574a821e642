"""Hold the declared schema beside the migrations against what they produce: what does not agree since this change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gatepost.checks._declared import declared, places
from gatepost.checks._drift_rules import DECLARED_DIFFERS
from gatepost.git import Change
from gatepost.migrations import History
from gatepost.migrations._produced import base_schema, replayed
from gatepost.migrations._story import dialect_of, operations
from gatepost.model import Finding, printable
from gatepost.sql.compare import Difference
from gatepost.sql.schema import Schema

if TYPE_CHECKING:
    from gatepost.declared import Declared

_MOST = 5


def findings(change: Change, history: History) -> Iterator[Finding]:
    """Give one finding for each declared schema that no longer agrees with the history beside it."""
    if not history.base or not all(one.up.certain and one.up.state in ("ok", "noop") for one in history.new):
        return  # what nobody has read decides nothing
    for kind, path in places(history, change.head):
        found = _news(change, history, kind, path)
        if found:
            yield _finding(kind, path, found)


def _news(change: Change, history: History, kind: Declared, path: str) -> list[Difference]:
    """Give what does not agree after the change and did before, or was not there."""
    from gatepost.staging.compare import differences

    dialect = dialect_of(history)
    before = declared(change.base, kind, path, dialect)
    after = declared(change.head, kind, path, dialect) if path in change.paths else before
    if before is None or after is None:
        return []
    produced = base_schema(change, history)
    had = {item.text for item in differences(produced, before)}
    produced = replayed(history.head, dialect)
    named = _named(history, dialect) | _changed(before, after)
    found = (item for item in differences(produced, after) if item.text not in had and item.table in named)
    return [item for item in found if _presence(item)]


def _presence(item: Difference) -> bool:
    """Pass over types and NULLs: what a tool writes for them differs between its own versions (Rails 4 to 5.1)."""
    return None in (item.before, item.after) and not item.object.startswith("fk_rails_")


def _named(history: History, dialect: str) -> set[str]:
    found = (getattr(op, "table", "") for one in history.new for op in operations(one.up, dialect))
    return {table for table in found if table}


def _changed(before: Schema, after: Schema) -> set[str]:
    names = {*before.tables, *after.tables}
    sides = ((before.tables.get(name), after.tables.get(name)) for name in names)
    return {table.name for old, new in sides if old != new for table in (old, new) if table}


def _finding(kind: Declared, path: str, found: list[Difference]) -> Finding:
    told = "; ".join(printable(item.text, 160) for item in found[:_MOST])
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    first = found[0]
    return Finding(
        DECLARED_DIFFERS,
        path,
        f"is not what the migrations produce: {told}{more}",
        f"write it anew from a database that ran these migrations and nothing else: {kind.command}",
        1,
        {"table": first.table or None, "object": first.object, "before": first.before, "after": first.after},
        key=f"{path} {told}",
    )
