"""Steps of the phases of one read; the equation stands at the head of ``phase_model``."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import normal


@njit(cache=True, nogil=True, error_model="numpy")
def phase_kernel(
    indptr, indices, data, pulls, detuning, harmonic_from, harmonic_to, kick, dt, first, last, steps, phases, state,
):  # fmt: skip
    """Take the steps ``first`` to ``last`` of all ``steps``.

    Parameters
    ----------
    indptr, indices, data : arrays
        K J (CSR), rad a cycle.
    pulls, detuning : (n,) float
        K h and frequencies, rad a cycle.
    harmonic_from, harmonic_to : float
        K_s at the start and at the end of all steps.
    kick : float
        sqrt(2 D dt); 0 draws no noise.
    dt : float
        Step, cycles.
    first, last, steps : int
        Steps.
    phases : (n,) float
        Phases, in place.
    state : (4,) uint64
        The random state, in place.
    """
    n = phases.size
    c, s = np.empty(n), np.empty(n)
    for step in range(first, last):
        harmonic = harmonic_from + (harmonic_to - harmonic_from) * (step + 0.5) / steps
        for i in range(n):
            c[i], s[i] = math.cos(phases[i]), math.sin(phases[i])
        for i in range(n):
            along, across = 0.0, 0.0
            for k in range(indptr[i], indptr[i + 1]):
                along += data[k] * c[indices[k]]
                across += data[k] * s[indices[k]]
            drive = s[i] * along - c[i] * across + pulls[i] * s[i] + 2.0 * harmonic * s[i] * c[i]
            phases[i] += dt * (detuning[i] - drive)
            if kick > 0.0:
                phases[i] += kick * normal(state)
