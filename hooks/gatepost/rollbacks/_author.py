"""Take over what an author wrote: ``rollback/*.toml``, or the front matter of ``rollback/*.md``.

What the file says completes or replaces what was derived; what only the machine can know, it may not say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gatepost.alike import seen
from gatepost.errors import CannotJudge, NotAFile, PolicyError
from gatepost.git import Change
from gatepost.model import printable
from gatepost.policy import line_of, nearest, parse_toml
from gatepost.rollbacks import CLASSES, RollbackPlan, Step
from gatepost.rollbacks._adopt import adopted, by_hand
from gatepost.rollbacks._authored_steps import LEAST, LONGEST, Problem, expectations, seconds, steps
from gatepost.rollbacks._classify import weaker
from gatepost.rollbacks._commands import same_version
from gatepost.rollbacks._complete import STAYS, missing, only_revert, placeholder

DIRECTORY = "rollback/"
LIMIT = 256 * 1024
_TEXTS = (
    "owner", "decide_within", "point_of_no_return", "backup", "forward_fix", "valid_until", "approve", "why", "reason"
)  # fmt: skip
_LISTS = ("order", "data_lost", "migrations", "notes")
_TABLES = ("steps", "checks")
_KEYS = ("class", "flag", *_TEXTS, *_LISTS, *_TABLES)
_MACHINE = ("tested", "change", "expected", "digest", "basis", "because", "triggers", "old_code", "source", "format")
_PARTS = ("flag", "application", "schema", STAYS)


@dataclass(frozen=True, slots=True)
class Written:
    """An author's file: its path, its keys, the free text below a front matter, its lines."""

    path: str
    data: Mapping[str, Any]
    prose: str = ""
    lines: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    def line(self, key: str) -> int:
        """Give the line of a key."""
        if not key:
            return 1
        if self.path.endswith(".toml"):
            return line_of(self.lines, key)
        name = key.rpartition(".")[2].partition("[")[0]
        starts = (name + ":", name + " ", name + "=")
        return next((at for at, line in enumerate(self.lines, 1) if line.lstrip("- ").startswith(starts)), 1)


def files(change: Change) -> list[str]:
    """Give the authors' files that the change brings or edits."""
    return [path for path, what in change.paths.items() if what.new and _is_plan(path)]


def _is_plan(path: str) -> bool:
    name = path.rpartition("/")[2]
    return path.startswith(DIRECTORY) and path.endswith((".toml", ".md")) and not name.lower().startswith("readme")


def read(change: Change, path: str) -> Written:
    """Read an author's file; what is wrong with it is among its problems."""
    try:
        raw = change.head.read(path, LIMIT)
        text = raw.decode("utf-8-sig")
        lines = tuple(text.splitlines())
        data, prose = _front(text, path) if path.endswith(".md") else (parse_toml(raw, path), "")
    except UnicodeDecodeError:
        return Written(path, {}, problems=(Problem("", "is not UTF-8"),))
    except (PolicyError, CannotJudge, NotAFile) as error:
        said = error.message.removeprefix(f"{path}: ")
        return Written(path, {}, problems=(Problem("", said),))
    return Written(path, data, prose, lines, tuple(_problems(data, prose)))


def _front(text: str, path: str) -> tuple[Mapping[str, Any], str]:
    """Give front matter and text of a Markdown file: TOML between ``+++``, YAML between ``---``."""
    for fence in ("+++", "---"):
        if text.startswith(fence + "\n"):
            front, found, prose = text[4:].partition(f"\n{fence}\n")
            if not found:
                front, found, prose = (text[4:].removesuffix(f"\n{fence}"), text.endswith(f"\n{fence}"), "")  # type: ignore[assignment]
            if not found:
                raise PolicyError([f"{path}: the front matter has no end: {fence}"])
            return (parse_toml(front.encode(), path) if fence == "+++" else _yaml(front, path)), prose.strip()
    raise PolicyError([f"{path}: has no front matter: begin it with +++, the keys in TOML, and +++"])


def _yaml(text: str, path: str) -> Mapping[str, Any]:
    from gatepost.lockfiles import Unreadable
    from gatepost.lockfiles._yaml import documents

    try:
        return documents(text)[0]
    except Unreadable as error:
        raise PolicyError([f"{path}: {error}"]) from None


def _problems(data: Mapping[str, Any], prose: str) -> Iterator[Problem]:
    for key, value in data.items():
        if key in _MACHINE:
            yield Problem(key, "is written by the machine; take it out")
        elif key not in _KEYS:
            yield Problem(printable(key, 60), f"unknown key{nearest(key, _KEYS)}")
        else:
            yield from _odd(key, value)
    if "class" in data and data["class"] not in CLASSES:
        yield Problem("class", f"must be one of {', '.join(CLASSES)}")
    if prose and (only_revert(prose) or placeholder(prose)):
        yield Problem("", f'the text says only "{printable(prose, 60)}": say what is run, and what is seen then')


def _odd(key: str, value: Any) -> Iterator[Problem]:
    if key in _TEXTS:
        if not isinstance(value, str):
            yield Problem(key, "must be a string")
        else:
            yield from empty(key, value)
            if key == "decide_within" and seconds(value) is not None and not LEAST <= (seconds(value) or 0) <= LONGEST:
                yield Problem(key, f'"{printable(value, 40)}" is no time in which somebody decides')
    elif key in _LISTS:
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            yield Problem(key, "must be a list of strings")
            return
        for number, entry in enumerate(value):
            yield from empty(f"{key}[{number}]", entry)
        wrong = [entry for entry in value if entry not in _PARTS] if key == "order" else []
        if wrong:
            yield Problem("order", f"{printable(wrong[0], 40)!r} is none of {', '.join(_PARTS)}")


