"""Hold what a push changed against the fleet: one verdict for each name, the strongest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gatepost.checks import _dependencies_rules as rules
from gatepost.checks._fleet import Expect, Stock, Use, from_purl
from gatepost.lockfiles._diff import Delta
from gatepost.lockfiles._ranges import disjoint, parse, satisfied
from gatepost.lockfiles._versions import key, newest, release
from gatepost.model import Finding, Level, printable

PRODUCTION = ("prod", "optional", "peer")
STANDING = ("conflict", "outside-expectation")  # told when they begin, not at every step within them
ANONYMOUS = "a service that is not shown"


@dataclass(frozen=True, slots=True)
class Ours:
    """How this repository uses a package on one side of the push."""

    versions: tuple[str, ...]
    range: str
    scope: str
    direct: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the fleet says of one name; ``level`` is None where it is worth no finding."""

    word: str
    theirs: tuple[tuple[Stock, Use], ...] = ()
    expect: Expect | None = None
    level: Level | None = None

    @property
    def services(self) -> frozenset[str]:
        """The services that it is about."""
        return frozenset(stock.service for stock, _ in self.theirs)


def sides(delta: Delta) -> tuple[Ours | None, Ours]:
    """Give how the name was used before and is used after the push."""
    was = Ours(tuple(delta.old), str(delta.declared.get("old", "")), delta.scope, "old" in delta.declared)
    now = Ours(tuple(delta.new), str(delta.declared.get("new", "")), delta.scope, delta.direct)
    return (was if delta.old else None), now


class Judge:
    """The fleet, indexed by package, and what is expected of it."""

    def __init__(self, stocks: Sequence[Stock], expected: Iterable[Expect], today: date) -> None:
        self.index: dict[tuple[str, str], list[tuple[Stock, Use]]] = {}
        self.services = len(stocks)
        for stock in stocks:
            for use in stock.uses:
                self.index.setdefault((use.ecosystem, use.name), []).append((stock, use))
        self.expected: dict[tuple[str, str], Expect] = {}
        for expect in expected:
            if expect.expires is None or expect.expires >= today:
                self.expected.setdefault(from_purl(expect.package), expect)

    def verdict(self, ecosystem: str, name: str, ours: Ours) -> Verdict | None:
        """Give the strongest verdict, or None where all agrees."""
        found = self._outside(ecosystem, name, ours)
        if found or not self.services:
            return found
        theirs = self.index.get((ecosystem, name), [])
        if not theirs:
            return Verdict("new")
        if not ours.direct:
            return None
        direct = [(stock, use) for stock, use in theirs if use.direct]
        return _conflict(ecosystem, ours, direct) or _drift(ecosystem, ours, direct)

    def _outside(self, ecosystem: str, name: str, ours: Ours) -> Verdict | None:
        expect = self.expected.get((ecosystem, name))
        if expect is None:
            return None
        outside = [v for v in ours.versions if satisfied(ecosystem, expect.range, v) is False]
        wanted, asked = parse(ecosystem, expect.range), parse(ecosystem, ours.range) if ours.range else None
        if not outside and not (not _pinned(ecosystem, ours) and disjoint(asked, wanted)):
            return None
        return Verdict("outside-expectation", (), expect, "warning" if expect.strength == "require" else "note")


def _pinned(ecosystem: str, ours: Ours) -> bool:
    return any(key(ecosystem, version) is not None for version in ours.versions)


def _conflict(ecosystem: str, ours: Ours, theirs: list[tuple[Stock, Use]]) -> Verdict | None:
    mine = _asked(ecosystem, ours.range, ours.versions)
    if mine is None:
        return None
    against = [(s, use) for s, use in theirs if _excludes(ecosystem, ours, mine, use)]
    if not against:
        return None
    shipped = ours.scope in PRODUCTION and any(use.scope in PRODUCTION for _, use in against)
    return Verdict("conflict", tuple(against), None, "warning" if shipped else "note")


def _excludes(ecosystem: str, ours: Ours, mine: Any, use: Use) -> bool:
    """Tell whether two ranges have nothing in common; two exact pins within one major version only drift."""
    other = _asked(ecosystem, use.range, use.versions)
    if not disjoint(mine, other):
        return False
    exact = mine.exact and other is not None and other.exact
    majors = {release(ecosystem, version)[:1] for version in (*ours.versions, *use.versions)}
    return not (exact and len(majors) == 1)


def _asked(ecosystem: str, text: str, versions: tuple[str, ...]) -> Any:
    """Give the range that is asked for; where none is told, what runs: exactly its one version."""
    found = parse(ecosystem, text) if text else None
    if found is None and not text and len(versions) == 1:
        found = parse(ecosystem, f"={versions[0]}" if ecosystem in ("npm", "cargo") else f"=={versions[0]}")
    return found


def _drift(ecosystem: str, ours: Ours, theirs: list[tuple[Stock, Use]]) -> Verdict | None:
    mine = newest(ecosystem, ours.versions)
    others = [(stock, use) for stock, use in theirs if use.versions and set(use.versions) != set(ours.versions)]
    if mine is None or not others:
        return None
    highest = [newest(ecosystem, use.versions) for _, use in theirs if use.versions]
    word = "behind" if all(other is not None and mine < other for other in highest) else "drift"
    return Verdict(word, tuple(others), None, "note")


