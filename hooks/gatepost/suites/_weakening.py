"""What a test demands less than before, and what the rest of the push offers as an explanation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gatepost.model import Level
from gatepost.suites._units import Assertion, Unit


@dataclass(frozen=True, slots=True)
class Weakening:
    """One difference between a test before and after; ``change`` is the second word of its rule's id."""

    change: str
    test: str
    path: str
    line: int
    before: str = ""
    after: str = ""
    explained: str = ""
    level: Level | None = None
    suite: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rest of the push offers as an explanation."""

    gained: Counter[str] = field(default_factory=Counter)
    deleted: Callable[[], frozenset[str]] = frozenset
    used: frozenset[str] = frozenset()
    successors: Mapping[str, str] = field(default_factory=dict)

    def moved(self, assertion: Assertion) -> str:
        """Take one of the same assertions that are new elsewhere in the push."""
        if self.gained[assertion.canon] <= 0:
            return ""
        self.gained[assertion.canon] -= 1
        return "the same assertion is new elsewhere in this push"

    def obsolete(self, names: frozenset[str]) -> str:
        """Say which of the names the push deletes from the product."""
        gone = sorted(names & self.deleted()) if names else []
        return f"{', '.join(gone[:3])} is deleted from the product in this push" if gone else ""

    def succeeded(self, unit: Unit) -> str:
        """Say which test was declared to take over from this one."""
        for name in (f"{unit.path}::{unit.name}", unit.name, unit.bare):
            if name in self.successors:
                return f"{self.successors[name]} is declared its successor"
        return ""


def show(assertion: Assertion) -> str:
    """Write an assertion for a person, in one notation for all languages."""
    if assertion.operator in ("raises", "warns"):
        pattern = f", match={assertion.pattern}" if assertion.pattern else ""
        return f"{assertion.operator}({', '.join(assertion.exceptions)}{pattern}): {assertion.subject}".rstrip(": ")
    negated = "not " if assertion.negated else ""
    plain = f"{negated}{assertion.subject} {assertion.operator} {assertion.expected}".strip()
    return assertion.source or plain
