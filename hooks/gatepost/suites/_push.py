"""Compare all tests of a push: read both sides, pair them, and collect what they no longer demand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Change, Entry, PathChange, Snapshot
from gatepost.model import Level
from gatepost.paths import matches
from gatepost.suites import Files, Suite
from gatepost.suites._compare import compare
from gatepost.suites._match import Pair, differing, pair
from gatepost.suites._selection import code, selects, snapshot
from gatepost.suites._units import Source, Unit
from gatepost.suites._weakening import Surroundings, Weakening, show
from gatepost.suites._words import code_list, code_words, overlap

PRODUCT_BYTES = 6 * 1024 * 1024
CONFIG_BYTES = 512 * 1024
PARAMETRISED = 0.35
REAPPEARING = 0.6
CUT = 2


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a push is analysed, in bytes: one file, all of them, and what differs in one file (both sides)."""

    file: int
    push: int
    differing: int = 256 * 1024


@dataclass(frozen=True, slots=True)
class Both:
    """One changed test file, as its language read it on both sides."""

    change: PathChange
    suite: Suite
    old: Source
    new: Source


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison found, and which files it could not compare (path, reason, lost by this push)."""

    weakenings: tuple[Weakening, ...]
    unread: tuple[tuple[str, str, bool], ...]


class Push:
    """The test files of one change."""

    def __init__(self, change: Change, suites: Sequence[Suite], limits: Limits, exclude: Sequence[str] = ()) -> None:
        self.change, self.suites, self.limits, self.exclude = change, suites, limits, exclude
        self.spent = 0

    @cached_property
    def files(self) -> tuple[Both, ...]:
        """Read every changed test file on both sides, small ones first: giants use up what is left."""
        paths = (path for path in self.change.paths if not matches(path, *self.exclude))
        found = [(path, suite) for path in paths for suite in self.suites if suite.claims(path)]
        sized = sorted((self.size(self.change.paths[path]), path, suite) for path, suite in _keyed(found))
        return tuple(self.both(self.change.paths[path], self.by_name(name)) for _, path, name in sized)

    @property
    def languages(self) -> tuple[Suite, ...]:
        """Give the languages of the changed test files."""
        return tuple({both.suite.name: both.suite for both in self.files}.values())

    def by_name(self, name: str) -> Suite:
        """Give a suite by its name."""
        return next(suite for suite in self.suites if suite.name == name)

    def size(self, change: PathChange) -> int:
        """Give the bytes of both sides of a file."""
        entries = [entry for entry in (change.old, change.new) if entry is not None and entry.is_file]
        infos = [self.change.repo.objects.info(entry.oid) for entry in entries]
        return sum(info[2] for info in infos if info is not None)

    def both(self, change: PathChange, suite: Suite) -> Both:
        """Read one file."""
        size = self.size(change)
        if change.old is not None and change.new is not None and self.spent + size > self.limits.push:
            problem = Source(problem=f"more than {self.limits.push} bytes of tests changed at once")
            return Both(change, suite, problem, problem)
        self.spent += size
        old = self.side(change.old, self.change.base, suite)
        return Both(change, suite, old, self.side(change.new, self.change.head, suite))

    def side(self, entry: Entry | None, snapshot: Snapshot, suite: Suite) -> Source:
        """Read one side of a file; nothing where it is absent."""
        if entry is None:
            return Source()
        if not entry.is_file:
            return Source(problem=f"is {entry.kind}, not a regular file")
        try:
            raw = self.change.repo.objects.read(entry.oid, self.limits.file, entry.path)
        except TooLarge:
            return Source(problem=f"is larger than {self.limits.file} bytes")
        if b"\0" in raw[:8000]:
            return Source(problem="is binary")
        return suite.read(raw, entry.path, reader(snapshot, self.limits.file))

    def verdict(self) -> Verdict:
        """Compare everything."""
        readable = [both for both in self.files if not both.old.problem and not both.new.problem]
        sides = [differing(both.old.units, both.new.units) for both in readable]
        giant = [sum(unit.size for units in side for unit in units) > self.limits.differing for side in sides]
        over = [both.change.path for both, large in zip(readable, giant, strict=True) if large]
        sides = [side for side, large in zip(sides, giant, strict=True) if not large]
        old = [unit for units, _ in sides for unit in units]
        new = [unit for _, units in sides for unit in units]
        suites = {both.change.path: both.suite.name for both in readable}
        pairs = pair(old, new)
        used = self.used(readable)
        around = Surroundings(gained(pairs, new, used), self.deleted_words, used, self.successors(readable))
        found = [weak for one in pairs for weak in self.judge(one, new, around)]
        found += [*_focused(old, new), *_scanned(readable), *self.snapshots(), *self.selection(), *self.silenced()]
        found = list(self.hidden(found))
        named = (replace(weak, suite=suites.get(weak.path, "")) for weak in found)
        reason = f"more than {self.limits.differing} bytes of tests differ in this file"
        return Verdict(tuple(named), (*_unread(self.files), *((path, reason, True) for path in over)))

    def judge(self, one: Pair, new: Sequence[Unit], around: Surroundings) -> Iterator[Weakening]:
        """Compare one pair, or explain why a test is gone."""
        if one.new is not None:
            yield from compare(one.old, one.new, around)
        elif not one.old.helper and not one.old.uncollected:
            yield self.gone(one.old, new, around)

    def gone(self, unit: Unit, new: Sequence[Unit], around: Surroundings) -> Weakening:
        """Say that a test is gone, with what explains it."""
        detail = unit.detail()
        shown = "; ".join(show(assertion) for assertion in detail.live[:3])
        line = self.anchor(unit)
        why = _why_gone(unit, new, around) or self.shortened(unit)
        level: Level | None = "note" if self._deleted else None
        return Weakening("test-removed", unit.name, unit.path, line, shown, "", why, level)

    def hidden(self, found: Iterable[Weakening]) -> Iterator[Weakening]:
        """Say of the tests of a file that was moved as it is, to where no runner looks, that they are there."""
        gone = {c.old.oid: p for p, c in self.change.paths.items() if c.old and not c.new and self.tested(p)}
        moved = {
            gone[c.new.oid]: path
            for path, c in self.change.paths.items()
            if c.new and not c.old and c.new.oid in gone and not self.tested(path)
        }
        for path, now in moved.items():
            yield Weakening("not-collected", "", now, 1, path, "the file moved to where the runner does not look")
        yield from (weak for weak in found if weak.change != "test-removed" or weak.path not in moved)

    def tested(self, path: str) -> bool:
        """Tell whether a runner looks into a file."""
        return any(suite.collects(path) for suite in self.suites)

    def anchor(self, unit: Unit) -> int:
        """Give the line of the file as it is now that is nearest to where a test was."""
        both = next((both for both in self.files if both.change.path == unit.path), None)
        before = [other.line for other in both.new.units if other.line <= unit.line] if both else []
        return max(before, default=1)

    def snapshots(self) -> Iterator[Weakening]:
        """Give each snapshot file that is another one now; what it holds is not compared."""
        for path, change in self.change.paths.items():
            if snapshot(path) and change.status == "M" and not matches(path, *self.exclude):
                yield Weakening("expected-changed", "", path, 1, "the snapshot", "another snapshot")

    def selection(self) -> Iterator[Weakening]:
        """Give what the runner is told to leave out."""
        paths = [path for path in self.change.paths if selects(path) and not matches(path, *self.exclude)]
        if not paths:
            return
        from gatepost.suites._narrowed import Config, narrowed

        sides = ((path, self.change.paths[path]) for path in paths)
        files = [Config(path, self.told(change.old), self.told(change.new)) for path, change in sides]
        yield from narrowed(files, lambda path: self.change.head.exists(path.strip("/").removeprefix("./")))

    def silenced(self) -> Iterator[Weakening]:
        """Give the comments that silence tools, in code and tests alike."""
        from gatepost.suites._suppressed import Silenced, suppressed

        paths = [path for path in self.change.paths if code(path) and not matches(path, *self.exclude)]
        left = PRODUCT_BYTES
        files = []
        for path in paths:
            change = self.change.paths[path]
            left -= self.size(change)
            if left > 0:
                test = self.tested(path) or "test-d." in path
                files.append(Silenced(path, self.bytes_of(change.old), self.bytes_of(change.new), test))
        yield from suppressed(files)

    def bytes_of(self, entry: Entry | None) -> bytes:
        """Give one side of a file, nothing where it is absent or no regular file."""
        if entry is None or not entry.is_file:
            return b""
        return self.change.repo.objects.read(entry.oid, path=entry.path)

    def told(self, entry: Entry | None) -> str:
        """Give one side of a configuration file as text."""
        raw = self.bytes_of(entry)
        return raw.decode("utf-8", "replace") if len(raw) <= CONFIG_BYTES else ""

    @cached_property
    def product(self) -> tuple[str, ...]:
        """Give the changed paths of the product's own code."""
        own = (path for path in self.change.paths if code(path))
        return tuple(path for path in own if not any(suite.claims(path) and not suite.mixed for suite in self.suites))

    @cached_property
    def beside(self) -> bool:
        """Tell whether the push changes more than tests, snapshots and prose: then other values are expected."""
        prose = (".md", ".rst", ".txt", ".snap", ".ambr")
        return bool(self.product) or any(
            not path.endswith(prose) and not snapshot(path) and not any(suite.claims(path) for suite in self.suites)
            for path in self.change.paths
        )

    @cached_property
    def _fewer(self) -> frozenset[str]:
        """Give the identifiers that product code names less often now, where the push mostly takes code away."""
        before: Counter[str] = Counter()
        lines, left = 0, PRODUCT_BYTES
        for path in self.product:
            change = self.change.paths[path]
            left -= self.size(change)
            if left < 0:
                break
            old, new = self.bytes_of(change.old), self.bytes_of(change.new)
            had, has = Counter(old.splitlines()), Counter(new.splitlines())
            lines += sum((had - has).values()) - CUT * sum((has - had).values())
            before.update(code_list(old.decode("utf-8", "replace")))
            before.subtract(code_list(new.decode("utf-8", "replace")))
        return frozenset(word for word, count in before.items() if count > 0) if lines > 0 else frozenset()

    def shortened(self, unit: Unit) -> str:
        """Say which of the names of a test the product uses less now; two at least."""
        names = sorted(unit.detail().words & self._fewer)
        return f"the push takes away product code that names {', '.join(names[:3])}" if len(names) > 1 else ""

    @cached_property
    def _deleted(self) -> frozenset[str]:
        before: set[str] = set()
        after: set[str] = set()
        left = PRODUCT_BYTES
        for path in self.product:
            change = self.change.paths[path]
            left -= self.size(change)
            if left < 0:
                break
            before |= self.words_of(change.old)
            after |= self.words_of(change.new)
            if change.new is None:
                before.add(path.rpartition("/")[2].partition(".")[0])
        return frozenset(before - after)

    def deleted_words(self) -> frozenset[str]:
        """Give the identifiers that the push deletes from the product's code."""
        return self._deleted

    def words_of(self, entry: Entry | None) -> set[str]:
        """Give the identifiers of one side of a product file."""
        product = self.bytes_of(entry).partition(b"#[cfg(test)]")[0]  # Rust keeps tests at the end of the file
        return code_words(product.decode("utf-8", "replace"))

    def used(self, readable: Iterable[Both]) -> frozenset[str]:
        """Give the names that the changed test files refer to now."""
        return frozenset().union(*(both.new.used for both in readable))

    def successors(self, readable: Iterable[Both]) -> dict[str, str]:
        """Give the declared successors, each of which must demand something itself."""
        found: dict[str, str] = {}
        for both in readable:
            asserting = {
                u.name for u in both.new.units if not u.uncollected and both.new.successors and u.detail().live
            }
            found |= {
                old: f"{both.change.path}::{name}" for old, name in both.new.successors.items() if name in asserting
            }
        return found


