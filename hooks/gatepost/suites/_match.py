"""Pair the tests before a push with those after it, so that moves and renames stay quiet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gatepost.suites._units import Unit
from gatepost.suites._words import overlap

PAIRS = 6_000
ACCEPT = 0.45
SAME_NAME = 0.5
LEAST = 0.15


class Pair(NamedTuple):
    """A unit before and what it is now; None where nothing like it is there."""

    old: Unit
    new: Unit | None


def differing(old: Iterable[Unit], new: Iterable[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Drop the units of one file that have the same name and the same text on both sides."""
    before, after = _by_name(old), _by_name(new)
    left: list[Unit] = []
    right: list[Unit] = []
    for name in dict.fromkeys((*before, *after)):
        ours, theirs = before.get(name, []), after.get(name, [])
        same = {unit.digest for unit in ours} & {unit.digest for unit in theirs}
        left += [unit for unit in ours if unit.digest not in same]
        right += [unit for unit in theirs if unit.digest not in same]
    return left, right


def pair(old: Sequence[Unit], new: Sequence[Unit]) -> list[Pair]:
    """Pair by path and name, then by equal body, then by likeness over the whole push.

    What was not collected is paired by its name only: helpers, and base classes whose tests run in others.
    """
    pairs, rest, free = _named(old, new)
    rest, twins = _twins([unit for unit in rest if not unit.helper and not unit.uncollected], free)
    taken = {id(twin.new) for twin in twins}
    free = [unit for unit in free if id(unit) not in taken]
    alike = _alike(rest, free)
    return [*pairs, *twins, *(Pair(unit, alike.get(id(unit))) for unit in rest)]


def _named(old: Sequence[Unit], new: Sequence[Unit]) -> tuple[list[Pair], list[Unit], list[Unit]]:
    places: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for unit in new:
        places[unit.path, unit.name].append(unit)
    pairs, rest = [], []
    for unit in old:
        there = places[unit.path, unit.name]
        if there:
            pairs.append(Pair(unit, there.pop(0)))
        else:
            rest.append(unit)
    return pairs, rest, [unit for units in places.values() for unit in units]


def _twins(old: Sequence[Unit], new: Sequence[Unit]) -> tuple[list[Unit], list[Pair]]:
    bodies: dict[tuple[str, ...], list[Unit]] = defaultdict(list)
    for unit in new if old else ():
        bodies[unit.detail().statements].append(unit)
    rest, pairs = [], []
    for unit in old:
        there = bodies.get(unit.detail().statements, [])
        there.sort(key=lambda twin: (bool(twin.uncollected), twin.bare != unit.bare))
        if there and unit.detail().statements:
            pairs.append(Pair(unit, there.pop(0)))
        else:
            rest.append(unit)
    return rest, pairs


def _alike(old: Sequence[Unit], new: Sequence[Unit]) -> dict[int, Unit]:
    scored = sorted(_scores(old, new), key=lambda entry: (-entry[0], entry[1], entry[2]))
    found: dict[int, Unit] = {}
    used: set[int] = set()
    for _, left, right in scored:
        if id(old[left]) not in found and right not in used:
            found[id(old[left])] = new[right]
            used.add(right)
    return found


def _scores(old: Sequence[Unit], new: Sequence[Unit]) -> Iterable[tuple[float, int, int]]:
    left = PAIRS
    for i, before in enumerate(old):
        for j, after in enumerate(new):
            left -= 1
            if left < 0:
                return
            score = likeness(before, after)
            if score >= ACCEPT:
                yield score, i, j


def likeness(before: Unit, after: Unit) -> float:
    """Score two units from 0 to 1.5: statements or words in common, half a point for the same name."""
    one, other = before.detail(), after.detail()
    same_name = before.bare == after.bare
    sizes = sorted((len(one.statements), len(other.statements)))
    if not same_name and sizes[1] > 3 * max(sizes[0], 1):
        return 0.0
    score = max(overlap(one.statements, other.statements), 0.9 * overlap(one.words, other.words))
    return score + SAME_NAME if same_name and score >= LEAST else score


def _by_name(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = defaultdict(list)
    for unit in units:
        found[unit.name].append(unit)
    return found
