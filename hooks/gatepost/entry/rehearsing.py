"""Rehearse what is pushed: on the client before the push, on a server for pushers whom its operator lists.

A server runs pushed SQL only for the ``runners`` that its own policy file names, confined, and never a command that
a push has configured. After a push this is done detached; before it where ``rehearse = "pre-receive"`` asks for it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gatepost.entry import waiting
from gatepost.entry.waiting import own_policy
from gatepost.errors import PolicyError
from gatepost.git import INDEX, Change, Repository, make_change
from gatepost.model import printable
from gatepost.own_time import own_time
from gatepost.policy import FILE, Policy
from gatepost.queries._prepared import beside
from gatepost.queries._recorded import Fresh as Tried
from gatepost.records import Draft, state_dir
from gatepost.rehearsals import Rehearsal, recorded, report
from gatepost.rehearsals.known import Fresh, mode
from gatepost.rehearsals.report import PHRASES
from gatepost.rehearsals.runner import fitted, now, of_course, planned
from gatepost.rehearsals.settings import Rehearsing
from gatepost.rehearsals.stage import FOLDER, URL, Asked

KIND = "rehearsal"
_SENT = 20  # rehearsals of one push
_QUIET = 2.0  # seconds that pass before progress is told


def before_push(change: Change, policy: Policy) -> None:
    """Rehearse on the client what has not been rehearsed yet; what cannot be is said, and stops nobody."""
    if change.head_oid == INDEX or not _wanted(change, policy):
        return
    limit = policy.get("rehearsal", Rehearsing).limit
    started = now()
    asked = Asked(os.environ.get(URL, ""), change.repo.directory() / FOLDER, limit, change.head, _progress())
    with own_time():
        made = _rehearsed(change, policy, asked, recorded.REFS)
    for one in made:
        change.shared(Fresh).made[one.key] = one
        if one.whole != "unknown":
            _tell(change, one, started)


def _tell(change: Change, one: Rehearsal, started: str) -> None:
    """Say that it was rehearsed, also where all is well: where, how long, with how many known queries."""
    tried = change.shared(Tried).made.get(one.key)
    asked = len(tried.taken) + len(tried.refused) if tried else 0
    sys.stderr.write(f"gatepost: rehearsal: {report.line(one, asked, one.at if one.at < started else '')}\n")


def send(change: Change, remote: str) -> str:
    """Send what was rehearsed ahead of the branch: what the server stores with the deploy can name it then.

    Give why it could not be, "" where it was: the push itself does not depend on it.
    """
    names = [name for name, one in change.shared(Fresh).made.items() if one.whole != "unknown"]
    refs = [f"{recorded.REFS}/{name}" for name in names if change.repo.objects.info(f"{recorded.REFS}/{name}")]
    if not refs or not remote:
        return ""
    # Forced: a rehearsal that was made again replaces the claim that went before it.
    given = [f"+{ref}:{ref}" for ref in refs[:_SENT]]
    args = ("push", "--quiet", "--no-verify", remote, *given)
    code, _, err = change.repo.attempt(*args, env={"GIT_TERMINAL_PROMPT": "0"})
    if code == 0:
        return ""
    told = [line for line in err.decode("utf-8", "replace").splitlines() if line.strip()]
    return printable(told[0], 200) if told else "git push failed"


def _wanted(change: Change, policy: Policy) -> bool:
    return any(mode(course.history) != "off" for course in planned(change, policy))


def _rehearsed(change: Change, policy: Policy, asked: Asked, refs: str) -> list[Rehearsal]:
    """Rehearse what is not known yet, within the time for all; keep what could be told."""
    until, made = time.monotonic() + asked.seconds, []
    asked = replace(asked, beside=beside(change, policy, refs))
    for course in planned(change, policy):
        if mode(course.history) == "off":
            continue
        known = recorded.load(change.repo, recorded.key(course), refs)
        left = max(1.0, until - time.monotonic())
        one = known or of_course(course, fitted(course, policy, replace(asked, seconds=left)))
        if known is None and one.whole != "unknown" and refs == recorded.REFS:
            recorded.save(change.repo, one)
        made.append(one)
    return made


def _progress() -> Any:
    """Tell how far it is once it takes long."""
    started = time.monotonic()

    def say(text: str) -> None:
        if time.monotonic() - started > _QUIET:
            sys.stderr.write(f"gatepost: rehearsal: {printable(text, 200)}\n")

    return say


def own_settings(directory: Path) -> Rehearsing | None:
    """Give ``[rehearsal]`` of the server's own file, where that lists runners; None otherwise."""
    policy = own_policy(directory, "runners")
    settings = policy.get("rehearsal", Rehearsing) if policy else None
    return settings if settings and settings.runners else None


def listed(settings: Rehearsing | None, who: str) -> bool:
    """Tell whether a pusher, as the server knows him, is one whose migrations it runs."""
    return bool(settings and who and (who in settings.runners or "*" in settings.runners))


def before_landing(change: Change, policy: Policy, directory: Path, who: str) -> None:
    """Rehearse in pre-receive what the policy wants rehearsed before it lands, for pushers who are listed."""
    from gatepost.checks._plausible import touches_migrations

    if not touches_migrations(change, policy):
        return
    if not any(mode(course.history) == "pre-receive" for course in planned(change, policy)):
        return
    try:
        settings = own_settings(directory)
    except (PolicyError, OSError) as error:
        change.shared(Fresh).refused = f"the server's own policy cannot be read: {error}"
        return
    if settings is None or not listed(settings, who):
        named = f"{printable(who, 60)} is not listed" if who else "the server does not know who pushes"
        change.shared(Fresh).refused = f"{named} in [rehearsal] runners of the server's own {FILE}; tell the operator"
        return
    with own_time():
        for one in _rehearsed(change, policy, _asked(directory, settings), recorded.OWN):
            change.shared(Fresh).made[one.key] = one