def reader(snapshot: Snapshot, limit: int) -> Files:
    """Give a function that reads other files of a side."""
    return partial(_read, snapshot, min(limit, 256 * 1024), {})


def _read(snapshot: Snapshot, limit: int, seen: dict[str, bytes | None], path: str) -> bytes | None:
    if path not in seen:
        try:
            seen[path] = snapshot.read(path, limit)
        except (NotAFile, TooLarge):
            seen[path] = None
    return seen[path]


def gained(pairs: Iterable[Pair], new: Iterable[Unit], used: frozenset[str]) -> Counter[str]:
    """Count what the push demands that it did not demand in the same test before: assertions and rows.

    A function that is no test and that nobody calls demands nothing.
    """
    found: Counter[str] = Counter()
    for unit in new:
        found += _demands(unit, used)
    for one in pairs:
        if one.new is not None:
            found -= _demands(one.old, used) & _demands(one.new, used)
    return found


def _demands(unit: Unit, used: frozenset[str]) -> Counter[str]:
    if unit.uncollected and not (unit.helper and unit.bare in used):
        return Counter()
    detail = unit.detail()
    return Counter([*(assertion.canon for assertion in detail.live), *(f"row {row}" for row in detail.rows)])


def _why_gone(unit: Unit, new: Sequence[Unit], around: Surroundings) -> str:
    detail = unit.detail()
    stem = unit.bare.removeprefix("test_").removeprefix("test")
    reasons: tuple[Callable[[], str], ...] = (
        lambda: around.succeeded(unit),
        lambda: "" if detail.live else "it demanded nothing",
        lambda: around.obsolete(detail.words | {stem}),
        lambda: _reappears(unit, around),
        lambda: _parametrised(unit, new),
    )
    return next((why for why in (reason() for reason in reasons) if why), "")


