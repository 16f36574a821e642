"""Say what a plan lacks before it can be followed at three in the morning by somebody who did not write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from gatepost.alike import seen
from gatepost.rollbacks import RollbackPlan

STAYS = "the schema stays"
_PLACEHOLDER = re.compile(
    r"(?:tbd|tba|tbc|todo|fixme|xxx+|n/?a|none|\?+|-+|…|\.\.\.|(?:see|as|same as) above"
    r"|see below|to be (?:done|defined|decided|written)|fill (?:me |this )?in"
    r"|<[^<>]{0,60}>|lorem ipsum.{0,80}|placeholder)[.!…]?"
)
_WITHIN = re.compile(r"(?<![\w-])(?:TBD|TODO|FIXME|XXX)(?![\w-])|\bsee above\b|\bto be (?:defined|decided)\b")
_REVERT = re.compile(
    r"(?:just |simply |then |please )?(?:git )?(?:revert|undo|roll ?back)(?:ing)?(?: (?:the|this|that|my|last|bad|merge"
    r"|commit|commits|change|changes|deploy|deployment|pr|pull|request|mr|it|head|code|--no-edit))*"
    r"(?: [0-9a-f]{7,64})?(?: (?:and|then) (?:re)?(?:push|deploy)(?: it| again)?)?[.!]?"
)


class Missing(NamedTuple):
    """One thing that a plan lacks: the key, and why it matters."""

    key: str
    reason: str


def placeholder(text: str) -> bool:
    """Tell text that only stands where something should: TBD, TODO, "see above", "…"."""
    plain = seen(text)
    return bool(plain) and len(plain) < 4000 and bool(_PLACEHOLDER.fullmatch(plain.lower()) or _WITHIN.search(plain))


def only_revert(text: str) -> bool:
    """Tell "revert the commit" and the like: that undoes files, and neither a schema nor what runs."""
    plain = seen(text.lower().replace("`", ""))
    return len(plain) < 200 and _REVERT.fullmatch(plain) is not None


def missing(plan: RollbackPlan) -> tuple[Missing, ...]:
    """Give what is lacking; nothing for a plan that can be followed."""
    return tuple(_missing(plan))


def _missing(plan: RollbackPlan) -> Iterator[Missing]:
    authored = plan.source != "derived"
    for key in ("owner", "decide_within"):
        if not str(getattr(plan, key)).strip():
            yield Missing(key, "nobody is named" if key == "owner" else "no time is given")
    if not plan.steps:
        yield Missing("steps", "no step is known")
    if "schema" in plan.order and not any(step.kind == "schema" for step in plan.steps):
        yield Missing("steps", "how the schema goes back is not known here")
    yield from _by_class(plan, authored)


def _by_class(plan: RollbackPlan, authored: bool) -> Iterator[Missing]:
    runs, stays = plan.old_code.runs, STAYS in plan.order
    if plan.class_ == "C" and not plan.backup:
        yield Missing(
            "backup", "values that existed before are lost: say what has them, how old it is, how it comes back"
        )
    if plan.class_ == "D" and not stays and not authored:
        yield Missing("steps", "the way down fails once there are rows: give the step that deals with them first")
    by_hand = authored and any(step.kind == "schema" for step in plan.steps)
    if plan.class_ == "E" and not plan.forward_fix and not (stays and runs) and not by_hand:
        yield Missing(
            "forward_fix", "there is no way down, and it is not known that the old code runs on the new schema"
        )
    if plan.class_ == "F" and not authored:
        yield Missing(
            "steps", "the old code does not run on the new schema: split it into expand, migrate, contract, or say how"
        )
