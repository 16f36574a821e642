"""Say what the rehearsal of a migration has shown, in the place of what the static model supposes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from gatepost.checks import _migration_rules as rules
from gatepost.checks._rollback_rules import REHEARSAL_FAILED
from gatepost.git import Change
from gatepost.model import Finding, Level, Rule, Skip, printable
from gatepost.policy import Policy
from gatepost.rehearsals import Rehearsal, Rehearsed
from gatepost.rehearsals.known import Fresh, Known, mode, of_migration, on_server
from gatepost.rehearsals.known import rehearsals as known_rehearsals
from gatepost.rehearsals.report import said

AGAIN = "gatepost rehearse BASE..HEAD"
Found = Mapping[tuple[str, str], tuple[Rehearsed, Known]]
# The report's word for each verdict; one that is not here leaves the word of the form.
WORDS = {
    "reversible": "ok",
    "data-loss": "lossy",
    "down-fails": "wrong",
    "schema-differs": "wrong",
    "down-fails-with-rows": "data-dependent",
}
_JUDGED = frozenset(WORDS)
_FORM = ("missing", "empty", "raising", "irreversible", "none-by-design")
_SUPPOSED = (rules.WRONG_DOWN, rules.LOSSY_DOWN, rules.DATA_DEPENDENT_DOWN, rules.NOOP_DOWN)
_RULES: Mapping[str, Rule] = {
    "data-loss": rules.LOSSY_DOWN,
    "down-fails": REHEARSAL_FAILED,
    "up-fails": REHEARSAL_FAILED,
    "schema-differs": rules.WRONG_DOWN,
    "down-fails-with-rows": rules.DATA_DEPENDENT_DOWN,
}
_FIX = {
    "data-loss": "copy the values aside in the up and read them in the down, or plan a backup: gatepost rollback plan",
    "down-fails": f"mend the down, then: {AGAIN}",
    "up-fails": f"mend the up, then: {AGAIN}",
    "schema-differs": f"mend the down, then: {AGAIN}",
    "down-fails-with-rows": f"in the down, first fill, convert or delete the rows that do not fit; then: {AGAIN}",
}
_MOST = 5


def found(change: Change, policy: Policy) -> Found:
    """Give what is known of each migration."""
    return of_migration(known_rehearsals(change, policy))


def enter(entries: Iterable[dict[str, Any]], seen: Found) -> None:
    """Put what was seen into the report's entries."""
    by_entry = {(path, printable(version)): pair for (path, version), pair in seen.items()}
    for entry in entries:
        pair = by_entry.get((entry["path"], entry["version"]))
        if pair is not None:
            _enter(entry, *pair)


def _enter(entry: dict[str, Any], one: Rehearsed, known: Known) -> None:
    made = known.rehearsal
    entry["rehearsed"] = {
        "verdict": one.verdict,
        "server": f"{made.engine} {made.server}".strip(),
        "at": made.at,
        "how": printable(made.how, 200),
    }
    if known.claimed:
        entry["rehearsed"]["claimed"] = True
    elif _counts(one) and entry["down"] not in _FORM:
        entry["down"] = WORDS[one.verdict]


def _counts(one: Rehearsed) -> bool:
    """Tell whether what was seen stands in the place of what is supposed: not where it was seen without rows."""
    return one.verdict in WORDS and not (one.unfilled and one.verdict in ("reversible", "data-loss"))


def overruled(findings: Iterable[Finding], seen: Found) -> Iterator[Finding]:
    """Leave out what the model supposes of a down that was really run; a client's claim leaves all in."""
    judged = {(path, printable(version)): one for (path, version), (one, known) in seen.items() if not known.claimed}
    for finding in findings:
        one = judged.get((str(finding.data.get("path")), str(finding.data.get("version"))))
        unsure = finding.rule is rules.NOT_ANALYSED and "differences" in finding.data
        supposed = finding.rule in _SUPPOSED or unsure
        if one is not None and one.verdict == "reversible":
            supposed = supposed or finding.rule in (rules.MISSING_DOWN, rules.EMPTY_DOWN)
        if one is None or one.verdict not in _JUDGED or not supposed or _unseen(one, finding):
            yield finding


def _unseen(one: Rehearsed, finding: Finding) -> bool:
    """Tell what no row could have shown, and what the finding on what was seen does not say again."""
    return bool(one.unfilled) and finding.rule is not _RULES.get(one.verdict)


def findings(seen: Found, supposed: Iterable[Finding], change: Change, policy: Policy) -> Iterator[Finding]:
    """Give the findings on what was seen, in the words of the model where it found the same by itself."""
    model = {
        (one.rule.id, one.data.get("path"), one.data.get("version")): one
        for one in supposed
        if one.effective_level != "note"
    }
    downs = _downs(change, policy)
    for (path, version), (one, known) in seen.items():
        rule = _RULES.get(one.verdict)
        if rule is None:
            if one.failure is not None and one.verdict == "reversible":
                message = f"the up of {_named(one)} fails on rows that its base allows: {one.failure.message}"
                yield _finding(REHEARSAL_FAILED, one, known, message, (one.path, 1), "warning")
            continue
        if known.claimed and policy.level(rule, "warning") == "error":
            continue  # anybody may push a claim, on anybody's change: it stands in the section, and stops nobody
        said = model.get((rule.id, path, printable(version)))
        if said is None:
            level: Level | None = "warning" if known.claimed else None
            yield _finding(rule, one, known, _told(one), downs.get((path, version), (path, 1)), level)
        elif not known.claimed:  # else the model's own finding stays
            yield _finding(rule, one, known, _both(one, said), (said.path, said.line))


