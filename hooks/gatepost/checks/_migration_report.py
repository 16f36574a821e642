"""Say what became of each migration of a history, and what its down is worth by its form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gatepost.checks import _migration_edits as edits
from gatepost.checks import _migration_rules as rules
from gatepost.migrations import Changed, History, Migration, Place, Problem, Script
from gatepost.model import Finding, Level, Rule, printable
from gatepost.paths import parent
from gatepost.sql.inline import spoken

MARKER = 'irreversible reason="…" strategy="restore"'
OTHERS = "(or forward-fix, expand-contract)"
SILENT = "; a rollback would succeed and undo nothing"
STRATEGIES = ("forward-fix", "restore", "expand-contract")


@dataclass(frozen=True, slots=True)
class Down:
    """What a down is worth: the word of the report, where that shows, why, and how grave it is."""

    word: str
    path: str
    line: int = 1
    reason: str = ""
    level: Level | None = None
    quiet: bool = False
    together: bool = False


def report(history: History, together: bool = False) -> tuple[list[dict[str, Any]], list[Finding]]:
    """Give the section's entries and the findings on the migrations of one history.

    ``together``: the downs that are there undo all that is new, also what has no down of its own.
    """
    entries, findings = [], [problem(found) for found in history.problems]
    without: list[Migration] = []
    for changed in history.changes:
        place, migration = history.place, changed.migration
        down = judge(migration, place)
        entries.append(entry(changed, down, place))
        if down.word == "none-by-design" and place.required and changed.status == "new":
            without.append(migration)
        if together and changed.status == "new" and down.word in ("missing", "empty", "noop"):
            down = replace(down, level="note", together=True)
        findings += _findings(changed, down, place)
    if without:
        findings.append(_no_downs(history.place, without))
    return entries, findings


def entry(changed: Changed, down: Down, place: Place) -> dict[str, Any]:
    """Give the report's entry of one changed migration."""
    migration = changed.migration
    made: dict[str, Any] = {
        "framework": migration.framework,
        "version": printable(migration.version),
        "name": printable(migration.name),
        "path": migration.path,
        "status": changed.status,
        "down": down.word,
        "dialect": migration.dialect,
        "certain": place.certain,
    }
    if changed.before and changed.after and changed.before.path != changed.after.path:
        made["was"] = changed.before.path
    return made


def judge(migration: Migration, place: Place) -> Down:
    """Say what the down of a migration is worth by its form alone."""
    scripts = migration.scripts
    up, down = scripts.up, scripts.down
    declared = scripts.irreversible
    if declared:
        whole = declared.reason and declared.strategy in STRATEGIES
        return Down("irreversible", declared.path, declared.line, declared.reason, None if whole else "error")
    if down is None:
        return _without(migration, place, up)
    if down.state in ("empty", "noop"):
        return _idle(down, up)
    word = down.state if down.state in ("raising", "irreversible", "not-analysed") else "ok"
    return Down(word, down.path, down.line, down.reason)


def _without(migration: Migration, place: Place, up: Script) -> Down:
    if migration.kind not in ("versioned", "unordered") or place.downs == "none":
        return Down("none-by-design", migration.path)
    if up.state == "empty":
        return Down("ok", migration.path)
    if up.state == "not-analysed" and not up.reason.startswith("is written in"):
        return Down("not-analysed", migration.path, reason=up.reason)
    scripts = migration.scripts
    level: Level | None = "note" if place.downs == "optional" else None
    return Down("missing", migration.path, scripts.line, scripts.absent or "it has no down", level)


def _idle(down: Script, up: Script) -> Down:
    if up.state in ("empty", "noop"):
        return Down("ok", down.path, down.line)
    rows_only = edits.changes_rows_only(up)
    if down.state == "noop":
        return Down("noop", down.path, down.line, down.reason, quiet=rows_only)
    return Down("empty", down.path, down.line, down.reason, level="warning" if rows_only else None)


def problem(found: Problem) -> Finding:
    """Turn what could not be read into a finding."""
    rule = rules.OUT_OF_ORDER if found.rule == "out-of-order" else rules.NOT_ANALYSED
    message = f"{printable(found.path)} {found.reason}"
    level: Level = "error" if found.grave else "warning"
    return Finding(rule, found.path, message, found.fix, found.line, {"path": found.path}, level, key=found.reason)


