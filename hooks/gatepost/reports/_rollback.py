"""Write a rollback plan for people: text for a terminal, Markdown for a ticket, one HTML file for a browser."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from gatepost.model import printable
from gatepost.rehearsals.report import PHRASES
from gatepost.reports.html import page
from gatepost.reports.markdown import code, prose
from gatepost.rollbacks import Expectation, RollbackPlan, Step
from gatepost.rollbacks._complete import STAYS

LONG = 1000
_ADDED = """
ol { padding-left: 1.4rem; }
li { margin: .8rem 0; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: .3rem; padding: .5rem .7rem;
  margin: .4rem 0; white-space: pre-wrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .6rem 0; }
dt { color: var(--soft); }
dd { margin: 0; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
.class { border: 2px solid var(--mark); color: var(--mark); border-radius: .3rem; padding: 0 .5rem; font-weight: 600; }
"""
_MARKS = {"A": "pass", "B": "pass", "C": "warning", "D": "warning", "E": "error", "F": "error"}


class Shown(NamedTuple):
    """A plan with its digest and what it lacks."""

    plan: RollbackPlan
    digest: str
    lacks: tuple[str, ...] = ()


# What somebody needs before the first step; the rest stands below the steps.
FIRST = ("undoes", "class", "owner", "decide within", "order", "no way back from", "data lost", "backup", "digest")


def above(shown: Shown) -> list[tuple[str, str]]:
    """Give what stands above the steps."""
    return [(name, value) for name, value in facts(shown) if value and name in FIRST]


def below(shown: Shown) -> list[tuple[str, str]]:
    """Give what stands below the steps."""
    return [(name, value) for name, value in facts(shown) if value and name not in FIRST]


def facts(shown: Shown) -> Iterator[tuple[str, str]]:
    """Give all that is known beside the steps, as pairs of a name and a text."""
    plan, tested = shown.plan, shown.plan.tested
    yield "undoes", f"{plan.change.head[:12]} on {plan.change.ref}, back to {plan.expected.object[:12]}"
    yield "because of", "; ".join(plan.change.why)
    how = {"rehearsal": "measured", "static": "by the static model", "author": "by the author"}[plan.basis]
    yield "class", f"{plan.class_}: {plan.meaning} ({how})"
    yield "why", "; ".join(plan.because)
    yield "owner", plan.owner
    yield "decide within", plan.decide_within
    yield "start it when", "; ".join(f"{one.rule}: {one.says}" for one in plan.triggers)
    yield "order", ", ".join(plan.order)
    runs = {True: "runs on the new schema", False: "does not run on the new schema", None: "may not run on it"}
    yield "the old code", f"{runs[plan.old_code.runs]} ({plan.old_code.evidence})"
    yield "no way back from", plan.point_of_no_return
    yield "data lost", "; ".join(plan.data_lost) or ("nothing, as the schema stays" if _kept(plan) else "nothing")
    yield "backup", plan.backup
    yield "forward fix", plan.forward_fix
    yield "valid until", plan.valid_until
    yield "migrations", ", ".join(f"{one.framework} {one.version}" for one in plan.change.migrations)
    yield "tested", _tested(plan) if tested else "no: not rehearsed"
    yield "afterwards", _expected(plan)
    yield "digest", shown.digest


def _kept(plan: RollbackPlan) -> bool:
    """Tell a plan that loses nothing because it leaves the schema as it is."""
    return plan.class_ == "B" and STAYS in plan.order


def _tested(plan: RollbackPlan) -> str:
    one = plan.tested
    said = ", ".join(PHRASES.get(word, word) for word in one.verdict.split(", ")) if one else ""
    return f"{said}, {one.tool} at {one.at}, {one.seconds:.1f} s, on {one.how or one.server}" if one else ""


def _expected(plan: RollbackPlan) -> str:
    said = [f"{plan.expected.ref} is {plan.expected.object}"]
    said += [f"{one.history} is at {one.version or 'nothing'}" for one in plan.expected.versions]
    said += [f"schema {plan.expected.schema[:16]}"] if plan.expected.schema else []
    return ", ".join(said)


def told(one: Expectation) -> str:
    """Say what is looked at, and what must come out."""
    if one.kind in ("absent", "present"):
        return f"{one.subject} is {'there' if one.kind == 'present' else 'gone'}"
    if one.kind == "rows":
        return f"rows of {one.subject}: {'no fewer than before' if one.expected == 'kept' else one.expected}"
    names = {"ref": "", "version": "version of ", "schema": "schema of ", "url": "GET ", "blob": "file ", "query": ""}
    return f"{names[one.kind]}{one.subject} = {one.expected or 'nothing'}"


def details(step: Step) -> Iterator[str]:
    """Say what must be known of a step beside its command."""
    if step.checkout:
        yield f"run it in a checkout of {step.checkout[:12]}"
    if step.approve:
        yield f"to be approved by {step.approve}"
    if step.seconds is not None:
        yield f"took {step.seconds * 1000:.0f} ms in the rehearsal, on synthetic rows"
    if step.locks:
        yield f"locks {', '.join(step.locks[:6])}"
    if step.repeatable is not None:
        yield "may be repeated" if step.repeatable else "may not be repeated"
    if step.note:
        yield step.note


def text(shown: Shown) -> str:
    """Write it for a terminal."""
    plan = shown.plan
    width = max(len(name) for name, _ in facts(shown))
    lines = [f"{name:<{width}}  {printable(value, LONG)}" for name, value in above(shown)]
    lines += ["", "steps"]
    for number, step in enumerate(plan.steps, 1):
        lines.append(f"{number:>3}. {printable(step.title)}")
        lines += [f"     before  {printable(told(one), LONG)}" for one in step.before]
        lines += [f"     $ {printable(step.command, LONG)}"] if step.command else []
        lines += [f"     after   {printable(told(one), LONG)}" for one in step.after]
        lines += [f"     {printable(one, LONG)}" for one in details(step)]
    lines += [f"in the end  {printable(told(one), LONG)}" for one in plan.checks]
    lines += ["", *(f"{name:<{width}}  {printable(value, LONG)}" for name, value in below(shown))]
    lines += [f"{'note':<{width}}  {printable(one, LONG)}" for one in plan.notes]
    lines += ["", "not complete", *(f"    {printable(one, LONG)}" for one in shown.lacks)] if shown.lacks else []
    return "".join(line.rstrip() + "\n" for line in lines)


def markdown(shown: Shown) -> str:
    """Write it as Markdown."""
    plan = shown.plan
    lines = [f"## Rollback of {code(plan.change.head[:12])}: class {plan.class_}, {prose(plan.meaning, LONG)}", ""]
    if shown.lacks:
        lines += ["**Not complete:**", "", *(f"- {prose(one, LONG)}" for one in shown.lacks), ""]
    lines += _pairs(above(shown))
    lines += ["", "### Steps", ""]
    for number, step in enumerate(plan.steps, 1):
        lines.append(f"{number}. {prose(step.title, LONG)}")
        lines += [f"   - before: {prose(told(one), LONG)}" for one in step.before]
        lines += ["", *_fenced(step.command), ""] if step.command else []
        lines += [f"   - after: {prose(told(one), LONG)}" for one in step.after]
        lines += [f"   - {prose(one, LONG)}" for one in details(step)]
    if plan.checks:
        lines += ["", "### In the end", "", *(f"- {prose(told(one), LONG)}" for one in plan.checks)]
    lines += ["", "### What is known", "", *_pairs(below(shown))]
    if plan.notes:
        lines += ["", "### Notes", "", *(f"- {prose(one, LONG)}" for one in plan.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _pairs(pairs: list[tuple[str, str]]) -> list[str]:
    return ["| | |", "| --- | --- |", *(f"| {name} | {prose(value, LONG)} |" for name, value in pairs)]


def _fenced(command: str) -> list[str]:
    fence = "```"
    while fence in command:
        fence += "`"
    return [f"   {fence}sh", f"   {printable(command, LONG)}", f"   {fence}"]


def html(shown: Shown) -> str:
    """Write it as one page without scripts."""
    plan = shown.plan
    title = f"Rollback of {plan.change.head[:12]}"
    header = (f'<h1>{escape(title)} <span class="class">{plan.class_}</span></h1>', f"<p>{_text(plan.meaning)}</p>")
    return page(title, _MARKS[plan.class_], header, _page(shown), _ADDED)


def _page(shown: Shown) -> Iterator[str]:
    plan = shown.plan
    if shown.lacks:
        yield f'<article class="error"><p><b>Not complete</b></p>{_items(shown.lacks)}</article>'
    yield _list(above(shown))
    yield "<h2>Steps</h2><ol>"
    for step in plan.steps:
        yield f"<li><b>{_text(step.title)}</b>"
        yield from (f'<p class="soft">before: {_text(told(one))}</p>' for one in step.before)
        if step.command:
            yield f"<pre><code>{_text(step.command)}</code></pre>"
        yield from (f'<p class="soft">after: {_text(told(one))}</p>' for one in step.after)
        yield from (f'<p class="soft">{_text(one)}</p>' for one in details(step))
        yield "</li>"
    yield "</ol>"
    if plan.checks:
        yield f"<h2>In the end</h2>{_items(tuple(told(one) for one in plan.checks))}"
    yield f"<h2>What is known</h2>{_list(below(shown))}"
    if plan.notes:
        yield f"<h2>Notes</h2>{_items(plan.notes)}"


def _list(pairs: list[tuple[str, str]]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{_text(value)}</dd>' for name, value in pairs)}</dl>"


def _items(texts: tuple[str, ...]) -> str:
    return f"<ul>{''.join(f'<li>{_text(one)}</li>' for one in texts)}</ul>"


def _text(value: str) -> str:
    return escape(printable(value, LONG))
