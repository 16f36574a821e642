"""Rollback plans: a specific, rehearsed procedure for one deploy, derived from what is known of its change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = [
    "CLASSES",
    "Changed",
    "Class",
    "Compatible",
    "Expectation",
    "Expected",
    "Moved",
    "RollbackPlan",
    "Step",
    "Tested",
    "Trigger",
    "Version",
]

Class = Literal["A", "B", "C", "D", "E", "F"]
CLASSES: dict[Class, str] = {
    "A": "reversible: schema and rows come back as they were",
    "B": "loses what was written after the deploy",
    "C": "loses what existed before the deploy",
    "D": "the way down fails once there are rows",
    "E": "forward-fix only: there is no way down",
    "F": "must be split into expand, migrate, contract: the old code does not run on the new schema",
}
Basis = Literal["rehearsal", "static", "author"]
StepKind = Literal["flag", "application", "ref", "schema", "manual"]
ExpectationKind = Literal["ref", "blob", "version", "schema", "present", "absent", "query", "rows", "url"]


@dataclass(frozen=True, slots=True)
class Moved:
    """One migration of the change, with the digests of both directions ("" for none)."""

    framework: str
    version: str
    path: str
    up: str
    down: str
    status: str = "new"


@dataclass(frozen=True, slots=True)
class Changed:
    """What the plan undoes: a range on a ref, why it is significant, which migrations are in it."""

    base: str
    head: str
    ref: str
    why: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    migrations: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Trigger:
    """A signal of the verification that starts the rollback."""

    rule: str
    says: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """Something that is looked at before or after a step, and the value that it must have.

    ``subject`` is a ref, a path, a table or column, a query, a URL or the name of a history. ``query`` is what asks for
    a version, and of a schema the engine that its fingerprint was made on. An empty ``expected`` of a version means
    that nothing is applied.
    """

    kind: ExpectationKind
    subject: str
    expected: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the exact command, what it needs, and what must hold before and after it.

    ``checkout`` is the object whose files the command needs. ``repeatable`` tells whether it may be run again after
    it was interrupted; None: not known. ``engine`` is there where the change has one history for each of several
    databases: the step is for that one only. ``seconds`` and ``locks`` come from the rehearsal, on synthetic rows.
    """

    kind: StepKind
    title: str
    command: str = ""
    shell: bool = False
    checkout: str = ""
    approve: str = ""
    repeatable: bool | None = None
    timeout: float = 900.0
    seconds: float | None = None
    locks: tuple[str, ...] = ()
    before: tuple[Expectation, ...] = ()
    after: tuple[Expectation, ...] = ()
    note: str = ""
    undoes: tuple[str, ...] = ()
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """What the bookkeeping of a history names as applied, "" for nothing."""

    history: str
    framework: str
    version: str
    query: str = ""
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """The state after the rollback; ``schema`` is a fingerprint on ``engine``, "" where nothing has measured one."""

    object: str
    ref: str
    schema: str = ""
    versions: tuple[Version, ...] = ()
    engine: str = ""


@dataclass(frozen=True, slots=True)
class Tested:
    """What the machine writes after a rehearsal, for exactly these scripts."""

    tool: str
    server: str
    how: str
    at: str
    verdict: str
    seconds: float
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compatible:
    """Whether the old code runs on the new schema, and how that is known; None: not known."""

    runs: bool | None
    evidence: str


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """The procedure for one deploy. ``source`` is ``derived``, or the author's file that completes it."""

    change: Changed
    class_: Class
    basis: Basis
    because: tuple[str, ...]
    owner: str
    decide_within: str
    triggers: tuple[Trigger, ...]
    order: tuple[str, ...]
    old_code: Compatible
    steps: tuple[Step, ...]
    expected: Expected
    checks: tuple[Expectation, ...] = ()
    point_of_no_return: str = ""
    data_lost: tuple[str, ...] = ()
    backup: str = ""
    forward_fix: str = ""
    valid_until: str = ""
    tested: Tested | None = None
    source: str = "derived"
    notes: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """The class in words."""
        return CLASSES[self.class_]
