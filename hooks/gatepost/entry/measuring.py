"""Build what has landed in the operator's sandbox, detached from the push, and record what came out.

Off unless the server's own policy file has ``bundle.build.sandbox``: no pushed tree can say so. A commit that
waits is a file in ``gatepost/builds``; it goes away with its record, so that a build whose worker died is told.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gatepost.entry import incident
from gatepost.errors import GatepostError
from gatepost.git import Change, Repository, make_change
from gatepost.policy import FILE, Policy
from gatepost.records import Draft, append_all, state_dir

if TYPE_CHECKING:
    from gatepost.bundles import Build
    from gatepost.bundles.recorded import Made

KIND = "bundle-build"
LOG = "builds.log"
_WAITING = 50
_COMMANDS = ("command", "install", "directory", "inputs")


def ask(directory: Path, said: Mapping[str, Any]) -> None:
    """Have a landed update built, where the operator wants that; a push never waits for it."""
    if not said["change"].get("head") or own_build(directory) is None:
        return
    from gatepost.watch.detach import spawn

    waiting = _queue(directory)
    head = str(said["change"]["head"])
    asked = {"head": head, "base": said["change"].get("base"), "ref": said["ref"]}
    fresh = waiting / f".{head}.{os.getpid()}"
    fresh.write_text(json.dumps(asked))
    fresh.replace(waiting / f"{time.time_ns()}-{head}")
    spawn(directory, state_dir(directory) / LOG, "gatepost.entry.measuring")


def own_build(directory: Path) -> Build | None:
    """Give ``bundle.build`` of the server's own file, where that has a sandbox; None otherwise."""
    file = directory / FILE
    if not file.is_file() or b"sandbox" not in file.read_bytes():
        return None
    from gatepost.bundles import Bundle
    from gatepost.gate import VOCABULARY
    from gatepost.policy import parse_policy, parse_toml

    policy = parse_policy(parse_toml(file.read_bytes(), str(file)), str(file), VOCABULARY)
    build = policy.get("bundle", Bundle).build
    return build if build and build.sandbox else None


def child(directory: str) -> None:
    """Build one commit after the other until none waits; one worker for each repository."""
    git_dir = Path(directory)
    while True:
        with _hold(git_dir) as held:
            if not held:
                return
            for path in _next(git_dir):
                _work(git_dir, path)
        # A push that came between the last look and the release found the lock taken.
        if not any(_next(git_dir)):
            return


def _queue(directory: Path) -> Path:
    path = state_dir(directory) / "builds"
    path.mkdir(exist_ok=True)
    return path


@contextmanager
def _hold(git_dir: Path) -> Iterator[bool]:
    with (state_dir(git_dir) / "builds.lock").open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _next(git_dir: Path) -> Iterator[Path]:
    """Give what waits, the oldest first, until nothing does."""
    while found := sorted(path for path in _queue(git_dir).iterdir() if not path.name.startswith(".")):
        yield found[0]


def _work(git_dir: Path, path: Path) -> None:
    try:
        asked = json.loads(path.read_bytes())
    except ValueError as error:
        incident.note(git_dir, f"{path.name} in gatepost/builds cannot be read: {error}")
        path.unlink()
        return
    died = path.name.endswith(".begun")
    begun = path if died else path.rename(path.with_name(path.name + ".begun"))
    with Repository(git_dir, client=False) as repo:
        try:
            if died:
                body: dict[str, Any] = _failed("the worker that built it died")
            elif len(list(begun.parent.iterdir())) > _WAITING:
                body = _failed(f"more than {_WAITING} builds wait; this one was left out")
            else:
                body = measured(repo, git_dir, asked)
        except (GatepostError, OSError) as error:
            body = _failed(str(error))
        except Exception as error:  # noqa: BLE001 - the worker goes on with the next, and the record says where to look
            body = _failed(f"reference {incident.report(git_dir, error)} in gatepost/log")
        if body["outcome"] == "failed":
            incident.note(git_dir, f"no size of {asked['head']}: {body['reason']}")
        append_all(
            repo, [Draft(asked["head"], KIND, {"ref": asked["ref"], **body}, repo.resolve(asked["head"], "tree"))]
        )
    begun.unlink()


def _failed(reason: str) -> dict[str, Any]:
    return {"outcome": "failed", "reason": reason[:1000]}


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
