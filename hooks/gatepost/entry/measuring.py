"""Build what has landed in the operator's sandbox, detached from the push, and record what came out.

Off unless the server's own policy file has ``bundle.build.sandbox``: no pushed tree can say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.entry import waiting
from gatepost.entry.waiting import own_policy
from gatepost.git import Change, Repository, make_change
from gatepost.policy import FILE, Policy
from gatepost.records import Draft

if TYPE_CHECKING:
    from gatepost.bundles import Build
    from gatepost.bundles.recorded import Made

KIND = "bundle-build"
_COMMANDS = ("command", "install", "directory", "inputs")


def ask(directory: Path, said: Mapping[str, Any]) -> None:
    """Have a landed update built, where the operator wants that; a push never waits for it."""
    if not said["change"].get("head") or own_build(directory) is None:
        return
    asked = {"head": str(said["change"]["head"]), "base": said["change"].get("base"), "ref": said["ref"]}
    waiting.ask(directory, _WORK, asked)


def own_build(directory: Path) -> Build | None:
    """Give ``bundle.build`` of the server's own file, where that has a sandbox; None otherwise."""
    policy = own_policy(directory, "sandbox")
    if policy is None:
        return None
    from gatepost.bundles import Bundle

    build = policy.get("bundle", Bundle).build
    return build if build and build.sandbox else None


def child(directory: str) -> None:
    """Build one commit after the other until none waits; one worker for each repository."""
    waiting.drain(Path(directory), _WORK)


def _drafts(repo: Repository, git_dir: Path, asked: Mapping[str, Any]) -> list[Draft]:
    return [_draft(asked, measured(repo, git_dir, asked))]


def _draft(asked: Mapping[str, Any], body: Mapping[str, Any]) -> Draft:
    return Draft(asked["head"], KIND, {"ref": asked["ref"], **body})


def _told(draft: Draft) -> str:
    failed = draft.body["outcome"] == "failed"
    return f"no size of {draft.oid}: {draft.body['reason']}" if failed else ""


def _failed(reason: str) -> dict[str, Any]:
    return {"outcome": "failed", "reason": reason[:1000]}


_WORK = waiting.Work(
    "builds",
    "built",
    "gatepost.entry.measuring",
    _drafts,
    lambda asked, reason: _draft(asked, _failed(reason)),
    _told,
)


def measured(repo: Repository, git_dir: Path, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Build a landed commit, keep the figures under the key of its inputs, and judge the step that it was."""
    from gatepost.bundles import Bundle
    from gatepost.bundles.build import BuildFailed, confined
    from gatepost.bundles.recorded import key, load, save
    from gatepost.checks._bundle_run import not_committed
    from gatepost.gate import landed_policy

    own, change = own_build(git_dir), make_change(repo, asked["base"], asked["head"], asked["ref"])
    policy = landed_policy(change.head, git_dir / FILE)
    settings = policy.get("bundle", Bundle)
    if own is None or settings.build is None:
        return _failed("bundle.build.sandbox is no longer in the server's policy")
    differ = [name for name in _COMMANDS if getattr(own, name) != getattr(settings.build, name)]
    if differ:
        return _failed(f"the pushed policy adds bundle.build.{differ[0]}: say it in the server's own {FILE}")
    artifacts, stats = not_committed(settings, change)
    if not artifacts:
        return {"outcome": "committed"}
    name = key(own, change.head, stats)
    claimed = load(repo, name)
    try:
        made = confined(own, change.head, artifacts, stats)
    except BuildFailed as error:
        return _failed(str(error)) | {"key": name}
    save(repo, name, made)
    return {"outcome": "measured", "key": name, **_claim(claimed, made), **_judged(change, policy)}


def _claim(claimed: Made | None, made: Made) -> dict[str, Any]:
    """Say what a record that was pushed had claimed, where the build here gave something else."""
    if claimed is None or claimed.files == made.files:
        return {}
    totals = [sum(figure.raw for _, figure in each.files.values()) for each in (claimed, made)]
    return {"claimed": {"raw": totals[0]}, "built": {"raw": totals[1]}}


def _judged(change: Change, policy: Policy) -> dict[str, Any]:
    from gatepost.gate import evaluate
    from gatepost.reports.json import as_data

    report = as_data(evaluate(change, policy, only=("bundle",)))
    artifacts = report["sections"].get("bundle", {}).get("artifacts", [])
    return {"artifacts": artifacts, "findings": report["findings"], "verdict": report["verdict"]}
