"""Write the file that an author fills in: everything that is known stands there, what is lacking is empty."""

from __future__ import annotations

import json

from gatepost.rollbacks import Expectation, RollbackPlan, Step
from gatepost.rollbacks._complete import Missing

_NAMES = {"class": "class_"}


def draft(plan: RollbackPlan, lacks: tuple[Missing, ...]) -> str:
    """Give the text of ``rollback/NAME.toml``."""
    wanted = {one.key: one.reason for one in lacks}
    versions = [one.version for one in plan.change.migrations if one.status in ("new", "edited")]
    lines = [f"# The rollback of {plan.change.head[:12]} on {plan.change.ref}; docs/rollback.md explains each key."]
    lines += [f"# {one}" for one in plan.because]
    lines += [f"migrations = {_list(versions)}"] if versions else []
    lines.append(f'class = "{plan.class_}"  # {plan.meaning}')
    for key in ("owner", "decide_within", "backup", "forward_fix", "point_of_no_return"):
        value = getattr(plan, key)
        if key in wanted:
            lines += [f"# fill in: {wanted[key]}", f'{key} = ""']
        elif value:
            lines.append(f"{key} = {_quoted(value)}")
    lines.append(f"order = {_list(plan.order)}")
    if plan.data_lost:
        lines.append(f"data_lost = {_list(plan.data_lost)}")
    schema = [step for step in plan.steps if step.kind == "schema"]
    if "steps" in wanted:
        lines += ["", f"# fill in: {wanted['steps']}"]
        schema = schema or [Step("schema", "")]
    for step in schema:
        lines += _step(step)
    return "\n".join(lines) + "\n"


def _step(step: Step) -> list[str]:
    lines = ["", "[[steps]]", 'kind = "schema"', f"title = {_quoted(step.title)}", f"command = {_quoted(step.command)}"]
    for name, listed in (("before", step.before), ("after", step.after)):
        for one in listed:
            lines += _expectation(name, one)
    return lines


def _expectation(name: str, one: Expectation) -> list[str]:
    if one.kind in ("absent", "present"):
        return [f"[[steps.{name}]]", f"{one.kind} = {_quoted(one.subject)}"]
    if one.kind == "version":
        return [
            f"[[steps.{name}]]",
            f"version = {_quoted(one.query)}",
            f"expected = {_quoted(one.expected or 'nothing')}",
        ]
    if one.kind in ("rows", "query", "url", "blob"):
        return [f"[[steps.{name}]]", f"{one.kind} = {_quoted(one.subject)}", f"expected = {_quoted(one.expected)}"]
    return []


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _list(values: tuple[str, ...] | list[str]) -> str:
    return "[" + ", ".join(_quoted(value) for value in values) + "]"
