r"""Tiles of atoms that switch in turn while all others stand still.

.. math:: f_i = 2 \beta \Bigl( h_i + \sum_{j \notin \text{tile}} J_{ij} s_j + \sum_{j \in \text{tile}} w_{ij} s_j \Bigr)

The first two terms are set by the gates before a tile runs, the last is the atoms' own. Rates are those of
``telegraph_kernel``. Each visit leaves p(s) ~ exp(-beta E) as it is, whatever its duration, so that rounds over the
tiles are block Gibbs sampling; source: Jensen, Kjaerulff and Kong, Int. J. Hum.-Comput. Stud. 42, 647 (1995).
"""

# mypy: disable-error-code="no-untyped-def"
from __future__ import annotations

import numpy as np
from numba import njit

from neuromorph.kernels.xoshiro import exponential, uniform

from .telegraph_kernel import switching_rate


@njit(cache=True, nogil=True, error_model="numpy")
def visit_tile(
    atoms, inside, indptr, indices, data, biases, beta, theta, duration, most, spins, state, fields, rates
):  # fmt: skip
    """Let one tile switch for a time.

    Parameters
    ----------
    atoms : (m,) int64
        Spins of the tile.
    inside : (m, m) float
        w within the tile, zero on the diagonal.
    indptr, indices, data : arrays
        Rows of the couplings to other tiles (CSR).
    biases : (n,) float
        h.
    beta, theta : float
        Inverse temperature; position of the barrier.
    duration : float
        Time in attempt times.
    most : int
        Number of events after which the visit stops: asymmetric w can drive events in a circle.
    spins : (n,) int8
        The state, changed in place.
    state : (4,) uint64
        The random state, changed in place.
    fields, rates : (m,) float
        Work space.

    Returns
    -------
    int
        Number of switching events.
    """
    m = atoms.size
    scale = 2.0 * beta
    for a in range(m):
        i = atoms[a]
        total = biases[i]
        for k in range(indptr[i], indptr[i + 1]):
            total += data[k] * spins[indices[k]]
        for b in range(m):
            total += inside[a, b] * spins[atoms[b]]
        fields[a] = total
    left, events = duration, 0
    while events < most:
        total = 0.0
        for a in range(m):
            rates[a] = switching_rate(scale * fields[a], spins[atoms[a]], theta)
            total += rates[a]
        left -= exponential(state) / total
        if left <= 0.0:
            break
        target, a = uniform(state) * total, 0
        while a < m - 1 and target >= rates[a]:
            target -= rates[a]
            a += 1
        spins[atoms[a]] = -spins[atoms[a]]
        events += 1
        for b in range(m):
            fields[b] += 2.0 * inside[b, a] * spins[atoms[a]]
    return events


@njit(cache=True, nogil=True)
def visit_tiles(
    order, starts, inside, indptr, indices, data, biases, beta, theta, duration, rounds, spins, state
):  # fmt: skip
    """Let every tile switch in turn, several rounds.

    Parameters
    ----------
    order : (n,) int64
        Spins tile by tile.
    starts : (tiles + 1,) int64
        Where each tile begins in ``order``.
    inside : (tiles, m, m) float
        w within each tile, padded.
    indptr, indices, data, biases, beta, theta, duration, spins, state
        As of :func:`visit_tile`.
    rounds : int
        Number of rounds.

    Returns
    -------
    events : int
        Number of switching events.
    ended : bool
        Whether every visit reached its end.
    """
    widest = inside.shape[1]
    fields, rates = np.empty(widest), np.empty(widest)
    events, ended = 0, True
    for _ in range(rounds):
        for t in range(starts.size - 1):
            atoms = order[starts[t] : starts[t + 1]]
            m = atoms.size
            most = int(20.0 * m * (duration + 100.0))
            seen = visit_tile(
                atoms, inside[t, :m, :m], indptr, indices, data, biases, beta, theta, duration, most, spins, state,
                fields, rates,
            )  # fmt: skip
            events += seen
            ended = ended and seen < most
    return events, ended
