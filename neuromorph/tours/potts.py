"""Potts mean field of a tour, annealed through the critical temperature; ``potts_kernel`` has the equations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..analog import Permutations
from ..ising import Float
from ..rng import kernel_states
from ..runtime.pieces import pieces
from .potts_kernel import potts_sweeps

_HOT, _COLD = 1.1, 0.03  # T at both ends, over Tc
_PENALTY = (15.0, 0.25)  # n alpha of few cities, and its slope over n
_SELF = 1.0  # n beta at the start
_POWER = 8  # of time, as which beta rises to alpha
_SCATTER = 1e-3  # of V at the start, which breaks the symmetry of tours that differ by a shift or in direction


def potts_tours(
    scaled: Float, seeds: Sequence[np.random.SeedSequence], *, sweeps: int, noise: float = 0.0
) -> Permutations:
    """Anneal Potts neurons, one city after the other.

    Parameters
    ----------
    scaled : (n, n) float
        d^, the centered distances over their largest absolute eigenvalue.
    seeds : sequence of SeedSequence
        One seed for each read.
    sweeps : int
        Updates of each city; 100 n serve up to a hundred cities.
    noise : float
        Deviation of the noise of potentials over T; 1 makes tours of 30 cities 1 % too long instead of 4.

    Returns
    -------
    Permutations
        Final outputs.
    """
    n = len(scaled)
    time = np.linspace(0.0, 1.0, sweeps)
    critical = 2.0 * np.cos(2.0 * np.pi / max(6, n)) / n
    temperatures = critical * _HOT * (_COLD / _HOT) ** time
    alpha, start = (_PENALTY[0] + _PENALTY[1] * n) / n, _SELF / n
    betas = start + (alpha - start) * time**_POWER
    values = np.array([1.0 / n + _SCATTER * np.random.default_rng(seed).standard_normal((n, n)) for seed in seeds])
    potentials, streams = np.zeros_like(values), kernel_states(list(seeds))
    for reads, part in pieces(len(values), sweeps, "Potts mean field"):
        for read in range(reads.start, reads.stop):
            potts_sweeps(
                scaled, temperatures[part], alpha, betas[part], noise, streams[read], potentials[read], values[read]
            )
    return Permutations(values, float(sweeps), sweeps, np.zeros(len(values), np.int64))
