r"""How hot to start and how cold to end an anneal, read off the couplings.

.. math:: G_i = \sqrt{\textstyle\sum_j J_{ij}^2}, \qquad
          \beta_{hot} = \frac{0.2}{\max_i G_i}, \qquad
          \beta_{cold} = \frac{3}{\mathrm{median}_i \max(\min_{j: J_{ij} \ne 0} |J_{ij}|,\; G_i / \sqrt n)}

G_i is the spread of the field on spin i over random states: at beta_hot every spin flips freely. The denominator of
beta_cold is the smallest field that one expects in a low state: on a lattice of equal couplings one coupling, in a
dense glass G / sqrt n (fields have a linear pseudo-gap); against it a spin stands with odds exp(6). Biases alone make
no barriers, so they count only for spins without couplings. The constants were chosen on G-set and
Sherrington-Kirkpatrick instances for this project.
"""

from __future__ import annotations

import numpy as np

from ..ising import Float, Ising, power_of_two


def beta_range(ising: Ising) -> tuple[float, float]:
    """(beta_hot, beta_cold) in 1 / energy; (1, 1) where every state has the same energy."""
    j, bias = abs(ising.sparse_couplings()), np.abs(ising.biases)
    unit = power_of_two(j.data, bias)
    j, bias = j / unit, bias / unit
    spread = np.sqrt(np.asarray(j.power(2).sum(axis=1)).ravel())
    least = np.zeros(ising.size)
    filled = np.diff(j.indptr) > 0
    if filled.any():
        least[filled] = np.minimum.reduceat(j.data, j.indptr[:-1][filled])
    smallest = np.where(filled, np.maximum(least, spread / np.sqrt(ising.size)), bias)
    largest = float(np.where(filled, spread, bias).max())
    if largest == 0.0:
        return 1.0, 1.0
    return 0.2 / largest / unit, 3.0 / float(np.median(smallest[smallest > 0])) / unit


def ramp(hot: float, cold: float, steps: int) -> Float:
    """``steps`` values of beta from hot to cold in equal ratios, cold included; all cold where cold <= hot."""
    if cold <= hot:
        return np.full(steps, cold)
    return np.geomspace(hot, cold, steps) if steps > 1 else np.full(steps, cold)
