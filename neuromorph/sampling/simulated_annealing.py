"""Simulated annealing: every read goes once through a schedule of rising beta, then descends to a local minimum.

Source: Kirkpatrick, Gelatt and Vecchi, Science 220, 671 (1983).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Ising
from ..rng import RNG, seed_sequence
from ..runtime.limits import checkpoint
from .replicas import Update, replicas
from .replicas.reference_kernel import add_fields
from .samples import Samples, SweepObserver
from .schedules import default_range, geometric_schedule
from .single_spin_kernel import descend_kernel as descend_one
from .validation import at_least, check_ladder, decision_streams, starting_spins

_DESCENT = 10_000  # largest number of sweeps of a descent, which takes tens
_WORK = 1 << 24  # spins and couplings that a descent visits between two checkpoints


def simulated_annealing(
    ising: Ising,
    betas: ArrayLike | None = None,
    reads: int = 10,
    *,
    descend: bool = True,
    update: Update = "heat-bath",
    initial: ArrayLike | None = None,
    kernel: str = "auto",
    rng: RNG = None,
) -> Samples:
    """Minimize by independent anneals, one sweep at each of ``betas``.

    Diagnostics: ``kernel``.

    Parameters
    ----------
    ising : Ising
        The problem.
    betas : (sweeps,) array_like or None
        Schedule, see :mod:`.schedules`; None is 1000 in equal ratios over :func:`.default_range`.
    reads : int
        Number of anneals.
    descend : bool
        Whether each anneal ends at a state in which no single flip lowers E; otherwise it ends as the last beta left
        it.
    update : Update
        "heat-bath", or "metropolis", which ends lower at equal cost.
    initial : (n,) or (reads, n) array_like, or None
        Initial states; None is random.
    kernel : str
        Inner loop, see :func:`.replicas`.
    rng : RNG
        Source of one stream for each read.

    Returns
    -------
    Samples
        The final states.
    """
    at_least(1, reads=reads)
    schedule = geometric_schedule(*default_range(ising), 1000) if betas is None else check_ladder(betas, least=0)
    sequence = seed_sequence(rng)
    beside = decision_streams(sequence, reads)
    lanes = replicas(ising, reads, kernel=kernel, update=update, rng=sequence, sampled=not descend)
    if initial is not None:
        lanes.set_spins(starting_spins(initial, reads, ising.size))
    if schedule.size:
        lanes.sweep(schedule, "annealing")
    spins = lanes.spins()
    if descend:
        descend_to_minimum(ising, spins, beside)
    return Samples(spins, ising.energy(spins), schedule, "anneal", {"kernel": lanes.kernel})


def descend_to_minimum(
    ising: Ising,
    spins: NDArray[np.int8],
    states: NDArray[np.uint64],
    limit: int = _DESCENT,
    *,
    observe: SweepObserver | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Descend by single flips that lower E, until there is none.

    Parameters
    ----------
    ising : Ising
        The problem.
    spins : (reads, n) int8
        States, changed in place.
    states : (reads, 4) uint64
        One stream for each read, in place.
    limit : int
        Largest number of sweeps.
    observe : callable, optional
        Called as ``observe(read, spins)`` with the spins (n,) after every sweep of a read. It changes nothing.

    Returns
    -------
    tuple of (reads,) int64, (reads,) bool
        Sweeps of each read, and whether it reached a minimum.
    """
    j = ising.sparse_couplings()
    couplings = (j.indptr.astype(np.int64), j.indices.astype(np.int64), j.data.copy())
    sweeps, settled = np.zeros(len(spins), np.int64), np.zeros(len(spins), bool)
    few = max(1, _WORK // (ising.size + j.nnz)) if observe is None else 1
    for k, (read, state) in enumerate(zip(spins, states, strict=True)):
        fields, order = ising.biases.copy(), np.arange(ising.size)
        add_fields(couplings, read[None], fields[None])
        while True:
            checkpoint("descent", k, len(spins))
            done, settled[k] = descend_one(couplings, min(few, limit - sweeps[k]), read, fields, order, state)
            sweeps[k] += done
            if observe is not None:
                observe(k, read)
            if settled[k] or sweeps[k] >= limit:
                break
    return sweeps, settled
