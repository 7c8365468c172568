r"""One-hot form of tours: x_{ip} = 1 where city i of n stands at position p.

For symmetric distances d_ij >= 0 and cyclic positions, with s = 2x - 1 and the penalty A, the energy is

.. math:: E(x) = \sum_p \sum_{i \ne j} d_{ij} x_{ip} x_{j,p+1}
                 + A \sum_i \Bigl(1 - \sum_p x_{ip}\Bigr)^2 + A \sum_p \Bigl(1 - \sum_i x_{ip}\Bigr)^2

E is the length of every tour. **The ground states are exactly the shortest tours** for every A above
A* = max_i (d_i' + d_i'') / 2, where d_i' and d_i'' are the two largest distances of city i; A* <= max d, Lucas's bound.
Proof: take any state. While a position or a city has more than one spin up, put one of them down: no distance
is added, and one squared misfit falls by at least A while the other rises by at most A, so E does not rise. Each city
and each position now has at most one spin up. While a city i is missing, so is a position: put it there. Two misfits
vanish, -2A, and at most two distances from i to two different cities appear, so E falls. Thus E of the state is
at least E of some tour; equality needs that no city was added and that no misfit was there: the state was that tour.

Sources: Hopfield and Tank, Biol. Cybern. 52, 141 (1985), for the encoding; Lucas, Front. Phys. 2, 5 (2014), section 7,
for equal penalties on rows and columns.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from ..ising import Float, Ising, check_spins
from ..runtime.pieces import pieces

_CHUNK = 1 << 22  # floats in flight while many reads are evaluated

_Distance = Callable[[Any, Any], Any]


def sufficient_penalty(distances: Float) -> float:
    """Compute a penalty a little above A* of the module's text.

    It has five binary digits, so that integer sums stay exact.

    Parameters
    ----------
    distances : (n, n) float
        Distances.

    Returns
    -------
    float
        A; 1 if all distances are 0.
    """
    n, bound = len(distances), 0.0
    for rows, _ in pieces(n, 1):
        largest_two = np.partition(distances[rows], n - 2, axis=1)[:, -2:]
        bound = max(bound, float(largest_two.sum(axis=1).max()) / 2.0)
    if bound == 0.0:
        return 1.0
    unit = 2.0 ** (np.floor(np.log2(bound)) - 4.0)
    return float((np.floor(bound / unit) + 1.0) * unit)


def one_hot_ising(distances: Float, penalty: float, offset: float = 0.0) -> Ising:
    """Build the one-hot form over n^2 spins.

    Parameters
    ----------
    distances : (n, n) float
        Distances, with a diagonal of zeros.
    penalty : float
        A.
    offset : float
        Constant of every length.

    Returns
    -------
    Ising
        Couplings, biases and offset.
    """
    n, d, a = len(distances), distances, penalty
    city = np.arange(n)
    others = np.arange(n - 1) + (np.arange(n - 1) >= city[:, None])  # row i: all but i
    # Row (i, p) of J in four runs: i elsewhere, others at p, others before and after.
    column = np.empty((n, n, 4, n - 1), dtype=np.int32)
    column[:, :, 0] = city[:, None, None] * n + others[None, :, :]
    for run, shift in ((1, 0), (2, 1), (3, -1)):
        column[:, :, run] = others[:, None, :] * n + ((city + shift) % n)[None, :, None]
    coupling = np.empty(column.shape)
    coupling[:, :, :2] = -a / 2.0
    coupling[:, :, 2:] = -np.take_along_axis(d, others, axis=1)[:, None, None, :] / 4.0
    start = np.arange(n * n + 1, dtype=np.int32) * (4 * (n - 1))
    couplings = sparse.csr_array((coupling.ravel(), column.ravel(), start), shape=(n * n, n * n))
    biases = np.repeat(-a * (n - 2) - d.sum(axis=1) / 2.0, n)
    return Ising(couplings, biases, a * n * ((n - 2) ** 2 + n) / 2.0 + n * float(d.sum()) / 4.0 + offset)


def one_hot_energies(spins: NDArray[Any], penalty: float, distance: _Distance, distances: Callable[[], Float]) -> Float:
    """Compute E of states from the distances.

    Parameters
    ----------
    spins : (reads, n^2) int
        States, -1 or +1.
    penalty : float
        A.
    distance : callable
        Distances of pairs of cities.
    distances : callable
        Matrix of distances, which is asked for only if some state has a position without one city.

    Returns
    -------
    (reads,) float
        Energies.
    """
    n = isqrt(spins.shape[1])
    step = max(1, _CHUNK // (n * n))
    parts = [
        _energies(spins[k : k + step].reshape(-1, n, n) > 0, penalty, distance, distances)
        for k in range(0, len(spins), step)
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _energies(up: NDArray[np.bool_], penalty: float, distance: _Distance, distances: Callable[[], Float]) -> Float:
    """Compute E (reads,) of states (reads, n, n); one city at every position takes n distances and no product."""
    here, visits = up.sum(axis=1), up.sum(axis=2)
    length = np.empty(len(up))
    plain = (here == 1).all(axis=1)
    order = up[plain].argmax(axis=1)
    length[plain] = distance(order, np.roll(order, -1, axis=1)).sum(axis=1)
    if not plain.all():
        x = up[~plain].astype(float)
        length[~plain] = np.einsum("rip,rip->r", distances() @ x, np.roll(x, -1, axis=2))
    return length + penalty * (((here - 1.0) ** 2).sum(axis=1) + ((visits - 1.0) ** 2).sum(axis=1))


def held_tour(up: NDArray[np.bool_]) -> NDArray[np.int64] | None:
    """Read the tour of a state that has one city at every position, and every city once.

    Parameters
    ----------
    up : (n, n) bool
        Whether the spin of [city, position] is up.

    Returns
    -------
    (n,) int64 or None
        Tour; None where the state is none.
    """
    feasible = (up.sum(axis=0) == 1).all() and (up.sum(axis=1) == 1).all()
    return up.argmax(axis=0) if feasible else None


def completed_tour(up: NDArray[np.bool_], distance: _Distance) -> NDArray[np.int64]:
    """Complete a state to a tour greedily.

    Each position keeps one of its cities, the nearest to the one before; gaps take the nearest city that is left.

    Parameters
    ----------
    up : (n, n) bool
        Whether the spin of [city, position] is up.
    distance : callable
        Distances of pairs of cities.

    Returns
    -------
    (n,) int64
        Tour.
    """
    n = len(up)
    tour = np.full(n, -1)
    left = np.ones(n, dtype=bool)
    for filling in (False, True):
        for position in np.flatnonzero(tour < 0):
            choice = np.flatnonzero(left if filling else left & up[:, position])
            if choice.size == 0:
                continue
            beside = [tour[position - 1], tour[(position + 1) % n]]
            added = np.sum([distance(choice, city) for city in beside if city >= 0], axis=0)
            tour[position] = choice[np.argmin(np.broadcast_to(added, choice.shape))]
            left[tour[position]] = False
    return tour


def one_state(spins: ArrayLike, n: int) -> NDArray[np.bool_]:
    """Read one state of n^2 spins as a table of cities and positions.

    Parameters
    ----------
    spins : (n * n,) array_like
        Spins, -1 or +1.
    n : int
        Number of cities.

    Returns
    -------
    (n, n) bool
        Whether a city is at a position.

    Raises
    ------
    ValueError
        If the spins are not one state.
    """
    s = check_spins(spins, n * n)
    if s.ndim != 1:
        raise ValueError(f"spins have shape {s.shape}; decode one state ({n * n},) at a time")
    return s.reshape(n, n) > 0
