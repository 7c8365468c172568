"""Steps of the voltages of one read; the equation stands at the head of ``bistable_model``."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import below, exponential, normal, uniform

DUE, FLIPS, LOST = range(3)  # of ``account``


@njit(cache=True, nogil=True, error_model="numpy")
def bistable_kernel(
    indptr, indices, data, pulls, loads, gain_from, gain_to, heat, flips, dt, first, last, steps, account, volts, state,
):  # fmt: skip
    """Take the steps ``first`` to ``last`` of all ``steps``.

    Parameters
    ----------
    indptr, indices, data : arrays
        Signed conductances (CSR) over that of the strongest coupling.
    pulls, loads : (n,) float
        Conductances to the rails, signed; sum of all conductances of a node.
    gain_from, gain_to : float
        Gain at the start and at the end of all steps.
    heat : float
        k T / (C V_s^2); 0 draws no noise.
    flips : float
        Forced flips of a node in a time constant at the start; they fall to 0 at the end.
    dt : float
        Step, time constants R C.
    first, last, steps : int
        Steps.
    account : (3,) float
        Time of the next flip, number of flips, energy lost in the couplings in C V_s^2; in place.
    volts : (n,) float
        Voltages in V_s, in place.
    state : (4,) uint64
        The random state, in place.
    """
    n = volts.size
    change = np.empty(n)
    for step in range(first, last):
        part = (step + 0.5) / steps
        gain = gain_from + (gain_to - gain_from) * part
        lost = 0.0
        for i in range(n):
            v = volts[i]
            drive = pulls[i]
            for k in range(indptr[i], indptr[i + 1]):
                drive += data[k] * volts[indices[k]]
            lost += v * (loads[i] * v - drive - pulls[i]) + abs(pulls[i])
            change[i] = dt * (drive - loads[i] * v - gain * v * (v * v - 1.0))
            if heat > 0.0:
                change[i] += math.sqrt(2.0 * heat * loads[i] * dt) * normal(state)
        for i in range(n):
            volts[i] += change[i]
        account[LOST] += lost * dt
        while flips > 0.0 and account[DUE] < (step + 1) * dt:  # at the highest rate, thinned
            if uniform(state) < 1.0 - part:
                i = below(state, n)
                volts[i] = -volts[i]
                account[FLIPS] += 1.0
            account[DUE] += exponential(state) / (n * flips)
