r"""Recall through couplings: single spins in random order, or all at once, with or without temperature.

.. math:: P(s_i = +1) = \frac{1}{1 + e^{-2 \beta f_i}}, \quad f_i = h_i + \sum_j J_{ij} s_j; \qquad
          \beta = \infty: \; s_i \to \mathrm{sgn} f_i, \text{ and } s_i \text{ stays where } f_i = 0

One after another, with symmetric J: E = -1/2 s'Js - h's never rises at infinite beta (Hopfield, PNAS 79, 2554 (1982));
at finite beta the states follow exp(-beta E) (Glauber, J. Math. Phys. 4, 294 (1963)). All at once, with symmetric J:

.. math:: L(t) = -\tfrac12 s(t)^\top J s(t - 1) - \tfrac12 h^\top (s(t) + s(t - 1))

never rises and is E at rest, so that every start comes to rest or to a cycle of two states (Goles and Olivos, Discrete
Math. 30, 187 (1980); Little, Math. Biosci. 19, 101 (1974)). An asymmetric J may go round longer cycles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from ..ising import Float, Ising, check_spins
from ..rng import RNG, kernel_states, read_seeds
from ..runtime.limits import checkpoint
from ..runtime.threads import single_threaded_blas

Order: TypeAlias = Literal["asynchronous", "synchronous"]

_WORK = 1 << 27  # steps of a compiled loop between two looks at the clock
_ROUND_OFF = 1e-12  # of the largest field: what a sum of couplings cannot resolve


@dataclass(frozen=True, eq=False)
class RelaxationResult:
    """What the cues came to.

    spins : (reads, n) int8
    energies : (reads, points) float     E, or L when all spins are updated at once, at the start and after every
                                         ``every`` updates; the last value is repeated once a read rests
    updates : (reads,) int               updates of single spins until it was known to rest
    period : (reads,) int                1: at rest; 2 or more: in a cycle of as many states; 0: neither, within the
                                         sweeps allowed or because of the temperature
    every : int                          updates between two energies
    """

    spins: NDArray[np.int8]
    energies: Float
    updates: NDArray[np.int64]
    period: NDArray[np.int64]
    every: int

    @property
    def settled(self) -> NDArray[np.bool_]:
        """Whether each read is at rest, (reads,)."""
        return np.asarray(self.period == 1)


@single_threaded_blas()
def relax(
    couplings: Ising | ArrayLike,
    cues: ArrayLike,
    *,
    beta: float = np.inf,
    order: Order = "asynchronous",
    sweeps: int = 100,
    every: int | None = None,
    rng: RNG = None,
) -> RelaxationResult:
    """Let states go.

    Parameters
    ----------
    couplings : Ising or (n, n) float    an array may be asymmetric; its diagonal must be 0
    cues : (n,) or (reads, n)            where each read starts
    beta : float                         inverse temperature in 1 / energy, infinite for descent
    order : "asynchronous" or "synchronous"
    sweeps : int                         at most; one is n updates
    every : int or None                  updates between two recorded energies, 1 to n; None: n
    rng : RNG                            read r has the r-th stream
    """
    j, h, offset = couplings_and_biases(couplings)
    n = len(h)
    start = np.atleast_2d(check_spins(cues, n)).astype(np.int8)
    if not beta >= 0.0:
        raise ValueError(f"beta is {beta}; it must be 0 or more, infinite for no temperature")
    if sweeps < 1:
        raise ValueError(f"sweeps is {sweeps}; allow at least one")
    stride = n if every is None else every
    if not 1 <= stride <= n or (order == "synchronous" and stride != n):
        raise ValueError(f"every is {every}; it must be from 1 to {n}, and {n} or None for synchronous updates")
    states = kernel_states(read_seeds(rng, len(start)))
    tiny = field_round_off(j, h)
    if order == "synchronous":
        return _all_at_once(j, h, offset, start, beta, sweeps, tiny, states)
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
    begin: Any, go_on: Any, start: NDArray[np.int8], sweeps: int, every: int, states: NDArray[np.uint64], work: int,
    offset: float = 0.0,
) -> RelaxationResult:  # fmt: skip
    """Every read from ``begin(spins)``, its energy, by ``go_on`` (as of ``kernels.memory.relax``, whose first arguments
    it has) in stretches of sweeps, which take ``work`` steps each.
    """
    spins = start.copy()
    reads, n = spins.shape
    points = 1 + -(-sweeps * n // every)
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
        active = np.flatnonzero(period == 0)  # a read that settled waits: it must not depend on the others
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
    """What a field, a sum of couplings, cannot resolve: below, it counts as none."""
    return _ROUND_OFF * float((np.abs(biases) + np.abs(couplings).sum(axis=1)).max())


def couplings_and_biases(couplings: Ising | ArrayLike) -> tuple[Float, Float, float]:
    """J, h and offset of an Ising, or of an array that may be asymmetric but has no diagonal."""
    if isinstance(couplings, Ising):
        return couplings.dense_couplings(), np.array(couplings.biases), couplings.offset
    j = np.array(couplings, dtype=float)
    if j.ndim != 2 or j.shape[0] != j.shape[1] or 0 in j.shape:
        raise ValueError(f"couplings have shape {j.shape}; expected (n, n) with n >= 1")
    if not np.isfinite(j).all() or j.diagonal().any():
        raise ValueError("couplings hold NaN, infinity or a diagonal; make them finite with J_ii = 0")
    return j, np.zeros(len(j)), 0.0
