"""Ask the graph of a lock: what is direct, what is for production, who brings a package."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence

from gatepost.lockfiles import Declared, Lock, Pin

SCOPES = ("prod", "optional", "peer", "build", "dev", "")  # the last is "not told", which counts as prod


class Graph:
    """The pins of one side of a change, with the direct dependencies as its roots.

    ``roots`` maps the key of a node to the direct dependency that names it.
    """

    __slots__ = ("declared", "edges", "names", "pins", "roots", "sums")

    def __init__(self) -> None:
        self.pins: dict[str, Pin] = {}
        self.names: dict[str, list[Pin]] = {}
        self.roots: dict[str, Declared] = {}
        self.declared: dict[str, Declared] = {}
        self.edges = False
        self.sums: dict[tuple[str, str], tuple[str, ...]] = {}

    def add(self, path: str, lock: Lock, manifests: Sequence[Declared]) -> None:
        """Add the pins of one file; ``manifests`` are what the manifests beside it declare."""
        self.edges = self.edges or (lock.edges and bool(lock.pins))
        # The keys of a second file are told apart by its path; most groups have one file only.
        prefix = path + "\0" if self.pins else ""
        self.sums.update(lock.sums)
        for pin in lock.pins:
            if prefix:
                requires = tuple([prefix + other for other in pin.requires])
                pin = pin._replace(key=prefix + pin.key, requires=requires)
            self.pins[pin.key] = pin
            same = self.names.get(pin.name)
            if same is None:
                self.names[pin.name] = [pin]
            else:
                same.append(pin)
        told = {(wanted.name, wanted.manifest) for wanted in lock.declared if wanted.key}
        for wanted in (*(w for w in manifests if (w.name, w.manifest) not in told), *lock.declared):
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
        if any(not pin.scope for pin in self.pins.values()):
            self._reached(found)
        for name, pins in self.names.items():
            if len(pins) == 1:
                said = pins[0].scope
            else:
                told = {pin.scope for pin in pins}
                said = next((scope for scope in SCOPES if scope in told), "")
            found[name] = said or found.get(name, "prod")
        return found

    def _reached(self, found: dict[str, str]) -> None:
        seen: set[str] = set()
        for scope in SCOPES:
            starts = [key for key, wanted in self.roots.items() if wanted.scope == scope and key not in seen]
            for key in self._reach(starts, seen) if self.edges else starts:
                found.setdefault(self.pins[key].name, scope or "prod")

    def _reach(self, starts: list[str], seen: set[str]) -> list[str]:
        """Give what can be reached and is not ``seen`` yet: what a stronger scope reached stays with it."""
        seen.update(starts)
        queue = list(starts)
        pins = self.pins
        for key in queue:  # it grows while it is walked
            for other in pins[key].requires:
                if other not in seen and other in pins:
                    seen.add(other)
                    queue.append(other)
        return queue

    def parents(self) -> dict[str, list[str]]:
        """Give for each node those that require it."""
        found: dict[str, list[str]] = {}
        for key, pin in self.pins.items():
            for other in pin.requires:
                above = found.get(other)
                if above is None:
                    found[other] = [key]
                else:
                    above.append(key)
        return found

    def chain(self, name: str, parents: Mapping[str, list[str]]) -> list[str]:
        """Give the names from a direct dependency to ``name`` along a shortest path; nothing where none is known.

        The walk goes up from the package, so that it ends at the nearest root; roots for production first.
        """
        starts = sorted(pin.key for pin in self.names.get(name, ()))
        below: dict[str, str] = dict.fromkeys(starts, "")
        level = starts
        while level:
            roots = [key for key in level if key in self.roots or self.pins[key].own]
            if roots:
                return self._down(min(roots, key=self._rank), below)
            above: list[str] = []
            for key in level:
                for other in parents.get(key, ()):
                    if other not in below:
                        below[other] = key
                        above.append(other)
            level = sorted(above)
        return []

    def _rank(self, key: str) -> tuple[int, str]:
        root = self.roots.get(key)
        return (SCOPES.index(root.scope) if root else len(SCOPES), key)

    def _down(self, key: str, below: Mapping[str, str]) -> list[str]:
        found = []
        while key:
            if not self.pins[key].own:
                found.append(self.pins[key].name)
            key = below[key]
        return found

    def introducers(self, names: Collection[str], parents: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Give for each of some names the direct dependencies that reach it.

        Only the ancestors of those names are visited; sets of roots travel as the bits of an integer.
        """
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
