"""Recognise in an author's file what was derived: a step that was left as it is keeps all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gatepost.model import printable
from gatepost.rollbacks import Expectation, RollbackPlan, Step
from gatepost.rollbacks._authored_steps import Problem
from gatepost.rollbacks._commands import same_version


def adopted(plan: RollbackPlan, given: tuple[Step, ...]) -> tuple[tuple[Step, ...], tuple[Problem, ...]]:
    """Give the author's steps with what is known of them, and where they contradict it."""
    asked = {_words(one.query): one for step in plan.steps for one in (*step.before, *step.after) if one.query}
    asked |= {_words(one.query): Expectation("version", one.history, "", one.query) for one in plan.expected.versions}
    made: list[Step] = []
    problems: list[Problem] = []
    for number, step in enumerate(one for one in given if one.kind != "flag"):
        before, after = (tuple(_of_bookkeeping(one, asked) for one in listed) for listed in (step.before, step.after))
        known = _known(plan, step)
        if known is None:
            made.append(replace(step, before=before, after=after))
            continue
        problems += _contradictions(known.before, before, f"steps[{number}].before")
        problems += _contradictions(known.after, after, f"steps[{number}].after")
        made.append(
            replace(
                known,
                title=step.title,
                approve=step.approve,
                repeatable=step.repeatable,
                timeout=step.timeout,
                before=_joined(known.before, before),
                after=_joined(known.after, after),
                note=step.note or known.note,
            )
        )
    return (*(one for one in given if one.kind == "flag"), *made), tuple(problems)


def by_hand(plan: RollbackPlan, given: tuple[Step, ...]) -> bool:
    """Tell whether the schema goes back by steps of the author's own, or by some of the derived ones only."""
    derived = [step.command for step in plan.steps if step.kind == "schema"]
    own = [step.command for step in given if step.kind == "schema"]
    return bool(own) and own != derived


def _known(plan: RollbackPlan, step: Step) -> Step | None:
    if step.kind != "schema" or step.shell:
        return None
    return next((one for one in plan.steps if one.kind == "schema" and one.command == step.command != ""), None)


def _words(query: str) -> str:
    return " ".join(query.lower().rstrip("; ").split())


def _of_bookkeeping(one: Expectation, asked: dict[str, Expectation]) -> Expectation:
    """Compare versions as versions, however the author asks for them: 0004 is what a numeric column calls 4."""
    query = one.query if one.kind == "version" else one.subject
    known = asked.get(_words(query)) if one.kind in ("version", "query") else None
    if known is None or known.kind != "version":
        return one
    return replace(known, expected="" if one.expected == "nothing" else one.expected)


def _joined(known: tuple[Expectation, ...], given: tuple[Expectation, ...]) -> tuple[Expectation, ...]:
    return (*known, *(one for one in given if not any(_same(one, two) for two in known)))


def _same(one: Expectation, two: Expectation) -> bool:
    return (one.kind, one.subject, one.query) == (two.kind, two.subject, two.query)


def _contradictions(known: tuple[Expectation, ...], given: tuple[Expectation, ...], where: str) -> Iterator[Problem]:
    for number, one in enumerate(given):
        for two in known:
            if one.kind == "version" and _same(one, two) and not same_version(one.expected, two.expected):
                there = printable(two.expected or "nothing", 40)
                yield Problem(f"{where}[{number}].expected", f"can never hold: {there} is applied then")