def _reappears(unit: Unit, around: Surroundings) -> str:
    live = unit.detail().live
    again = sum(1 for assertion in live if around.gained[assertion.canon] > 0)
    return "its assertions are new elsewhere in this push" if again >= REAPPEARING * len(live) else ""


def _parametrised(unit: Unit, new: Sequence[Unit]) -> str:
    said = unit.detail().words
    for other in new:
        if other.detail().rows and not other.uncollected and overlap(said, other.detail().words) >= PARAMETRISED:
            return f"covered by the rows of {other.name}"
    return ""


def _focused(old: Iterable[Unit], new: Iterable[Unit]) -> Iterator[Weakening]:
    """Give each focus mark that is new, on old tests and on new ones; one on a group counts once."""
    had = {(unit.path, marker.text) for unit in old for marker in unit.detail().markers if marker.kind == "focus"}
    for unit in new:
        for marker in unit.detail().markers:
            if marker.kind == "focus" and (unit.path, marker.text) not in had:
                had.add((unit.path, marker.text))
                yield Weakening("focus-added", unit.name, unit.path, marker.line, "", marker.text)


def _scanned(readable: Iterable[Both]) -> Iterator[Weakening]:
    """Give what a line scan found more of than before, where no syntax tree is to be had."""
    for both in readable:
        had = Counter(marker.text for marker in both.old.markers)
        for marker in both.new.markers:
            had[marker.text] -= 1
            if had[marker.text] < 0:
                change = "focus-added" if marker.kind == "focus" else "test-skipped"
                yield Weakening(change, "", both.change.path, marker.line, "", marker.text)


def _unread(files: Iterable[Both]) -> Iterator[tuple[str, str, bool]]:
    for both in files:
        if both.new.problem:
            yield both.change.path, both.new.problem, not both.old.problem and both.change.old is not None
        elif both.old.problem and both.change.new is not None:
            yield both.change.path, f"before this push, it {both.old.problem}", False


def _keyed(found: Iterable[tuple[str, Suite]]) -> list[tuple[str, str]]:
    return [(path, suite.name) for path, suite in found]
