r"""Compiled steps of dopant neurons that settle or anneal: look-ups in the units' curves, couplings, a step of u.

.. math:: u \leftarrow u + (1 - e^{-dt / \tau}) (R (T x + I) - u) + \text{kick}, \qquad
          x = f(u) + \sqrt{S(u)} \, \xi

where f and S are the measured output of each unit and the noise of it within a step. The three curves of a unit share
their grid, hence the place in it.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

from numba import njit


@njit(cache=True, nogil=True)
def settle_steps(reads, network, curves, numbers, kicks, factors, shakes, x):
    """Take a step for each of the kicks, in place.

    Parameters
    ----------
    reads : tuple of arrays
        u, R (T x + I) - u of the last step, and the sides of u where it began (reads, n); whether u is still on them,
        as 1 or 0, the energy of the units in J, and the weight of each read, 0 where it has settled (reads,).
    network : (1 or reads, n, n) float, (n,) float, (n,) int
        Couplings, column after column; biases; kind of unit of each neuron.
    curves : tuple of three (units, m) float
        Outputs, noise and power.
    numbers : tuple of float
        Volts of u = 1 and of the end of the curves; root of the bandwidth; load; 1 - exp(-dt / tau); dt in s.
    kicks : (steps, reads, 2, n) float
        Normal numbers of the units' noise, and of the noise units.
    factors, shakes : (steps,) float
        Factor on the gain, and size of the kicks of u.
    x : (n,) float
        Work.
    """
    u, rest, up, still, joules, active = reads
    couplings, biases, which = network
    outputs, noise, powers = curves
    bound, range_v, blur, load, approach, step_s = numbers
    n, last = len(biases), outputs.shape[1] - 2
    for r in range(len(u)):
        own = min(r, len(couplings) - 1)
        for k in range(len(kicks)):
            watts = 0.0
            for i in range(n):
                place = (min(max(bound * factors[k] * u[r, i] / range_v, -1.0), 1.0) + 1.0) * (0.5 * (last + 1))
                low = max(0, min(int(place), last))
                part, unit = place - low, which[i]
                y = outputs[unit, low] + part * (outputs[unit, low + 1] - outputs[unit, low])
                spread = noise[unit, low] + part * (noise[unit, low + 1] - noise[unit, low])
                x[i] = y + blur * math.sqrt(spread) * kicks[k, r, 0, i]
                watts += powers[unit, low] + part * (powers[unit, low + 1] - powers[unit, low])
                rest[r, i] = biases[i]
            joules[r] += active[r] * watts * step_s
            for j in range(n):
                for i in range(n):
                    rest[r, i] += couplings[own, j, i] * x[j]
            for i in range(n):
                rest[r, i] = rest[r, i] / load - u[r, i]
                u[r, i] += active[r] * approach * rest[r, i] + shakes[k] * kicks[k, r, 1, i]
                if (u[r, i] > 0.0) != up[r, i]:
                    still[r] = 0
