r"""All spins at once, each drawn given the other replica: the kernel of ``cellular_automaton``, in integers."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

from numba import njit

from neuromorph.kernels.xoshiro import uniform


@njit(cache=True, nogil=True)
def automaton_steps(couplings, temperatures, pinnings, spins, fields, turned, state):
    """Update all spins at each of ``temperatures``.

    Parameters
    ----------
    couplings : (n, n) int64
        J.
    temperatures, pinnings : (steps,) int64
        T in units of 2^-8, and the pinning in words.
    spins : (n,) int8
        State, changed in place.
    fields : (n,) int64
        h + J s, changed in place.
    turned : (n,) int64
        Room for the spins that turn.
    state : (4,) uint64
        Random state, changed in place.

    Returns
    -------
    int
        Flips.
    """
    n, flips = spins.size, 0
    for t in range(temperatures.size):
        count = 0
        for i in range(n):
            u = max(uniform(state), 1.1e-16)
            noise = math.floor((math.log(u) - math.log(1.0 - u)) * 65536.0)
            drive = fields[i] + pinnings[t] * spins[i]
            up = drive > (temperatures[t] * noise) >> 24
            if up != (spins[i] > 0):
                turned[count] = i
                count += 1
        for k in range(count):
            i = turned[k]
            spins[i] = -spins[i]
            for j in range(n):
                fields[j] += 2 * spins[i] * couplings[i, j]
        flips += count
    return flips
