"""Judge the migrations of a change: is there a way back, and is the history still the same."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.checks._plausible import touches_migrations
from gatepost.git import Change
from gatepost.model import Outcome, Rule, printable
from gatepost.policy import Policy, Setting


def rules() -> tuple[Rule, ...]:
    """Give the rules of this check."""
    from gatepost.checks._migration_rules import RULES

    return RULES


def settings() -> tuple[Setting, ...]:
    """Give the tables that this check reads."""

    def migrations() -> type:
        from gatepost.migrations import Migrations

        return Migrations

    def rehearsal() -> type:
        from gatepost.rehearsals.settings import Rehearsing

        return Rehearsing

    return (Setting("migrations", migrations, many=True), Setting("rehearsal", rehearsal))


def run(change: Change, policy: Policy) -> Outcome:
    """Judge every history that the change touches."""
    from gatepost.checks import _migration_history, _migration_report, _migration_together, _rehearsed, _schema_downs
    from gatepost.checks._inline import Comments
    from gatepost.migrations import collect

    collected = change.shared(collect, policy)
    entries, findings = [], []
    for history in collected.histories:
        listed, found = _migration_report.report(history, _migration_together.undone(history, change))
        entries += listed
        findings += [*found, *_migration_history.judge(history, change)]
    findings += [_migration_report.problem(problem) for problem in collected.problems]
    findings += _schema_downs.findings(change, policy)
    judged = change.shared(_schema_downs.downs, policy)
    by_entry = {(path, printable(version)): one for (path, version), one in judged.items()}
    for made in entries:
        known = by_entry.get((made["path"], made["version"]))
        if known and known.word and made["down"] == "ok":
            made["down"] = known.word
    seen = _rehearsed.found(change, policy)
    _rehearsed.enter(entries, seen)
    findings = [*_rehearsed.overruled(findings, seen), *_rehearsed.findings(seen, findings, change, policy)]
    # A file that serves several databases stands in the history of each.
    unique = {(one.rule.id, one.path, one.line, one.message): one for one in findings}.values()
    skipped = tuple(_rehearsed.skips(change, policy, seen))
    return Outcome(tuple(change.shared(Comments).heard(list(unique))), {"migrations": entries}, skipped)


CHECK = Check(
    "migrations",
    "a way back for every migration, and a history that is only added to",
    rules,
    touches_migrations,
    run,
    settings,
    {"migrations": []},
)
