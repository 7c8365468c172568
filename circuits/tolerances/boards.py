"""An ensemble of boards of one circuit, made within its tolerances, and what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import AnalogNetwork, simulate
from neuromorph.ising import Float
from neuromorph.problems.problem import Problem
from neuromorph.protocol import as_ising
from neuromorph.rng import child, read_seeds
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.task import RecallFrom

from ..synthesis.problem_circuit import near_middle, problem_tour_circuit, random_start
from ..synthesis.tour_circuit import TourCircuit
from .tolerances import SampledBoard, SampledTourBoard, Tolerances, sample_board, sample_tour_board

_CUE = 0.9  # part of the swing that a cue is written to

_MOST_CITIES = 20

_RTOL = 1e-6


@dataclass(frozen=True, eq=False)
class BoardEnsemble:
    """What is made, and what of its boards is asked.

    problem : Problem
    tolerances : Tolerances
    reads : int                        of each board, from a start each
    target : float or None             a score that is still good enough; None: the best known of a memory, any
                                       feasible answer of another problem
    network : AnalogNetwork or None    the circuit, for instance one of ``circuits.realize``; None: the one of
                                       :func:`circuits.problem_netlist`, which anneals tours of 6 to 20 cities
    duration_tau : float               of a network, longest time constants R C of the nominal one
    cue_v : float or None              potential that inputs are loaded to by a cue, V; None: so that outputs are at 0.9
                                       of their swing, which at high gain is so little that offsets drown it
    """

    problem: Problem
    tolerances: Tolerances
    reads: int = 1
    target: float | None = None
    network: AnalogNetwork | None = None
    duration_tau: float = 10.0
    cue_v: float | None = None

    def __post_init__(self) -> None:
        if self.reads < 1:
            raise ValueError(f"reads is {self.reads}; ask each board at least once")
        if not (np.isfinite(self.duration_tau) and self.duration_tau > 0):
            raise ValueError(f"duration_tau is {self.duration_tau}; it must be finite and positive")
        if self.cue_v is not None and not (np.isfinite(self.cue_v) and self.cue_v > 0):
            raise ValueError(f"cue_v is {self.cue_v}; it must be finite and positive")

    @cached_property
    def circuit(self) -> AnalogNetwork | TourCircuit:
        """As it was meant."""
        if self.network is not None:
            return self.network
        tour = problem_tour_circuit(self.problem, most_cities=_MOST_CITIES)
        return AnalogNetwork.from_ising(as_ising(self.problem)) if tour is None else tour

    @property
    def duration_s(self) -> float:
        circuit = self.circuit
        if isinstance(circuit, TourCircuit):
            return circuit.duration_s
        return self.duration_tau * float(circuit.time_constants_s.max())

    def board(self, seed: np.random.SeedSequence) -> SampledBoard | SampledTourBoard:
        """The board of one seed."""
        parts, circuit = child(seed, 0), self.circuit
        if isinstance(circuit, TourCircuit):
            return sample_tour_board(circuit, self.tolerances, parts)
        return sample_board(circuit, self.tolerances, parts)

    def starts(self, seed: np.random.SeedSequence) -> tuple[Float, NDArray[np.int8] | None]:
        """The initial states (reads, n), V, and the cues (reads, n) behind them, if the problem has cues."""
        circuit, streams = self.circuit, child(seed, 1)
        if isinstance(circuit, TourCircuit):
            return np.array([circuit.start(each) for each in read_seeds(streams, self.reads)]), None
        task = self.problem.task(self.reads, streams)
        if isinstance(task, RecallFrom):
            cues = task.cues(self.reads, circuit.size)
            signs = cues.astype(float)
            return near_middle(circuit, _CUE / 2.0 * signs) if self.cue_v is None else self.cue_v * signs, cues
        return np.array([random_start(circuit, each) for each in read_seeds(streams, self.reads)]), None

    def outputs(self, board: SampledBoard | SampledTourBoard, starts: Float, rtol: float = _RTOL) -> Float:
        """V at the end of each read, (reads, n), by the ODE; NaN where it could not be integrated."""
        if isinstance(board, SampledTourBoard):
            return np.array([self._tour(board, start, rtol) for start in starts])
        network = board.network
        g = network.activation
        path = simulate(
            network, board.start(starts), self.duration_s, samples=2, rtol=rtol, atol=rtol * g.swing / g.gain
        )
        return np.asarray(g.value(path.final)) if path.status == "ok" else np.full(starts.shape, np.nan)

    def scores(self, outputs: Float, cues: NDArray[np.int8] | None) -> Float:
        """The problem's score of each read (reads, n); NaN where it is not feasible, or could not be integrated."""
        return np.array([self._score(v, None if cues is None else cues[k]) for k, v in enumerate(outputs)])

    def good(self, scores: Float) -> NDArray[np.bool_]:
        """Whether reads with these scores are good enough."""
        problem = self.problem
        target = 1.0 if self.target is None and problem.kind == "recall" else self.target
        if target is None:
            return np.isfinite(scores)
        good = scores >= target - 1e-9 if problem.sense == "max" else scores <= target + 1e-9
        return np.asarray(good)  # NaN is neither

    @single_threaded_blas()
    def __call__(self, seed: np.random.SeedSequence) -> Float:
        """Make the board of one seed and read it: the scores, (reads,)."""
        starts, cues = self.starts(seed)
        return self.scores(self.outputs(self.board(seed), starts), cues)

    def middle(self) -> float:
        """The output between up and down, V."""
        circuit = self.circuit
        if isinstance(circuit, TourCircuit):
            return 0.5
        return (circuit.activation.high + circuit.activation.low) / 2.0

    def _tour(self, board: SampledTourBoard, start: Float, rtol: float) -> Float:
        from scipy.integrate import solve_ivp

        end = self.duration_s
        solved = solve_ivp(board.rhs, (0.0, end), start, method="LSODA", t_eval=[end], rtol=rtol, atol=rtol)
        if not solved.success:
            return np.full(board.gains.size, np.nan)
        return board.outputs(end, solved.y[:, -1]).ravel()

    def _score(self, outputs: Float, cue: NDArray[np.int8] | None) -> float:
        if not np.isfinite(outputs).all():
            return np.nan
        problem: Any = self.problem
        solution = problem.decode(np.where(outputs >= self.middle(), 1, -1).astype(np.int8))
        if not solution.feasible:
            return np.nan
        return float(problem.score(solution) if cue is None else problem.score(solution, cue))
