"""Who brings a package: held against plain reachability on random graphs, cycles included."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.lockfiles import Declared, Lock, Pin, _graph
from gatepost.lockfiles._diff import compare
from gatepost.lockfiles._graph import Graph

SIZE = 12
edges = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)), max_size=40)


def made(pairs: list[tuple[int, int]], roots: set[int], size: int = SIZE) -> Graph:
    wanted: dict[int, list[str]] = {}
    for above, below in pairs:
        wanted.setdefault(above, []).append(f"p{below:02}")
    pins = [Pin(f"p{n:02}", f"p{n:02}", "1.0", requires=tuple(dict.fromkeys(wanted.get(n, ())))) for n in range(size)]
    graph = Graph()
    graph.add("lock", Lock(pins), [Declared(f"p{n:02}", "*") for n in sorted(roots)])
    return graph


def distances(graph: Graph, root: str) -> dict[str, int]:
    found, level = {root: 1}, [root]
    while level:
        level = [other for key in level for other in graph.pins[key].requires if other not in found]
        found |= dict.fromkeys(level, max(found.values()) + 1)
    return found


@settings(max_examples=200, deadline=None)
@given(edges, st.sets(st.integers(0, SIZE - 1), min_size=1, max_size=4))
def test_introducers_and_chains_are_those_of_plain_reachability(pairs: list[tuple[int, int]], roots: set[int]) -> None:
    graph = made(pairs, roots)
    reach = {root: distances(graph, root) for root in graph.roots}
    names = list(graph.names)
    many, few = graph.introducers(names), {}
    assert len(names) > _graph.FEW
    for name in names:
        few |= graph.introducers([name])
    assert many == few == {name: sorted(root for root in reach if name in reach[root]) for name in names}
    chains = graph.chains(names)
    for name in names:
        near = [reach[root][name] for root in reach if name in reach[root]]
        chain = chains.get(name, [])
        assert len(chain) == min(near, default=0)
        assert all(below in graph.pins[above].requires for above, below in pairwise(chain))
        assert not chain or (chain[0] in graph.roots and chain[-1] == name)


def test_a_whole_new_lock_is_traced_in_one_walk() -> None:
    pairs = [(n, n + 1) for n in range(SIZE - 1)]
    found = compare("npm", Graph(), made(pairs, {0}))
    assert [delta.why for delta in found.deltas] == [[f"p{n:02}" for n in range(at + 1)] for at in range(SIZE)]
    assert all(delta.introducers == ["p00"] for delta in found.deltas)


def test_a_long_chain_of_cycles_ends_soon_and_is_told_in_few_names() -> None:
    size = 5_000  # 20,000 took a minute when each round carried a bit one step back
    there, back = [(n, n + 1) for n in range(size - 1)], [(n + 1, n) for n in range(size - 1)]
    found = compare("npm", Graph(), made(there + back, {0}, size))
    assert {tuple(delta.introducers) for delta in found.deltas} == {("p00",)}
    last = max(found.deltas, key=lambda delta: len(delta.why))
    assert last.why[0] == "…"
    assert len(last.why) == _graph.DEEPEST + 1
