"""Systematic resampling of populations by exp(-step E), each population from its own stream.

Copies are laid out from a random place on, so that every place holds a uniformly drawn member.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import below, uniform


@njit(cache=True, nogil=True)
def resample(energies, step, states, sources, logs):
    """Resample each population systematically, with numbers of copies within 1 of R w.

    Parameters
    ----------
    energies : (runs, R) float
        E of each member.
    step : float
        Step of beta.
    states : (runs, 4) uint64
        One stream for each run, in place.
    sources : (runs, R) int64
        Member of which member m of run r becomes a copy, filled in place.
    logs : (runs,) float
        ln <exp(-step E)> is added in place.
    """
    runs, size = energies.shape
    weights = np.empty(size)
    for r in range(runs):
        lowest = energies[r].min()
        total = 0.0
        for m in range(size):
            weights[m] = math.exp(-step * (energies[r, m] - lowest))
            total += weights[m]
        logs[r] += math.log(total / size) - step * lowest
        point, m, reached = uniform(states[r]), 0, weights[0] * size / total
        place = below(states[r], size)
        for k in range(size):
            while k + point >= reached and m < size - 1:
                m += 1
                reached += weights[m] * size / total
            sources[r, (place + k) % size] = m
