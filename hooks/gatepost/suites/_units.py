"""What a test is, in all languages: units, their detail, their assertions and marks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

# How much an assertion says about its subject; a smaller number on the same subject is a loosening.
EXACT, NEAR, PART, BOUND, TRUTHY = 5, 4, 3, 2, 1


@dataclass(frozen=True, slots=True)
class Assertion:
    """One thing that a test demands, normalised: order of sides, layout and message do not matter.

    ``operator`` is one word for all languages (``==``, ``in``, ``truthy``, ``raises`` …). ``exceptions``
    and ``pattern`` describe ``raises``. ``guards`` are conditions and broad handlers around it, ``dead``
    says why it never runs, ``trivial`` why it can never fail, ``via`` which helper asserts for it;
    ``source`` is how it is written, for people.
    """

    subject: str
    operator: str
    expected: str = ""
    line: int = 1
    strength: int = EXACT
    negated: bool = False
    names: frozenset[str] = frozenset()
    tolerance: float | None = None
    exceptions: tuple[str, ...] = ()
    pattern: str = ""
    guards: tuple[str, ...] = ()
    dead: str = ""
    trivial: str = ""
    via: str = ""
    source: str = ""

    @property
    def canon(self) -> str:
        """What makes two assertions the same, wherever they stand."""
        return f"{'not ' if self.negated else ''}{self.subject} {self.operator} {self.expected}{self.pattern}".strip()

    @property
    def weak(self) -> bool:
        """Tell an assertion that only says that there is a value."""
        return self.operator == "!=" and self.expected in ("None", "undefined", "null", "nil", "True", "False")

    @property
    def live(self) -> bool:
        """Tell whether it runs and can fail."""
        return not self.dead and not self.trivial


@dataclass(frozen=True, slots=True)
class Marker:
    """A mark that turns a test off or all others off: ``skip``, ``xfail`` or ``focus``."""

    kind: Literal["skip", "xfail", "focus"]
    text: str
    line: int
    conditional: bool = False


@dataclass(frozen=True, slots=True)
class Detail:
    """What a unit does: its statements, assertions, marks, parameter rows, limits of time and retries.

    ``arranged`` are the statements that assert nothing: what the assertions look at comes from them.
    """

    assertions: tuple[Assertion, ...] = ()
    statements: tuple[str, ...] = ()
    arranged: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    markers: tuple[Marker, ...] = ()
    rows: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)

    @property
    def live(self) -> tuple[Assertion, ...]:
        """The assertions that run and can fail."""
        return tuple(assertion for assertion in self.assertions if assertion.live)


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A test, or (``uncollected`` says why) a function that the runner does not collect as one."""

    path: str
    name: str
    line: int
    digest: str
    detail: Callable[[], Detail]
    uncollected: str = ""
    helper: bool = False
    size: int = 0

    @property
    def bare(self) -> str:
        """The last part of the qualified name."""
        return self.name.rpartition("::")[2]


@dataclass(frozen=True, slots=True)
class Source:
    """One file of one side. ``problem`` says why it could not be analysed; then there are no units.

    ``used`` are the names that the file refers to: a function that was a test and is called now is a
    helper. ``successors`` maps the old test of a ``gatepost: successor`` comment to the test that stands
    below it. ``markers`` are what a plain line scan found where the syntax tree is not to be had.
    """

    units: tuple[Unit, ...] = ()
    problem: str = ""
    used: frozenset[str] = frozenset()
    successors: Mapping[str, str] = field(default_factory=dict)
    markers: tuple[Marker, ...] = ()
