"""Derive the plan of a change, take over what the author wrote, and say what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from gatepost.checks import migrations, outcome
from gatepost.checks._plausible import touches_migrations
from gatepost.checks._rollback_facts import facts
from gatepost.checks._rollback_rules import NO_PLAN, PLAN_INCOMPLETE
from gatepost.checks.rollback import trailer
from gatepost.git import INDEX, Change, make_change
from gatepost.model import Finding, Level, Outcome
from gatepost.paths import matches
from gatepost.policy import FILE, Policy
from gatepost.rollbacks import RollbackPlan
from gatepost.rollbacks._author import Written, files, merged, read
from gatepost.rollbacks._authored_steps import Problem
from gatepost.rollbacks._complete import Missing, missing
from gatepost.rollbacks._derive import derive
from gatepost.rollbacks._digest import as_data
from gatepost.rollbacks._facts import Facts
from gatepost.rollbacks._settings import Rollback

_DOWNS = tuple(
    f"migration/{word}" for word in ("missing-down", "empty-down", "noop-down", "raising-down", "wrong-down")
)


class Made(NamedTuple):
    """A plan, the author's file if there is one, and everything that is wrong or lacking."""

    plan: RollbackPlan
    facts: Facts
    written: Written | None
    problems: tuple[Problem, ...]
    missing: tuple[Missing, ...]


def plan(change: Change, policy: Policy) -> Made | None:
    """Make the plan of a change; None where it is not significant, or nothing ran before it."""
    known = facts(change, policy)
    derived = derive(change, policy, known)
    if derived is None:
        return None
    path = _file(change)
    if path is None:
        return Made(derived, known, None, (), missing(derived))
    written = read(change, path)
    approve = policy.get("rollback", Rollback).approve
    made, problems = merged(derived, written, approve)
    return Made(made, known, written, problems, missing(made))


def _file(change: Change) -> str | None:
    found = files(change)
    if found:
        return found[0]
    named = change.shared(trailer)
    return named if named and change.head.exists(named) else None


def judge(change: Change, policy: Policy) -> Outcome:
    """Give the section of the plan, and what is wrong with it."""
    if change.head_oid == INDEX and files(change):
        change = unpushed(change)
    made = plan(change, policy)
    if made is None:
        return Outcome(sections={"rollback": {}})
    lacks = [{"key": one.key, "reason": one.reason} for one in made.missing]
    section = as_data(made.plan) | {"complete": not made.missing and not made.problems, "missing": lacks}
    return Outcome(tuple(_findings(made, change, policy)), {"rollback": section})


def unpushed(change: Change) -> Change:
    """Give what is staged together with the commits that no remote has: a plan may come after its migration."""
    repo, head = change.repo, change.base_oid or ""
    listed = repo.text("rev-list", "--boundary", head, "--not", "--remotes").split() if head else []
    bounds = [name[1:] for name in listed if name.startswith("-")]
    if not bounds:
        return change
    base = repo.text("merge-base", head, *bounds) if len(bounds) > 1 else bounds[0]
    return make_change(repo, base, None, change.ref)


def _findings(made: Made, change: Change, policy: Policy) -> Iterator[Finding]:
    if made.written and made.problems:
        staged = change.head_oid == INDEX
        yield from (_incomplete(made.written, problem, staged=staged) for problem in made.problems[:20])
    elif made.missing and _demanded(made, change, policy):
        yield _no_plan(made, change)


def _demanded(made: Made, change: Change, policy: Policy) -> bool:
    wanted = policy.get("rollback", Rollback).require
    deploys = change.ref is None or matches(change.ref, *policy.gate.deploy)
    return deploys and any(kind in made.facts.why for kind in wanted) and not _refused(change, policy)


def _refused(change: Change, policy: Policy) -> bool:
    """Tell whether the push is refused for its downs anyway: once they are mended there may be a plan."""
    found = outcome(migrations.CHECK, change, policy).findings if touches_migrations(change, policy) else ()
    return any(
        finding.rule.id in _DOWNS
        and finding.suppressed is None
        and policy.level(finding.rule, finding.level) == "error"
        for finding in found
    )


def _no_plan(made: Made, change: Change) -> Finding:
    lacks = "; ".join(f"{one.key}: {one.reason}" for one in made.missing)
    what = f"class {made.plan.class_}, {made.plan.meaning}"
    message = f"this deploy ({', '.join(made.facts.why.values())}; {what}) has no complete rollback plan: {lacks}"
    fix = (
        "gatepost rollback plan --format toml -o rollback/NAME.toml writes down what is known; "
        f"fill in {', '.join(dict.fromkeys(one.key for one in made.missing))}, and commit it with the change"
    )
    path = _place(made)
    level: Level | None = "note" if change.head_oid == INDEX else None
    data = {"path": path, "class": made.plan.class_, "missing": [one.key for one in made.missing]}
    moved = " ".join(f"{one.path} {one.up} {one.down}" for one in made.plan.change.migrations)
    return Finding(NO_PLAN, path, message, fix, 1, data, level, key=f"{moved} {lacks}")


def _place(made: Made) -> str:
    moved = made.plan.change.migrations
    if moved:
        return moved[0].path
    locks = [str(one.get("lockfile")) for one in made.facts.dependencies if one.get("lockfile")]
    return next(iter((*locks, *made.facts.named)), FILE)


def _incomplete(written: Written, problem: Problem, *, staged: bool) -> Finding:
    key = f"{problem.key}: " if problem.key else ""
    message = f"{key}{problem.reason}"
    data = {"path": written.path, "key": problem.key}
    line = written.line(problem.key)
    level: Level | None = "note" if staged and problem.key == "migrations" else None  # its migration may come later
    key = f"{problem.key} {problem.reason}"
    return Finding(PLAN_INCOMPLETE, written.path, message, _fix(problem), line, data, level, key=key)


def _fix(problem: Problem) -> str:
    """Say what to do about one mistake in an author's file."""
    key, name = problem.key, problem.key.rpartition(".")[2] or problem.key
    if not key:
        return "mend the file: gatepost rollback plan --format toml writes a whole one"
    if "machine" in problem.reason or problem.reason.startswith("unknown key"):
        return f"take {name} out, or name one of the keys in docs/rollback.md"
    if key == "migrations":
        return "name exactly the migrations that are pushed together with it, or leave the key out"
    if key == "class":
        return "say the class that was found, or a worse one; a rehearsal may find a better one: gatepost rehearse"
    if any(part in key for part in (".before", ".after", "checks[")):
        return "give a check that can be looked at, and the value that must come out (docs/rollback.md lists them)"
    if name == "command":
        return "give the exact command, with its versions, as it is typed"
    if key == "steps":
        return "give [[steps]] with the exact commands, and what must be seen before and after each"
    return f"say in {name} what somebody needs who did not write the change; or leave it out where it was derived"
