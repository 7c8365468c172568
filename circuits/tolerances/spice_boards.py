"""Boards of networks read in SPICE, with op-amps or transistors as amplifiers, which no ODE here has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from neuromorph.rng import child

from ..netlist.circuit import Circuit
from ..simulators import EngineError, simulate_circuits
from ..synthesis.hopfield_circuit import AmplifierLevel, build_hopfield_circuit
from ..synthesis.opamp import OpAmp
from ..synthesis.tour_circuit import TourCircuit
from .circuit_sample import make_circuit

if TYPE_CHECKING:
    from .boards import BoardEnsemble

_PORTION = 8  # boards a worker simulates before they are stored


def board_circuits(
    boards: BoardEnsemble, seed: np.random.SeedSequence, level: AmplifierLevel, opamp: OpAmp | None
) -> list[Circuit]:
    """Return the circuits of a board, one for each read.

    They have the same parts and other initial voltages.

    Parameters
    ----------
    boards : BoardEnsemble
        Ensemble of the boards.
    seed : numpy.random.SeedSequence
        Seed of the board.
    level : AmplifierLevel
        Amplifiers, as for ``build_hopfield_circuit``.
    opamp : OpAmp or None
        Op-amp at level "opamp".

    Returns
    -------
    list of Circuit
        Circuits that save the outputs.

    Raises
    ------
    ValueError
        If the circuit anneals a tour.
    """
    network = boards.circuit
    if isinstance(network, TourCircuit):
        raise ValueError(f"level is {level!r}, but circuits that anneal tours have ideal amplifiers; leave level out")
    outputs = tuple(f"v{i}" for i in range(network.size))
    found = []
    for start in boards.starts(seed)[0]:
        options = {"duration_s": boards.duration_s, "level": level, "opamp": opamp, "rng": child(seed, 2)}
        circuit = build_hopfield_circuit(network, start, **options)  # type: ignore[arg-type]
        found.append(replace(make_circuit(circuit, boards.tolerances, child(seed, 0)), saved=outputs))
    return found


def scores_in_spice(
    boards: BoardEnsemble,
    seeds: Sequence[np.random.SeedSequence],
    level: AmplifierLevel,
    opamp: OpAmp | None,
    engine: str,
    workers: int,
    timeout_s: float,
) -> Iterator[list[list[float]]]:
    """Simulate boards and yield their scores, a few boards at a time, in their order.

    Parameters
    ----------
    boards : BoardEnsemble
        Ensemble of the boards.
    seeds : sequence of numpy.random.SeedSequence
        Seeds of the boards.
    level : AmplifierLevel
        Amplifiers, as for ``build_hopfield_circuit``.
    opamp : OpAmp or None
        Op-amp at level "opamp".
    engine : str
        Name of the simulator.
    workers : int
        Number of circuits that run at a time.
    timeout_s : float
        Time limit of each circuit, s.

    Yields
    ------
    list of list of float
        Scores (boards, reads).

    Raises
    ------
    EngineError
        If a board fails; the message names the first.
    """
    for k in range(0, len(seeds), _PORTION * workers):
        portion = seeds[k : k + _PORTION * workers]
        circuits = [circuit for seed in portion for circuit in board_circuits(boards, seed, level, opamp)]
        waves = simulate_circuits(circuits, engine, workers=workers, timeout_s=timeout_s)
        ends = []
        for number, each in enumerate(waves):
            if isinstance(each, EngineError):
                raise EngineError(f"board {portion[number // boards.reads].spawn_key[-1]}: {each}") from None
            ends.append(each.voltages[-1])
        outputs = np.array(ends).reshape(len(portion), boards.reads, -1)
        yield [boards.scores(end, boards.starts(seed)[1]).tolist() for end, seed in zip(outputs, portion, strict=True)]
