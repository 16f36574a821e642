"""Judge a history: it is only added to, above what is there, with one newest migration."""

from __future__ import annotations

import time
from collections.abc import Iterator

from gatepost.checks import _migration_edits as edits
from gatepost.checks import _migration_rules as rules
from gatepost.git import Change
from gatepost.migrations import Changed, History, Migration
from gatepost.migrations._graph import heads
from gatepost.model import Finding, Level, Rule, printable


def judge(history: History, change: Change) -> Iterator[Finding]:
    """Give the findings on what was edited, removed, moved, or put out of order."""
    for changed in history.changes:
        yield from _one(changed, history, change)
        if changed.status == "new" and _ahead(changed.migration.version):
            yield _future(changed, history)
    if history.place.order == "graph":
        yield from _two_heads(history)
    elif history.place.order != "none":
        yield from _order(history)


def _one(changed: Changed, history: History, change: Change) -> Iterator[Finding]:
    migration = changed.migration
    if migration.kind == "repeatable":
        return
    named = _named(migration)
    if changed.status == "removed":
        yield _finding(
            rules.REMOVED,
            changed,
            history,
            f"{named} is gone: a database that has run it can no longer be rolled back past it",
            "put the file back, and undo what it did in a new migration",
        )
    elif changed.status == "edited":
        yield _edited(changed, history, change, named)
    elif changed.status == "moved" and changed.before and changed.before.version != migration.version:
        yield _finding(
            rules.EDITED,
            changed,
            history,
            f"{_named(changed.before)} is now {printable(migration.version)}: a database that has run it runs it again",
            "keep the version that the base has, if it has run anywhere",
            "warning",
        )


def _edited(changed: Changed, history: History, change: Change, named: str) -> Finding:
    levels: dict[str, tuple[Level | None, str, str]] = {
        "comments": (
            "note",
            "only its comments or white space were edited",
            "nothing, unless the tool keeps checksums",
        ),
        "code": ("warning", "code in it that is not read was edited", "see that it still does what ran elsewhere"),
        "down": (
            "warning",
            "its down was edited",
            "see that it still undoes what ran: gatepost rehearse BASE..HEAD",
        ),
        "up": (
            None,
            "was edited after it landed: databases that have run it do not run it again",
            "take the edit back and write a new migration",
        ),
    }
    what = edits.kind(changed, change)
    level, says, fix = levels[what]
    return _finding(rules.EDITED, changed, history, f"{named}: {says}", fix, level, _contents(changed))


def _contents(changed: Changed) -> str:
    """Give what identifies an edit: the blobs before and after."""
    sides = [side.files.values() for side in (changed.before, changed.after) if side]
    return " ".join(oid[:12] for side in sides for oid in sorted(side))


def _order(history: History) -> Iterator[Finding]:
    base = [one for one in history.base if one.kind == "versioned"]
    newest = max(base, key=lambda one: one.order, default=None)
    level: Level | None = None if history.place.order == "strict" else "note"
    seen: dict[object, Migration] = {}
    added = {changed.migration.path: changed for changed in history.changes if changed.status in ("new", "moved")}
    for migration in history.head:
        if migration.kind != "versioned":
            continue
        changed, twin = added.get(migration.path), seen.setdefault(migration.order, migration)
        if twin is not migration and (changed or twin.path in added):
            yield _duplicate(changed or added[twin.path], twin if changed else migration, history)
        elif changed and changed.status == "new" and newest and migration.order < newest.order:
            yield _finding(
                rules.OUT_OF_ORDER,
                changed,
                history,
                f"{_named(migration)} stands below {printable(newest.version)} of the base: {_late(history)}",
                f"give it a version above {printable(newest.version)}",
                level,
            )


def _ahead(version: str) -> bool:
    """Tell a version that is a time more than a day from now; clocks and time zones differ by less."""
    digits = version.replace("_", "").replace("-", "")[:14]
    if len(digits) != 14 or not digits.isdecimal():
        return False
    tomorrow = time.gmtime(time.time() + 24 * 3600)
    return digits > time.strftime("%Y%m%d%H%M%S", tomorrow) and int(digits[4:6]) in range(1, 13)


def _future(changed: Changed, history: History) -> Finding:
    message = (
        f"{_named(changed.migration)} bears a time that is still to come: what is written until then stands below it"
    )
    fix = "give it the present time as its version"
    return _finding(
        rules.OUT_OF_ORDER, changed, history, message, fix, "warning", f"{changed.migration.version} future"
    )


def _late(history: History) -> str:
    if history.place.order == "loose":
        return f"{history.place.framework} runs it late, in an order that differs between databases"
    return "databases that are past that version skip or refuse it"


def _duplicate(changed: Changed, twin: Migration, history: History) -> Finding:
    message = f"{_named(changed.migration)} has the version of {printable(twin.path)}"
    return _finding(rules.OUT_OF_ORDER, changed, history, message, "give it a version of its own")


def _two_heads(history: History) -> Iterator[Finding]:
    after = heads(history.head)
    if len(after) <= max(1, len(heads(history.base))):
        return
    names = ", ".join(printable(one.version) for one in after[:5])
    added = {changed.migration.path: changed for changed in history.changes if changed.status != "removed"}
    changed = next((added[one.path] for one in reversed(after) if one.path in added), None)
    if changed:
        message = f"{_named(changed.migration)} makes {len(after)} newest migrations of one history: {names}"
        yield _finding(rules.OUT_OF_ORDER, changed, history, message, "let it follow the newest, or add a merge")


def _named(migration: Migration) -> str:
    return f"{migration.framework} migration {printable(migration.version or migration.name, 60)}"


def _finding(
    rule: Rule,
    changed: Changed,
    history: History,
    message: str,
    fix: str,
    level: Level | None = None,
    key: str = "",
) -> Finding:
    migration = changed.migration
    data = {
        "framework": history.place.framework,
        "version": printable(migration.version),
        "path": migration.path,
        "status": changed.status,
    }
    if changed.before and changed.after and changed.before.path != migration.path:
        data["was"] = changed.before.path
    return Finding(
        rule, migration.path, message, fix, 1, data, level, key=key or f"{migration.version} {changed.status}"
    )
