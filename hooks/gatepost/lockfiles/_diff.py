"""Compare two graphs: one entry for each name that differs, with all that is true of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from gatepost.lockfiles import Declared, Pin
from gatepost.lockfiles import _sources as sources
from gatepost.lockfiles._graph import Graph
from gatepost.lockfiles._versions import key, newest, step

_VERSION = re.compile(r"\d[0-9A-Za-z.+!_-]*")


class Delta:
    """What happened to one name: the facts, the versions on both sides, who brings it, what explains it.

    A plain class: a dataclass costs 6 ms to import where nothing else needs one.
    """

    __slots__ = (
        *("declared", "direct", "explained", "facts", "integrity", "introducers", "name", "new", "old"),
        *("scope", "source", "step", "was", "weak", "why"),
    )

    def __init__(
        self, name: str, facts: list[str], old: list[str], new: list[str], direct: bool = False, scope: str = "prod"
    ) -> None:
        self.name, self.facts, self.old, self.new = name, facts, old, new
        self.direct, self.scope = direct, scope
        self.why: list[str] = []
        self.introducers: list[str] = []
        self.explained = True
        self.step = ""
        self.source: dict[str, list[str]] = {}
        self.integrity = ""
        self.declared: dict[str, Any] = {}
        self.was: dict[str, Any] = {}
        self.weak = False


class Difference(NamedTuple):
    """All deltas of one group of files, and how often hashes changed in a way that does not matter."""

    deltas: list[Delta]
    harmless: dict[str, int]


def compare(
    ecosystem: str,
    old: Graph,
    new: Graph,
    overridden: Collection[str] = (),
    *,
    weak: bool = False,
    switched: bool = False,
) -> Difference:
    """Compare two graphs.

    ``overridden`` are names whose override changed; ``weak``: hashes prove little; ``switched``: the
    format changed, so that hashes which are not there any more say nothing.
    """
    work = _Comparison(ecosystem, old, new, weak=weak, switched=switched)
    deltas = [delta for name in work.candidates() for delta in [work.delta(name)] if delta is not None]
    if deltas:
        _trace(deltas, old, new)
        _explain(deltas, old, new, overridden)
    if ecosystem == "golang":
        _go(deltas, old, new)
    return Difference(deltas, work.harmless)


class _Comparison:
    def __init__(self, ecosystem: str, old: Graph, new: Graph, *, weak: bool, switched: bool) -> None:
        self.ecosystem, self.old, self.new = ecosystem, old, new
        self.weak, self.switched = weak, switched
        self.scopes = old.scopes(), new.scopes()
        self.harmless: dict[str, int] = {}

    def candidates(self) -> list[str]:
        """Give the names that may differ, cheaply."""
        old, new = self.old.names, self.new.names
        before, after = self.scopes
        # Two readings share the tuples of what did not change, so that most comparisons are of identity.
        found = {name for name, pins in new.items() if old.get(name) != pins and _differs(old.get(name, ()), pins)}
        found |= old.keys() - new.keys()
        if before != after:
            found |= {name for name in old.keys() & new.keys() if before.get(name) != after.get(name)}
        asked, asks = self.old.declared, self.new.declared
        found |= {n for n in asked.keys() | asks.keys() if _asked(asked.get(n)) != _asked(asks.get(n))}
        return sorted(found)

    def delta(self, name: str) -> Delta | None:
        old, new = self.old.names.get(name, []), self.new.names.get(name, [])
        if any(pin.own for pin in (*old, *new)):
            return None
        asked, asks = self.old.declared.get(name), self.new.declared.get(name)
        before, after = _versions(old, asked, bool(new)), _versions(new, asks, bool(old))
        direct = (asks if after else asked) is not None
        found = Delta(name, [], list(before), list(after), direct, self._scope(name, asked, asks))
        refs = {_ref(pin.source) for pin in (*old, *new) if not pin.version}
        found.facts += self._moves(before, after, direct, asked, refs)
        if found.facts in (["upgraded"], ["upgraded-transitive"], ["downgraded"]) and len(before) == len(after) == 1:
            found.step = step(self.ecosystem, *_stepped(before[0], after[0]))
        if old and new:
            found.facts += self._origin(found, old, new)
            found.facts += self._reclassified(found, name, asked, asks)
        for side, wanted in (("old", asked), ("new", asks)):
            if wanted is not None:
                found.declared[side] = wanted.range
        return found if found.facts else None

    def _scope(self, name: str, asked: Declared | None, asks: Declared | None) -> str:
        before, after = self.scopes
        if name in after or name in before:
            return after.get(name) or before[name]
        wanted = asks or asked
        return wanted.scope if wanted else "prod"

    def _moves(
        self,
        before: tuple[str, ...],
        after: tuple[str, ...],
        direct: bool,
        asked: Declared | None,
        refs: set[str],
    ) -> list[str]:
        if before == after:
            return []
        if not before:
            return [] if asked is not None else ["added" if direct else "added-transitive"]
        if not after:
            return ["removed"]
        lost, gained = [v for v in before if v not in after], [v for v in after if v not in before]
        several = [] if len(lost) == len(gained) == 1 else ["versions-changed"]
        upper, lower = self._highest(gained if not several else after), self._highest(lost if not several else before)
        # A commit has no order, though 13f7b7 reads as version 13 with something behind it.
        if upper is None or lower is None or upper == lower or not refs.isdisjoint((*lost, *gained)):
            return several or ["versions-changed"]
        if upper < lower:
            return [*several, "downgraded"]
        return [*several, "upgraded" if direct else "upgraded-transitive"]

    def _highest(self, versions: Iterable[str]) -> Any:
        return newest(self.ecosystem, tuple(_bare(self.ecosystem, version) for version in versions))

    def _origin(self, found: Delta, old: list[Pin], new: list[Pin]) -> list[str]:
        facts = []
        was, now = [pin.source for pin in old], [pin.source for pin in new]
        moved = sources.moved(self.ecosystem, was, now)
        same = {pin.version for pin in old} & {pin.version for pin in new}
        if moved or (same and sources.repointed(was, now)):
            found.source = {"old": sorted(set(was)), "new": sorted(set(now))}
            facts.append("source-changed")
        for version in sorted(same):
            state = sources.integrity(_hashes(old, version), _hashes(new, version))
            if not state:
                continue
            if state in ("vanished", "replaced") and not self._excused(facts):
                found.integrity, found.weak = state, self.weak
                return [*facts, "integrity-changed"]
            self.harmless[state] = self.harmless.get(state, 0) + 1
            found.integrity = state
        return facts

    def _excused(self, facts: list[str]) -> bool:
        """Tell whether other hashes are expected: another source, or another format."""
        return bool(facts) or self.switched

    def _reclassified(self, found: Delta, name: str, asked: Declared | None, asks: Declared | None) -> list[str]:
        before, after = self.scopes
        if (asked is None) == (asks is None) and _shipped(before[name]) == _shipped(after[name]):
            return []
        found.was = {"direct": asked is not None, "scope": before[name]}
        return ["reclassified"]


def _differs(old: Collection[Pin], new: Collection[Pin]) -> bool:
    """Tell whether versions, sources or hashes differ; edges do not count."""
    return {pin[2:5] for pin in old} != {pin[2:5] for pin in new}


def _asked(wanted: Declared | None) -> tuple[str, str] | None:
    return None if wanted is None else (wanted.range, wanted.scope)


def _shipped(scope: str) -> bool:
    return scope not in ("dev", "build")


def _versions(pins: list[Pin], wanted: Declared | None, other: bool) -> tuple[str, ...]:
    """Give the versions of one side: those of the pins, else the range where neither side has pins."""
    if pins:
        return tuple(sorted({pin.version or _ref(pin.source) for pin in pins}))
    return (wanted.range or "*",) if wanted is not None and not other else ()


def _ref(source: str) -> str:
    return source.partition("#")[2][:12] or source


def _bare(ecosystem: str, version: str) -> str:
    """Give the first version of a range, so that two ranges can be ordered."""
    if key(ecosystem, version) is not None:
        return version
    found = _VERSION.search(version)
    return found[0] if found else ""


def _stepped(old: str, new: str) -> tuple[str, str]:
    return tuple(m[0] if (m := _VERSION.search(text)) else text for text in (old, new))  # type: ignore[return-value]  # two in, two out


def _hashes(pins: list[Pin], version: str) -> set[str]:
    return {value for pin in pins if pin.version == version for value in pin.integrity}


def _trace(deltas: list[Delta], old: Graph, new: Graph) -> None:
    """Fill in the shortest path to each name and the direct dependencies that reach it."""
    for graph, side in ((new, [d for d in deltas if d.new]), (old, [d for d in deltas if not d.new])):
        if not side or not graph.edges:
            continue
        names = [delta.name for delta in side]
        chains, reached = graph.chains(names), graph.introducers(names)
        for delta in side:
            delta.why = chains.get(delta.name, [])
            delta.introducers = reached[delta.name]


def _go(deltas: list[Delta], old: Graph, new: Graph) -> None:
    """Name modules by their whole path, and add those whose hash was replaced though go.mod does not list them."""
    for delta in deltas:
        pins = new.names.get(delta.name) or old.names.get(delta.name) or []
        paths = sorted({pin.key.rpartition("\0")[2].rpartition("@")[0] for pin in pins} - {""})
        delta.name = paths[-1] if paths else delta.name
    known = {delta.name for delta in deltas if "integrity-changed" in delta.facts}
    for (module, version), hashes in sorted(old.sums.items()):
        other = new.sums.get((module, version), hashes)
        if set(other) != set(hashes) and module not in known:
            known.add(module)
            deltas.append(Delta(module, ["integrity-changed"], [version], [version]))
            deltas[-1].integrity = "replaced"


def _explain(deltas: list[Delta], old: Graph, new: Graph, overridden: Collection[str]) -> None:
    """Tell what a person's edit explains: a changed range, or another direct dependency that changed."""
    asked, asks = old.declared, new.declared
    edited = {n for n in asked.keys() | asks.keys() if _asked(asked.get(n)) != _asked(asks.get(n))} | set(overridden)
    moved = edited | {delta.name for delta in deltas if delta.direct}
    traced = new.edges or old.edges
    for delta in deltas:
        answer = edited if delta.direct else moved
        reach = answer if not traced else answer & {*delta.introducers} - {delta.name}
        delta.explained = delta.name in edited or bool(reach)
    # What nobody brings any more in this way may be explained by who brought it before.
    lost = [d for d in deltas if not (d.explained or d.direct) and d.old and d.new]
    gone = old.introducers([delta.name for delta in lost]) if lost and old.edges else {}
    for delta in lost if traced else ():
        delta.explained = bool(moved & {*gone.get(delta.name, ())} - {delta.name})