def empty(key: str, text: str) -> Iterator[Problem]:
    """Refuse what is empty, a placeholder, or nothing but "revert the commit"."""
    if not seen(text):
        yield Problem(key, "is empty")
    elif placeholder(text):
        yield Problem(key, f'"{printable(" ".join(text.split()), 60)}" only stands where something should')
    elif only_revert(text):
        yield Problem(key, f'"{printable(text, 60)}" is no procedure: it undoes files, not a schema or what runs')


def merged(plan: RollbackPlan, written: Written, approve: str) -> tuple[RollbackPlan, tuple[Problem, ...]]:
    """Put what was written into what was derived; give the plan, and everything that is wrong with it."""
    data, problems = written.data, list(written.problems)
    given, wrong = steps(data, approve=str(data.get("approve") or approve), checkout=plan.change.head)
    checks, odd = expectations(data.get("checks", []), "checks")
    given, against = adopted(plan, given)
    own = by_hand(plan, given)
    if own:
        plan = _undone_by_hand(plan)
    problems += [*wrong, *odd, *against, *_other_deploy(plan, data), *_class(plan, data, own)]
    taken: dict[str, Any] = {
        key: data[key] for key in _TEXTS if key in {*_NAMES} and isinstance(data.get(key), str) and data[key].strip()
    }
    for key in ("order", "data_lost", "notes"):
        if isinstance(data.get(key), list) and all(isinstance(entry, str) for entry in data[key]):
            taken[key] = tuple(data[key]) if key != "notes" else (*plan.notes, *data[key])
    if data.get("class") in CLASSES and not list(_class(plan, data, own)):
        taken |= {"class_": data["class"], "basis": plan.basis if data["class"] == plan.class_ else "author"}
    made = replace(plan, **taken, checks=(*plan.checks, *checks), source=written.path)
    made = replace(made, steps=tuple(_ordered(made, given)), notes=(*made.notes, *_said(written.prose)))
    named = {problem.key.partition("[")[0] for problem in problems}
    problems += [Problem(one.key, one.reason) for one in missing(_authored(made, given)) if one.key not in named]
    return made, tuple(problems)


_NAMES = ("owner", "decide_within", "point_of_no_return", "backup", "forward_fix", "valid_until")


def _authored(plan: RollbackPlan, given: tuple[Step, ...]) -> RollbackPlan:
    """Give the plan as it is judged: steps count as the author's only where the author wrote some.

    A derived step that fails once there are rows is not mended by being written down.
    """
    own = [step for step in given if not step.undoes] if plan.class_ == "D" else given
    return plan if own else replace(plan, source="derived")


def _said(prose: str) -> Iterator[str]:
    if prose:
        yield prose[:4000]


def _ordered(plan: RollbackPlan, given: tuple[Step, ...]) -> Iterator[Step]:
    """Let the author's steps replace the derived ones of their kind, flag first, the rest in the plan's order."""
    own = {step.kind for step in given}
    group = {"ref": "application"}
    derived = [step for step in plan.steps if step.kind not in own or step.kind == "ref"]
    yield from (step for step in given if step.kind == "flag")
    for part in (*plan.order, "schema", "application", "manual"):
        if part == "schema" and "schema" not in plan.order and "schema" not in own:
            continue
        every = [step for step in (*derived, *given) if group.get(step.kind, step.kind) == part]
        derived = [step for step in derived if step not in every]
        given = tuple(step for step in given if step not in every)
        yield from every


def _other_deploy(plan: RollbackPlan, data: Mapping[str, Any]) -> Iterator[Problem]:
    """Refuse a plan that names other migrations than the change has."""
    named = data.get("migrations")
    if not isinstance(named, list):
        return
    here = [one.version for one in plan.change.migrations if one.status in ("new", "edited")]
    there = [str(name) for name in named]
    strange = [name for name in there if not any(same_version(name, version) for version in here)]
    left = [version for version in here if not any(same_version(name, version) for name in there)]
    if strange or left:
        what = f"names {', '.join(there) or 'none'}, this change has {', '.join(here) or 'none'}"
        yield Problem("migrations", f"is a plan for another deploy: it {printable(what, 160)}")


def _class(plan: RollbackPlan, data: Mapping[str, Any], own: bool) -> Iterator[Problem]:
    """Refuse a class that promises more than was found; steps of the author's own may stand in for a missing down."""
    said = data.get("class")
    found = "C" if own and plan.class_ == "E" and plan.basis == "static" else plan.class_
    if said in CLASSES and weaker(said, found):
        how = "measured" if plan.basis == "rehearsal" else "found"
        why = plan.because[0] if plan.because else plan.meaning
        yield Problem("class", f"says {said}, but {plan.class_} was {how}: {printable(why, 200)}")


def _undone_by_hand(plan: RollbackPlan) -> RollbackPlan:
    """Let the schema go back by the author's steps: what they must leave is what their own checks say."""
    order = tuple("schema" if part == STAYS else part for part in plan.order)
    return replace(plan, order=order, expected=replace(plan.expected, schema="", versions=()))
