r"""Parallel tempering: replicas at a ladder of betas that exchange their temperatures.

.. math:: P(\text{swap } t, t+1) = \min\bigl(1, e^{(\beta_{t+1} - \beta_t)(E_{t+1} - E_t)}\bigr)

Even and odd pairs take turns (the non-reversible order, in which a swapped replica keeps its direction). The ladder
is that of :mod:`.tempering_ladder` where none is given.
Sources: Hukushima and Nemoto, J. Phys. Soc. Jpn. 65, 1604 (1996); Syed et al., J. R. Stat. Soc. B 84, 321 (2022).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ..ising import Ising
from ..rng import RNG, seed_sequence
from .replica_exchange import Ladders
from .replicas import Update
from .samples import Samples, SamplingProgress, SweepObserver, record_chains
from .tempering_ladder import adapted
from .validation import at_least, check_ladder, starting_spins


def tempering(
    ising: Ising,
    betas: ArrayLike | float,
    draws: int = 1000,
    *,
    chains: int = 1,
    burn_in: int = 1000,
    thin: int = 1,
    isoenergetic: bool = False,
    update: Update = "heat-bath",
    initial: ArrayLike | None = None,
    kernel: str = "auto",
    rng: RNG = None,
    progress: SamplingProgress | None = None,
    observe: SweepObserver | None = None,
) -> Samples:
    """Sample at the coldest beta by parallel tempering, with a ladder for each chain.

    Diagnostics: ``swap_rates`` (T - 1,), mean probability of a swap; ``round_trips`` (chains,), replicas that came back
    to the hottest beta from the coldest; ``mean_energies`` (T,) after burn-in; ``lowest`` (chains,) and
    ``lowest_spins`` (chains, n), the best state met at any beta; ``cluster_fraction``, mean size / n; ``kernel``.

    Parameters
    ----------
    ising : Ising
        The problem.
    betas : (T,) array_like or float
        The ladder in rising order; or the cold end of one that :func:`ladder` finds, within a quarter of the time that
        a limit leaves: ``message`` then says so.
    draws, chains, burn_in, thin : int
        As in :func:`gibbs`; a sweep is one of all replicas, and one round of swaps.
    isoenergetic : bool
        Whether clusters are exchanged between two replicas at each beta.
    update : Update
        "heat-bath" or "metropolis".
    initial : (n,) or (chains, n) array_like, or None
        Initial state of all replicas of a chain; None is random.
    kernel, rng, progress
        As in :func:`gibbs`.
    observe : callable, optional
        Called as ``observe(spins, energies, holder)`` after every sweep and its swaps, with the spins (chains, n) of
        the coldest replica, energies of all lanes and the lane at each beta, (groups, T) both. What is drawn does not
        depend on it.

    Returns
    -------
    Samples
        The chains.
    """
    at_least(1, chains=chains, thin=thin)
    at_least(0, burn_in=burn_in)
    sequence, note = seed_sequence(rng), ""
    if np.ndim(betas) == 0:
        rungs, note = adapted(ising, float(np.asarray(betas)))
    else:
        rungs = check_ladder(betas, rising=True)
    ladders = Ladders(ising, rungs, chains, isoenergetic, update, kernel, sequence, observe)
    if initial is not None:
        ladders.start(starting_spins(initial, chains, ising.size))
    ladders.advance(np.empty(burn_in), "burn-in")
    ladders.forget_energies()
    spins, energies, status, message = record_chains(
        ising, ladders.advance, ladders.coldest, chains=chains, draws=draws, warm=np.empty(0), thin=np.empty(thin),
        progress=progress,
    )  # fmt: skip
    message = "; ".join(filter(None, [message, note]))
    return Samples(spins, energies, rungs, "tempering", ladders.diagnostics(), status, message)
