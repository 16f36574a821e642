"""Compare one test before and after: what it no longer demands, and what explains that.

Only what stays unexplained is a weakening; what was explained is kept for the record.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from gatepost.model import Level
from gatepost.suites._relations import (
    VALUE,
    absent,
    bare,
    by_platform,
    compared,
    deprecates,
    distinct,
    empty,
    moved_bound,
    part_of,
    predicate,
    related,
    reported,
    wider,
)
from gatepost.suites._units import BOUND, PART, Assertion, Detail, Marker, Unit
from gatepost.suites._weakening import Surroundings, Weakening, show
from gatepost.suites._words import identifiers, shares

MANY = 40_000


CLOSE = 0.05


ANEW = 0.34

_ORDER: tuple[Level | None, ...] = ("error", "warning", None, "note")

_AROUND = ("if", "for", "while", "try", "with", "asyncwith")


def compare(old: Unit, new: Unit, around: Surroundings) -> Iterator[Weakening]:
    """Give each way in which ``new`` demands less than ``old``, explained or not."""
    one, other = old.detail(), new.detail()
    if not old.uncollected and new.uncollected:
        yield _uncollected(old, new, around)
        return
    if not old.helper:
        yield from _marks(new, one, other)
        yield from _rows(new, one, other, around)
        yield from _limits(new, one, other)
    yield from _folded(_Assertions(old, new, around).compare())


def _folded(found: Iterable[Weakening]) -> Iterator[Weakening]:
    """Give one weakening for each cause, with how many assertions it concerns: one skip is one finding."""
    groups: dict[tuple[str, str, str], list[Weakening]] = defaultdict(list)
    for weak in found:
        if weak.cause:
            groups[weak.change, weak.cause, weak.explained].append(weak)
        else:
            yield weak
    for same in groups.values():
        worst = min(same, key=lambda weak: _ORDER.index(weak.level))
        more = f" (and {len(same) - 1} more)" if len(same) > 1 else ""
        yield replace(worst, before=f"{worst.before}{more}")


def _uncollected(old: Unit, new: Unit, around: Surroundings) -> Weakening:
    why = around.succeeded(old)
    if not why and new.bare in around.used and new.bare != old.bare:
        why = f"{new.bare} is called by other tests now"
    if not why and "its class" in new.uncollected and new.name.split("::")[0] in around.used:
        why = f"{new.name.split('::')[0]} is a base of other classes now"
    return Weakening("not-collected", old.name, new.path, new.line, f"{old.path}::{old.name}", new.uncollected, why)


def _marks(new: Unit, one: Detail, other: Detail) -> Iterator[Weakening]:
    had = Counter((marker.kind, marker.conditional) for marker in one.markers)
    known = {(marker.text, marker.conditional) for marker in one.markers}
    for marker in other.markers:
        if (marker.text, marker.conditional) in known or marker.kind == "focus":
            continue
        if had[marker.kind, marker.conditional] > 0:
            had[marker.kind, marker.conditional] -= 1
        else:
            yield _mark(new, marker)


def _mark(unit: Unit, marker: Marker) -> Weakening:
    level: Level | None = "note" if marker.conditional else None
    return Weakening("test-skipped", unit.name, unit.path, marker.line, "", marker.text, level=level)


def _rows(new: Unit, one: Detail, other: Detail, around: Surroundings) -> Iterator[Weakening]:
    if len(other.rows) >= len(one.rows):
        return
    lost = list((Counter(one.rows) - Counter(other.rows)).elements())
    from gatepost.suites._words import words

    left = [row for row in lost if around.gained[f"row {row}"] <= 0 and not around.obsolete(words(row))]
    left = [row for row in left if other.rows or not _spelled_out(row, one, other)]
    why = "" if left else "the rows stand in another test or in statements now, or name what the product no longer has"
    if lost:
        before = "; ".join((left or lost)[:3])
        yield Weakening(
            "cases-removed", new.name, new.path, new.line, before, f"{len(other.rows)} of {len(one.rows)} rows", why
        )


def _spelled_out(row: str, one: Detail, other: Detail) -> bool:
    """Tell whether the values of a row stand in statements of the test that are new."""
    said = " ".join((Counter(other.statements) - Counter(one.statements)).keys())
    values = VALUE.findall(row)
    return bool(values) and all(value in said for value in values)


def _limits(new: Unit, one: Detail, other: Detail) -> Iterator[Weakening]:
    for name, value in other.limits.items():
        before = one.limits.get(name)
        loosens = value > before if before is not None else name != "timeout"
        if loosens:
            shown = "" if before is None else f"{name} {before:g}"
            yield Weakening("tolerance-raised", new.name, new.path, new.line, shown, f"{name} {value:g}")


class _Assertions:
    """The assertions of one pair: match what is the same, then look for what became of the rest."""

    def __init__(self, old: Unit, new: Unit, around: Surroundings) -> None:
        self.old, self.new, self.around = old, new, around
        self.before, self.after = old.detail(), new.detail()
        self.fresh: list[Assertion] = []
        self.free: list[Assertion] = []
        self.off = not old.helper and any(weak.level is None for weak in _marks(new, self.before, self.after))

    def compare(self) -> Iterator[Weakening]:
        """Give what was lost, loosened, guarded or made idle."""
        pairs, lost, self.fresh = self.matched()
        self.free = list(self.fresh)
        for one, other in pairs:
            yield from self.same(one, other)
        if len(lost) * len(self.fresh) > MANY:
            yield self.many(lost)
            return
        stages = (
            self.allowed,
            self.exception,
            self.same_subject,
            self.explained,
            self.idle,
            self.emptied,
            self.rewritten,
        )
        for stage in stages:
            rest: list[Assertion] = []
            for assertion in lost:
                found = stage(assertion)
                if found is None:
                    rest.append(assertion)
                else:
                    yield found
            lost = rest
        for assertion in lost:
            yield self.removed(assertion)

    def many(self, lost: list[Assertion]) -> Weakening:
        """Report a test in which too much differs to compare it one by one."""
        before, after = len(self.before.live), len(self.after.live)
        why = "" if after < before else "there are as many assertions as before"
        told = f"{len(lost)} of {before} assertions are other ones now, {after} in all"
        return Weakening("assertion-removed", self.new.name, self.new.path, self.new.line, show(lost[0]), told, why)

    def matched(self) -> tuple[list[tuple[Assertion, Assertion]], list[Assertion], list[Assertion]]:
        """Pair equal assertions, the least guarded of the new ones first."""
        there: dict[str, list[Assertion]] = defaultdict(list)
        for assertion in distinct(self.after.live):
            there[assertion.canon].append(assertion)
        for same in there.values():
            same.sort(key=lambda assertion: -len(assertion.guards))
        pairs, lost = [], []
        for assertion in distinct(self.before.live):
            same = there[assertion.canon]
            if same:
                alike = next((other for other in reversed(same) if other.exceptions == assertion.exceptions), same[-1])
                same.remove(alike)
                pairs.append((assertion, alike))
            else:
                lost.append(assertion)
        return pairs, lost, [assertion for same in there.values() for assertion in same]

    def found(
        self,
        change: str,
        one: Assertion,
        other: Assertion | None = None,
        explained: str = "",
        level: Level | None = None,
    ) -> Weakening:
        """Make a weakening of this pair."""
        after = "" if other is None else show(other)
        return Weakening(change, self.new.name, self.new.path, self.new.line, show(one), after, explained, level)

    def same(self, one: Assertion, other: Assertion) -> Iterator[Weakening]:
        """Compare what surrounds an assertion that is still there."""
        guards = [guard for guard in other.guards if guard not in one.guards]
        if guards and len(other.guards) > len(one.guards) and one.operator != "fails":
            platform = all(by_platform(guard) for guard in guards)
            yield Weakening(
                "assertion-guarded",
                self.new.name,
                self.new.path,
                self.new.line,
                show(one),
                f"{guards[-1]}: {show(other)}",
                level="note" if platform else None,
                cause=guards[-1],
            )
        if one.operator in ("raises", "warns"):
            yield from (found for found in (self.breadth(one, other),) if found is not None)
        if (other.tolerance or 0) > (one.tolerance or 0) and one.tolerance is not None:
            yield Weakening(
                "tolerance-raised",
                self.new.name,
                self.new.path,
                self.new.line,
                f"{show(one)} ± {one.tolerance:g}",
                f"± {other.tolerance:g}",
            )

    def allowed(self, one: Assertion) -> Weakening | None:
        """Find the call that had to be refused as a plain statement: it must succeed now, another answer."""
        if one.operator != "raises":
            return None
        call = bare(one.subject)
        had = Counter(bare(said) for said in self.before.statements)
        has = Counter(bare(said) for said in self.after.statements)
        again = any(new.operator == "raises" and new.subject == one.subject for new in self.fresh)
        caught = again or any(said.startswith(_AROUND) or "suppress" in said or "catch" in said for said in has - had)
        if caught or has[call] < max(had[call], 1):
            return None
        return replace(self.found("expected-changed", one), after="the call must succeed")

    def exception(self, one: Assertion) -> Weakening | None:
        """Find the exception assertion that took the place of one."""
        if one.operator not in ("raises", "warns"):
            return None
        same = [new for new in self.free if new.operator == one.operator]
        other = next((new for new in same if new.subject == one.subject), None) or next(iter(same), None)
        if other is None:
            return None
        self.free.remove(other)
        return self.breadth(one, other) or self.found("assertion-removed", one, other, "asserted in another form")

    def breadth(self, one: Assertion, other: Assertion) -> Weakening | None:
        """Compare which exceptions two assertions accept, and which messages."""
        if wider(one.exceptions, other.exceptions) or (
            one.pattern and not other.pattern and other.exceptions == one.exceptions
        ):
            return self.found("assertion-loosened", one, other, level=self.arranged(one))
        if one.exceptions != other.exceptions or (one.pattern and one.pattern != other.pattern):
            return self.found("expected-changed", one, other)
        return None

    def same_subject(self, one: Assertion) -> Weakening | None:
        """Find what is now demanded of the same subject."""
        same = [new for new in self.fresh if new.subject == one.subject and new.operator not in ("raises", "warns")]
        if not same:
            return None
        other = max(same, key=lambda new: (new.strength, new in self.free))
        if other in self.free:
            self.free.remove(other)
        if other.strength > one.strength or bool(other.via) != bool(one.via):
            why = f"{other.via} asserts it now" if other.via else "a stronger assertion took its place"
            return self.found("assertion-removed", one, other, why)
        if one.operator == "raises" or empty(one, other) or absent(one, other):
            return self.found("expected-changed", one, other)
        if other.operator == one.operator and other.strength == one.strength:
            return self.found(moved_bound(one, other), one, other)
        if other.strength == one.strength:
            return self.found("expected-changed", one, other)
        if len(same) > 1 and len(self.after.live) >= len(self.before.live):
            return self.found("assertion-removed", one, other, "several assertions on its subject took its place")
        return self.found("assertion-loosened", one, other, self.explanation(one), self.weaker(one, other))

    def explained(self, one: Assertion) -> Weakening | None:
        """Look for the assertion elsewhere, in a stronger one, or among what the product lost."""
        why = self.around.moved(one) or self.merged(one) or self.tabled(one) or self.explanation(one)
        return self.found("assertion-removed", one, None, why) if why else None

    def explanation(self, one: Assertion) -> str:
        """Give the reason that the push itself or its author gives."""
        return self.around.obsolete(one.names) or self.around.succeeded(self.old)

    def merged(self, one: Assertion) -> str:
        """Find a new assertion at least as strong that names half of what this one names."""
        for other in self.fresh:
            strong = other.strength >= one.strength or reported(one, other)
            if (strong and shares(one.names, other.names)) or one.names & set(other.exceptions):
                return f"taken up by `{show(other)}`"
        return ""

    def tabled(self, one: Assertion) -> str:
        """Find what an assertion compared in a new row of the test, which must assert something new."""
        rows = (Counter(self.after.rows) - Counter(self.before.rows)) if self.fresh else Counter[str]()
        values = compared(one)
        said = next((row for row in rows if values and all(value in VALUE.findall(row) for value in values)), "")
        return f"a row of the test now: {said[:80]}" if said else ""

    def idle(self, one: Assertion) -> Weakening | None:
        """Find the assertion where it can never run."""
        for other in self.after.assertions:
            if other.dead and other.canon == one.canon:
                skip = self.off and "behind a skip" in other.dead
                return Weakening(
                    "assertion-unreachable",
                    self.new.name,
                    self.new.path,
                    self.new.line,
                    show(one),
                    other.dead,
                    "the skip is reported" if skip else "",
                    None if skip else self.last(),
                    cause=other.dead,
                )
        return None

    def emptied(self, one: Assertion) -> Weakening | None:
        """Find the assertion that can never fail in its place."""
        had = {assertion.canon for assertion in self.before.assertions if assertion.trivial}
        for other in self.after.assertions:
            if other.trivial and other.canon not in had:
                return self.found("assertion-trivial", one, other)
        return None

    def rewritten(self, one: Assertion) -> Weakening | None:
        """Take a new assertion for one that is gone: at least as strong is a rewrite, weaker a loosening."""
        strong = [other for other in self.free if other.strength >= one.strength]
        weak = [other for other in self.free if other.strength < one.strength and related(one, other)]
        if not strong and not weak:
            return None
        other = (strong or weak)[0]
        self.free.remove(other)
        if one.operator == "raises" or (not strong and (absent(one, other) or predicate(one, other))):
            return self.found("expected-changed", one, other)
        if strong:
            return self.found("assertion-removed", one, other, "rewritten: another assertion took its place")
        return self.found("assertion-loosened", one, other, level=self.weaker(one, other))

    def weaker(self, one: Assertion, other: Assertion) -> Level | None:
        """Give the level of a loosening: a small tolerance, or a whole that was split in parts, is a note."""
        close = other.operator == "approx" and other.expected == one.expected and (other.tolerance or 0) <= CLOSE
        parts = [new for new in self.fresh if new.strength >= PART and related(one, new)]
        split = len(parts) > 1 and len(self.after.live) > len(self.before.live)
        return "note" if close or split else self.arranged(one)

    def removed(self, one: Assertion) -> Weakening:
        """Report an assertion of which nothing is left, quietly where its scenario left with it."""
        level = None if one.operator == "warns" else self.last()  # deprecations end
        gone = self.after.live and self.arranged(one)
        why = "what it looked at is gone or changed as well" if gone and level is None else ""
        if level is None and (one.weak or len(self.after.live) >= len(self.before.live) or self.minor(one)):
            level = "note"
        return self.found("assertion-removed", one, None, why, level)

    def minor(self, one: Assertion) -> bool:
        """Tell what another assertion implies, or what went with its value, its branch, its deprecation."""
        if one.operator == "warns":
            return bool(one.exceptions) and all(deprecates(name) for name in one.exceptions)
        left = [other for other in self.after.live if other.operator not in ("raises", "warns", "fails")]
        implied = one.strength <= BOUND and any(
            other.strength > one.strength and part_of(one.subject, other.subject) for other in left
        )
        before, after = Counter(self.before.arranged), Counter(self.after.arranged)
        branch = any(said.startswith("if ") for said in before - after)
        kept = any(other.subject == one.subject and other.strength >= one.strength for other in left)
        skips = sum(mark.conditional for mark in self.after.markers) > sum(m.conditional for m in self.before.markers)
        asked = any(said.startswith("if ") and one.subject in said for said in after - before)
        return implied or (branch and kept) or (skips and asked) or self.unmade(one)

    def unmade(self, one: Assertion) -> bool:
        """Tell whether the test no longer makes the value that the assertion looked at."""
        had, has = "\n".join(self.before.statements), "\n".join(self.after.statements)
        for name in identifiers(one.subject):
            shown = re.escape(name)
            made = re.search(rf"\bas {shown}\b|\b(?:var|let|const|for) {shown}\b|(?m:^{shown} ?:?=[^=])", had)
            if made and not re.search(rf"\b{shown}\b", has):
                return True
        return False

    def anew(self) -> bool:
        """Tell a test that was written anew: little of what it did is left, and it asserts about as much."""
        before = Counter(self.before.arranged)
        kept = sum((before & Counter(self.after.arranged)).values())
        total = len(self.before.arranged)
        return total > 1 and kept < ANEW * total and 2 * len(self.after.live) >= len(self.before.live)

    def last(self) -> Level | None:
        """Give the level where the test demands nothing any more, and was not written anew."""
        if self.after.live or self.old.helper:
            return None
        before, after = Counter(self.before.arranged), Counter(self.after.arranged)
        kept = sum((before & after).values())
        return "error" if 2 * kept >= len(self.before.arranged) or not after - before else None

    def arranged(self, one: Assertion) -> Level | None:
        """Give a lower level where what the assertion looked at went or changed with it."""
        if one.operator == "fails" or self.anew():
            return "note"
        gone = Counter(self.before.arranged) - Counter(self.after.arranged)
        looked = identifiers(one.subject)
        own = one.subject if one.operator in ("raises", "warns") else ""
        return "note" if any(looked & identifiers(said) for said in gone if said not in own) else None
