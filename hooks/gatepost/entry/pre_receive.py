"""Judge a push on the server: each protected ref from what was accepted last to what is pushed.

Trees are compared, not commits: what a merge commit adds, or what was parked on another branch
before, counts in full. All or nothing: one refused ref refuses the push.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from gatepost.entry import handover, incident, pending
from gatepost.entry.approved import without_approved
from gatepost.entry.identity import Pusher, pusher
from gatepost.entry.names import ACCEPTED, INBOX, REVIEWED, kept
from gatepost.entry.refs import REFUSED, always, refused
from gatepost.entry.server import Server, open_server, owned, symrefs
from gatepost.errors import BLOCK, PASS, UNKNOWN, CannotJudge, GatepostError, PolicyError, TimeUp
from gatepost.gate import deadline, evaluate, policy_changed, read_policy, with_range
from gatepost.git import Change, Repository, make_change
from gatepost.model import Finding, RefUpdate, Report, Skip, is_zero
from gatepost.policy import Policy
from gatepost.records import read, repository_id
from gatepost.suspicious import crafted


@dataclass(frozen=True, slots=True)
class Judged:
    """One update of a push: the ref that it really moves, and its report, None where it is not judged."""

    update: RefUpdate
    target: str
    report: Report | None = None
    deploys: bool = False
    reviewed: bool = True
    remark: str = ""
    watched: bool = False
    back: bool = False
    rehearsed: tuple[str, ...] = ()

    @property
    def refuses(self) -> bool:
        """Tell whether this update alone would refuse the push."""
        return self.report is not None and self.report.exit_code != PASS


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of a whole push."""

    judged: tuple[Judged, ...]
    mode: str = "enforce"
    reminders: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """1 where something blocks, 3 where something could not be judged; 0 in report mode."""
        counted = [one for one in self.judged if one.report and (self.mode == "enforce" or _always(one.report))]
        codes = [one.report.exit_code for one in counted if one.report]
        return BLOCK if BLOCK in codes else UNKNOWN if UNKNOWN in codes else PASS


def _always(report: Report) -> bool:
    return any(always(finding) for finding in report.findings)


def judge(repo: Repository, directory: Path, pushed: Iterable[RefUpdate], environ: Mapping[str, str]) -> Answer:
    """Judge a push. Raises what makes any verdict impossible, such as a broken policy of the server."""
    pushed = list(pushed)
    if environ.get("GIT_NAMESPACE"):
        raise CannotJudge("git namespaces are not known to gatepost", "push without GIT_NAMESPACE")
    server, who = open_server(repo, directory), pusher(environ)
    with deadline(server.gate.deadline):
        push = _Push(repo, server, who, {}, set())
        aliases = symrefs(repo, directory, (update.ref for update in pushed))
        judged = tuple(push.judge(update, aliases.get(update.ref, update.ref)) for update in pushed)
        judged_refs = {one.target: len(one.update.new) for one in judged if one.report}
        reminders = [line for ref, digits in judged_refs.items() for line in pending.still_open(repo, ref, digits)]
        answer = Answer(judged, server.gate.mode, tuple(reminders))
        told = tuple(_regressions(repo, directory, answer))
        answer = replace(answer, reminders=(*reminders, *told))
    if answer.exit_code == PASS:
        hand_over(repo, directory, answer, who)
    return answer


