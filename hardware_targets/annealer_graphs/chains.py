r"""Problems on chains: couplings and biases spread over qubits, votes read back, and the law of the votes.

.. math:: J_{chain} = 1.414\, \mathrm{rms}(J)\, \sqrt{\bar d}, \qquad
          J_{ab} = J_{ij} / m_{ij}, \quad h_a = h_i / |C_i|

with the mean degree d of the coupled pairs, rms over them, m_ij couplers between chains i and j, and |C_i| qubits in a
chain. Where no chain is broken, the energy is that of the problem less J_chain for each coupler within a chain:
conditioned on that, exp(-beta E) is sampled exactly. A read is the majority of a chain, and its first qubit in a tie.
Source: the uniform torque compensation of D-Wave's Ocean tools, prefactor 1.414; Raymond et al., Front. ICT 3, 23
(2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neuromorph.exact import boltzmann, spins_of
from neuromorph.ising import Float, Ising

from .embedding import Embedding

_PREFACTOR = 1.414
MOST_VOTED = 16  # qubits whose law is enumerated


@dataclass(frozen=True, eq=False)
class ChainedProblem:
    """Problem on qubits.

    Attributes
    ----------
    physical : Ising
        Couplings and biases of the used qubits, in their order.
    owner : (qubits,) int64
        Spin of each qubit.
    first : (n,) int64
        First qubit of each spin, by position.
    inside : (qubits, qubits) sparse array
        1 at the couplers within chains.
    strength : float
        J of a coupler within a chain.
    """

    physical: Ising
    owner: NDArray[np.int64]
    first: NDArray[np.int64]
    inside: sparse.csr_array
    strength: float

    @property
    def has_chains(self) -> bool:
        """Whether any spin has more than one qubit."""
        return self.owner.size > self.first.size


def chain_strength(ising: Ising) -> float:
    """Compute the strength of couplers within chains.

    Parameters
    ----------
    ising : Ising
        Problem.

    Returns
    -------
    float
        1.414 rms(J) sqrt(mean degree); the largest bias, or 1, where nothing is coupled.
    """
    data = ising.sparse_couplings().data
    values = data[data != 0.0]
    if not values.size:
        return float(np.abs(ising.biases).max(initial=0.0)) or 1.0
    coupled = int(np.count_nonzero(np.diff(ising.sparse_couplings().indptr)))
    return float(_PREFACTOR * np.sqrt(np.mean(values**2)) * np.sqrt(values.size / coupled))


def spread_over_chains(
    ising: Ising, embedding: Embedding, strength: float | None = None, *, split: bool = True
) -> ChainedProblem:
    """Spread a problem over the qubits of an embedding.

    Parameters
    ----------
    ising : Ising
        Problem.
    embedding : Embedding
        Chains.
    strength : float or None
        J of a coupler within a chain; None is :func:`chain_strength`.
    split : bool
        Whether couplings and biases are shared by all couplers and qubits; otherwise the first one has it all, for
        words of few bits.

    Returns
    -------
    ChainedProblem
        Problem on qubits.
    """
    strength = chain_strength(ising) if strength is None else strength
    n, (owner, first, a, b) = ising.size, _chained(embedding)
    apart = owner[a] != owner[b]
    at, beside = a[apart], b[apart]
    pairs, opening, number = np.unique(owner[at] * n + owner[beside], return_index=True, return_inverse=True)
    asked = ising.sparse_couplings().tocoo()
    upper = (asked.coords[0] < asked.coords[1]) & (asked.data != 0.0)
    wanted = asked.coords[0][upper].astype(np.int64) * n + asked.coords[1][upper]
    if missing := np.setdiff1d(wanted, pairs).tolist():
        raise ValueError(f"chains of spins {missing[0] // n} and {missing[0] % n} have no coupler")
    of_pair = np.zeros(pairs.size)
    of_pair[np.searchsorted(pairs, wanted)] = asked.data[upper]
    if split:
        shares = (of_pair / np.maximum(np.bincount(number, minlength=pairs.size), 1))[number]
    else:
        shares = np.zeros(at.size)
        shares[opening] = of_pair
    used = shares != 0.0
    rows, columns = np.r_[a[~apart], at[used]], np.r_[b[~apart], beside[used]]
    values = np.r_[np.full(int((~apart).sum()), strength), shares[used]]
    shape = (owner.size, owner.size)
    half = sparse.csr_array((values, (rows, columns)), shape=shape)
    ones = sparse.csr_array((np.ones(int((~apart).sum())), (a[~apart], b[~apart])), shape=shape)
    lengths = np.diff(np.r_[first, owner.size])
    biases = ising.biases[owner] / lengths[owner]
    if not split:
        biases = np.where(np.arange(owner.size) == first[owner], ising.biases[owner], 0.0)
    physical = Ising(sparse.csr_array(half + half.T), biases, ising.offset)
    return ChainedProblem(physical, owner, first, sparse.csr_array(ones + ones.T), strength)


@lru_cache(maxsize=32)
def _chained(embedding: Embedding) -> tuple[NDArray[np.int64], ...]:
    """Return the spin of each qubit, the first qubit of each spin, and both ends of each coupler among the chains."""
    qubits = [q for chain in embedding.chains for q in chain]
    place = {qubit: k for k, qubit in enumerate(qubits)}
    n = len(embedding.chains)
    owner = np.repeat(np.arange(n), [len(chain) for chain in embedding.chains])
    ends = [
        (k, place[other])
        for k, qubit in enumerate(qubits)
        for other in embedding.graph[qubit]
        if place.get(other, -1) > k
    ]
    a, b = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    return owner, np.searchsorted(owner, np.arange(n)), a, b


def gather_chains(problem: ChainedProblem, physical: Ising) -> Ising:
    """Return the problem that qubits stand for where no chain is broken.

    Parameters
    ----------
    problem : ChainedProblem
        Chains.
    physical : Ising
        Couplings and biases as the qubits have them.

    Returns
    -------
    Ising
        Sums over couplers and qubits of each spin.
    """
    n, qubits = problem.first.size, problem.owner.size
    gather = sparse.csr_array((np.ones(qubits), (problem.owner, np.arange(qubits))), shape=(n, qubits))
    couplings = sparse.coo_array(gather @ physical.sparse_couplings() @ gather.T)
    row, column = couplings.coords
    apart = (row != column) & (couplings.data != 0.0)
    held = sparse.csr_array((couplings.data[apart], (row[apart], column[apart])), shape=(n, n))
    return Ising(held, gather @ physical.biases, physical.offset)


def vote(problem: ChainedProblem, states: NDArray[np.int8]) -> tuple[NDArray[np.int8], Float]:
    """Read spins from qubits.

    Parameters
    ----------
    problem : ChainedProblem
        Chains.
    states : (reads, qubits) int8
        States of the qubits.

    Returns
    -------
    spins : (reads, n) int8
        Majority of each chain; its first qubit in a tie.
    broken : (reads,) float
        Share of the chains whose qubits differ.
    """
    sums = np.add.reduceat(states.astype(np.int64), problem.first, axis=1)
    spins = np.where(sums == 0, states[:, problem.first], np.sign(sums)).astype(np.int8)
    lengths = np.diff(np.r_[problem.first, problem.owner.size])
    return spins, np.mean(np.abs(sums) != lengths, axis=1)


def voted_law(problem: ChainedProblem, physical: Ising, beta: float) -> Float:
    """Enumerate the law of the spins that are read from qubits in equilibrium.

    Parameters
    ----------
    problem : ChainedProblem
        Chains, of :data:`MOST_VOTED` qubits at most.
    physical : Ising
        Couplings and biases as the qubits have them.
    beta : float
        Inverse temperature.

    Returns
    -------
    (2^n,) float
        Distribution; bit i of a state is set where spin i is up.
    """
    law, n = boltzmann(physical, beta), problem.first.size
    spins, _ = vote(problem, spins_of(np.arange(law.size), physical.size))
    states = ((spins > 0).astype(np.int64) << np.arange(n)).sum(axis=1)
    return np.bincount(states, weights=law, minlength=2**n).astype(float)
