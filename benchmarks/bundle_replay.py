"""Replay the history of a repository that commits its bundle, and print each step that is spoken of.

``python benchmarks/bundle_replay.py REPO.git GLOB [GLOB…]`` goes along the first parents of HEAD. Sizes are
worked out a second time with ``git cat-file`` and the program ``gzip`` where ``--verify`` is given. With
``--entry`` it follows the imports of the newest ``--last`` commits instead.
"""

from __future__ import annotations

import argparse
import subprocess
import time

from gatepost.bundles import Artifact, Bundle
from gatepost.gate import evaluate
from gatepost.git import Repository, make_change
from gatepost.policy import Policy


def main() -> None:
    """Print one line a finding, and the counts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("repo")
    parser.add_argument("globs", nargs="*")
    parser.add_argument("--entry", action="append", default=[])
    parser.add_argument("--last", type=int, default=10**6)
    parser.add_argument("--verify", action="store_true")
    given = parser.parse_args()
    artifact = (Artifact("bundle", tuple(given.globs)),) if given.globs else ()
    policy = Policy(tables={"bundle": Bundle(artifact, tuple(given.entry or ["-"]))})
    roots = sorted({glob.partition("*")[0].rpartition("/")[0] or "." for glob in given.globs})
    with Repository(given.repo) as repo:
        log = ["rev-list", "--first-parent", "--reverse", "HEAD", "--", *(root for root in roots if root != ".")]
        commits = repo.text(*log).split()[-given.last :]
        counts: dict[str, int] = {}
        started, steps = time.process_time(), 0
        for commit in commits:
            if repo.resolve(f"{commit}^") is None:
                continue
            steps += 1
            report = evaluate(make_change(repo, f"{commit}^", commit), policy, only=("bundle",))
            for finding in report.findings:
                if "entry" in finding.key:
                    continue
                counts[finding.rule.id] = counts.get(finding.rule.id, 0) + 1
                print(commit[:10], finding.effective_level, finding.rule.id, finding.message[:230])
                if given.verify and finding.rule.id == "bundle/growth":
                    print("          ", verified(given.repo, report.sections["bundle"]["artifacts"][0], commit))
        print(f"{steps} steps, {time.process_time() - started:.1f} s CPU of Python, {counts}")


def verified(repo: str, artifact: dict[str, object], commit: str) -> str:
    """Measure the changed files of one artifact again, with git cat-file and gzip."""
    sums = []
    for revision in (f"{commit}^", commit):
        raw = packed = 0
        files: list[dict[str, str]] = artifact["files"]  # type: ignore[assignment]
        for file in files:
            blob = subprocess.run(
                ["git", "-C", repo, "cat-file", "blob", f"{revision}:{file['path']}"], capture_output=True, check=False
            )
            if blob.returncode == 0:
                raw += len(blob.stdout)
                packed += len(
                    subprocess.run(["gzip", "-9n"], input=blob.stdout, capture_output=True, check=True).stdout
                )
        sums.append(f"{raw} B, gzip {packed} B")
    return " -> ".join(sums)


if __name__ == "__main__":
    main()
