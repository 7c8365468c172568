r"""Telegraph noise: atoms with two states that switch at rates set by their neighbors.

.. math:: r_\uparrow = \gamma e^{\theta f}, \qquad r_\downarrow = \gamma e^{-(1-\theta) f}, \qquad
          f_i = 2 \beta \Bigl(h_i + \sum_j w_{ij} s_j\Bigr)

where

- gamma is the attempt rate, f the field in units of the effective temperature,
- theta in [0, 1] is the position of the barrier between the two states,
- w are the couplings, h the biases, s the spins, beta the inverse temperature.

r_up / r_down = exp(f): for symmetric w detailed balance holds, and the states follow exp(-beta E), for every theta.
Under a tip w_ij may differ from w_ji; then no energy describes the states.

Source: Kiraly, Knol, van Weerdenburg, Kappen and Khajetoorians, Nat. Nanotechnol. 16, 414 (2021); theta after Glauber,
J. Math. Phys. 4, 294 (1963).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from neuromorph.ising import Float
from neuromorph.rng import RNG, kernel_states, read_seeds
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.runtime.pieces import pieces
from neuromorph.sampling.single_spin_kernel import randomize_spins

from .telegraph_kernel import begin, telegraph_kernel

_Columns: TypeAlias = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]

SwitchObserver: TypeAlias = Callable[[float, float, NDArray[np.int8]], None]

MAX_RECORDED = 16  # The time in each of 2^n states is recorded up to this number of atoms.


def telegraph_rates(field: ArrayLike, *, attempt_rate_hz: float, theta: float = 0.5) -> tuple[Float, Float]:
    """Compute the switching rates of two-state atoms.

    Parameters
    ----------
    field : (n,) float
        f, local field in units of the effective temperature.
    attempt_rate_hz : float
        gamma, 1/s.
    theta : float
        Position of the barrier between the two states, 0 to 1.

    Returns
    -------
    up, down : (n,) float
        Rates, 1/s.
    """
    f = np.asarray(field, dtype=float)
    return attempt_rate_hz * np.exp(theta * f), attempt_rate_hz * np.exp((theta - 1.0) * f)


def skewed(couplings: Any, asymmetry: float, rng: np.random.Generator) -> sparse.csc_array:
    """Make couplings asymmetric: w_ij = J_ij (1 + a x_ij), w_ji = J_ij (1 - a x_ij).

    Parameters
    ----------
    couplings : (n, n) array or sparse array
        J, symmetric.
    asymmetry : float
        a; 0 returns J.
    rng : numpy.random.Generator
        The stream of the standard normal numbers x.

    Returns
    -------
    (n, n) scipy.sparse.csc_array
        w.
    """
    j = sparse.csc_array(couplings)
    if asymmetry == 0.0:
        return j
    upper = sparse.triu(j, 1, format="coo")
    upper.data = upper.data * asymmetry * rng.standard_normal(upper.nnz)
    return sparse.csc_array(j + upper - upper.T)


def simulate_switching(
    couplings: Any,
    biases: Float,
    betas: Float,
    durations: Float,
    spins: NDArray[np.int8],
    streams: NDArray[np.uint64],
    *,
    theta: float = 0.5,
    speeds: ArrayLike = 1.0,
    observe: SwitchObserver | None = None,
    every: int = 1,
) -> tuple[Float, NDArray[np.bool_]]:
    """Simulate the telegraph switching of every read through a schedule of betas.

    Atoms with symmetric w switch at most about twice an attempt time. A read with ten times that many events, which
    asymmetric w can drive in a circle, is stopped. After Ctrl-C only the complete reads are returned.

    Parameters
    ----------
    couplings : (n, n) scipy.sparse.csc_array
        w.
    biases : (n,) float
        h.
    betas, durations : (steps,) float
        Inverse temperature and duration of each step, in attempt times 1 / gamma.
    spins : (reads, n) int8
        Start states, changed in place.
    streams : (reads, 4) uint64
        Random states of ``rng.kernel_states``, changed in place.
    theta : float
        Position of the barrier, 0 to 1.
    speeds : (n,) float or float
        Attempt rate of each atom over the gamma of the unit of time: 1 of a neuron, far below 1 of a synapse.
    observe : callable, optional
        Called with time in attempt times, beta and spins (n,) of the first read: at its start, after every ``every``
        events, and at its end. It changes nothing.
    every : int
        Number of events from one call of ``observe`` to the next.

    Returns
    -------
    events : (reads,) float
        Number of switching events.
    ended : (reads,) bool
        Whether the read reached the end of its schedule.
    """
    gamma = speeds_of(speeds, biases.size)
    most = int(20.0 * biases.size * (float(np.sum(durations)) * max(1.0, float(gamma.max())) + 100.0))
    columns = _columns(couplings)
    parts, _ = whole_parts(
        _switched(
            columns,
            biases,
            betas,
            durations,
            theta,
            gamma,
            most,
            s,
            stream,
            np.empty(0),
            k,
            len(spins),
            observe if k == 0 else None,
            every,
        )
        for k, (s, stream) in enumerate(zip(spins, streams, strict=True))
    )
    events = np.array(parts)
    return events.astype(float), events < most


def occupation(
    couplings: ArrayLike,
    biases: ArrayLike,
    attempts: float,
    *,
    beta: float = 1.0,
    theta: float = 0.5,
    speeds: ArrayLike = 1.0,
    rng: RNG = None,
) -> tuple[Float, int]:
    """Measure the occupation, the fraction of time in each state, of one trajectory.

    Parameters
    ----------
    couplings : (n, n) float
        w, not necessarily symmetric.
    biases : (n,) float
        h.
    attempts : float
        Duration in attempt times.
    beta, theta : float
        Inverse temperature; position of the barrier.
    speeds : (n,) float or float
        Attempt rate of each atom over the gamma of the unit of time.
    rng : RNG
        Seed or generator.

    Returns
    -------
    fractions : (2^n,) float
        Fraction of time in each state; state k has atom i up where bit i of k is set.
    events : int
        Number of switching events.

    Raises
    ------
    ValueError
        Above 16 atoms.
    """
    w, h = sparse.csc_array(np.asarray(couplings, dtype=float)), np.array(biases, dtype=float)
    if h.size > MAX_RECORDED:
        raise ValueError(f"biases name {h.size} atoms; the time in each of 2^n states is kept up to {MAX_RECORDED}")
    stream = kernel_states(read_seeds(rng, 1))
    spins = np.empty((1, h.size), np.int8)
    randomize_spins(spins, stream)
    table = np.zeros(1 << h.size)
    duration, most, gamma = np.array([float(attempts)]), np.iinfo(np.int64).max, speeds_of(speeds, h.size)
    betas = np.array([float(beta)])
    events = _switched(_columns(w), h, betas, duration, theta, gamma, most, spins[0], stream[0], table)
    return table / table.sum(), events


def speeds_of(speeds: ArrayLike, n: int) -> Float:
    """Check the attempt rates of atoms.

    Parameters
    ----------
    speeds : (n,) float or float
        Attempt rate of each atom over the gamma of the unit of time, or one for all.
    n : int
        Number of atoms.

    Returns
    -------
    (n,) float
        One for each atom.

    Raises
    ------
    ValueError
        If there are not as many as atoms, or one is negative or not finite.
    """
    given = np.asarray(speeds, dtype=float)
    if given.shape not in ((), (n,)):
        raise ValueError(f"speeds have shape {given.shape}; give one for all atoms, or one for each of {n}")
    if not (np.isfinite(given) & (given >= 0.0)).all():
        raise ValueError("speeds are attempt rates over gamma; they must be finite and not negative")
    return np.full(n, given) if given.ndim == 0 else given.copy()


def _switched(
    columns: _Columns,
    biases: Float,
    betas: Float,
    durations: Float,
    theta: float,
    speeds: Float,
    most: int,
    spins: NDArray[np.int8],
    stream: NDArray[np.uint64],
    table: Float,
    read: int = 0,
    reads: int = 1,
    observe: SwitchObserver | None = None,
    every: int = 1,
) -> int:
    """Simulate one read to its end and return its number of events."""
    state: Any = begin(*columns, biases, spins)
    counts, left = state[-2:]
    arguments: list[Any] = [*columns, betas, durations, theta, speeds, most, spins, stream, table, *state]
    total = float(durations.sum())
    checkpoint("switching", read, reads)
    if observe is not None:
        observe(0.0, float(betas[0]), spins)
    parts = (part.stop - part.start for _, part in pieces(1, most + 1)) if observe is None else repeat(every)
    for part in parts:
        over = telegraph_kernel(*[*arguments, part])
        spent = durations[: counts[0] + 1].sum() - max(left[0], 0.0)
        if observe is not None:
            observe(float(spent), float(betas[min(counts[0], betas.size - 1)]), spins)
        checkpoint("switching", read + min(1.0, float(spent) / total), reads)
        if over:
            break
    return int(counts[1])


def _columns(w: sparse.csc_array) -> _Columns:
    """Copy the columns of w, so that the kernel is compiled once, not again for read-only arrays."""
    return w.indptr.astype(np.int64), w.indices.astype(np.int64), w.data.copy()
