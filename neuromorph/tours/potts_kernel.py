r"""Potts mean field of a tour: each city holds probabilities of positions; columns are held by a penalty.

.. math:: V_{xi} = \frac{e^{U_{xi} / T}}{\sum_j e^{U_{xj} / T}}, \qquad
          F_{xi} = -\sum_y \hat d_{xy} (V_{y,i+1} + V_{y,i-1}) - \alpha \sum_y V_{yi} + \beta V_{xi}

is solved for U = F one city after the other, while T falls through Tc = 2 cos(2 pi / n) / n, where the first tour-like
mode grows. d^ is the centered matrix of distances over its largest absolute eigenvalue, alpha the penalty of columns,
beta the self-coupling. With beta = alpha no city is penalized for its own share of a column: positions freeze before
the distances have chosen among them, and tours of 30 cities are 20 to 50 % too long, however slowly T falls. With beta
near 0 until the end they are 4 % too long. F then falls with V_xi itself, and iteration is damped by that slope, a
Newton step in each potential; it would oscillate otherwise:

.. math:: U_{xi} \leftarrow U_{xi} + \tfrac12 \frac{F_{xi} - U_{xi}}{1 + (\alpha - \beta) V_{xi} / T}

Sources: Peterson and Soederberg, Int. J. Neural Syst. 1, 3 (1989), Potts neurons with alpha, beta and serial updates;
the damping and the courses of alpha over n and of beta are ours, chosen by measurement.
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import math

import numpy as np
from numba import njit

from ..kernels.xoshiro import normal

_STEP = 0.5  # of the way to U = F where F does not depend on V_xi; at 1 some long schedules lose their tour


@njit(cache=True, nogil=True)
def potts_sweeps(distances, temperatures, alpha, betas, noise, stream, u, v):
    """Update all cities once at each temperature.

    Parameters
    ----------
    distances : (n, n) float
        d^.
    temperatures : (sweeps,) float
        T of each sweep.
    alpha : float
        Penalty of columns.
    betas : (sweeps,) float
        Self-coupling of each sweep, at most alpha.
    noise : float
        Deviation of the noise of F over T.
    stream : (4,) uint64
        State of the generator, in place.
    u, v : (n, n) float
        Potentials and outputs [city, position], in place.
    """
    n = len(v)
    columns, distant = np.empty(n), np.empty(n)
    for k in range(len(temperatures)):
        temperature, damping = temperatures[k], alpha - betas[k]
        for i in range(n):
            columns[i] = 0.0
        for x in range(n):
            for i in range(n):
                columns[i] += v[x, i]
        for x in range(n):
            for i in range(n):
                distant[i] = 0.0
            for y in range(n):
                for i in range(n):
                    distant[i] += distances[x, y] * v[y, i]
            top = -math.inf
            for i in range(n):
                field = betas[k] * v[x, i] - alpha * columns[i] - distant[i - 1] - distant[i + 1 if i + 1 < n else 0]
                if noise > 0.0:
                    field += noise * temperature * normal(stream)
                u[x, i] += _STEP * (field - u[x, i]) / (1.0 + damping * v[x, i] / temperature)
                top = max(top, u[x, i])
            total = 0.0
            for i in range(n):
                columns[i] -= v[x, i]
                v[x, i] = math.exp((u[x, i] - top) / temperature)
                total += v[x, i]
            for i in range(n):
                v[x, i] /= total
                columns[i] += v[x, i]