@dataclass(frozen=True, slots=True)
class _Push:
    """What the updates of one push share; ``known`` holds the report of each pair of base and head."""

    repo: Repository
    server: Server
    who: Pusher
    known: dict[tuple[str | None, str], Report]
    watched: set[str]
    rehearsed: dict[str, list[str]] = field(default_factory=dict)

    def judge(self, update: RefUpdate, target: str) -> Judged:
        finding = refused(self.repo, self.server, update, target)
        if finding is not None:
            return Judged(update, target, _report(update, findings=(finding,)))
        if target.startswith(INBOX):
            return self._statement(update, target)
        if update.deletes or not self.server.judges(target):
            return Judged(update, target)
        deploys, reviewed = self.server.deploys(target), True
        try:
            if deploys and (back := self._back(update, target)):
                return back
            report = replace(self._report(update, target), ref=target)
            if deploys:
                report, reviewed = pending.with_pending(self.repo, target, report, self.who, self.since_review)
                report = self._listed(report)
            report = without_approved(self.repo, target, report, self.who)
            if report.exit_code == BLOCK:
                report = pending.overridden(self.repo, self.server.directory, target, report)
        except TimeUp:
            raise
        except (CannotJudge, PolicyError) as error:
            report = _report(update, skipped=(_skip(error),))
        watched, rehearsed = report.head in self.watched, tuple(self.rehearsed.get(report.head, ()))
        return Judged(update, target, report, deploys, reviewed, watched=watched, rehearsed=rehearsed)

    def _back(self, update: RefUpdate, target: str) -> Judged | None:
        """Let a deploy be undone by the plan that is stored with it: back to exactly the object that it names.

        Later deploys that migrated nothing and needed no plan are undone with it.
        """
        base, head = base_of(self.repo, update, target), self.repo.resolve(update.new)
        if base is None or head is None:
            return None
        if not _names(self.repo, base, head) and self.repo.attempt("merge-base", "--is-ancestor", head, base)[0]:
            return None
        from gatepost.entry.rollbacks import SECTION, undone, way_back

        gone = undone(self.repo, target, base)
        found = next((way for oid in gone if (way := way_back(self.repo, target, oid, head))), None)
        if found is None:
            return None
        also = list(gone[1 : gone.index(found.oid) + 1])
        sections = {SECTION: {"of": base, "to": head, "plan": found.digest, **({"also": also} if also else {})}}
        report = Report(base, head, target, 0, (), sections, ())
        since = self.repo.resolve(kept(REVIEWED, target))
        reviewed = since is not None and self.repo.attempt("merge-base", "--is-ancestor", head, since)[0] == 0
        with owned(self.server.directory):
            policy, _ = read_policy(make_change(self.repo, base, head, target), self.server.file)
        remark = f"rolled back, plan {found.digest[:12]}"
        return Judged(update, target, report, True, reviewed, remark, "verification" in policy.tables, True)

    def _listed(self, report: Report) -> Report:
        """Say beside what waits for a review that the server lists nobody who could give one, where that is so."""
        if all(finding.rule is not pending.PENDING for finding in report.findings):
            return report
        from gatepost.reviews import SIGNERS

        where = self.server.directory.absolute()
        if (where / SIGNERS).is_file():
            return report
        fix = f"first the operator lists the reviewers' SSH keys in {where.name}/{SIGNERS}, which is not there; then "
        found = (replace(f, fix=fix + f.fix) if f.rule is pending.PENDING else f for f in report.findings)
        return replace(report, findings=tuple(found))

    def _statement(self, update: RefUpdate, target: str) -> Judged:
        from gatepost.entry import inbox  # and ssh-keygen's temporary files, only where a statement comes
        from gatepost.reviews import Refused

        try:
            return Judged(update, target, remark=inbox.checked(self.repo, self.server, update).told)
        except Refused as error:
            finding = Finding(REFUSED, update.ref, error.message, error.hint, key=update.ref)
            return Judged(update, target, _report(update, findings=(finding,)))

    def _report(self, update: RefUpdate, target: str) -> Report:
        head = self.repo.resolve(update.new)
        if head is None:
            what = self.repo.objects.info(f"{update.new}^{{}}") or self.repo.objects.info(update.new)
            if what is None or what[1] in ("commit", "tag"):
                raise CannotJudge(f"{update.new} or its history is not here", "push from a clone that is not shallow")
            raise CannotJudge(f"{update.new} leads to a {what[1]}, and only commits can be judged", "push a commit")
        base = base_of(self.repo, update, target)
        if (base, head) not in self.known:
            self.known[base, head] = self.change_report(make_change(self.repo, base, head, target))
        return self.known[base, head]

    def since_review(self, change: Change) -> Report:
        """Judge all since the last review: a policy that was loosened meanwhile counts once that is approved."""
        before = self.change_report(change)
        if not policy_changed(change):
            return before
        after = self.change_report(change, landed=True)
        return pending.since_review(self.repo, str(change.ref), before, after, self.who)

    def change_report(self, change: Change, *, landed: bool = False) -> Report:
        """Judge one change under the server's policy; with ``landed`` under the one that its head brings."""
        limit = self.server.gate.max_changed
        if change.base_oid and len(change.paths) > limit:
            reason = f"{len(change.paths)} changed paths are more than gate.max_changed = {limit}; push less at once"
            blank = _report(RefUpdate(change.base_oid, change.head_oid, ""))
            return replace(blank, skipped=(Skip("gate", reason, True, "gate/too-large"),))
        with owned(self.server.directory):
            policy, invalid = read_policy(change, self.server.file)
            if landed and policy.trees and policy.trees.landing:
                policy = replace(policy.trees.landing, trees=policy.trees)
        if "verification" in policy.tables or (policy.pushed and "verification" in policy.pushed.tables):
            self.watched.add(change.head_oid)
        self._rehearsed(change, policy)
        extra = (*invalid, *crafted(change), *_after_regression(self.repo, self.server.directory, change, policy))
        report = with_range(evaluate(change, policy, extra=extra))
        logged = tuple(self._logged(skip) if skip.detail else skip for skip in report.skipped)
        return replace(report, skipped=logged)

    def _rehearsed(self, change: Change, policy: Policy) -> None:
        """Rehearse first what the policy wants rehearsed before it lands."""
        told = (policy, policy.pushed) if policy.pushed else (policy,)
        wanted = [table for one in told for table in one.tables.get("migrations", ())]
        if any(table.rehearse == "pre-receive" for table in wanted):
            from gatepost.entry import rehearsing

            rehearsing.before_landing(change, policy, self.server.directory, self.who.name)
            self.rehearsed.setdefault(change.head_oid, []).extend(rehearsing.made_for(change))

    def _logged(self, skip: Skip) -> Skip:
        """Keep an internal error's traceback in the log of the server, where the pusher cannot see it."""
        number = incident.reference(self.server.directory, skip.detail)
        return replace(skip, reason=f"{skip.reason}; reference {number} in the log of the server", detail="")


