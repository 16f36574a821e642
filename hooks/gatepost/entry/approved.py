"""What a review has settled is said as settled: the pusher and ``review list`` see only what still waits."""

from __future__ import annotations

from dataclasses import replace

from gatepost.entry import pending
from gatepost.entry.identity import Pusher
from gatepost.git import Repository
from gatepost.model import Finding, Report


def without_approved(repo: Repository, target: str, report: Report, who: Pusher) -> Report:
    """Cover the warnings that somebody who may has approved; their review is the reason."""
    warnings = tuple(finding for finding in report.open_findings if finding.effective_level == "warning")
    if not warnings:
        return report
    still = pending.waiting(repo, target, replace(report, findings=warnings), who)
    settled = {f.fingerprint for f in warnings} - {one.finding.fingerprint for one in still}
    if not settled:
        return report
    covered = (_covered(repo, target, f, report.head) if f.fingerprint in settled else f for f in report.findings)
    return replace(report, findings=tuple(covered))


def _covered(repo: Repository, target: str, finding: Finding, head: str) -> Finding:
    from gatepost.reviews import decided

    review = decided(repo, target, finding.fingerprint, len(head)) or {}
    if finding.effective_level != "warning" or finding.suppressed is not None:
        return finding
    return replace(finding, suppressed=f"approved by {review.get('signer')} until {review.get('expires')}")