def _asked(directory: Path, settings: Rehearsing) -> Asked:
    url = Path(settings.url_file).read_text(encoding="utf-8").strip() if settings.url_file else ""
    return Asked(url, state_dir(directory) / "scratch-templates", settings.limit)


def made_for(change: Change) -> list[str]:
    """Give what was rehearsed in pre-receive, for post-receive to keep."""
    return [recorded.dumps(one) for one in change.shared(Fresh).made.values()]


def ask(directory: Path, said: Mapping[str, Any]) -> str:
    """Have the migrations of a landed update rehearsed, where its pusher is listed; a push never waits for it.

    Give what the pusher has to know: that the server rehearses, and not for somebody whom it does not know.
    """
    changed = [one for one in (said.get("sections") or {}).get("migrations") or () if one.get("status") != "moved"]
    head, who = said["change"].get("head"), str(said.get("pusher") or "")
    settings = own_settings(directory) if changed and head else None
    if settings is None:
        return ""
    if not who:
        return (
            "not rehearsed here: the server does not know who pushes ([rehearsal] runners; docs/server.md, Who pushed)"
        )
    if listed(settings, who):
        asked = {"head": head, "base": said["change"].get("base"), "ref": said["ref"], "pusher": who}
        waiting.ask(directory, _WORK, asked)
    return ""


def child(directory: str) -> None:
    """Rehearse one landed update after the other until none waits; one worker for each repository."""
    waiting.drain(Path(directory), _WORK)


def _failed(asked: Mapping[str, Any], reason: str) -> Draft:
    return Draft(asked["head"], KIND, {"ref": asked["ref"], "outcome": "failed", "reason": reason[:1000]})


def again(repo: Repository, git_dir: Path, asked: Mapping[str, Any]) -> list[Draft]:
    """Rehearse a landed update anew, keep it as the server's own, and hold a client's claim against it."""
    from gatepost.gate import landed_policy

    settings = own_settings(git_dir)
    if settings is None:
        return [_failed(asked, f"[rehearsal] runners is no longer in the server's own {FILE}")]
    change = make_change(repo, asked["base"], asked["head"], asked["ref"])
    policy = landed_policy(change.head, git_dir / FILE)
    drafts = []
    for one in _rehearsed(change, policy, _asked(git_dir, settings), recorded.OWN):
        drafts += drafts_of(repo, one, asked)
    return drafts + plans_of(repo, git_dir, asked)


def plans_of(repo: Repository, git_dir: Path, asked: Mapping[str, Any]) -> list[Draft]:
    """Give the plan of a deploy anew, where the server's own rehearsal has changed it; the newest one counts."""
    from gatepost.checks._rollback_run import judge
    from gatepost.entry.rollbacks import KIND as PLAN
    from gatepost.gate import landed_policy
    from gatepost.records import read

    stored = [one.get("plan") or {} for one in read(repo, asked["head"], PLAN) if one.get("ref") == asked["ref"]]
    if not stored:
        return []
    change = make_change(repo, asked["base"], asked["head"], asked["ref"])
    plan = judge(change, landed_policy(change.head, git_dir / FILE)).sections.get("rollback")
    if not isinstance(plan, Mapping) or not plan or plan.get("digest") == stored[-1].get("digest"):
        return []
    return [Draft(asked["head"], PLAN, {"ref": asked["ref"], "plan": dict(plan)})]


def drafts_of(repo: Repository, one: Rehearsal, asked: Mapping[str, Any]) -> list[Draft]:
    """Keep the server's own rehearsal; give its record, and an alarm where a claim said something else."""
    if one.whole != "unknown":
        recorded.save(repo, one, recorded.OWN)
    body: dict[str, Any] = {"ref": asked["ref"], "outcome": "rehearsed", "rehearsal": json.loads(recorded.dumps(one))}
    if one.whole == "unknown":
        body |= {"outcome": "failed", "reason": one.reason[:1000]}
    claimed = recorded.load(repo, one.key)
    differing = differing_claims(claimed, one) if claimed else []
    if claimed:
        body["claimed"] = {"whole": claimed.whole, "server": claimed.server, "at": claimed.at, "differs": differing}
    drafts = [Draft(asked["head"], KIND, body)]
    if differing:
        says = "; ".join(differing[:5])
        alarm = {"rule": "rollback/rehearsal-failed", "ref": asked["ref"], "pusher": asked.get("pusher"), "says": says}
        drafts.append(Draft(asked["head"], "alarm", alarm))
    return drafts


def differing_claims(claimed: Rehearsal, made: Rehearsal) -> list[str]:
    """Say where a client's rehearsal and the server's own tell different things."""
    theirs = {(one.path, one.version, one.up, one.down): one.verdict for one in claimed.migrations}
    said = []
    for one in made.migrations:
        other = theirs.get((one.path, one.version, one.up, one.down), "nothing")
        if other != one.verdict and one.verdict != "unknown":
            claim = PHRASES.get(other, "nothing")
            said.append(f"{printable(one.path)}: the pusher claims that {claim}; here {PHRASES[one.verdict]}")
    return said


def _told(draft: Draft) -> str:
    says = draft.body.get("reason") or (draft.body.get("says") if draft.kind == "alarm" else "")
    return f"rehearsal of {draft.oid}: {says}" if says else ""


_WORK = waiting.Work("rehearsals", "rehearsed", "gatepost.entry.rehearsing", again, _failed, _told)
