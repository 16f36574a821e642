"""Ask the graph of a lock: what is direct, what is for production, who brings a package."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import attrgetter

from gatepost.lockfiles import Declared, Lock, Pin

SCOPES = ("prod", "optional", "peer", "build", "dev", "")  # the last is "not told", which counts as prod
FEW = 8
DEEPEST = 200
_SCOPE = attrgetter("scope")


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
        if not all(map(_SCOPE, self.pins.values())):
            self._reached(found)
        for name, pins in self.names.items():
            if len(pins) == 1:
                said = pins[0].scope
            else:
                told = {pin.scope for pin in pins}
                said = next((scope for scope in SCOPES if scope in told), "")
            if said or name not in found:
                found[name] = said or "prod"
        return found

    def _reached(self, found: dict[str, str]) -> None:
        seen: set[str] = set()
        pins = self.pins
        for scope in SCOPES:
            starts = [key for key, wanted in self.roots.items() if wanted.scope == scope and key not in seen]
            for key in self._reach(starts, seen) if self.edges else starts:
                found.setdefault(pins[key].name, scope or "prod")

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
                if other in found:
                    found[other].append(key)
                else:
                    found[other] = [key]
        return found

    def chains(self, names: Collection[str]) -> dict[str, list[str]]:
        """Give for each of some names the names on a shortest path to it from a direct dependency.

        One walk down from all roots, those for production first, serves every name.
        """
        wanted = {pin.key for name in names for pin in self.names.get(name, ())}
        found: dict[str, list[str]] = {}
        pins = self.pins
        above = dict.fromkeys(self._starts(), "")
        queue = list(above)
        for key in queue:  # it grows while it is walked
            if key in wanted:
                found.setdefault(pins[key].name, self._down(key, above))
                if len(found) == len(names):
                    break
            for other in pins[key].requires:
                if other not in above and other in pins:
                    above[other] = key
                    queue.append(other)
        return found

    def _starts(self) -> list[str]:
        own = [key for key, pin in self.pins.items() if pin.own and key not in self.roots]
        return sorted(self.roots, key=lambda key: (SCOPES.index(self.roots[key].scope), key)) + sorted(own)

    def _down(self, key: str, above: Mapping[str, str]) -> list[str]:
        found: list[str] = []
        while key:
            if len(found) == DEEPEST:  # no real lock has a tenth of it
                found.append("…")
                break
            if not self.pins[key].own:
                found.append(self.pins[key].name)
            key = above[key]
        return found[::-1]

    def introducers(self, names: Collection[str]) -> dict[str, list[str]]:
        """Give for each of some names the direct dependencies that reach it.

        A few names are each followed up. For many, sets of roots travel down as the bits of an integer.
        """
        parents = self.parents()
        starts = {name: [pin.key for pin in self.names.get(name, ())] for name in names}
        if len(names) <= FEW:
            above = {name: _ancestors(keys, parents) for name, keys in starts.items()}
            return {name: sorted({self.pins[k].name for k in self.roots if k in above[name]}) for name in names}
        order = _above([key for keys in starts.values() for key in keys], parents)
        roots = [key for key in order if key in self.roots]
        masks = self._spread({key: 1 << at for at, key in enumerate(roots)}, order)
        found = {}
        for name, keys in starts.items():
            mask = 0
            for key in keys:
                mask |= masks.get(key, 0)
            found[name] = sorted({self.pins[roots[at]].name for at in _bits(mask)})
        return found

    def _spread(self, masks: dict[str, int], order: Sequence[str]) -> dict[str, int]:
        """Hand the bits down in one round; what a cycle takes back up goes round once more, node by node."""
        passed: set[str] = set()
        again: list[str] = []
        for key in order:
            passed.add(key)
            again += [other for other in self._hand_down(key, masks) if other in passed]
        for key in again:  # it grows while it is walked
            again += self._hand_down(key, masks)
        return masks

    def _hand_down(self, key: str, masks: dict[str, int]) -> list[str]:
        """Give a node's bits to what it requires; tell what had not all of them."""
        mask = masks.get(key, 0)
        found = []
        for other in self.pins[key].requires if mask and key in self.pins else ():
            known = masks.get(other, 0)
            if known | mask != known:
                masks[other] = known | mask
                found.append(other)
        return found


def _ancestors(keys: Iterable[str], parents: Mapping[str, list[str]]) -> set[str]:
    seen = set(keys)
    queue = list(seen)
    for key in queue:  # it grows while it is walked
        for other in parents.get(key, ()):
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def _above(keys: Iterable[str], parents: Mapping[str, list[str]]) -> list[str]:
    """Give some nodes and all that lead to them, each after those that require it."""
    stack, seen = list(keys), set()
    done: dict[str, None] = {}
    while stack:
        key = stack[-1]
        if key in seen:
            done[stack.pop()] = None
        else:
            seen.add(key)
            stack += [other for other in parents.get(key, ()) if other not in seen]
    return list(done)


def _bits(mask: int) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
