"""Reads of an array of atoms: random switching from a start, under one inverse temperature after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from neuromorph.datum import Datum
from neuromorph.ising import Float
from neuromorph.run import Program, Run, complete_run
from neuromorph.sampling.single_spin_kernel import randomize_spins
from neuromorph.task import Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

from .placement import Placement
from .telegraph import simulate_switching

_LOOKS = 20_000  # at a read; one with many more events is looked at after several


@dataclass(frozen=True, eq=False)
class AtomArray:
    """Atoms as they are programmed.

    Attributes
    ----------
    couplings : (n, n) sparse array
        Couplings w by columns, as the atoms have them.
    biases : (n,) float
        Biases.
    hot, cold : float
        Inverse temperatures at which an anneal starts and ends.
    placement : Placement or None
        Positions of the atoms; None where couplings are free.
    """

    couplings: sparse.csc_array
    biases: Float
    hot: float
    cold: float
    placement: Placement | None


class SwitchingSchedule(NamedTuple):
    """Start of each read, and the inverse temperatures that follow.

    Attributes
    ----------
    spins : (reads, n) int8
        States at the start, changed in place.
    streams : (reads, 4) uint64
        Random states, changed in place.
    betas : (steps,) float
        Inverse temperatures.
    durations : (steps,) float
        Duration of each in attempt times 1 / gamma.
    """

    spins: NDArray[np.int8]
    streams: NDArray[np.uint64]
    betas: Float
    durations: Float


def random_states(streams: NDArray[np.uint64], n: int) -> NDArray[np.int8]:
    """Draw random states to start from.

    Parameters
    ----------
    streams : (reads, 4) uint64
        Random states, changed in place.
    n : int
        Number of atoms.

    Returns
    -------
    (reads, n) int8
        States.
    """
    spins = np.empty((len(streams), n), np.int8)
    randomize_spins(spins, streams)
    return spins


def run_switching(
    program: Program, task: Task, schedule: SwitchingSchedule, theta: float, provenance: Mapping[str, Any]
) -> Run:
    """Simulate the reads of a schedule and count their events.

    Parameters
    ----------
    program : Program
        Programmed atoms.
    task : Task
        Task of the reads.
    schedule : SwitchingSchedule
        Starts and inverse temperatures.
    theta : float
        Where the barrier stands between the two states, 0 to 1.
    provenance : dict
        Parameters of the target.

    Returns
    -------
    Run
        Final states, with the counted events of each read.
    """
    state: AtomArray = program.state
    spins, streams, betas, durations = schedule
    events, ended = simulate_switching(state.couplings, state.biases, betas, durations, spins, streams, theta=theta)
    status = "ok" if len(events) == len(spins) else "interrupted"
    attempts = float(durations.sum())
    activity: dict[str, Any] = {"attempts": attempts, "atom_attempts": attempts * state.biases.size, "switches": events}
    activity |= {"readouts": 1.0, "atom_readouts": float(state.biases.size)}
    if program.setup:  # placed, in one array: no tile is visited
        activity["tile_visits"] = 0.0
    return complete_run(
        program, task, spins[: len(events)], activity, converged=ended, status=status, provenance=provenance
    )


def trace_switching(
    program: Program,
    task: Task,
    schedule: SwitchingSchedule,
    theta: float,
    rate: Datum,
    provenance: Mapping[str, Any],
) -> Trace:
    """Trace the read of :func:`run_switching` by events, or by several where they are many.

    Parameters
    ----------
    program : Program
        Programmed atoms.
    task : Task
        Task of the read.
    schedule : SwitchingSchedule
        Start of one read, and inverse temperatures.
    theta : float
        Where the barrier stands between the two states, 0 to 1.
    rate : Datum
        Attempt rate gamma, 1/s.
    provenance : dict
        Parameters of the target.

    Returns
    -------
    Trace
        States of the atoms against time, and the inverse temperature if it changes.
    """
    state: AtomArray = program.state
    spins, streams, betas, durations = schedule
    varies = bool(np.ptp(betas) > 0.0)
    recorder = Recorder(program, {"inverse temperature": "1/energy"} if varies else {}, states="atoms", state="atom {}")

    def look(attempts: float, beta: float, now: NDArray[np.int8]) -> None:
        recorder.look(attempts, now, **({"inverse temperature": beta} if varies else {}))

    every = max(1, int(durations.sum() * state.biases.size) // _LOOKS)
    _, ended = simulate_switching(
        state.couplings, state.biases, betas, durations, spins, streams, theta=theta, observe=look, every=every
    )
    notes = [f"an attempt time is {1.0 / rate.value:.3g} s ({1.0 / rate.high:.3g} to {1.0 / rate.low:.3g} s)"]
    if every > 1:
        notes.append(f"looked at after every {every} switching events")
    return recorder.finish(
        task, spins[0], converged=bool(ended[0]), scale=1.0 / rate.value, notes=notes, provenance=provenance
    )
