r"""Telegraph switching: atoms with two states that hop between them at rates set by their neighbors.

.. math:: r_\uparrow = \gamma e^{\theta f}, \qquad r_\downarrow = \gamma e^{-(1-\theta) f}, \qquad
          f_i = 2 \beta \Bigl(h_i + \sum_j w_{ij} s_j\Bigr)

gamma is the attempt rate, f the field in units of the effective temperature, theta in [0, 1] where the barrier stands
between the two states. r_up / r_down = exp(f): for symmetric w detailed balance holds, and the states are those of
exp(-beta E), for every theta. Under a tip w_ij may differ from w_ji; then no energy describes the states.

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

MAX_RECORDED = 16  # atoms of which the time in every state is kept: 2^n


def telegraph_rates(field: ArrayLike, *, attempt_rate_hz: float, theta: float = 0.5) -> tuple[Float, Float]:
    """(up, down) in 1/s of atoms in ``field`` f (n,)."""
    f = np.asarray(field, dtype=float)
    return attempt_rate_hz * np.exp(theta * f), attempt_rate_hz * np.exp((theta - 1.0) * f)


def skewed(couplings: Any, asymmetry: float, rng: np.random.Generator) -> sparse.csc_array:
    """w (n, n) with w_ij = J_ij (1 + a x_ij), w_ji = J_ij (1 - a x_ij), x standard normal, a = ``asymmetry``."""
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
    observe: SwitchObserver | None = None,
    every: int = 1,
) -> tuple[Float, NDArray[np.bool_]]:
    """Let every read switch for ``durations`` (steps,), in attempt times 1 / gamma, at ``betas`` (steps,).

    couplings : w (n, n), CSC            spins : (reads, n) int8, start states, changed in place
    streams : (reads, 4) uint64          of ``rng.kernel_states``, changed in place
    observe : callable                   of time in attempt times, beta and spins (n,): called at the start, after every
                                         ``every`` events of the first read, and at its end; it changes nothing

    Returns (switching events (reads,), whether each read came to its end (reads,)): atoms with w symmetric switch at
    most about twice an attempt time; a read with ten times that many events chases itself round and is stopped. Fewer
    reads are whole when Ctrl-C comes.
    """
    most = int(20.0 * biases.size * (float(np.sum(durations)) + 100.0))
    columns = _columns(couplings)
    parts, _ = whole_parts(
        _switched(
            columns,
            biases,
            betas,
            durations,
            theta,
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
    couplings: ArrayLike, biases: ArrayLike, attempts: float, *, beta: float = 1.0, theta: float = 0.5, rng: RNG = None
) -> tuple[Float, int]:
    """(fraction of time in each state (2^n,), switching events) of one trajectory of ``attempts`` attempt times.

    couplings w (n, n) need not be symmetric. State k has atom i up where bit i of k is set.
    """
    w, h = sparse.csc_array(np.asarray(couplings, dtype=float)), np.array(biases, dtype=float)
    if h.size > MAX_RECORDED:
        raise ValueError(f"biases name {h.size} atoms; the time in each of 2^n states is kept up to {MAX_RECORDED}")
    stream = kernel_states(read_seeds(rng, 1))
    spins = np.empty((1, h.size), np.int8)
    randomize_spins(spins, stream)
    table = np.zeros(1 << h.size)
    duration, most = np.array([float(attempts)]), np.iinfo(np.int64).max
    events = _switched(_columns(w), h, np.array([float(beta)]), duration, theta, most, spins[0], stream[0], table)
    return table / table.sum(), events


def _switched(
    columns: _Columns,
    biases: Float,
    betas: Float,
    durations: Float,
    theta: float,
    most: int,
    spins: NDArray[np.int8],
    stream: NDArray[np.uint64],
    table: Float,
    read: int = 0,
    reads: int = 1,
    observe: SwitchObserver | None = None,
    every: int = 1,
) -> int:
    """The events of one read, the whole of it."""
    state: Any = begin(*columns, biases, spins)
    counts, left = state[-2:]
    arguments: list[Any] = [*columns, betas, durations, theta, most, spins, stream, table, *state]
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
    """Copies, so that the kernel is compiled for one kind of arrays only, not also for read-only ones."""
    return w.indptr.astype(np.int64), w.indices.astype(np.int64), w.data.copy()
