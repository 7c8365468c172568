"""Reads of a network of p-bits: from a start through a schedule of inverse temperatures, one read after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuromorph.ising import Float
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.runtime.pieces import pieces

from .junctions import Junctions
from .p_bit_kernel import ADDITIONS, ATTEMPTS, FLIPS, HEAD, NOW, STEP, asynchronous_kernel, synchronous_kernel
from .spin_terms import SpinTerms

_SPARE = 64  # places of the ring of flips beside four times their mean number: it fills up less than once in 1e30


@dataclass(frozen=True, eq=False)
class PBitChip:
    """A network of p-bits as it is programmed.

    Attributes
    ----------
    terms : SpinTerms
        Energy that the synapses hold.
    junctions : Junctions
        Junctions of the chip.
    hot, cold : float
        Inverse temperatures at which an anneal starts and ends.
    """

    terms: SpinTerms
    junctions: Junctions
    hot: float
    cold: float


class PBitSchedule(NamedTuple):
    """Start of each read, and the inverse temperatures that follow.

    Attributes
    ----------
    spins : (reads, n) int8
        States at the start, changed in place.
    streams : (reads, 4) uint64
        Random states, changed in place.
    betas, durations : (steps,) float
        Inverse temperature of each step, and its duration in dwell times.
    """

    spins: NDArray[np.int8]
    streams: NDArray[np.uint64]
    betas: Float
    durations: Float


class PBitCounts(NamedTuple):
    """Counts of the events of reads.

    Attributes
    ----------
    attempts, flips, additions : (reads,) float
        Draws, flips, and additions of the synapses.
    status : str
        "ok" or "interrupted".
    """

    attempts: Float
    flips: Float
    additions: Float
    status: str


def simulate_p_bits(
    chip: PBitChip,
    schedule: PBitSchedule,
    *,
    delay: float = 0.0,
    synchronous: bool = False,
    observe: Callable[[float, float, NDArray[np.int8]], None] | None = None,
    every: int = 1,
) -> PBitCounts:
    """Simulate the reads of a schedule.

    Parameters
    ----------
    chip : PBitChip
        Programmed network.
    schedule : PBitSchedule
        Starts and inverse temperatures.
    delay : float
        Delay of the synapses in dwell times; asynchronous p-bits only.
    synchronous : bool
        Whether all p-bits are redrawn at once, once in a dwell time.
    observe : callable, optional
        Called with time in dwell times, beta and spins (n,) of the first read: at its start, after every ``every``
        events, and at its end. It changes nothing.
    every : int
        Number of events from one call of ``observe`` to the next.

    Returns
    -------
    PBitCounts
        Counts of the complete reads; ``schedule.spins`` has the final states.
    """
    reads = len(schedule.spins)
    found, status = whole_parts(
        _one_read(chip, schedule, k, delay, synchronous, observe if k == 0 else None, every) for k in range(reads)
    )
    counts = np.array(found, dtype=float)
    return PBitCounts(counts[:, ATTEMPTS], counts[:, FLIPS], counts[:, ADDITIONS], status)


def _one_read(
    chip: PBitChip,
    schedule: PBitSchedule,
    read: int,
    delay: float,
    synchronous: bool,
    observe: Callable[[float, float, NDArray[np.int8]], None] | None,
    every: int,
) -> NDArray[np.int64]:
    terms, junctions = chip.terms, chip.junctions
    spins, stream, betas = schedule.spins[read], schedule.streams[read], schedule.betas
    counts, clock = np.zeros(6, np.int64), np.array([-1.0, 0.0])
    products, aligned = np.empty(terms.values.size), np.empty(terms.size)
    wires = (terms.starts, terms.members, terms.values)
    kernel: Any
    arguments: list[Any]
    if synchronous:
        ticks = np.diff(np.r_[0, np.ceil(np.cumsum(schedule.durations))]).astype(np.int64)
        kernel = synchronous_kernel
        arguments = [
            *wires,
            junctions.slopes,
            junctions.offsets,
            np.array(junctions.reach),
            betas,
            ticks,
            spins,
            products,
            aligned,
            counts,
            stream,
        ]
        total = float(ticks.sum())
    else:
        # Flips come at the rate of draws at most.
        ring = 1 if delay == 0.0 else int(4.0 * delay * float((1.0 / junctions.dwells).sum())) + _SPARE
        own = (
            terms.own_starts,
            terms.own_terms,
            junctions.slopes,
            junctions.offsets,
            junctions.dwells,
            np.array(junctions.reach),
        )
        queue = (np.empty(ring), np.empty(ring, np.int64))
        kernel = asynchronous_kernel
        arguments = [
            *wires, *own, betas, schedule.durations, delay, spins, spins.copy(), products, aligned, *queue, counts,
            clock, stream,
        ]  # fmt: skip
        total = float(schedule.durations.sum())
    checkpoint("p-bits", read, len(schedule.spins))
    if observe is not None:
        observe(0.0, float(betas[0]), spins)
    most = int(20 * terms.size * (total + 100.0) / min(1.0, float(junctions.dwells.min())))
    for part in (piece.stop - piece.start for _, piece in pieces(1, most)) if observe is None else repeat(every):
        over = kernel(*[*arguments, part])
        step = min(int(counts[STEP]), betas.size - 1)
        if synchronous:
            spent = float(ticks[: counts[STEP]].sum() + counts[HEAD])
        else:
            spent = float(clock[NOW])
        if observe is not None:
            observe(min(spent, total), float(betas[step]), spins)
        if over:
            break
        checkpoint("p-bits", read + min(1.0, spent / total), len(schedule.spins))
    return counts
