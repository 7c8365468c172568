r"""Cluster moves: Swendsen-Wang (all clusters at once) and Wolff (one cluster at a time).

.. math:: P(\text{bond } ij) = 1 - e^{-2 \beta |J_{ij}|} \quad \text{where } J_{ij} s_i s_j > 0, \text{ else } 0

Sites joined by bonds flip together, which leaves exp(-beta E) invariant for couplings of any sign. Biases are couplings
to one more spin, the ghost, relative to which the states are then given: s_i = s'_i s'_ghost.

Where no loop of couplings is frustrated (ferromagnets, and all that a gauge or a two-coloring makes one), clusters
hardly slow down at a critical point. Where loops are frustrated, clusters span the whole system well above the
temperatures of interest and are of little use: the moves stay exact, but a heat-bath sweep, which does the work, then
precedes each of them, and the result says so. Parallel tempering serves better there.
Sources: Swendsen and Wang, Phys. Rev. Lett. 58, 86 (1987); Wolff, Phys. Rev. Lett. 62, 361 (1989); ghost: Lauwers and
Rittenberg, Phys. Lett. B 233, 197 (1989); frustration: Cataudella et al., Phys. Rev. Lett. 72, 1541 (1994).
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.pieces import pieces
from .clusters_kernel import bond_chances, frustrated_kernel, swendsen_wang_moves, wolff_moves
from .replicas.reference import toss_all
from .samples import Samples, SamplingProgress, record_chains
from .validation import at_least, burn_in_betas, check_beta, starting_spins

_FRUSTRATED = (
    "loops of couplings are frustrated, clusters percolate early: heat-bath sweeps between them do the work; tempering "
    "serves better"
)


def is_frustrated(ising: Ising) -> bool:
    """Test for frustration: whether couplings and biases cannot all be satisfied at once.

    Returns
    -------
    bool
        True if the problem is frustrated.
    """
    return bool(frustrated_kernel(*_graph(ising)))


def swendsen_wang(
    ising: Ising,
    beta: float,
    draws: int = 1000,
    *,
    chains: int = 4,
    burn_in: int | ArrayLike = 200,
    thin: int = 1,
    sweeps_between: int | None = None,
    initial: ArrayLike | None = None,
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample chains by Swendsen-Wang moves, which flip every cluster at even odds.

    A move counts as a sweep. Diagnostics: ``cluster_fraction``, the mean share of all sites in the cluster of a site;
    ``frustrated``; ``sweeps_between``.

    Parameters
    ----------
    ising, beta, draws, chains, burn_in, thin, initial, rng, progress
        As in :func:`gibbs`.
    sweeps_between : int or None
        Heat-bath sweeps before each move; None is 1 for a frustrated problem, else 0.

    Returns
    -------
    Samples
        The chains.
    """
    return _run(
        "swendsen_wang", swendsen_wang_moves, 2, ising, beta, draws, chains, burn_in, thin, sweeps_between, initial,
        rng, progress,
    )  # fmt: skip


def wolff(
    ising: Ising,
    beta: float,
    draws: int = 1000,
    *,
    chains: int = 4,
    burn_in: int | ArrayLike = 1000,
    thin: int = 1,
    sweeps_between: int | None = None,
    initial: ArrayLike | None = None,
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample chains by Wolff moves, each of which flips one cluster.

    A move flips ``cluster_fraction`` n sites in the mean, so that 1 / cluster_fraction of them are one sweep.
    Diagnostics are those of :func:`swendsen_wang`.

    Parameters
    ----------
    ising, beta, draws, chains, burn_in, thin, initial, rng, progress
        As in :func:`gibbs`.
    sweeps_between : int or None
        Heat-bath sweeps before each move; None is 1 for a frustrated problem, else 0.

    Returns
    -------
    Samples
        The chains.
    """
    return _run(
        "wolff", wolff_moves, 1, ising, beta, draws, chains, burn_in, thin, sweeps_between, initial, rng, progress
    )


def _graph(ising: Ising) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Build CSR couplings, with the ghost as the last spin if there are biases."""
    j = ising.sparse_couplings()
    if ising.biases.any():
        h = ising.biases[:, None]
        j = sparse.csr_array(sparse.block_array([[j, h], [h.T, None]]))
        j.eliminate_zeros()
    return j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data.astype(float)


def _run(
    method: str,
    moves: Any,
    weight: int,
    ising: Ising,
    beta: float,
    draws: int,
    chains: int,
    burn_in: int | ArrayLike,
    thin: int,
    sweeps_between: int | None,
    initial: ArrayLike | None,
    rng: RNG,
    progress: SamplingProgress | None,
) -> Samples:
    """Sample chains by ``moves``, which return sums of size**weight over clusters: share times n**weight on average."""
    beta, n = check_beta(beta), ising.size
    at_least(1, chains=chains, thin=thin)
    graph = _graph(ising)
    hard = bool(frustrated_kernel(*graph))
    between = int(hard) if sweeps_between is None else sweeps_between
    at_least(0, sweeps_between=between)
    states = kernel_states(read_seeds(rng, chains))
    spins = toss_all((chains, graph[0].size - 1), states)
    if initial is not None:
        spins[:, n:] = 1
        spins[:, :n] = starting_spins(initial, chains, n)
    turned, done = 0.0, 0

    def advance(betas: Float, step: str) -> None:
        nonlocal turned, done
        before = 0
        for at, alike in groupby(betas):
            count, total = len(list(alike)), 0.0
            chance, every = bond_chances(graph[2], at), chains * betas.size
            for some, part in pieces(chains, count, step, before=chains * before, total=every):
                total += moves(*graph, at, chance, part.stop - part.start, between, spins[some], states[some])
            share = total / (count * chains * float(spins.shape[1]) * spins.shape[1] ** (weight - 1))
            before += count
            if at == beta:
                turned, done = turned + count * share, done + count

    def read() -> NDArray[np.int8]:
        return spins[:, :n] * spins[:, n:] if spins.shape[1] > n else spins

    drawn, energies, status, message = record_chains(
        ising, advance, read, chains=chains, draws=draws, warm=burn_in_betas(burn_in, beta), thin=np.full(thin, beta),
        progress=progress,
    )  # fmt: skip
    diagnostics = {"cluster_fraction": turned / done, "frustrated": hard, "sweeps_between": between}
    message = "; ".join(filter(None, [message, _FRUSTRATED if hard else ""]))
    return Samples(drawn, energies, np.array([beta]), method, diagnostics, status, message)
