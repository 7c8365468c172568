r"""Block Gibbs sampling over the colors of the coupling graph: all spins of a color are updated at once.

.. math:: P(s_C \mid s_{\setminus C}) = \prod_{i \in C} \frac{1}{1 + e^{-2 \beta s_i f_i}}

holds exactly for a class C without couplings inside, where f_i is the field on spin i. The blocks of this Gibbs sampler
are what parallel hardware (p-bits, checkerboards, the two layers of a restricted Boltzmann machine) updates in one
clock.
Source: Gonzalez et al., Parallel Gibbs sampling, AISTATS 2011.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, Ising
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.pieces import pieces
from .block_gibbs_kernel import color_sweeps, greedy_colors
from .replicas.reference import toss_all
from .samples import Samples, SamplingProgress, record_chains
from .validation import at_least, burn_in_betas, check_beta, starting_spins


def color_spins(ising: Ising) -> NDArray[np.int64]:
    """Color the coupling graph greedily, from the largest degree on.

    Returns
    -------
    (n,) int64
        The color 0, 1, ... of each spin.
    """
    j = ising.sparse_couplings()
    colors = np.empty(ising.size, np.int64)
    order = np.argsort(-np.diff(j.indptr), kind="stable")
    greedy_colors(j.indptr.astype(np.int64), j.indices.astype(np.int64), order, colors)
    return colors


def block_gibbs(
    ising: Ising,
    beta: float,
    draws: int = 1000,
    *,
    chains: int = 4,
    burn_in: int | ArrayLike = 1000,
    thin: int = 1,
    colors: ArrayLike | None = None,
    initial: ArrayLike | None = None,
    rng: RNG = None,
    progress: SamplingProgress | None = None,
) -> Samples:
    """Sample chains by block Gibbs updates.

    Diagnostics: ``colors``, their number.

    Parameters
    ----------
    ising, beta, draws, chains, burn_in, thin, initial, rng, progress
        As in :func:`gibbs`.
    colors : (n,) array_like or None
        Classes; coupled spins must differ. None is :func:`color_spins`.

    Returns
    -------
    Samples
        The chains.
    """
    beta = check_beta(beta)
    at_least(1, chains=chains, thin=thin)
    j = ising.sparse_couplings()
    classes = color_spins(ising) if colors is None else np.unique(_checked(colors, ising), return_inverse=True)[1]
    order = np.argsort(classes, kind="stable")
    starts = np.searchsorted(classes[order], np.arange(classes.max() + 2))
    couplings = (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data.copy())
    states = kernel_states(read_seeds(rng, chains))
    state = toss_all((chains, ising.size), states)
    if initial is not None:
        state = starting_spins(initial, chains, ising.size)

    def advance(betas: Float, step: str) -> None:
        for some, sweeps in pieces(chains, betas.size, step):
            color_sweeps(*couplings, ising.biases, betas[sweeps], order, starts, state[some], states[some])

    spins, energies, *ending = record_chains(
        ising, advance, lambda: state, chains=chains, draws=draws, warm=burn_in_betas(burn_in, beta),
        thin=np.full(thin, beta), progress=progress,
    )  # fmt: skip
    return Samples(spins, energies, np.array([beta]), "block_gibbs", {"colors": int(classes.max()) + 1}, *ending)


def _checked(colors: ArrayLike, ising: Ising) -> NDArray[np.int64]:
    c = np.asarray(colors)
    if c.shape != (ising.size,) or c.dtype.kind not in "iu":
        raise ValueError(f"colors have shape {c.shape} of {c.dtype}; give one whole number a spin, ({ising.size},)")
    row, column = ising.sparse_couplings().tocoo().coords
    alike = np.flatnonzero(c[row] == c[column])
    if alike.size:
        i, k = row[alike[0]], column[alike[0]]
        raise ValueError(f"spins {i} and {k} are coupled and both have color {c[i]}; give them different colors")
    return c.astype(np.int64)
