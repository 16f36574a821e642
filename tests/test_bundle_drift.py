"""Drift: small steps that add up, against a baseline that history and reviews give."""

from __future__ import annotations

import hashlib
import itertools
import json
import random
from pathlib import Path

import pytest

from _bundle import History, rules

POLICY = '[[bundle.artifact]]\nname = "web"\nglobs = ["dist/*.js"]\n'
NOISE = random.Random(5).randbytes(400_000)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "r.git")


def grow(history: History, sizes: list[int]) -> list[str]:
    return [history.commit({"gatepost.toml": POLICY, "dist/a.js": NOISE[:size]}) for size in sizes]


def approve(history: History, fingerprint: str) -> None:
    """Write the record of a review as the server does."""
    key = hashlib.sha256(f"finding {fingerprint}".encode()).hexdigest()[:40]
    line = json.dumps({"kind": "review", "action": "approve", "seq": 1}).encode() + b"\n"
    path = f"{key[:2]}/{key[2:4]}/{key[4:]}"
    history.commit({path: line}, ref="refs/notes/gatepost", parent=None)


def test_many_small_steps_are_seen_once_they_add_up(history: History) -> None:
    commits = grow(history, [100_000 + 3_000 * step for step in range(8)])
    seen = [rules(history.report(base, head)) for base, head in itertools.pairwise(commits)]
    assert seen == [[], [], [], *[["bundle/drift"]] * 4]
    report = history.report(commits[3], commits[4])
    assert report.verdict == "review"
    finding = report.findings[0]
    assert finding.data["baseline"]["raw"] == 100_000
    assert finding.data["before"]["raw"] == 109_000
    assert "this step" in finding.message


def test_the_baseline_moves_down_by_itself(history: History) -> None:
    commits = grow(history, [120_000, 100_000, 104_000, 108_000, 111_000])
    assert rules(history.report(commits[3], commits[4])) == ["bundle/drift"]
    entry = history.report(commits[3], commits[4]).sections["bundle"]["artifacts"][0]
    assert entry["baseline"]["raw"] == 100_000


def test_an_approval_moves_the_baseline_up(history: History) -> None:
    commits = grow(history, [100_000, 104_000, 108_000, 112_000, 115_000, 118_000])
    drifted = history.report(commits[2], commits[3]).findings[0]
    assert rules(history.report(commits[3], commits[4])) == ["bundle/drift"]
    approve(history, drifted.fingerprint)
    assert rules(history.report(commits[3], commits[4])) == []
    assert history.report(commits[4], commits[5]).sections["bundle"]["artifacts"][0]["baseline"]["raw"] == 112_000


def test_a_step_that_was_seen_is_a_new_beginning(history: History) -> None:
    commits = grow(history, [100_000, 150_000, 154_000])
    report = history.report(commits[0], commits[1])
    assert rules(report) == ["bundle/growth"]
    assert "against the accepted baseline" in report.findings[0].message
    assert rules(history.report(commits[1], commits[2])) == []
