"""An ensemble of boards of one circuit, made within its tolerances, and how each board is read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import AnalogNetwork, can_batch, simulate, simulate_batch
from neuromorph.ising import Float
from neuromorph.problems.problem import Problem
from neuromorph.protocol import as_ising
from neuromorph.rng import child, read_seeds
from neuromorph.runtime.threads import single_threaded_blas
from neuromorph.task import RecallFrom

from ..synthesis.problem_network import near_middle, problem_tour_circuit, random_start
from ..synthesis.tour_circuit import TourCircuit
from .sampled_board import SampledBoard, sample_board
from .sampled_tour_board import SampledTourBoard, sample_tour_board
from .tolerances import Tolerances

_CUE = 0.9  # part of the swing to which a cue loads the outputs
_MOST_CITIES = 20
_RTOL = 1e-6


@dataclass(frozen=True, eq=False)
class BoardEnsemble:
    """An ensemble of boards, and the problem that each board is asked.

    Attributes
    ----------
    problem : Problem
        Problem that is asked.
    tolerances : Tolerances
        Tolerances of the parts.
    reads : int
        Reads of each board, from a start each.
    target : float or None
        Score that is still good enough; by default the best known of a memory, or any feasible answer of another
        problem.
    network : AnalogNetwork or None
        Circuit of the boards, such as that of ``fit_to_components``; by default the one of
        :func:`circuits.problem_netlist`, which anneals tours of 6 to 20 cities.
    duration_tau : float
        Length of a read of a network, in longest time constants R C of the nominal one.
    cue_v : float or None
        Potential to which a cue loads the inputs, V; by default that which puts outputs to 0.9 of their swing, which at
        high gain is so little that offsets drown it.
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
        """The nominal circuit."""
        if self.network is not None:
            return self.network
        tour = problem_tour_circuit(self.problem, most_cities=_MOST_CITIES)
        return AnalogNetwork.from_ising(as_ising(self.problem)) if tour is None else tour

    @property
    def duration_s(self) -> float:
        """Length of a read, s."""
        circuit = self.circuit
        if isinstance(circuit, TourCircuit):
            return circuit.duration_s
        return self.duration_tau * float(circuit.time_constants_s.max())

    def board(self, seed: np.random.SeedSequence) -> SampledBoard | SampledTourBoard:
        """Draw the board of a seed.

        Parameters
        ----------
        seed : numpy.random.SeedSequence
            Seed of the board.

        Returns
        -------
        SampledBoard or SampledTourBoard
            The board.
        """
        parts, circuit = child(seed, 0), self.circuit
        if isinstance(circuit, TourCircuit):
            return sample_tour_board(circuit, self.tolerances, parts)
        return sample_board(circuit, self.tolerances, parts)

    def starts(self, seed: np.random.SeedSequence) -> tuple[Float, NDArray[np.int8] | None]:
        """Draw the initial states of the reads of a board.

        Parameters
        ----------
        seed : numpy.random.SeedSequence
            Seed of the board.

        Returns
        -------
        initial : (reads, n) float
            Potentials at t = 0, V.
        cues : (reads, n) int8 or None
            Cues behind them, if the problem has cues.
        """
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
        """Integrate the reads of a board.

        Parameters
        ----------
        board : SampledBoard or SampledTourBoard
            Board that is read.
        starts : (reads, n) float
            Potentials at t = 0, V.
        rtol : float, default 1e-6
            Relative tolerance of the ODE.

        Returns
        -------
        (reads, n) float
            Outputs at the end, V; NaN if a read could not be integrated.
        """
        if isinstance(board, SampledTourBoard):
            return np.array([self._tour(board, start, rtol) for start in starts])
        network = board.network
        g = network.activation
        integrate = simulate_batch if can_batch(network) else simulate
        path = integrate(
            network, board.start(starts), self.duration_s, samples=2, rtol=rtol, atol=rtol * g.swing / g.gain
        )
        return np.asarray(g.value(path.final)) if path.status == "ok" else np.full(starts.shape, np.nan)

    def scores(self, outputs: Float, cues: NDArray[np.int8] | None) -> Float:
        """Score the outputs of reads by the problem.

        Parameters
        ----------
        outputs : (reads, n) float
            Outputs at the end, V.
        cues : (reads, n) int8 or None
            Cues of the reads.

        Returns
        -------
        (reads,) float
            Scores; NaN if a read is not feasible or could not be integrated.
        """
        return np.array([self._score(v, None if cues is None else cues[k]) for k, v in enumerate(outputs)])

    def good(self, scores: Float) -> NDArray[np.bool_]:
        """Return whether scores are good enough.

        Parameters
        ----------
        scores : ndarray of float
            Scores of reads.

        Returns
        -------
        ndarray of bool
            One value a score.
        """
        problem = self.problem
        target = 1.0 if self.target is None and problem.kind == "recall" else self.target
        if target is None:
            return np.isfinite(scores)
        good = scores >= target - 1e-9 if problem.sense == "max" else scores <= target + 1e-9
        return np.asarray(good)  # NaN is neither

    @single_threaded_blas()
    def __call__(self, seed: np.random.SeedSequence) -> Float:
        """Make the board of a seed and read it.

        Returns
        -------
        (reads,) float
            Scores.
        """
        starts, cues = self.starts(seed)
        return self.scores(self.outputs(self.board(seed), starts), cues)

    def middle(self) -> float:
        """Return the output between up and down.

        Returns
        -------
        float
            Voltage, V.
        """
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
