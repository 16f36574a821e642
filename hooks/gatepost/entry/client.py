"""What the client's hooks share: judge a Change and print what a person or an agent acts on."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from gatepost.errors import BLOCK, PASS, GatepostError
from gatepost.gate import deadline, evaluate, read_policy, with_range
from gatepost.git import Change
from gatepost.model import Report
from gatepost.policy import Policy


def judge(change: Change, before: Callable[[Change, Policy], None] | None = None) -> Report:
    """Judge a Change under the policy of its base, within the policy's deadline; ``before`` has a time of its own."""
    policy, invalid = read_policy(change)
    if before is not None:
        before(change, policy)
    with deadline(policy.gate.deadline):
        return with_range(evaluate(change, policy, extra=invalid))


def hook(judged: Callable[[], Iterable[Report]]) -> int:
    """Print the reports that have something to say; give the exit code of the worst.

    An error is told like a finding, with a line of JSON last: an agent must not have to guess.
    """
    codes = [PASS]
    try:
        for report in judged():
            if report.verdict != "pass" or report.skipped:
                from gatepost.reports.text import render_hook

                sys.stdout.write(render_hook(report))
            codes.append(report.exit_code)
    except GatepostError as error:
        sys.stdout.write(told(error))
        codes.append(error.exit_code)
    return BLOCK if BLOCK in codes else max(codes)


def told(error: GatepostError) -> str:
    """Write an error for a person, and for an agent in the last line."""
    from gatepost.reports.json import dumps

    lines = [f"gatepost: {line}" for line in error.message.splitlines()]
    if error.hint:
        lines.append(f"    fix: {error.hint}")
    reason = {"check": error.rule, "reason": error.message}
    said = {
        "gatepost": 1,
        "verdict": "unknown",
        "exit": error.exit_code,
        "findings": [],
        "more": 0,
        "skipped": [reason],
    }
    return "\n".join([*lines, dumps(said)]) + "\n"