def _names(repo: Repository, base: str, head: str) -> bool:
    """Tell, before more is imported, whether a plan that is stored with ``base`` leads back to ``head``."""
    plans = (record.get("plan") for record in read(repo, base, "rollback-plan"))
    return any(isinstance(plan, Mapping) and (plan.get("expected") or {}).get("object") == head for plan in plans)


def _after_regression(repo: Repository, directory: Path, change: Change, policy: Policy) -> tuple[Finding, ...]:
    if change.ref is None or not _ever_watched(directory):
        return ()
    from gatepost.metrics import Verification
    from gatepost.watch.after_push import refusal

    found = refusal(repo, directory, change.ref, change.head_oid, policy.get("verification", Verification))
    return (found,) if found else ()


def _ever_watched(directory: Path) -> bool:
    if (directory / "gatepost" / "watch.sqlite").exists():
        return True
    own = directory / "gatepost.toml"
    return own.is_file() and b"postgresql" in own.read_bytes()  # a queue that other servers fill too


def _regressions(repo: Repository, directory: Path, answer: Answer) -> Iterator[str]:
    """Tell of deploys that are live after the push and regressed; nothing is imported where none was ever watched."""
    if not _ever_watched(directory):
        return
    from gatepost.watch.after_push import reminder

    for one in answer.judged:
        if one.report and not one.back:
            tip = one.report.head if answer.exit_code == PASS else repo.resolve(one.target)
            if line := reminder(directory, one.target, repo, tip):
                yield line


def settled(repo: Repository, server: Server, ref: str) -> str | None:
    """Give what was accepted last of a ref where nothing is open up to it any more, after a review."""
    tip, since = repo.resolve(kept(ACCEPTED, ref)), repo.resolve(kept(REVIEWED, ref))
    if tip is None or since is None or tip == since:
        return None
    push = _Push(repo, server, Pusher(), {}, set())
    with deadline(server.gate.deadline):
        report = push.since_review(make_change(repo, since, tip, ref))
    return None if pending.waiting(repo, ref, report, Pusher()) else tip


def _skip(error: GatepostError) -> Skip:
    return Skip("gate", f"{error.message}{'; ' + error.hint if error.hint else ''}", True, error.rule)


def base_of(repo: Repository, update: RefUpdate, target: str) -> str | None:
    """Give what a ref is judged against: what was accepted last of it, else what it was, else nothing.

    After a branch was deleted, or moved behind the gate's back, that is not the ref's old value.
    """
    accepted = repo.resolve(kept(ACCEPTED, target))
    return accepted or (None if is_zero(update.old) else repo.resolve(update.old) or update.old)


def _report(update: RefUpdate, findings: tuple[Finding, ...] = (), skipped: tuple[Skip, ...] = ()) -> Report:
    base = None if is_zero(update.old) else update.old
    return Report(base, update.new, update.ref or None, 0, findings, {}, skipped)


def hand_over(repo: Repository, directory: Path, answer: Answer, who: Pusher) -> None:
    """Keep the verdicts of an accepted push for post-receive."""
    for one in answer.judged:
        if one.report is not None:
            said = verdict(one, answer.mode, who) | {"repository": repository_id(repo, directory)}
            handover.save(directory, one.update, said)


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
        "reviewed": one.reviewed,
        "watch": one.watched,
        **({"rehearsals": list(one.rehearsed)} if one.rehearsed else {}),
    }


def main() -> int:
    """Judge the push that git hands over on standard input; anything but 0 refuses it."""
    import sys

    from gatepost.entry import told

    directory = Path(os.environ.get("GIT_DIR", "."))
    code, text = told.answer(directory, sys.stdin.buffer.read())
    told.write(text)
    return code
