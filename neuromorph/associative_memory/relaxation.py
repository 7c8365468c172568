r"""Relaxation of cues through couplings: asynchronous or synchronous updates, with or without temperature.

.. math:: P(s_i = +1) = \frac{1}{1 + e^{-2 \beta f_i}}, \quad f_i = h_i + \sum_j J_{ij} s_j; \qquad
          \beta = \infty: \; s_i \to \mathrm{sgn} f_i, \text{ and } s_i \text{ stays where } f_i = 0

where f_i is the field on spin s_i. Asynchronous updates with symmetric J: E = -1/2 s'Js - h's never rises at infinite
beta (Hopfield, PNAS 79, 2554 (1982)); at finite beta the states follow exp(-beta E) (Glauber, J. Math. Phys. 4, 294
(1963)). Synchronous updates with symmetric J:

.. math:: L(t) = -\tfrac12 s(t)^\top J s(t - 1) - \tfrac12 h^\top (s(t) + s(t - 1))

never rises and equals E at rest, so that every start reaches a fixed point or a cycle of two states (Goles and Olivos,
Discrete Math. 30, 187 (1980); Little, Math. Biosci. 19, 101 (1974)). An asymmetric J may have longer cycles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ..ising import Float, Ising, check_spins
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas

Order: TypeAlias = Literal["asynchronous", "synchronous"]

_WORK = 1 << 27  # steps of a compiled loop between two checkpoints
_ROUND_OFF = 1e-12  # round-off of a sum of couplings relative to the largest field


@dataclass(frozen=True, eq=False)
class RelaxationResult:
    """Final states of relaxed cues, with their energies on the way.

    Attributes
    ----------
    spins : (reads, n) int8
        The final states.
    energies : (reads, points) float
        E, or L for synchronous updates, at the start and after every ``every`` updates; the last value is repeated once
        a read rests.
    updates : (reads,) int
        Single-spin updates until the read was known to rest.
    period : (reads,) int
        Length of the cycle: 1 is a fixed point; 0 is neither a fixed point nor a cycle, within the sweeps allowed or
        because of the temperature.
    every : int
        Updates between two energies.
    """

    spins: NDArray[np.int8]
    energies: Float
    updates: NDArray[np.int64]
    period: NDArray[np.int64]
    every: int

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Convergence (reads,): True where a read is at a fixed point."""
        return np.asarray(self.period == 1)


@single_threaded_blas()
def relax(
    couplings: Ising | ArrayLike,
    cues: ArrayLike,
    *,
    beta: float = np.inf,
    order: Order = "asynchronous",
    sweeps: float = 100,
    every: int | None = None,
    rng: RNG = None,
) -> RelaxationResult:
    """Relax each cue to a fixed point or a cycle, or until ``sweeps`` are exhausted.

    Parameters
    ----------
    couplings : Ising or (n, n) array_like
        J; an array may be asymmetric, and its diagonal must be 0.
    cues : (n,) or (reads, n) array_like
        Initial state of each read.
    beta : float
        Inverse temperature in 1 / energy; infinite for descent.
    order : {"asynchronous", "synchronous"}
        Single spins in random order, or all spins at once.
    sweeps : float
        Largest number of sweeps; one is n updates. A fraction of single-spin updates ends at a multiple of ``every``.
    every : int or None
        Updates between two recorded energies, 1 to n; None is n.
    rng : RNG
        Source of the streams; read r has the r-th one.

    Returns
    -------
    RelaxationResult
        The final states.

    Raises
    ------
    ValueError
        If a parameter is out of range, or a shape does not match.
    """
    j, h, offset = couplings_and_biases(couplings)
    n = len(h)
    start = np.atleast_2d(check_spins(cues, n)).astype(np.int8)
    if not beta >= 0.0:
        raise ValueError(f"beta is {beta}; it must be 0 or more, infinite for no temperature")
    if not sweeps > 0 or (order == "synchronous" and sweeps < 1):
        raise ValueError(f"sweeps is {sweeps}; allow at least one")
    stride = n if every is None else every
    if not 1 <= stride <= n or (order == "synchronous" and stride != n):
        raise ValueError(f"every is {every}; it must be from 1 to {n}, and {n} or None for synchronous updates")
    states = kernel_states(read_seeds(rng, len(start)))
    tiny = field_round_off(j, h)
    if order == "synchronous":
        return _all_at_once(j, h, offset, start, beta, int(sweeps), tiny, states)
    if order != "asynchronous":
        raise ValueError(f"order is {order!r}; it must be 'asynchronous' or 'synchronous'")
    from . import kernels as memory

    columns, fields = np.ascontiguousarray(j.T), np.empty(n)
    return relax_each(
        lambda spins: memory.start_fields(columns, h, spins, fields),
        partial(memory.relax_kernel, columns, beta, tiny, stride, fields),
        start, sweeps, stride, states, n * n, offset,
    )  # fmt: skip


