r"""Linear schedules of inverse temperature for anneals that only have to end low.

.. math:: \beta_k = \beta_0 + k \Delta: \quad \frac{.1}{J} \to \frac{2}{J_{min}} \;\text{(15 neighbors and more)},
          \quad \frac{.3}{J} \to \frac{3}{J_{min}} \;\text{(fewer)}

where J is the root mean square of the couplings and J_min what a spin typically has to overcome in a low state
(:func:`.beta_range`). Chosen on the G-set for this project: a schedule in equal ratios spends most of its sweeps where
everything still flips.
"""

from __future__ import annotations

import numpy as np

from ..ising import Float, Ising
from ..sampling.schedules import beta_range, linear_schedule

DENSE = 15.0  # mean number of neighbors from which the anneal starts hotter and ends earlier


def anneal_range(ising: Ising) -> tuple[float, float]:
    """Compute the ends of the default schedule.

    Returns
    -------
    tuple of float
        Hot and cold beta, 1 / energy.
    """
    j = ising.sparse_couplings()
    third = beta_range(ising)[1] / 3.0  # 1 / the field to overcome
    if not j.nnz:
        return 0.3 * third, 3.0 * third
    start, end = (0.1, 2.0) if j.nnz >= DENSE * ising.size else (0.3, 3.0)
    largest = float(np.abs(j.data).max())
    rms = largest * float(np.sqrt(np.mean((j.data / largest) ** 2)))
    cold = end * third
    return min(start / rms, cold), cold


def anneal_schedule(ising: Ising, sweeps: int) -> Float:
    """Compute the default schedule.

    Parameters
    ----------
    ising : Ising
        The problem.
    sweeps : int
        Number of values.

    Returns
    -------
    (sweeps,) float
        The betas.
    """
    return linear_schedule(*anneal_range(ising), sweeps)
