"""Inner loop of pulse-coupled threshold units, in which time jumps between avalanches to the next threshold.

Units fire in generations: all at or above 1 at once, then all that their pulses brought there. Sources: Herz and
Hopfield, Phys. Rev. Lett. 75, 1222 (1995); Olami, Feder and Christensen, Phys. Rev. Lett. 68, 1244 (1992).
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import below


@njit(cache=True, nogil=True)
def run_avalanches(
    offsets, targets, weight, drive, leak, kick, subtract, u, sizes, durations, times, last, state, first, stop
):
    """Simulate the avalanches ``first`` to before ``stop``; those before them are done.

    Parameters
    ----------
    offsets, targets, weight, drive, leak, subtract
        Fields of :class:`.PulseNetwork`.
    kick : float
        0: du/dt = drive - leak u for all, to the next threshold; above 0: kicks of random units until one fires.
    u, last : (n,) arrays
        Potentials, and last avalanche of each unit, in place.
    sizes, durations, times : (m,) arrays
        Firings, generations and times, filled in place.
    state : (4,) uint64
        State of the generator, in place.
    first, stop : int
        Range of the avalanches.

    Returns
    -------
    int
        The number of avalanches, below ``stop`` if one does not end within 1000 n firings.
    """
    n = u.size
    now, next_ones = np.empty(n, np.int64), np.empty(n, np.int64)
    waits = np.zeros(n, np.bool_)
    time = times[first - 1] if first else 0.0
    for avalanche in range(first, stop):
        if kick > 0.0:
            unit = below(state, n)
            u[unit] += kick
            time += 1.0
            while u[unit] < 1.0:
                unit = below(state, n)
                u[unit] += kick
                time += 1.0
            now[0], count = unit, 1
        else:
            top = u.max()
            if leak > 0.0:
                end = drive / leak
                factor = min(1.0, (end - 1.0) / (end - top))
                time -= math.log(factor) / leak
                for i in range(n):
                    u[i] = end - (end - u[i]) * factor
            else:
                time += (1.0 - top) / drive
                for i in range(n):
                    u[i] += 1.0 - top
            count = 0
            for i in range(n):
                if u[i] >= 1.0 - 1e-12:  # units that reach the threshold together fire together, in spite of rounding
                    now[count] = i
                    count += 1
        size, generations = 0, 0
        while count > 0:
            size += count
            generations += 1
            if size > 1000 * n:
                return avalanche
            for k in range(count):
                i = now[k]
                u[i] = u[i] - 1.0 if subtract else 0.0
                last[i] = avalanche
            coming = 0
            for k in range(count):
                for edge in range(offsets[now[k]], offsets[now[k] + 1]):
                    j = targets[edge]
                    u[j] += weight
                    if u[j] >= 1.0 - 1e-12 and not waits[j]:
                        waits[j] = True
                        next_ones[coming] = j
                        coming += 1
            for k in range(coming):
                now[k] = next_ones[k]
                waits[now[k]] = False
            count = coming
        sizes[avalanche], durations[avalanche], times[avalanche] = size, generations, time
    return stop
