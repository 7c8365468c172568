"""Reads of tiles of atoms: rounds of visits from a random start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuromorph.datum import Datum
from neuromorph.run import Program, Run, complete_run
from neuromorph.task import Task
from neuromorph.trace import Trace
from neuromorph.trace_recorder import Recorder

from .tiling import AtomTiles, simulate_tiles


class TiledSchedule(NamedTuple):
    """Start of each read, and the visits that follow.

    Attributes
    ----------
    spins : (reads, n) int8
        States at the start, changed in place.
    streams : (reads, 4) uint64
        Random states, changed in place.
    beta : float
        Inverse temperature.
    visit : float
        Duration of a visit in attempt times.
    rounds : int
        Number of visits of each tile.
    """

    spins: NDArray[np.int8]
    streams: NDArray[np.uint64]
    beta: float
    visit: float
    rounds: int


def run_tiles(
    program: Program, task: Task, schedule: TiledSchedule, theta: float, provenance: Mapping[str, Any]
) -> Run:
    """Simulate the reads of a schedule and count their events.

    Parameters
    ----------
    program : Program
        Programmed tiles.
    task : Task
        Task of the reads.
    schedule : TiledSchedule
        Starts and visits.
    theta : float
        Where the barrier stands between the two states, 0 to 1.
    provenance : dict
        Parameters of the target.

    Returns
    -------
    Run
        Final states, with the counted events of each read: one tile is awake at a time.
    """
    state: AtomTiles = program.state
    spins, streams, beta, visit, rounds = schedule
    events, ended = simulate_tiles(state, beta, visit, rounds, spins, streams, theta=theta)
    status = "ok" if len(events) == len(spins) else "interrupted"
    visits = rounds * len(state.tiles)
    activity: dict[str, Any] = {
        "attempts": visit * visits,
        "atom_attempts": visit * rounds * state.biases.size,
        "readouts": float(visits),
        "atom_readouts": float(rounds * state.biases.size),
        "tile_visits": float(visits),
        "switches": events,
    }
    return complete_run(
        program, task, spins[: len(events)], activity, converged=ended, status=status, provenance=provenance
    )


def trace_tiles(
    program: Program,
    task: Task,
    schedule: TiledSchedule,
    theta: float,
    rate: Datum,
    pause_s: float,
    provenance: Mapping[str, Any],
) -> Trace:
    """Trace the read of :func:`run_tiles` by rounds.

    Parameters
    ----------
    program : Program
        Programmed tiles.
    task : Task
        Task of the read.
    schedule : TiledSchedule
        Start of one read, and visits.
    theta : float
        Where the barrier stands between the two states, 0 to 1.
    rate : Datum
        Attempt rate gamma, 1/s.
    pause_s : float
        Time to come to a tile, set its fields, and read its atoms in the end.
    provenance : dict
        Parameters of the target.

    Returns
    -------
    Trace
        States of the atoms after each round.
    """
    state: AtomTiles = program.state
    spins, streams, beta, visit, rounds = schedule
    recorder = Recorder(program, {}, states="atoms", state="atom {}")
    round_s = len(state.tiles) * (visit / rate.value + pause_s)

    def look(done: int, now: NDArray[np.int8]) -> None:
        recorder.look(done * round_s, now)

    _, ended = simulate_tiles(state, beta, visit, rounds, spins, streams, theta=theta, observe=look)
    notes = [
        f"looked at after each round of {len(state.tiles)} visits, {round_s:.3g} s; an attempt time is "
        f"{1.0 / rate.value:.3g} s ({1.0 / rate.high:.3g} to {1.0 / rate.low:.3g} s)"
    ]
    return recorder.finish(task, spins[0], converged=bool(ended[0]), scale=1.0, notes=notes, provenance=provenance)
