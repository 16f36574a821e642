"""Build small histories for the tests of the bundle check, and judge them."""

from __future__ import annotations

from pathlib import Path

from conftest import Files, Repo
from gatepost.gate import evaluate, read_policy
from gatepost.git import Repository, make_change
from gatepost.model import Report


class History(Repo):
    """A bare repository whose steps the bundle check judges."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, bare=True)

    def report(self, base: str | None, head: str) -> Report:
        """Judge the step from ``base`` to ``head`` with the bundle check alone."""
        with Repository(self.path) as repo:
            change = make_change(repo, base, head, "refs/heads/main")
            policy, invalid = read_policy(change)
            return evaluate(change, policy, only=("bundle",), extra=invalid)

    def step(self, base: Files, head: Files) -> Report:
        """Commit two trees and judge the step between them."""
        return self.report(self.commit(base), self.commit(head))


def rules(report: Report) -> list[str]:
    """Give the rules of the findings, in the report's order."""
    return [finding.rule.id for finding in report.findings]
