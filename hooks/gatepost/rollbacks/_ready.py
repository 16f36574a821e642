"""Look, before anything is done, whether everything is there that the steps will need."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gatepost.errors import GatepostError
from gatepost.model import printable
from gatepost.rollbacks import RollbackPlan, Step
from gatepost.rollbacks._execute import words
from gatepost.rollbacks._probe import Surroundings, connected, elsewhere
from gatepost.rollbacks._state import State

_OF_DATABASE = ("version", "schema", "present", "absent", "query", "rows")


class Need(NamedTuple):
    """Something that a step needs, and whether it is there."""

    good: bool
    said: str


def needs(plan: RollbackPlan, around: Surroundings, state: State, directory: str) -> tuple[Need, ...]:
    """Give what the steps that are left need: variables, commands, objects, the database; nothing is changed."""
    left = [
        (number, step)
        for number, step in enumerate(plan.steps, 1)
        if state.steps[number - 1].result != "done" and not elsewhere(step.engine, around)
    ]
    found = [need for number, step in left for need in _of_step(number, step, plan, around, directory)]
    if _asks(plan, [step for _, step in left]):
        found.append(_database(around))
    return tuple(dict.fromkeys(found))


def _asks(plan: RollbackPlan, left: list[Step]) -> bool:
    """Tell whether the database will be asked for anything."""
    checks = [one for step in left for one in (*step.before, *step.after)]
    asked = any(one.kind in _OF_DATABASE for one in (*checks, *plan.checks))
    return asked or bool(plan.expected.schema) or any(one.query for one in plan.expected.versions)


def _of_step(number: int, step: Step, plan: RollbackPlan, around: Surroundings, directory: str) -> Iterator[Need]:
    oid = plan.expected.object if step.kind == "ref" else "" if directory else step.checkout
    if oid and around.repo.resolve(oid) is None:
        yield Need(False, f"step {number}: {oid[:12]} is not here: git fetch")
        return
    if step.kind == "ref" or not step.command:
        return
    try:
        program = words(step, around.environ)[0]
    except (GatepostError, IndexError) as error:
        yield Need(False, f"step {number}: {printable(str(error), 200)}")
        return
    there = _program(program, step, around, directory)
    named = printable(program, 120)
    yield Need(there, f"step {number}: {named} {'is there' if there else 'is not found here, or cannot be run'}")


def _program(program: str, step: Step, around: Surroundings, directory: str) -> bool:
    if "/" not in program:
        return shutil.which(program, path=around.environ.get("PATH", os.defpath)) is not None
    if program.startswith("/"):
        return os.access(program, os.X_OK)
    if directory or not step.checkout:
        return os.access(Path(directory or around.repo.path) / program, os.X_OK)
    return around.repo.resolve(f"{step.checkout}:{os.path.normpath(program)}", "blob") is not None


def _database(around: Surroundings) -> Need:
    from gatepost.databases import Failed

    try:
        engine, connection = connected(around)
    except (GatepostError, Failed) as error:
        return Need(False, f"the database cannot be asked: {printable(error.message, 300)}")
    connection.close()
    return Need(True, f"the database of ${around.variable} answers ({engine.name})")
