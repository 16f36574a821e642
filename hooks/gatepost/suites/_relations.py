"""Tell how an assertion that is new stands to one that is gone."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Sequence

from gatepost.suites._units import Assertion
from gatepost.suites._words import identifiers

VALUE = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|[\w.]+")

_ANYTHING = frozenset(
    ("Exception", "BaseException", "Throwable", "Error", "StandardError", "any", "java.lang.Exception")
)


def distinct(live: Sequence[Assertion]) -> Iterator[Assertion]:
    """Drop what is written twice, one right below the other: it demands nothing more."""
    last: Assertion | None = None
    for one in live:
        twice = last is not None and last.canon == one.canon and last.guards == one.guards
        if last is None or not twice or last.exceptions != one.exceptions or one.line - last.line != 1:
            yield one
        last = one


def bare(text: str) -> str:
    """Give a statement without what changes nothing: spaces, braces, the arrow around a call."""
    return re.sub(r"^(?:async )?(?:function )?\(\) ?(?:=>)? ?|[\s;{}]", "", text)


def compared(one: Assertion) -> list[str]:
    """Give the names and literals that an assertion compares."""
    literal = one.expected if one.expected[:1] in "'\"[({-0123456789" else ""
    plain = one.subject if one.subject.isidentifier() else ""
    return VALUE.findall(plain or literal)


def reported(one: Assertion, other: Assertion) -> bool:
    """Tell a panic that became an error: another answer."""
    return one.operator.startswith("Panics") and other.operator == "!=" and other.expected == "nil"


def deprecates(name: str) -> bool:
    """Tell a warning that announces an end."""
    return "Deprecat" in name or "RemovedIn" in name or name.endswith("FutureWarning")


def part_of(subject: str, other: str) -> bool:
    """Tell whether the second looks at the first, or at a part of it."""
    return bool(subject) and subject in other and identifiers(subject) <= identifiers(other)


def related(one: Assertion, other: Assertion) -> bool:
    """Tell whether two assertions name or look at something in common."""
    return bool(one.names & other.names or identifiers(one.subject) & identifiers(other.subject))


def absent(one: Assertion, other: Assertion) -> bool:
    """Tell that what had a value must not be there now."""
    return other.operator in ("contains", "in") and other.negated and not one.negated


def predicate(one: Assertion, other: Assertion) -> bool:
    """Tell the answer to another question from the bare truth of the old subject, or of a part of it."""
    return other.operator == "truthy" and other.subject not in one.subject and one.subject not in other.subject


def empty(one: Assertion, other: Assertion) -> bool:
    """Tell that there was to be no value and is one now: another answer, not a vaguer one."""
    nothing = one.operator == "==" and one.expected in ("None", "undefined", "null", "nil", '""', "''")
    vague = other.operator in ("in", "truthy", ">=", "<=", ">", "<")
    return nothing and not vague and (other.operator != "!=" or other.expected == one.expected)


def wider(old: tuple[str, ...], new: tuple[str, ...]) -> bool:
    """Tell whether the new exceptions accept more than the old ones did."""
    if set(old) == set(new):
        return False
    if not new or (set(new) & _ANYTHING and not set(old) & _ANYTHING):
        return True
    if "BaseException" in new and "BaseException" not in old:
        return True
    if set(old) < set(new):
        return True
    return len(old) == len(new) == 1 and _ancestor(new[0], old[0])


def _ancestor(name: str, of: str) -> bool:
    one, other = getattr(builtins, name, None), getattr(builtins, of, None)
    both = isinstance(one, type) and isinstance(other, type) and one is not other
    return both and issubclass(other, one)  # type: ignore[arg-type]  # both are types by the line above


def by_platform(guard: str) -> bool:
    """Tell a guard that asks where the test runs."""
    return any(
        word in guard
        for word in (
            "sys.platform",
            "version_info",
            "os.name",
            "platform.",
            "process.platform",
            "runtime.GOOS",
            "process.env",
            "os.environ",
            "os.getenv",
            "os.Getenv",
            "RUBY_",
        )
    )


def moved_bound(one: Assertion, other: Assertion) -> str:
    """Say what another expected value is: a bound that gives more room, or another answer."""
    try:
        before, after = float(one.expected), float(other.expected)
    except ValueError:
        return "expected-changed"
    raised = one.operator in ("<", "<=") and after > before
    lowered = one.operator in (">", ">=") and after < before
    return "tolerance-raised" if (raised or lowered) and one.negated == other.negated else "expected-changed"