def _downs(change: Change, policy: Policy) -> dict[tuple[str, str], tuple[str, int]]:
    """Give where the down of each migration stands."""
    from gatepost.migrations import collect

    found = {}
    for history in change.shared(collect, policy).histories:
        for changed in history.changes:
            down = changed.after.down if changed.after else None
            if changed.after and down:
                found[changed.after.path, changed.after.version] = (down.path, down.line)
    return found


def _named(one: Rehearsed) -> str:
    return printable(one.version or one.path, 60)


def _lost(one: Rehearsed) -> list[str]:
    return [said(each) for each in one.lost if each.when == "before"]


def _told(one: Rehearsed) -> str:
    named = _named(one)
    head = {
        "data-loss": f"the down of {named} does not bring back what was there",
        "down-fails": f"the down of {named} fails",
        "up-fails": f"the up of {named} fails",
        "schema-differs": f"the down of {named} does not give back the schema that was there",
        "down-fails-with-rows": f"the down of {named} fails once there are rows",
    }[one.verdict]
    why: list[str] = [one.failure.message] if one.failure else []
    if one.verdict == "schema-differs":
        why = [*map(_left, one.differences), *_lost(one)] or [one.reason]
    elif one.verdict == "data-loss":
        why = _lost(one)
    return f"{head}: {_cut(why)}"


def _left(difference: str) -> str:
    """Say of what is there besides, seen from before the change, that the down leaves it."""
    return f"{difference[:-7]} is left over" if difference.endswith(" is new") else difference


def _cut(why: Sequence[str]) -> str:
    more = f"; and {len(why) - _MOST} more" if len(why) > _MOST else ""
    return "; ".join(why[:_MOST]) + more


def _both(one: Rehearsed, model: Finding) -> str:
    """Say in the words of the model what was seen too, and what the model had not found."""
    if one.verdict == "schema-differs":
        more = _lost(one)
        if len(one.differences) > len(model.data.get("differences", ())):
            more = [*map(_left, one.differences), *more]
    elif one.verdict == "data-loss":
        more = _lost(one)
    else:
        return _told(one)
    return f"{model.message}{f'; seen: {_cut(more)}' if more else ''}"


def _finding(
    rule: Rule, one: Rehearsed, known: Known, message: str, place: tuple[str, int], level: Level | None = None
) -> Finding:
    made, failure = known.rehearsal, one.failure
    how = "claimed by the pusher, not measured here: " if known.claimed else "rehearsed on "
    data: dict[str, Any] = {
        "framework": one.framework,
        "version": printable(one.version),
        "path": one.path,
        "down": WORDS.get(one.verdict, "ok"),
        "rehearsed": {"verdict": one.verdict, "server": f"{made.engine} {made.server}".strip(), "at": made.at},
        "lost": [
            {"table": each.table, "column": each.column, "rows": each.rows, "when": each.when} for each in one.lost[:50]
        ],
        "differences": [{"text": printable(text, 300)} for text in one.differences[:50]],
    }
    if failure:
        place = failure.path, failure.line
        data |= {
            "statement": printable(failure.statement, 500),
            "line": failure.line,
            "error": printable(failure.message, 500),
            "code": failure.code,
        }
    text = printable(f"{message} ({how}{made.engine} {made.server})", 900)
    fix = _FIX.get(one.verdict, "fill or convert such rows first, in the same up")
    key = f"{one.version} {one.verdict} {one.up[:16]} {one.down[:16]}"
    return Finding(rule, place[0], text, fix, place[1], data, level, key=key)


def skips(change: Change, policy: Policy, seen: Found) -> Iterator[Skip]:
    """Say what should have been rehearsed and was not; on a server that wants it first, it refuses the push."""
    from gatepost.migrations import collect
    from gatepost.rehearsals import recorded

    refused = change.shared(Fresh).refused
    for known in {id(known): known for _, known in seen.values()}.values():
        made = known.rehearsal
        if made.whole == "unknown" and not any(one.verdict != "unknown" for one in made.migrations):
            yield Skip("migrations", f"{printable(made.root)} was not rehearsed: {printable(made.reason, 400)}")
        else:
            yield from _without_rows(made)
    if refused and not on_server(change):
        yield Skip("migrations", refused)
    for history in change.shared(collect, policy).histories:
        if mode(history) == "pre-receive" and recorded.keys(history) and on_server(change):
            yield from _demanded(history.place.root, recorded.keys(history), seen, refused)


def _without_rows(made: Rehearsal) -> Iterator[Skip]:
    """Say of which tables nothing was seen with rows."""
    for one in made.migrations:
        if one.unfilled:
            tables = ", ".join(sorted({printable(each.table, 80) for each in one.unfilled})[:_MOST])
            yield Skip("migrations", f"{printable(one.path)} was rehearsed without rows in {tables}")


def _demanded(root: str, keys: Iterable[str], seen: Found, refused: str) -> Iterator[Skip]:
    own = {known.rehearsal.key: known.rehearsal for _, known in seen.values() if not known.claimed}
    for name in keys:
        made = own.get(name)
        if made is None or any(one.verdict == "unknown" for one in made.migrations):
            why = (made.reason if made else "") or refused or "nobody has rehearsed it here"
            reason = f'{printable(root)} has rehearse = "pre-receive", and its rehearsal is missing: '
            yield Skip("migrations", reason + printable(why, 400), True)
            return
