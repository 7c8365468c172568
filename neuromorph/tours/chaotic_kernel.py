r"""Chaotic annealing of a tour: neurons with a refractory self-coupling that decays, after which they settle.

.. math:: y \leftarrow k y - z (x - I_0) + a \Bigl(1 - \sum_{j \ne i} x_{\xi j} - \sum_{\eta \ne \xi} x_{\eta i}
          - w \sum_\eta d_{\xi\eta} (x_{\eta, i+1} + x_{\eta, i-1})\Bigr), \quad x = \frac{1}{1 + e^{-y / \epsilon}}

and z <- (1 - beta) z after each sweep, with k = .9, I0 = .65, a = .015, epsilon = .004, z = .08 at the start; distances
are those of cities in the unit square. Neurons are updated one after the other.
Source: Chen and Aihara, Neural Netw. 8, 915 (1995).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import normal, uniform


@njit(cache=True, nogil=True)
def chaotic_tour(distances, weight, beta, sweeps, noise, stream, x):
    """Run one read.

    Parameters
    ----------
    distances : (n, n) float
        Distances in the unit square.
    weight : float
        w of the distances.
    beta : float
        Decay of the self-coupling in a sweep.
    sweeps : int
        Updates of each neuron.
    noise : float
        Deviation of the noise of y.
    stream : (4,) uint64
        State of the generator, in place.
    x : (n, n) float
        Outputs [city, position], filled in place.
    """
    n = len(x)
    y, rows, columns = np.empty((n, n)), np.zeros(n), np.zeros(n)
    for c in range(n):
        for p in range(n):
            y[c, p] = 0.02 * (uniform(stream) - 0.5)
            x[c, p] = 1.0 / (1.0 + math.exp(-y[c, p] / 0.004))
            rows[c] += x[c, p]
            columns[p] += x[c, p]
    z = 0.08
    for _ in range(sweeps):
        for c in range(n):
            for p in range(n):
                before, behind = p - 1 if p > 0 else n - 1, p + 1 if p + 1 < n else 0
                length = 0.0
                for other in range(n):
                    length += distances[c, other] * (x[other, before] + x[other, behind])
                old = x[c, p]
                drive = 1.0 - (rows[c] - old) - (columns[p] - old) - weight * length
                y[c, p] = 0.9 * y[c, p] - z * (old - 0.65) + 0.015 * drive
                if noise > 0.0:
                    y[c, p] += noise * normal(stream)
                new = 1.0 / (1.0 + math.exp(-max(min(y[c, p] / 0.004, 500.0), -500.0)))
                x[c, p] = new
                rows[c] += new - old
                columns[p] += new - old
        z *= 1.0 - beta
