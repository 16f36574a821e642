"""Find the accepted size of an artifact in history: it moves down by itself and up only by a review.

A step that is too large for the thresholds was seen when it landed, so it is a new beginning. Small
steps are not, and add up until somebody approves the finding ``bundle/drift`` that shows them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from gatepost.bundles import Artifact, Figure, Measurement
from gatepost.bundles._cache import Cache
from gatepost.bundles.committed import fixed, measure
from gatepost.errors import GitError
from gatepost.git import Change, Repository, Snapshot

NOTES = "refs/notes/gatepost"
WINDOW = 100
BYTES = 16 * 1024 * 1024
_NOTE_LIMIT = 8 * 1024 * 1024
Name = Callable[[Artifact, Figure, Measurement], str]


def accepted(change: Change, artifact: Artifact, cache: Cache, fingerprint: Name) -> Figure | None:
    """Give the accepted size as of the base; None where the history here knows none.

    ``fingerprint`` gives the one of the finding on a baseline and a measurement, to look up its review.
    """
    if change.base_oid is None:
        return None
    commits = _touching(change.repo, change.base_oid, artifact, 1)
    kind = "baseline " + hashlib.sha256(json.dumps(asdict(artifact)).encode()).hexdigest()[:16]
    if not commits:
        return None
    known = _read(cache.get(kind, commits).get(commits[0]))
    if known is None:
        commits = _touching(change.repo, change.base_oid, artifact, WINDOW)
        kept = cache.get(kind, commits)
        known, last = _fold(change.repo, artifact, cache, commits, kept, fingerprint)
        # While a drift is open its approval may still come, so nothing is settled yet.
        if known and last and not artifact.exceeded(known, last):
            cache.put(kind, {commits[0]: json.dumps([known.raw, known.gzip, known.compressor])})
    return known


def _touching(repo: Repository, commit: str, artifact: Artifact, count: int) -> list[str]:
    roots = [root for root in fixed(artifact) if root]
    args = ["rev-list", "--first-parent", f"-{count}", commit, "--", *roots]
    try:
        return repo.text(*args).split()
    except GitError:  # a shallow clone knows only a part of its history
        return []


def _fold(
    repo: Repository, artifact: Artifact, cache: Cache, commits: list[str], kept: dict[str, str], fingerprint: Name
) -> tuple[Figure | None, Figure | None]:
    """Give the baseline, and the size, as of the newest commit."""
    baseline: Figure | None = None
    before: Figure | None = None
    for commit, measured in reversed(list(_measured(repo, artifact, cache, commits, kept))):
        figure = measured.total
        if figure is None or figure.unit != (before or figure).unit:
            baseline = before = figure
            continue
        baseline = _read(kept.get(commit)) or _moved(repo, artifact, baseline, before, measured, fingerprint)
        before = figure
    return baseline, before


def _moved(
    repo: Repository,
    artifact: Artifact,
    baseline: Figure | None,
    before: Figure | None,
    measured: Measurement,
    fingerprint: Name,
) -> Figure | None:
    figure = measured.total
    if baseline is None or before is None or figure is None or figure.gated <= baseline.gated:
        return figure
    if artifact.exceeded(before, figure):
        return figure
    if artifact.exceeded(baseline, figure) and approved(repo, fingerprint(artifact, baseline, measured)):
        return figure
    return baseline


def _measured(
    repo: Repository, artifact: Artifact, cache: Cache, commits: list[str], kept: dict[str, str]
) -> Iterator[tuple[str, Measurement]]:
    """Measure commits, newest first, until one whose baseline is kept or until enough bytes were weighed."""
    weighed = 0
    for commit in commits:
        tree = repo.resolve(commit, "tree")
        if tree is None or weighed > BYTES:
            return
        try:
            measured = measure(artifact, Snapshot(repo, tree), cache)
        except GitError:
            return
        weighed += sum(file.figure.raw for file in measured.files)
        yield commit, measured
        if commit in kept:
            return


def approved(repo: Repository, fingerprint: str) -> bool:
    """Tell whether the records of the server hold an approval of a finding."""
    tip = repo.resolve(NOTES)
    if tip is None:
        return False
    lines = _note(repo, hashlib.sha256(f"finding {fingerprint}".encode()).hexdigest()[: len(tip)])
    for line in lines[-20:]:
        told = [line]
        if "see" in line:
            told = [each for each in _note(repo, str(line["see"])) if each.get("seq") == line.get("seq")]
        if any(each.get("kind") == "review" and each.get("action") == "approve" for each in told):
            return True
    return False


def _note(repo: Repository, oid: str) -> list[dict[str, Any]]:
    found = repo.objects.info(f"{NOTES}:{oid[:2]}/{oid[2:4]}/{oid[4:]}")
    if found is None or found[1] != "blob" or found[2] > _NOTE_LIMIT:
        return []
    lines = []
    for raw in repo.objects.read(found[0]).splitlines():
        try:
            value = json.loads(raw)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            lines.append(value)
    return lines


def _read(text: str | None) -> Figure | None:
    try:
        raw, gzip, compressor = json.loads(text or "null")
    except (ValueError, TypeError):
        return None
    return Figure(raw, gzip, compressor)
