"""Judge a push on the server: each protected ref from what was accepted last to what is pushed.

Trees are compared, not commits: what a merge commit adds, or what was parked on another branch
before, counts in full. All or nothing: one refused ref refuses the push.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gatepost.entry import handover
from gatepost.entry.identity import Pusher, pusher
from gatepost.entry.refs import always, refused
from gatepost.entry.server import ACCEPTED, Server, kept, open_server, symrefs
from gatepost.errors import BLOCK, PASS, UNKNOWN, CannotJudge, GitError, PolicyError, TimeUp
from gatepost.gate import deadline, evaluate, read_policy
from gatepost.git import Change, Repository, decode, make_change
from gatepost.model import Finding, RefUpdate, Report, Skip, is_zero


@dataclass(frozen=True, slots=True)
class Judged:
    """One update of a push: the ref that it really moves, and its report, None where it is not judged."""

    update: RefUpdate
    target: str
    report: Report | None = None
    deploys: bool = False

    @property
    def refuses(self) -> bool:
        """Tell whether this update alone would refuse the push."""
        return self.report is not None and self.report.exit_code != PASS


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a whole push."""

    judged: tuple[Judged, ...]
    mode: str = "enforce"

    @property
    def exit_code(self) -> int:
        """1 where something blocks, 3 where something could not be judged; 0 in report mode."""
        counted = [one for one in self.judged if one.report and (self.mode == "enforce" or _always(one.report))]
        codes = [one.report.exit_code for one in counted if one.report]
        return BLOCK if BLOCK in codes else UNKNOWN if UNKNOWN in codes else PASS


def _always(report: Report) -> bool:
    return any(always(finding) for finding in report.findings)


def updates(stdin: bytes) -> list[RefUpdate]:
    """Read what githooks(5) gives: ``old SP new SP ref`` on each line."""
    rows = [line.split(" ", 2) for line in decode(stdin).split("\n") if line]
    if any(len(row) != 3 for row in rows):
        raise GitError("the hook was given a line that is no ref update", "run it as git does: see githooks(5)")
    return [RefUpdate(*row) for row in rows]


def judge(repo: Repository, directory: Path, pushed: Iterable[RefUpdate], environ: Mapping[str, str]) -> Answer:
    """Judge a push. Raises what makes any verdict impossible, such as a broken policy of the server."""
    pushed = list(pushed)
    server = open_server(repo, directory)
    with deadline(server.gate.deadline):
        aliases = symrefs(repo, directory, (update.ref for update in pushed))
        known: dict[tuple[str | None, str], Report] = {}
        judged = [_judge_one(repo, server, update, aliases.get(update.ref, update.ref), known) for update in pushed]
    answer = Answer(tuple(judged), server.gate.mode)
    if answer.exit_code == PASS:
        hand_over(directory, answer, pusher(environ))
    return answer


def _judge_one(
    repo: Repository,
    server: Server,
    update: RefUpdate,
    target: str,
    known: dict[tuple[str | None, str], Report],
) -> Judged:
    finding = refused(server, update, target)
    if finding is not None:
        return Judged(update, target, _report(update, findings=(finding,)))
    if update.deletes or not server.judges(target):
        return Judged(update, target)
    try:
        report = _evaluate(repo, server, update, target, known)
    except TimeUp:
        raise
    except (CannotJudge, PolicyError) as error:
        reason = f"{error.message}{'; ' + error.hint if error.hint else ''}"
        report = _report(update, skipped=(Skip("gate", reason, True, error.rule),))
    return Judged(update, target, replace(report, ref=target), server.deploys(target))


def _evaluate(
    repo: Repository,
    server: Server,
    update: RefUpdate,
    target: str,
    known: dict[tuple[str | None, str], Report],
) -> Report:
    head = repo.resolve(update.new)
    if head is None:
        what = repo.objects.info(update.new)
        if what is None or what[1] in ("commit", "tag"):
            raise CannotJudge(f"{update.new} or its history is not here", "push from a clone that is not shallow")
        raise CannotJudge(f"{update.new} is a {what[1]}, and only commits can be judged", "push a commit")
    base = base_of(repo, update, target)
    if (base, head) not in known:
        known[base, head] = judge_change(make_change(repo, base, head, target), server)
    return known[base, head]


def judge_change(change: Change, server: Server) -> Report:
    """Judge one change under the server's policy."""
    limit = server.gate.max_changed
    if change.base_oid and len(change.paths) > limit:
        reason = f"{len(change.paths)} changed paths are more than gate.max_changed = {limit}; push less at once"
        return replace(
            _report(RefUpdate(change.base_oid, change.head_oid, "")),
            skipped=(Skip("gate", reason, True, "gate/too-large"),),
        )
    policy, invalid = read_policy(change, server.file)
    return evaluate(change, policy, extra=invalid)


def base_of(repo: Repository, update: RefUpdate, target: str) -> str | None:
    """Give what a ref is judged against: what was accepted last of it, else what it was, else nothing.

    After a branch was deleted, or moved behind the gate's back, that is not the ref's old value.
    """
    accepted = repo.resolve(kept(ACCEPTED, target))
    return accepted or (None if is_zero(update.old) else repo.resolve(update.old) or update.old)


def _report(update: RefUpdate, findings: tuple[Finding, ...] = (), skipped: tuple[Skip, ...] = ()) -> Report:
    base = None if is_zero(update.old) else update.old
    return Report(base, update.new, update.ref or None, 0, findings, {}, skipped)


def hand_over(directory: Path, answer: Answer, who: Pusher) -> None:
    """Keep the verdicts of an accepted push for post-receive."""
    for one in answer.judged:
        if one.report is not None:
            handover.save(directory, one.update, verdict(one, answer.mode, who))


def verdict(one: Judged, mode: str, who: Pusher) -> dict[str, object]:
    """Give the record of a verdict, with what post-receive must know beside it."""
    from gatepost.reports.json import as_data

    assert one.report
    return {
        **as_data(one.report),
        "digest": one.report.digest,
        "ref": one.target,
        "old": one.update.old,
        "new": one.update.new,
        "mode": mode,
        "pusher": who.name,
        "pusher_by": who.by,
        "deploy": one.deploys,
    }


def main() -> int:
    """Judge the push that git hands over on standard input; anything but 0 refuses it."""
    import sys

    from gatepost.entry import told

    directory = Path(os.environ.get("GIT_DIR", "."))
    code, text = told.answer(directory, sys.stdin.buffer.read())
    told.write(text)
    return code