def judge(
    judge_: Judge, ecosystem: str, deltas: Iterable[Delta], places: Mapping[str, tuple[str, int]]
) -> tuple[list[dict[str, Any]], list[Finding]]:
    """Judge the names that a push changed: entries for all that is told, findings for what is new."""
    entries, findings = [], []
    for delta in deltas:
        if not delta.new:
            continue
        before, now = sides(delta)
        found = judge_.verdict(ecosystem, delta.name, now)
        if found is None or (found.word == "new" and not set(delta.facts) & {"added", "added-transitive"}):
            continue
        earlier = judge_.verdict(ecosystem, delta.name, before) if before else None
        known = earlier is not None and earlier.word == found.word and earlier.services >= found.services
        entry = _entry(ecosystem, delta, found, known)
        entries.append(entry)
        if found.level and not (known and found.word in STANDING):
            findings.append(_finding(ecosystem, delta, found, entry, places.get(delta.name, ("", 1))))
    return entries, findings


def _entry(ecosystem: str, delta: Delta, found: Verdict, known: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "ecosystem": ecosystem,
        "name": delta.name,
        "verdict": found.word,
        "ours": {"versions": delta.new, "range": delta.declared.get("new"), "scope": delta.scope},
        "theirs": [_theirs(stock, use) for stock, use in found.theirs],
        "before": known,
    }
    if found.expect:
        entry["expected"] = {
            "range": found.expect.range,
            "because": found.expect.because,
            "owner": found.expect.owner,
            "strength": found.expect.strength,
        }
    return entry


def _theirs(stock: Stock, use: Use) -> dict[str, Any]:
    shown = {} if stock.hidden else {"where": use.where}
    name = None if stock.hidden else stock.service
    return {"service": name, "versions": list(use.versions), "range": use.range or None, "scope": use.scope, **shown}


def _finding(ecosystem: str, delta: Delta, found: Verdict, entry: dict[str, Any], place: tuple[str, int]) -> Finding:
    rule = rules.DRIFT if found.word in ("drift", "behind") else rules.CONFLICT
    mine = ", ".join(printable(v, 40) for v in delta.new[:3])
    name = printable(delta.name, 80)
    if found.expect:
        why = f": {printable(found.expect.because, 120)}" if found.expect.because else ""
        owner = f" (ask {printable(found.expect.owner, 60)})" if found.expect.owner else ""
        message = f"{name} {mine} is outside of what the fleet expects, {printable(found.expect.range, 60)}{why}"
        fix = f"move within {printable(found.expect.range, 60)}{owner}"
    elif found.word == "conflict":
        message = f"{name} {_range(entry['ours']['range'])} has nothing in common with {_against(found)}"
        fix = "take a range that both can live with, or move the other services first"
    else:
        spread = distribution(found)
        message = f"{name}: {spread}, you {mine}" + ("; behind all others" if found.word == "behind" else "")
        fix = "take the version that most services run, where nothing speaks against it"
    path, line = place
    parts = (ecosystem, delta.name, found.word, ",".join(delta.new), *sorted(found.services))
    return Finding(rule, path, message, fix, line, entry, found.level, key=":".join(parts))


def _range(text: Any) -> str:
    return printable(str(text or "any version"), 60)


def _against(found: Verdict) -> str:
    told = [
        f"{_name(stock)} ({_range(use.range or ', '.join(use.versions))}, {use.scope})" for stock, use in found.theirs
    ]
    return ", ".join(told[:3]) + (f" and {len(told) - 3} more" if len(told) > 3 else "")


def _name(stock: Stock) -> str:
    return ANONYMOUS if stock.hidden else printable(stock.service, 60)


def distribution(found: Verdict) -> str:
    """Say how the versions are spread: ``5 services 2.31, 1 service 2.28``."""
    counts = Counter(", ".join(use.versions) for _, use in found.theirs)
    told = [f"{n} {'service' if n == 1 else 'services'} {printable(v, 60)}" for v, n in counts.most_common(3)]
    return ", ".join(told) + (" and others" if len(counts) > 3 else "")


def spread(
    index: Mapping[tuple[str, str], list[tuple[Stock, Use]]],
) -> Iterator[tuple[str, str, list[tuple[Stock, Use]]]]:
    """Give the packages that several services ask for in different versions, across major versions first."""
    found = []
    for (ecosystem, name), users in index.items():
        direct = [(stock, use) for stock, use in users if use.direct and use.versions]
        versions = {use.versions for _, use in direct}
        if len(direct) > 1 and len(versions) > 1:
            majors = {release(ecosystem, use.versions[-1])[:1] for _, use in direct}
            found.append((-len(majors), -len(direct), ecosystem, name, direct))
    for _, _, ecosystem, name, direct in sorted(found, key=lambda row: row[:4]):
        yield ecosystem, name, direct
