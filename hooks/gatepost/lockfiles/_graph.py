"""Ask the graph of a lock: what is direct, what is for production, who brings a package."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gatepost.lockfiles import Declared, Lock, Pin

SCOPES = ("prod", "optional", "peer", "build", "dev", "")  # the last is "not told", which counts as prod


@dataclass(slots=True)
class Graph:
    """The pins of one side of a change, with the direct dependencies as its roots.

    ``roots`` maps the key of a node to the direct dependency that names it.
    """

    pins: dict[str, Pin] = field(default_factory=dict)
    names: dict[str, list[Pin]] = field(default_factory=dict)
    roots: dict[str, Declared] = field(default_factory=dict)
    declared: dict[str, Declared] = field(default_factory=dict)
    edges: bool = False
    sums: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def add(self, path: str, lock: Lock, manifests: Sequence[Declared]) -> None:
        """Add the pins of one file; ``manifests`` are what the manifests beside it declare."""
        self.edges = self.edges or (lock.edges and bool(lock.pins))
        prefix = path + "\0"
        self.sums.update(lock.sums)
        for pin in lock.pins:
            key = prefix + pin.key
            if pin.requires:
                pin = pin._replace(key=key, requires=tuple([prefix + other for other in pin.requires]))
            else:
                pin = pin._replace(key=key)
            self.pins[key] = pin
            self.names.setdefault(pin.name, []).append(pin)
        for wanted in (*manifests, *lock.declared):
            if wanted.scope != "override":
                self._root(prefix, lock, wanted)
        for pin in lock.pins:
            if pin.own:
                self._own(prefix, pin)

    def _own(self, prefix: str, pin: Pin) -> None:
        """Take what an own package requires for direct, where no manifest that was read says so."""
        for key in pin.requires:
            target = self.pins.get(prefix + key)
            if target is not None and not target.own and target.name not in self.declared:
                self._root(prefix, Lock(), Declared(target.name, "", "", "", key))

    def _root(self, prefix: str, lock: Lock, wanted: Declared) -> None:
        keys = [prefix + wanted.key] if wanted.key else []
        if not keys:
            alias = lock.aliases.get(f"{wanted.name}@{wanted.range}")
            keys = (
                [prefix + alias]
                if alias
                else [p.key for p in self.names.get(wanted.name, ()) if p.key.startswith(prefix)]
            )
        for key in keys:
            pin = self.pins.get(key)
            if pin is None:
                continue
            known = self.roots.get(key)
            if known is None or SCOPES.index(wanted.scope) < SCOPES.index(known.scope):
                self.roots[key] = wanted
            direct = self.declared.get(pin.name)
            if direct is None or SCOPES.index(wanted.scope) < SCOPES.index(direct.scope):
                self.declared[pin.name] = wanted
        if not keys:
            self.declared.setdefault(wanted.name, wanted)

    def scopes(self) -> dict[str, str]:
        """Give the strongest scope of each name: what the file says, else by the roots that reach it."""
        found: dict[str, str] = {}
        for scope in SCOPES:
            starts = [key for key, wanted in self.roots.items() if wanted.scope == scope]
            for key in self._reach(starts) if starts and self.edges else starts:
                found.setdefault(self.pins[key].name, scope or "prod")
        for name, pins in self.names.items():
            said = {pin.scope for pin in pins if pin.scope}
            if said:
                found[name] = next((scope for scope in SCOPES if scope in said), "prod")
            else:
                found.setdefault(name, "prod")
        return found

    def _reach(self, starts: Iterable[str]) -> Collection[str]:
        seen = set(starts)
        queue = list(seen)
        pins = self.pins
        while queue:
            pin = pins.get(queue.pop())
            if pin is None:
                continue
            for other in pin.requires:
                if other not in seen and other in pins:
                    seen.add(other)
                    queue.append(other)
        return seen

    def paths(self) -> dict[str, str]:
        """Give for each node that the roots reach the node before it on a shortest path ("" for a root)."""
        own = sorted(key for key, pin in self.pins.items() if pin.own)
        starts = sorted(self.roots, key=lambda key: (SCOPES.index(self.roots[key].scope), key))
        before = dict.fromkeys(starts or own, "")
        queue = deque(before)
        while queue:
            key = queue.popleft()
            for other in sorted(self.pins[key].requires):
                if other in self.pins and other not in before:
                    before[other] = key
                    queue.append(other)
        return before

    def chain(self, name: str, before: Mapping[str, str]) -> list[str]:
        """Give the names from a direct dependency to ``name`` along a shortest path; nothing where none is known."""
        best: list[str] = []
        for pin in self.names.get(name, ()):
            if pin.key not in before:
                continue
            found, key = [], pin.key
            while key:
                found.append(self.pins[key].name)
                key = before[key]
            if not best or (len(found), found) < (len(best), best):
                best = found
        return best[::-1]

    def introducers(self, names: Collection[str]) -> dict[str, list[str]]:
        """Give for each of some names the direct dependencies that reach it.

        Only the ancestors of those names are visited; sets of roots travel as the bits of an integer.
        """
        parents: dict[str, list[str]] = {}
        for key, pin in self.pins.items():
            for other in pin.requires:
                parents.setdefault(other, []).append(key)
        wanted = [pin.key for name in names for pin in self.names.get(name, ())]
        above = _ancestors(wanted, parents)
        bits = {key: 1 << at for at, key in enumerate(sorted(key for key in self.roots if key in above))}
        masks = self._spread(bits, above)
        order = list(bits)
        found = {}
        for name in names:
            mask = 0
            for pin in self.names.get(name, ()):
                mask |= masks.get(pin.key, 0)
            found[name] = sorted({self.pins[order[at]].name for at in _bits(mask)})
        return found

    def _spread(self, bits: Mapping[str, int], above: Collection[str]) -> dict[str, int]:
        masks = dict(bits)
        queue = deque(bits)
        while queue:
            key = queue.popleft()
            mask = masks[key]
            for other in self.pins[key].requires:
                if other in above and masks.get(other, 0) | mask != masks.get(other, 0) and other in self.pins:
                    masks[other] = masks.get(other, 0) | mask
                    queue.append(other)
        return masks


def _ancestors(keys: Iterable[str], parents: Mapping[str, list[str]]) -> set[str]:
    seen = set(keys)
    queue = list(seen)
    while queue:
        for other in parents.get(queue.pop(), ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def _bits(mask: int) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
