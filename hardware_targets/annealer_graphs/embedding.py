r"""Embedding: which qubits stand for each spin, and which couplers for each coupling.

A spin is a chain, a connected set of qubits; two chains of coupled spins have a coupler between them at least. Three
ways: directly, a qubit a spin, by a bounded search; as a complete graph, whose embedding is known (King's graph,
:func:`kings_clique`; Chimera, Pegasus, Zephyr by ``minorminer.busclique``); by the heuristic of ``minorminer``.

In a King's graph of n x n sites n spins are n wires down the columns; in every row neighbors in turn change places
along both diagonals (odd-even transposition), so that after n rows each has stood beside each.
Sources: Choi, Quantum Inf. Process. 7, 193 (2008); Cai, Macready and Roy, arXiv 1406.2741 (minorminer); Boothby, King
and Roy, Quantum Inf. Process. 15, 495 (2016) (cliques).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from neuromorph.ising import Ising
from neuromorph.runtime.limits import remaining_seconds

from .embedding_process import search_chains
from .hardware_graphs import optional_package

if TYPE_CHECKING:
    import networkx as nx  # half a second

_TRIALS = 20_000  # placements that the direct search tries
_FILLED = 0.25  # share of a machine that shortest chains may fill


@dataclass(frozen=True, eq=False)
class Embedding:
    """Chains of qubits.

    Attributes
    ----------
    chains : tuple of tuple of int
        Qubits of each spin.
    graph : networkx.Graph
        Graph of the machine, or the part of it that holds all chains.
    how : str
        How it was found, for people.
    """

    chains: tuple[tuple[int, ...], ...]
    graph: nx.Graph
    how: str

    @property
    def qubits(self) -> int:
        """Number of qubits."""
        return sum(map(len, self.chains))

    @property
    def longest(self) -> int:
        """Length of the longest chain."""
        return max(map(len, self.chains))


def coupled_pairs(ising: Ising) -> nx.Graph:
    """Return the graph of the couplings of a problem.

    Parameters
    ----------
    ising : Ising
        Problem.

    Returns
    -------
    networkx.Graph
        Spins, and the pairs that are coupled.
    """
    import networkx as nx

    row, column = ising.sparse_couplings().tocoo().coords
    graph = nx.Graph()
    graph.add_nodes_from(range(ising.size))
    graph.add_edges_from((int(i), int(j)) for i, j in zip(row, column, strict=True) if i < j)
    return graph


def place_directly(problem: nx.Graph, graph: nx.Graph, trials: int = _TRIALS) -> Embedding | None:
    """Search a qubit for each spin such that coupled spins have a coupler.

    Spins of most placed neighbors are placed first, each beside all of them; the first one where degrees are largest.

    Parameters
    ----------
    problem, graph : networkx.Graph
        Couplings asked for, and those of the machine.
    trials : int
        Placements after which the search gives up.

    Returns
    -------
    Embedding or None
        Chains of one qubit; None if none was found.
    """
    if len(problem) > len(graph) or problem.number_of_edges() > graph.number_of_edges():
        return None
    near = {q: set(graph[q]) for q in graph}
    widest = sorted(graph, key=lambda q: (-len(near[q]), q))
    if max((d for _, d in problem.degree), default=0) > len(near[widest[0]]):
        return None
    order, before = _by_neighbors(problem)
    place: dict[Any, int] = {}
    used: set[int] = set()
    tried = 0
    choices: list[list[int]] = []
    while len(place) < len(order):
        if len(choices) == len(place):  # a spin that has no choices yet
            spin = order[len(place)]
            beside = [near[place[other]] for other in before[spin]]
            free = set.intersection(*beside) - used if beside else None
            needed = problem.degree[spin]
            pool = widest if free is None else sorted(free)
            some = [q for q in pool if q not in used and len(near[q]) >= needed]
            choices.append(some[:1] if free is None and len(place) == 0 else some)
        if choices[-1]:
            tried += 1
            if tried > trials:
                return None
            qubit = choices[-1].pop(0)
            place[order[len(place)]] = qubit
            used.add(qubit)
            continue
        choices.pop()
        if not place:
            return None
        used.discard(place.pop(order[len(place) - 1]))
    return Embedding(tuple((place[spin],) for spin in sorted(problem)), graph, "directly, a qubit a spin")


def _by_neighbors(problem: nx.Graph) -> tuple[list[Any], dict[Any, list[Any]]]:
    """Order spins so that each has as many placed neighbors as possible; and which those are."""
    order: list[Any] = []
    left = dict.fromkeys(sorted(problem), 0)
    while left:
        spin = max(left, key=lambda s: (left[s], problem.degree[s], -s))
        del left[spin]
        order.append(spin)
        for other in problem[spin]:
            if other in left:
                left[other] += 1
    rank = {spin: k for k, spin in enumerate(order)}
    return order, {spin: [o for o in problem[spin] if rank[o] < rank[spin]] for spin in order}


def kings_clique(n: int, columns: int) -> tuple[tuple[int, ...], ...]:
    """Embed a complete graph of ``n`` spins in the first n rows and columns of a King's graph.

    Parameters
    ----------
    n : int
        Spins.
    columns : int
        Columns of the graph, n at least.

    Returns
    -------
    tuple of tuple of int
        Chains of n qubits.
    """
    wires = list(range(n))
    chains: list[list[int]] = [[] for _ in range(n)]
    for row in range(n):
        for column, wire in enumerate(wires):
            chains[wire].append(row * columns + column)
        for column in range(row % 2, n - 1, 2):
            wires[column], wires[column + 1] = wires[column + 1], wires[column]
    return tuple(map(tuple, chains))


def clique_chains(n: int, graph: nx.Graph) -> Embedding | None:
    """Embed a complete graph of ``n`` spins in a graph of D-Wave.

    Parameters
    ----------
    n : int
        Spins.
    graph : networkx.Graph
        Chimera, Pegasus or Zephyr.

    Returns
    -------
    Embedding or None
        Chains of equal length to one; None if it does not fit.
    """
    found = optional_package("minorminer.busclique").find_clique_embedding(n, graph, seed=0, use_cache=False)
    if len(found) < n:
        return None
    return Embedding(tuple(tuple(sorted(found[k])) for k in range(n)), graph, "as a complete graph")


def heuristic_chains(problem: nx.Graph, graph: nx.Graph, seconds: float) -> Embedding | None:
    """Embed a problem by the heuristic of minorminer.

    Parameters
    ----------
    problem, graph : networkx.Graph
        Couplings asked for, and those of the machine.
    seconds : float
        Time after which it gives up; half of the time limit in force, if that is less.

    Returns
    -------
    Embedding or None
        Chains; None if none were found in time, or none can be expected. A chain of m qubits of degree D has at most
        m (D - 2) + 2 neighbors; where chains as short as that fill a quarter of the machine, the heuristic would search
        in vain.
    """
    seconds = min(seconds, remaining_seconds() / 2.0)
    degree = max((degree for _, degree in graph.degree), default=0)
    shortest = sum(max(1, -(-(own - 2) // max(1, degree - 2))) for _, own in problem.degree)
    if shortest > len(graph) or (shortest > len(problem) and shortest > _FILLED * len(graph)):
        return None
    chains = {spin: tuple(sorted(chain)) for spin, chain in search_chains(problem, graph, seconds).items()}
    free = iter(sorted(set(graph) - {q for chain in chains.values() for q in chain}))
    for spin in problem:
        if spin not in chains:
            if problem.degree[spin]:
                return None
            chains[spin] = (next(free),)  # an uncoupled spin takes any qubit
    return Embedding(tuple(chains[spin] for spin in sorted(problem)), graph, "by minorminer")


def check_embedding(problem: nx.Graph, embedding: Embedding) -> None:
    """Raise ValueError unless chains are connected, apart, and coupled where spins are.

    Parameters
    ----------
    problem : networkx.Graph
        Couplings asked for.
    embedding : Embedding
        Chains.

    Raises
    ------
    ValueError
        With the chain or the pair that fails.
    """
    import networkx as nx

    owner = {qubit: spin for spin, chain in enumerate(embedding.chains) for qubit in chain}
    if len(owner) != embedding.qubits:
        raise ValueError("two chains share a qubit")
    for spin, chain in enumerate(embedding.chains):
        if not nx.is_connected(embedding.graph.subgraph(chain)):
            raise ValueError(f"chain of spin {spin} is not connected")
    joined = {tuple(sorted((owner[a], owner[b]))) for a, b in embedding.graph.subgraph(owner).edges}
    for pair in problem.edges:
        if tuple(sorted(pair)) not in joined:
            raise ValueError(f"chains of spins {pair[0]} and {pair[1]} have no coupler")
