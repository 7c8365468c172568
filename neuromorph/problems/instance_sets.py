r"""Instances that are made, not read: NeuroBench's independent sets, and planted problems whose best answer is known.

================ =========================================================== ===================================
Set              Problem                                                     Best value
================ =========================================================== ===================================
NeuroBench       ``gnm_random_graph(n, int(.5 density n^2), seed)``          published target sizes
Wishart          J = -W W' / n, diagonal left out, W' t = 0                  -tr(W W') / 2n, proven
tiles            square lattice, periodic: every second plaquette frustrated sum over plaquettes, proven
3-regular XORSAT n equations s_i s_j s_k = t_i t_j t_k, each spin in 3       0, proven
================ =========================================================== ===================================

t is the planted state. Sources: NeuroBench, Nat. Commun. 16, 1545 (2025), system track, QUBO/qubo_mis_generator.py;
Hamze et al., Phys. Rev. E 101, 052102 (2020), Wishart; Hamze et al., Phys. Rev. E 97, 043303 (2018), tiles; Hen, Phys.
Rev. Appl. 12, 011003 (2019), XORSAT.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..ising import Ising
from ..rng import RNG
from .best_known import look_up_best_known
from .independent_set import IndependentSet
from .ising_model import IsingModel
from .polynomial import Polynomial

NEUROBENCH_SIZES = (10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
NEUROBENCH_DENSITIES = (0.01, 0.05, 0.1, 0.25)
NEUROBENCH_SEEDS = (0, 1, 2, 3, 4)

_STRENGTHS = (1.0, 2.0)  # of the three satisfied bonds of a tile; the fourth is -1
_TRIES = 1000


def neurobench_set(nodes: int, density: float, seed: int) -> IndependentSet:
    """Build an instance of NeuroBench's QUBO benchmark.

    Parameters
    ----------
    nodes : int
        Number of nodes.
    density : float
        Fraction of all pairs that are joined.
    seed : int
        Seed of the graph.

    Returns
    -------
    IndependentSet
        Problem with its published target size, where there is one. E is the benchmark's cost of every independent set;
        its penalty, 8 in the published code, is 2 here, which is sufficient.
    """
    name = f"mis_{nodes}_{density:g}_{seed}"
    problem = IndependentSet(name, nodes, _gnm_edges(nodes, int(0.5 * density * nodes**2), seed))
    return replace(problem, best_known=look_up_best_known(problem, name))


def _gnm_edges(nodes: int, edges: int, seed: int) -> NDArray[np.int64]:
    """Draw the edges of ``networkx.gnm_random_graph``, with the same words of the same Mersenne Twister.

    ``random.choice`` takes the highest bits of a word, and another word where they are no node; two choices are an
    edge, if they differ and were not there before. Python's loop takes seven seconds for the largest graph.
    """
    if edges >= nodes * (nodes - 1) // 2:
        return np.argwhere(np.triu(np.ones((nodes, nodes), bool), 1))
    _, words, _ = Random(seed).getstate()
    state: Any = {"key": np.array(words[:-1], np.uint32), "pos": words[-1]}
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": state}
    ends, wanted = np.empty(0, np.int64), edges + edges // 5 + 64
    while True:
        while len(ends) < 2 * wanted:
            drawn = twister.random_raw(3 * wanted).astype(np.int64) >> (32 - nodes.bit_length())
            ends = np.concatenate([ends, drawn[drawn < nodes]])
        low, high = np.sort(ends[: 2 * wanted].reshape(-1, 2), axis=1).T
        bits = wanted.bit_length()
        keys = np.sort(((low * nodes + high) << bits | np.arange(wanted))[low != high])
        keys = keys[np.diff(keys >> bits, prepend=-1) > 0]  # the first of each
        if len(keys) >= edges:
            places = keys & ((1 << bits) - 1)
            last = np.partition(places, edges - 1)[edges - 1] if edges else -1
            return np.stack(np.divmod(keys[places <= last] >> bits, nodes), axis=1)
        wanted *= 2


def neurobench_names(largest: int = 5000) -> list[tuple[int, float, int]]:
    """List the 180 tuning instances of NeuroBench's QUBO benchmark, or those up to a size.

    Parameters
    ----------
    largest : int
        Largest number of nodes.

    Returns
    -------
    list of (int, float, int)
        Nodes, density and seed of each.
    """
    sizes = [nodes for nodes in NEUROBENCH_SIZES if nodes <= largest]
    return [(n, density, seed) for n in sizes for density in NEUROBENCH_DENSITIES for seed in NEUROBENCH_SEEDS]


def neurobench_sets(largest: int = 5000) -> Iterator[IndependentSet]:
    """Build the instances of :func:`neurobench_names`.

    Parameters
    ----------
    largest : int
        Largest number of nodes.

    Yields
    ------
    IndependentSet
        Problem.
    """
    for name in neurobench_names(largest):
        yield neurobench_set(*name)


def wishart_planted(n: int, alpha: float, rng: RNG = None) -> tuple[IsingModel, NDArray[np.int8]]:
    """Build a Wishart planted model, all spins coupled; small alpha is hard.

    Parameters
    ----------
    n : int
        Number of spins.
    alpha : float
        Columns of W per spin, above 0.
    rng : RNG
        Source of W and of the planted state.

    Returns
    -------
    tuple of IsingModel, (n,) int8
        Problem and a ground state.
    """
    columns = round(alpha * n)
    if n < 2 or columns < 1:
        raise ValueError(f"n is {n} and alpha {alpha}; give 2 spins or more, and alpha * n of at least 1")
    generator = np.random.default_rng(rng)
    state = generator.choice(np.array([-1, 1], np.int8), n)
    z = generator.standard_normal((n, columns))
    w = np.sqrt(n / (n - 1.0)) * (z - np.outer(state, state @ z) / n)
    whole = w @ w.T / n
    couplings = -(whole + whole.T) / 2.0
    best = float(couplings.diagonal().sum()) / 2.0
    np.fill_diagonal(couplings, 0.0)
    return IsingModel(f"wishart_{n}_{alpha:g}", Ising(couplings), best), state


def tile_planted(side: int, rng: RNG = None) -> tuple[IsingModel, NDArray[np.int8]]:
    """Build a tile-planted square lattice with periodic borders.

    Plaquettes of one color of a chessboard hold every bond once. Each has three bonds that the planted state satisfies,
    of strength 1 or 2, and one of strength 1 that it does not: no state satisfies all four.

    Parameters
    ----------
    side : int
        Spins in a row, even, at least 4.
    rng : RNG
        Source of the bonds and of the planted state.

    Returns
    -------
    tuple of IsingModel, (side^2,) int8
        Problem and a ground state.
    """
    if side < 4 or side % 2:
        raise ValueError(f"side is {side}; give an even number of 4 or more")
    generator = np.random.default_rng(rng)
    n = side * side
    state = generator.choice(np.array([-1, 1], np.int8), n)
    row, column = np.divmod(np.arange(n), side)
    row, column = row[(row + column) % 2 == 0], column[(row + column) % 2 == 0]
    corners = [(row, column), (row, column + 1), (row + 1, column + 1), (row + 1, column)]
    cells = np.stack([(r % side) * side + c % side for r, c in corners], axis=1)
    strength = generator.choice(_STRENGTHS, (len(cells), 4))
    np.put_along_axis(strength, generator.integers(0, 4, (len(cells), 1)), -1.0, axis=1)
    i, j = cells.ravel(), np.roll(cells, -1, axis=1).ravel()
    value = strength.ravel() * state[i] * state[j]
    upper = sparse.coo_array((value, (i, j)), shape=(n, n))
    model = Ising(sparse.csr_array(upper + upper.T))
    return IsingModel(f"tiles_{side}", model, -float(strength.sum())), state


def xorsat_planted(n: int, rng: RNG = None) -> tuple[Polynomial, NDArray[np.int8]]:
    """Build a 3-regular 3-XORSAT instance: E counts the equations that a state misses.

    Parameters
    ----------
    n : int
        Number of spins and of equations, at least 4.
    rng : RNG
        Source of the equations and of the planted state.

    Returns
    -------
    tuple of Polynomial, (n,) int8
        Problem and a state of energy 0.
    """
    if n < 4:
        raise ValueError(f"n is {n}; give 4 spins or more")
    generator = np.random.default_rng(rng)
    state = generator.choice(np.array([-1, 1], np.int8), n)
    for _ in range(_TRIES):
        triples = np.sort(generator.permutation(np.repeat(np.arange(n), 3)).reshape(n, 3), axis=1)
        triples = _without_repeats(triples, generator)
        if len(np.unique(triples, axis=0)) == n:
            break
    else:
        raise ValueError(f"no 3-regular set of {n} equations was found; give more spins")
    terms: dict[tuple[int, ...], float] = {(): n / 2.0}
    for triple in triples:
        terms[tuple(int(each) for each in triple)] = -0.5 * float(np.prod(state[triple]))
    return Polynomial(f"xorsat_{n}", n, terms, "spin", best_known=0.0), state


def _without_repeats(triples: NDArray[np.int64], generator: np.random.Generator) -> NDArray[np.int64]:
    """Exchange members of equations that name a spin twice with those of others."""
    for _ in range(_TRIES):
        twice = np.flatnonzero((np.diff(triples, axis=1) == 0).any(axis=1))
        if not len(twice):
            break
        k, other = int(twice[0]), int(generator.integers(len(triples)))
        a, b = generator.integers(0, 3, 2)
        triples[k, a], triples[other, b] = triples[other, b], triples[k, a]
        triples[[k, other]] = np.sort(triples[[k, other]], axis=1)
    return triples
