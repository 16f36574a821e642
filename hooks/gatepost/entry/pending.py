"""What is open before a deploy that migrates, and overrides: errors that somebody answers for.

Everything is computed from trees: from the last object of the ref at which nothing was open, to what is
pushed. A dependency that came in one push, and its migration in the next, are seen together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gatepost.entry.identity import Pusher
from gatepost.entry.names import REVIEWED, kept
from gatepost.gate_rules import RULES
from gatepost.git import Change, Repository, make_change
from gatepost.model import Finding, Report, printable

PENDING = next(rule for rule in RULES if rule.id == "gate/review-pending")
SHOWN = 6

LOOSER = ("policy/loosened", "policy/suppression-added")

Judge = Callable[[Change], Report]


@dataclass(frozen=True, slots=True)
class Open:
    """A finding that waits, and why its review does not count, where it has one."""

    finding: Finding
    why: str = ""


def with_pending(repo: Repository, target: str, report: Report, who: Pusher, judge: Judge) -> tuple[Report, bool]:
    """Add ``gate/review-pending`` where a deploy migrates and something is open.

    Give the report, and whether everything up to its head is reviewed then.
    """
    reviewed = repo.resolve(kept(REVIEWED, target)) or report.base
    if report.base is None or reviewed is None:
        return report, True  # the first deploy: nothing ran before it, so nothing lies between
    migrations = report.sections.get("migrations") or []
    if not migrations:
        return report, reviewed == report.base and not _items(report)
    whole = report if reviewed == report.base else judge(make_change(repo, reviewed, report.head, target))
    if blind := tuple(skip for skip in whole.skipped if skip.fatal and skip not in report.skipped):
        since = f"of all that came since {reviewed[:12]}, where nothing was open: "
        told = (replace(skip, reason=since + skip.reason) for skip in blind)
        return replace(report, skipped=(*report.skipped, *told)), False
    # What refuses the push by itself has to be mended, not reviewed.
    refusing = {finding.fingerprint for finding in _items(report) if finding.effective_level == "error"}
    found = [one for one in waiting(repo, target, whole, who) if one.finding.fingerprint not in refusing]
    if not found:
        return report, not refusing
    finding = _finding(report, reviewed, found, str(migrations[0].get("path") or target))
    return replace(report, findings=(*report.findings, finding)), False


def since_review(repo: Repository, target: str, before: Report, after: Report, who: Pusher) -> Report:
    """Put together what all since the last review is judged: ``before`` by the policy of then, ``after`` by its last.

    What was allowed meanwhile counts as allowed only once everything that allows more is approved.
    """
    looser = tuple(finding for finding in before.open_findings if finding.rule.id in LOOSER)
    if not waiting(repo, target, replace(before, findings=looser), who):
        return after
    known = {finding.fingerprint for finding in before.open_findings}
    more = (finding for finding in after.findings if finding.fingerprint not in known)
    return replace(before, findings=(*before.open_findings, *more))


def _items(report: Report) -> list[Finding]:
    return [finding for finding in report.open_findings if finding.effective_level != "note"]


def waiting(repo: Repository, target: str, report: Report, who: Pusher) -> list[Open]:
    """Give the findings of a report that nobody who may has approved."""
    items = _items(report)
    if not items:
        return []
    from gatepost.reviews import decided

    authors = makers(repo, report.base, report.head) | ({who.name.casefold()} if who.name else set())
    found = []
    for finding in items:
        review = decided(repo, target, finding.fingerprint, len(report.head))
        if review is None:
            found.append(Open(finding))
        elif review.get("action") != "approve":
            found.append(Open(finding, f"rejected by {review.get('signer')}"))
        elif str(review.get("signer")).casefold() in authors:
            found.append(Open(finding, f"approved by {review.get('signer')}, who made or pushed it"))
    return found


def makers(repo: Repository, base: str | None, head: str) -> set[str]:
    """Give everybody who made or pushed what lies between: names and addresses, in one case."""
    from gatepost.records import read

    past = ["^" + base] if base else []
    listed = repo.text("log", "--format=%H%x00%an%x00%ae%x00%cn%x00%ce", head, *past, "--")
    rows = [line.split("\0") for line in listed.splitlines()]
    names = {name.casefold() for row in rows for name in row[1:]}
    for row in rows[:1000]:
        names |= {str(r["pusher"]).casefold() for r in read(repo, row[0], "landed") if r.get("pusher")}
    return names


def _finding(report: Report, reviewed: str, waiting: list[Open], path: str) -> Finding:
    named = [f"{o.finding.rule.id} {printable(o.finding.path, 60)}{f' ({o.why})' if o.why else ''}" for o in waiting]
    more = f", and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    count = "1 finding is" if len(named) == 1 else f"{len(named)} findings are"
    message = f"this deploy migrates, and {count} open since {reviewed[:12]}: {', '.join(named[:SHOWN])}{more}"
    short = report.head[:12]
    fix = (
        "somebody who did not write it and whose key is in the server's gatepost.signers runs: "
        f"gatepost review show {short}, gatepost review approve {short}; then push again"
    )
    data = {"since": reviewed, "open": [_item(one) for one in waiting]}
    return Finding(PENDING, path, message, fix, data=data, level="error", key=f"{reviewed} {report.head}")


def _item(one: Open) -> dict[str, Any]:
    finding = one.finding
    return {
        "rule": finding.rule.id,
        "level": finding.effective_level,
        "path": finding.path,
        "line": finding.line,
        "message": finding.message,
        "fix": finding.fix,
        "fingerprint": finding.fingerprint,
        "why": one.why,
    }


def overridden(repo: Repository, directory: Path, target: str, report: Report) -> Report:
    """Turn the errors that a fresh override names into open warnings, and record that it is used up."""
    from gatepost.records import Draft, append_all, now, read

    used = {r.get("id") for r in read(repo, report.head, "override-used")}
    names = {finding.rule.id for finding in report.open_findings if finding.effective_level == "error"}
    for record in read(repo, report.head, "override"):
        fresh = record.get("id") not in used and str(record.get("expires")) > now()
        if not fresh or record.get("ref") != target or not names <= set(record.get("rules", ())):
            continue
        who, reason = str(record.get("signer")), str(record.get("reason"))
        body = {key: record.get(key) for key in ("id", "ref", "rules", "reason", "signer", "findings")}
        with Repository(directory.absolute(), client=False) as writer:  # the quarantine would forbid it
            append_all(writer, [Draft(report.head, "override-used", body, None, (ref_key(target, len(report.head)),))])
        return replace(report, findings=tuple(_softened(report.findings, who, reason)))
    return report


def _softened(findings: Iterable[Finding], who: str, reason: str) -> Iterable[Finding]:
    note = f" (override by {printable(who, 60)}: {printable(reason, 120)})"
    for finding in findings:
        if finding.effective_level == "error" and finding.suppressed is None:
            finding = replace(
                finding,
                level="warning",
                message=finding.message + note,
                key=finding.key or finding.message,
            )
        yield finding


def ref_key(ref: str, digits: int) -> str:
    """Give the note under which the used overrides of a ref are found."""
    import hashlib

    return hashlib.sha256(b"ref " + os.fsencode(ref)).hexdigest()[:digits]


def still_open(repo: Repository, target: str, digits: int) -> list[str]:
    """Say, in every later push, which overrides nobody has reviewed yet."""
    from gatepost.records import read

    found = read(repo, ref_key(target, digits), "override-used")
    if not found:
        return []
    from gatepost.reviews import decided

    lines = []
    for record in found[-20:]:
        reviews = [decided(repo, target, str(name), digits) for name in record.get("findings", ())]
        if any(review is None or review.get("action") != "approve" for review in reviews):
            rules = ", ".join(str(rule) for rule in record.get("rules", ()))
            lines.append(
                f"override not reviewed: {rules} at {str(record.get('commit'))[:12]} by {record.get('signer')}"
            )
    return lines
