r"""Parallel trial with a dynamic offset in integers, one flip at most a step: the kernel of ``parallel_trial``."""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

from numba import njit

from neuromorph.kernels.xoshiro import below, exponential


@njit(cache=True, nogil=True)
def trial_steps(couplings, temperatures, increment, x, fields, offsets, lowest, best, state):
    """Take a step at each of ``temperatures``.

    Parameters
    ----------
    couplings : (n, n) int64
        W.
    temperatures : (steps,) int64
        T in units of 2^-8.
    increment : int
        d, by which the offset grows where nothing is accepted; 0 for none.
    x : (n,) int8
        State, 0 or 1, changed in place.
    fields : (n,) int64
        b + W x, changed in place.
    offsets : (2,) int64
        E_off and the energy relative to the start, changed in place.
    lowest : (1,) int64
        Lowest energy so far, changed in place.
    best : (n,) int8
        State of the lowest energy, changed in place.
    state : (4,) uint64
        Random state, changed in place.

    Returns
    -------
    int
        Flips.
    """
    n, flips = x.size, 0
    for t in range(temperatures.size):
        chosen, accepted = -1, 0
        for i in range(n):
            change = fields[i] if x[i] else -fields[i]
            noise = int(exponential(state) * 65536.0)
            if change - offsets[0] <= (temperatures[t] * noise) >> 24:
                accepted += 1
                if accepted == 1 or below(state, accepted) == 0:  # each of them with the same probability
                    chosen = i
        if chosen < 0:
            offsets[0] += increment
            continue
        offsets[0] = 0
        flips += 1
        step = -1 if x[chosen] else 1
        offsets[1] -= step * fields[chosen]
        x[chosen] += step
        for j in range(n):
            fields[j] += step * couplings[chosen, j]
        if offsets[1] < lowest[0]:
            lowest[0] = offsets[1]
            for i in range(n):
                best[i] = x[i]
    return flips