def _no_downs(place: Place, without: list[Migration]) -> Finding:
    names = ", ".join(printable(one.version or one.name) for one in without[:5])
    message = f"{place.framework} keeps no downs, and the policy asks for them: {len(without)} new without ({names})"
    data = {"framework": place.framework, "path": without[0].path, "version": without[0].version, "status": "new"}
    fix = f"add a script that undoes it, or declare in each: {spoken(without[0].path, MARKER)} {OTHERS}"
    return Finding(rules.MISSING_DOWN, without[0].path, message, fix, 1, data)


def _findings(changed: Changed, down: Down, place: Place) -> Iterator[Finding]:
    if changed.status == "removed":
        return
    migration = changed.migration
    data = {
        "framework": migration.framework,
        "version": printable(migration.version),
        "path": migration.path,
        "status": changed.status,
        "down": down.word,
    }
    up = migration.up
    if changed.status != "moved" and up.state == "not-analysed":
        yield _not_analysed(up, data)
    known = changed.before is not None and judge(changed.before, place).word == down.word
    rule = _rule(down)
    script = migration.down
    if rule is rules.NOT_ANALYSED and script and script.path != up.path and not known:
        yield _not_analysed(script, data)
        return
    if rule is None or (known and changed.status != "new") or (rule is rules.NOT_ANALYSED and up.reason == down.reason):
        return
    message, fix = _words(migration, down, place)
    yield Finding(rule, down.path, message, fix, down.line, data, down.level, key=f"{migration.version} {down.word}")


def _not_analysed(script: Script, data: dict[str, Any]) -> Finding:
    message = f"{printable(script.path)} {script.reason}"
    level: Level | None = None if script.reason.startswith("is written in") else "error"
    return Finding(rules.NOT_ANALYSED, script.path, message, script.fix, script.line, data, level, key=script.reason)


def _rule(down: Down) -> Rule | None:
    if down.quiet:
        return None
    return {
        "missing": rules.MISSING_DOWN,
        "empty": rules.EMPTY_DOWN,
        "noop": rules.NOOP_DOWN,
        "raising": rules.RAISING_DOWN,
        "irreversible": rules.IRREVERSIBLE,
        "not-analysed": rules.NOT_ANALYSED,
    }.get(down.word)


def _words(migration: Migration, down: Down, place: Place) -> tuple[str, str]:
    """Give message and fix."""
    named = f"{place.framework} migration {printable(migration.version or migration.name, 60)}"
    why = printable(down.reason, 160)
    if down.together:
        return f"{named} has no down of its own ({why}); the other downs of this change undo it", "nothing to do"
    says = {
        "missing": f"{named} cannot be undone: {why}{SILENT if place.silent and not migration.scripts.absent else ''}",
        "empty": f"the down of {named} runs nothing ({why}): a rollback would succeed and undo nothing",
        "noop": f"the down of {named} undoes nothing: {why}",
        "raising": f"the down of {named} always fails: {why}",
        "irreversible": f"{named} is declared irreversible{_without_word(migration)}: {why or 'no reason is given'}",
        "not-analysed": f"the down of {named} {why}",
    }
    return says[down.word], _fix(migration, down, place)


def _without_word(migration: Migration) -> str:
    declared = migration.scripts.irreversible
    if declared is None or declared.strategy in STRATEGIES:
        return ""
    return (
        f" with the unknown strategy {printable(declared.strategy, 40)!r}"
        if declared.strategy
        else " without a strategy"
    )


def _fix(migration: Migration, down: Down, place: Place) -> str:
    from gatepost.migrations import frameworks

    if down.word == "irreversible":
        declared = migration.scripts.irreversible
        if declared is None or not declared.reason or declared.strategy not in STRATEGIES:
            return f"say why, and what is done instead of a down: {spoken(down.path, MARKER)} {OTHERS}"
        return f"have it reviewed: gatepost review list; to go back: {declared.strategy}"
    if down.word == "not-analysed":
        return "read it yourself, and rehearse it: gatepost rehearse BASE..HEAD"
    remedy = next(one.remedy for one in frameworks() if one.name == place.framework)
    filled = {
        "{path}": migration.path,
        "{directory}": parent(migration.path) or ".",
        "{version}": migration.version,
        "{name}": migration.name,
    }
    for key, value in filled.items():
        remedy = remedy.replace(key, printable(value))
    path = printable(migration.path)
    where = "there" if path in remedy else f"in {path}"
    return f"{remedy}, or declare {where}: {spoken(migration.path, MARKER)} {OTHERS}"
