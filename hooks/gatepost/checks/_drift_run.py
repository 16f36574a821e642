"""Find the snapshot of staging and judge each history of a change by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gatepost.checks._drift_rules import DRIFT
from gatepost.errors import CannotJudge, NotAFile
from gatepost.git import Change
from gatepost.migrations import History
from gatepost.model import Finding, Level, Outcome, Skip, printable
from gatepost.policy import Policy
from gatepost.sql.compare import Difference
from gatepost.staging import Drift, Staging, store
from gatepost.staging.judge import Compared, aged, compare, entry, match, other_major, touched, unfit
from gatepost.staging.produce import model

_MOST = 40


def judge(change: Change, policy: Policy, histories: Sequence[History]) -> Outcome:
    """Compare the histories that a change touches with the snapshot."""
    settings = policy.get("drift", Drift)
    try:
        staging = snapshot(change, settings)
    except CannotJudge as error:
        return Outcome(skipped=(_skip(f"{error.message}; {error.hint}"),))
    if staging is None:
        asked = "drift" in policy.tables
        take = f"no snapshot of {settings.environment} is published: gatepost schema dump --url … --publish"
        return Outcome(skipped=(_skip(take),) if asked else ())
    return _judged(change, histories, staging, settings)


def snapshot(change: Change, settings: Drift) -> Staging | None:
    """Give the snapshot that the policy names in the tree, else the one that was published last."""
    if not settings.snapshot:
        return store.published(change.repo, settings.environment)
    try:
        # The base's, as the policy is: whoever pushes a migration does not choose what it is held against.
        side = change.base if change.base.entry(settings.snapshot) else change.head
        return store.parse(side.read(settings.snapshot, store.LIMIT), settings.snapshot)
    except NotAFile as error:
        raise CannotJudge(error.message, f"gatepost schema dump --url … -o {printable(settings.snapshot)}") from None


def _judged(change: Change, histories: Sequence[History], staging: Staging, settings: Drift) -> Outcome:
    entries, findings, skipped = [], list[Finding](), list[Skip]()
    why: list[str] = []
    for history in histories:
        known = match(staging, history)
        if reason := unfit(staging, history, known):
            why.append(reason)
            continue
        compared = compare(history, staging, settings, known, model(change, history, known.done))
        entries.append(entry(compared, staging))
        findings += _findings(compared, staging)
        if other := other_major(staging, history):
            skipped.append(_skip(other))
        if compared.doubts:
            skipped.append(_skip(_doubtful(compared)))
    if not entries:
        skipped += [_skip(reason) for reason in dict.fromkeys(why)]
    elif old := aged(staging, settings):
        skipped.append(_skip(old))
    return Outcome(tuple(findings), {"drift": entries}, tuple(skipped))


def _skip(reason: str) -> Skip:
    return Skip("drift", reason)


def _doubtful(compared: Compared) -> str:
    return (
        f"the model cannot follow {printable(compared.history.place.root or '.')} "
        f"({printable(compared.doubts[0], 100)}); on a scratch server: gatepost schema diff --url …"
    )


def _findings(compared: Compared, staging: Staging) -> Iterator[Finding]:
    ours = touched(compared)
    tables: dict[str, list[Difference]] = {}
    for item in compared.drifted[:_MOST]:
        tables.setdefault(item.table or item.object, []).append(item)
    for table, found in tables.items():
        if table in ours:
            yield _finding(compared, staging, found)
    rest = [item for table, found in tables.items() if table not in ours for item in found]
    if rest:
        yield _finding(compared, staging, rest, "note")
    for version in compared.applied.unknown[:1]:
        yield _unknown(compared, staging, version)


def _place(compared: Compared) -> str:
    changed = compared.history.changes
    return changed[-1].migration.path if changed else compared.history.place.root


def _finding(compared: Compared, staging: Staging, found: list[Difference], level: Level | None = None) -> Finding:
    told = "; ".join(printable(item.text, 160) for item in found[:5])
    more = f"; and {len(found) - 5} more: gatepost schema diff" if len(found) > 5 else ""
    beside = " beside this change" if level == "note" else ""
    first = found[0]
    return Finding(
        DRIFT,
        _place(compared),
        f"{printable(staging.environment, 40)} has drifted{beside} (seen {printable(staging.at[:16])}): {told}{more}",
        "write what was done by hand as a migration, or take it back there; wanted: name it in [drift] ignore",
        1,
        {"table": first.table or None, "object": first.object, "before": first.before, "after": first.after},
        level,
        key=f"{staging.environment} {told}",
    )


def _unknown(compared: Compared, staging: Staging, version: str) -> Finding:
    count = len(compared.applied.unknown)
    more = f" and {count - 1} more" if count > 1 else ""
    return Finding(
        DRIFT,
        _place(compared),
        f"{printable(staging.environment, 40)} has run {printable(version, 60)}{more}, not in this history",
        "find the branch that it came from; merge it, or undo it there",
        1,
        {"table": None, "object": version, "before": None, "after": "applied"},
        "note",  # it may come from a branch that was merged since this one left
        key=f"{staging.environment} unknown {' '.join(compared.applied.unknown)}",
    )