def relax_each(
    begin: Any, go_on: Any, start: NDArray[np.int8], sweeps: float, every: int, states: NDArray[np.uint64], work: int,
    offset: float = 0.0,
) -> RelaxationResult:  # fmt: skip
    """Relax reads one by one with a compiled loop that can be interrupted.

    Parameters
    ----------
    begin : callable
        Maps spins (n,) to the initial energy.
    go_on : callable
        Advances a read; its arguments begin as the last ones of :func:`.kernels.relax_kernel`.
    start : (reads, n) int8
        Initial states.
    sweeps : float
        Largest number of sweeps.
    every : int
        Updates between two energies.
    states : (reads, 4) uint64
        States of the generators.
    work : int
        Elementary steps of one sweep.
    offset : float
        Constant that is added to all energies.

    Returns
    -------
    RelaxationResult
        The final states.
    """
    spins = start.copy()
    reads, n = spins.shape
    points = 1 + ceil(round(sweeps * n, 6) / every)
    few = max(1, _WORK // work)
    rows, updates, period = [], np.zeros(reads, np.int64), np.zeros(reads, np.int64)
    for r in range(reads):
        energies, order, done, rests = np.empty(points), np.arange(n), 0, False
        energies[0] = energy = begin(spins[r])
        while not rests and done < every * (points - 1):
            checkpoint("recall", r, reads)
            done, energy, rests = go_on(spins[r], order, energies, done, energy, few, states[r])
        updates[r], period[r] = done, rests
        rows.append(energies[: 1 + updates[r] // every].copy())
    longest = max(map(len, rows))
    table = np.array([np.pad(row, (0, longest - len(row)), mode="edge") for row in rows])
    return RelaxationResult(spins, table + offset, updates, period, every)


def _all_at_once(
    j: Float, h: Float, offset: float, start: NDArray[np.int8], beta: float, sweeps: int, tiny: float, states: Any
) -> RelaxationResult:
    reads, n = start.shape
    spins, updates, period = start.copy(), np.zeros(reads, np.int64), np.zeros(reads, np.int64)
    streams = [np.random.default_rng(state.tolist()) for state in states]
    seen: list[dict[bytes, int]] = [{row.tobytes(): 0} for row in np.packbits(spins > 0, axis=1)]
    energy = -0.5 * np.einsum("ri,ri->r", spins, spins @ j.T + 2.0 * h)
    trace = [energy]
    for sweep in range(1, sweeps + 1):
        checkpoint("recall", sweep - 1, sweeps)
        active = np.flatnonzero(period == 0)  # a settled read is left alone, so that it does not depend on the others
        old = spins[active]
        fields = old @ j.T + h
        if np.isfinite(beta):
            draws = np.array([streams[r].random(n) for r in active])
            new = np.where(draws < expit(2.0 * beta * fields), 1, -1).astype(np.int8)
        else:
            new = np.where(np.abs(fields) <= tiny, old, np.sign(fields)).astype(np.int8)
            for r, state in zip(active, np.packbits(new > 0, axis=1), strict=True):
                period[r] = sweep - seen[r].setdefault(state.tobytes(), sweep)
        energy = energy.copy()
        energy[active] = -0.5 * (np.einsum("ri,ri->r", new, fields) + old @ h)
        trace.append(energy)
        spins[active] = new
        updates[active] += n
        if period.all():
            break
    return RelaxationResult(spins, np.array(trace).T + offset, updates, period, n)


def field_round_off(couplings: Float, biases: Float) -> float:
    """Bound the round-off of a field, a sum of couplings; a smaller field counts as zero.

    Parameters
    ----------
    couplings : (n, n) float
        J.
    biases : (n,) float
        h.

    Returns
    -------
    float
        The bound.
    """
    return _ROUND_OFF * float((np.abs(biases) + np.abs(couplings).sum(axis=1)).max())


def couplings_and_biases(couplings: Ising | ArrayLike) -> tuple[Float, Float, float]:
    """Extract J, h and the offset of a problem or of an array of couplings.

    Returns
    -------
    tuple of (n, n) float, (n,) float, float
        J, h and the offset; the last two are 0 for an array, which may be asymmetric.

    Raises
    ------
    ValueError
        If an array is not square, not finite, or has a diagonal.
    """
    if isinstance(couplings, Ising):
        return couplings.dense_couplings(), np.array(couplings.biases), couplings.offset
    j = np.array(couplings, dtype=float)
    if j.ndim != 2 or j.shape[0] != j.shape[1] or 0 in j.shape:
        raise ValueError(f"couplings have shape {j.shape}; expected (n, n) with n >= 1")
    if not np.isfinite(j).all() or j.diagonal().any():
        raise ValueError("couplings hold NaN, infinity or a diagonal; make them finite with J_ii = 0")
    return j, np.zeros(len(j)), 0.0
