"""Build small histories for the tests of the bundle check."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from gatepost.gate import evaluate, read_policy
from gatepost.git import Repository, make_change
from gatepost.model import Report

Files = Mapping[str, "str | bytes | None"]
_IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "T"), ("EMAIL", "t@example.org"), ("DATE", "1700000000 +0000"))
}


class History:
    """A bare repository to which whole trees are committed by one fast-import each."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.git("init", "-q", "--bare", "-b", "main", str(path), where=None)

    def git(self, *args: str, stdin: bytes = b"", where: Path | str | None = "own") -> bytes:
        environment = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        at = [] if where is None else [f"--git-dir={self.path}"]
        return subprocess.run(
            ["git", *at, *args], input=stdin, check=True, capture_output=True, env=environment | _IDENTITY
        ).stdout

    def commit(self, files: Files) -> str:
        """Commit these files on top of what is there; None removes a file."""
        self.count += 1
        out = [b"commit refs/heads/main\ncommitter T <t@example.org> %d +0000\ndata 1\nx\n" % (1700000000 + self.count)]
        if self.count > 1:
            out.append(b"from refs/heads/main^0\n")
        for path, content in files.items():
            if content is None:
                out.append(f"D {path}\n".encode())
                continue
            data = content.encode() if isinstance(content, str) else content
            out.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
        self.git("fast-import", "--quiet", "--force", stdin=b"".join(out))
        return self.git("rev-parse", "refs/heads/main").decode().strip()

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
