r"""Monte Carlo over boards: how many of them work.

.. math:: Y = \frac{\text{boards whose every read succeeds}}{\text{boards}}

with the interval of Wilson over boards, which are independent; reads of one board are not. A read of a memory succeeds
if it recalls its pattern, one of a tour if its end is a tour. Board k depends on the seed and on k alone: the number of
workers, the order and an interruption change nothing, and a longer run begins with the boards of a shorter one.
What is kept of a read is its score, so that a curve can show more than a yield.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.analog import AnalogNetwork, simulate
from neuromorph.cost import Estimate
from neuromorph.files import write_file
from neuromorph.ising import Float
from neuromorph.limits import checkpoint
from neuromorph.problems.problem import Problem
from neuromorph.protocol import Relax, ising_of
from neuromorph.rng import RNG, read_seeds
from neuromorph.run import versions
from neuromorph.study.store import digest
from neuromorph.study.success import wilson
from neuromorph.threads import single_threaded_blas

from ..engines import simulate_circuit
from ..engines.process import LOOK_S, TIMEOUT_S, end_with_parent
from ..export import near_middle, random_start, tour_circuit_of
from ..hopfield import Level
from ..neurons.amplifiers import OpAmp
from ..softassign import TourCircuit
from .spice_boards import scores_in_spice
from .tolerances import Board, Tolerances, TourBoard, make_board, make_tour_board

_CUE = 0.9  # part of the swing that a cue is written to
_MOST_CITIES = 20
_RTOL = 1e-6
_CHECK_RTOL = 1e-10  # of a spot check, in the ODE and in SPICE: which of two tours wins is unstable
_FORMAT = 3
_PORTIONS = 8  # that each worker takes one after the other


@dataclass(frozen=True, eq=False)
class Boards:
    """What is made, and what of its boards is asked.

    problem : Problem
    tolerances : Tolerances
    reads : int                        of each board, from a start each
    target : float or None             a score that is still good enough; None: the best known of a memory, any
                                       feasible answer of another problem
    network : AnalogNetwork or None    the circuit, for instance one of ``circuits.realise``; None: the one of
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
        tour = tour_circuit_of(self.problem, most_cities=_MOST_CITIES)
        return AnalogNetwork.from_ising(ising_of(self.problem)) if tour is None else tour

    @property
    def duration_s(self) -> float:
        circuit = self.circuit
        if isinstance(circuit, TourCircuit):
            return circuit.duration_s
        return self.duration_tau * float(circuit.time_constants_s.max())

    def board(self, seed: np.random.SeedSequence) -> Board | TourBoard:
        """The board of one seed."""
        parts, circuit = _child(seed, 0), self.circuit
        if isinstance(circuit, TourCircuit):
            return make_tour_board(circuit, self.tolerances, parts)
        return make_board(circuit, self.tolerances, parts)

    def starts(self, seed: np.random.SeedSequence) -> tuple[Float, NDArray[np.int8] | None]:
        """The initial states (reads, n), V, and the cues (reads, n) behind them, if the problem has cues."""
        circuit, streams = self.circuit, _child(seed, 1)
        if isinstance(circuit, TourCircuit):
            return np.array([circuit.start(each) for each in read_seeds(streams, self.reads)]), None
        task = self.problem.task(self.reads, streams)
        if isinstance(task, Relax):
            cues = task.cues(self.reads, circuit.size)
            signs = cues.astype(float)
            return near_middle(circuit, _CUE / 2.0 * signs) if self.cue_v is None else self.cue_v * signs, cues
        return np.array([random_start(circuit, each) for each in read_seeds(streams, self.reads)]), None

    def outputs(self, board: Board | TourBoard, starts: Float, rtol: float = _RTOL) -> Float:
        """V at the end of each read, (reads, n), by the ODE; NaN where it could not be integrated."""
        if isinstance(board, TourBoard):
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

    def _tour(self, board: TourBoard, start: Float, rtol: float) -> Float:
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


@dataclass(frozen=True, eq=False)
class Yield:
    """What came out.

    scores : (boards, reads)            of the problem; NaN where a read is not feasible
    succeeded : (boards, reads) bool    whether that is good enough
    """

    scores: Float
    succeeded: NDArray[np.bool_]

    @property
    def boards(self) -> Estimate:
        """Fraction of boards whose every read succeeds, with Wilson's 95 % interval."""
        return wilson(int(self.succeeded.all(axis=1).sum()), len(self.succeeded))

    @property
    def reads(self) -> float:
        """Fraction of reads that succeed."""
        return float(self.succeeded.mean())

    @property
    def feasible(self) -> Estimate:
        """Fraction of boards whose every read is feasible, with Wilson's 95 % interval."""
        return wilson(int(np.isfinite(self.scores).all(axis=1).sum()), len(self.scores))


def yield_of(
    boards: Boards,
    samples: int,
    *,
    rng: RNG = 0,
    workers: int = 1,
    path: str | os.PathLike[str] | None = None,
    progress: Callable[[int], None] | None = None,
    level: Level | None = None,
    opamp: OpAmp | None = None,
    engine: str = "auto",
    timeout_s: float = TIMEOUT_S,
) -> Yield:
    """Make ``samples`` boards and read them in the ODE, or in SPICE where a ``level`` of amplifiers is given.

    Parameters
    ----------
    rng :                    board k takes its k-th child
    workers : int            processes; a script that asks for several needs ``if __name__ == "__main__"``
    path : file or None      where finished boards are kept, so that a run that was stopped, or a longer one, goes on
    progress :               called with the number of boards that are done
    level, opamp :           of :func:`circuits.circuit_of`; its parts vary as in :func:`circuits.make_circuit`
    engine, timeout_s :      of :func:`circuits.simulate_circuits`; EngineError for a board that fails there
    """
    if workers < 1:
        raise ValueError(f"workers is {workers}; one is the least")
    seeds = read_seeds(rng, samples)
    mark = {
        "format": _FORMAT,
        "boards": digest([getattr(boards, field.name) for field in fields(boards)]),
        "seed": [str(seeds[0].entropy), *map(int, seeds[0].spawn_key)],
        "versions": versions(),
    }
    if level is not None:
        mark["level"] = [level, digest([opamp]), engine]
    done = _load(Path(path), mark, boards.reads)[:samples] if path is not None else []
    if done and progress is not None:
        progress(len(done))
    if level is None:
        parts = _outcomes(boards, seeds[len(done) :], workers)
    else:
        parts = scores_in_spice(boards, seeds[len(done) :], level, opamp, engine, workers, timeout_s)
    for outcomes in parts:
        done += outcomes
        if path is not None:
            kept = [[score if np.isfinite(score) else None for score in board] for board in done]
            write_file(path, json.dumps({**mark, "scores": kept}))
        if progress is not None:
            progress(len(done))
    scores = np.array(done, dtype=float).reshape(samples, boards.reads)
    return Yield(scores, boards.good(scores))


@dataclass(frozen=True)
class SpotCheck:
    """One read of one board in SPICE and in the ODE.

    final_error : float      largest difference of any output at the end, of full scale
    """

    engine: str
    version: str
    final_error: float
    same_attractor: bool
    succeeds_in_spice: bool
    succeeds_in_ode: bool


def spot_check(
    boards: Boards, rng: RNG = 0, *, number: int = 0, read: int = 0, engine: str = "auto", timeout_s: float = TIMEOUT_S
) -> SpotCheck:
    """Board ``number`` of ``yield_of(boards, ..., rng=rng)`` again, from its elements in SPICE, against its ODE."""
    seed = read_seeds(rng, number + 1)[number]
    board, (starts, cues) = boards.board(seed), boards.starts(seed)
    start, cue = starts[read : read + 1], None if cues is None else cues[read : read + 1]
    if isinstance(board, TourBoard):
        circuit, full = board.circuit(start[0]), 1.0
        circuit = replace(circuit, analysis=replace(circuit.analysis, reltol=_CHECK_RTOL))
        nodes: Sequence[str] = circuit.saved
    else:
        g = board.nominal.activation
        circuit, full = board.circuit(start[0], duration_s=boards.duration_s), g.high - g.low
        nodes = [f"v{i}" for i in range(board.nominal.size)]
    waves = simulate_circuit(circuit, engine, timeout_s=timeout_s)
    expected, got = boards.outputs(board, start, _CHECK_RTOL), waves.of(nodes)[-1:]
    return SpotCheck(
        waves.engine,
        waves.version,
        float(np.abs(got - expected).max() / full),
        bool(((got >= boards.middle()) == (expected >= boards.middle())).all()),
        bool(boards.good(boards.scores(got, cue))[0]),
        bool(boards.good(boards.scores(expected, cue))[0]),
    )


def _outcomes(boards: Boards, seeds: Sequence[np.random.SeedSequence], workers: int) -> Iterator[list[list[float]]]:
    """Of a few boards at a time, in their order."""
    size = max(1, -(-len(seeds) // (_PORTIONS * workers)))
    portions = [seeds[k : k + size] for k in range(0, len(seeds), size)]
    work = partial(_portion, boards)
    if workers == 1 or len(portions) < 2:
        yield from map(work, portions)
        return
    before = set(active_children())
    pool = ProcessPoolExecutor(min(workers, len(portions)), get_context("spawn"), end_with_parent)
    try:
        futures = [pool.submit(work, portion) for portion in portions]
        for done, future in enumerate(futures):
            while not wait([future], LOOK_S).done:
                checkpoint("boards", done, len(futures))
            yield future.result()
    except BaseException:  # no worker need finish its portion
        for worker in set(active_children()) - before:
            worker.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _portion(boards: Boards, seeds: Sequence[np.random.SeedSequence]) -> list[list[float]]:
    found = []
    for done, seed in enumerate(seeds):
        checkpoint("boards", done, len(seeds))
        found.append(boards(seed).tolist())
    return found


def _load(path: Path, mark: dict[str, Any], reads: int) -> list[list[float]]:
    """The boards kept in ``path``; none if it is missing, damaged, or of another study."""
    try:
        stored = json.loads(path.read_text())
        kept = stored.pop("scores")
        if stored != mark or any(len(board) != reads for board in kept):
            return []
        return [[np.nan if score is None else float(score) for score in board] for board in kept]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []


def _child(seed: np.random.SeedSequence, k: int) -> np.random.SeedSequence:
    """Child k without advancing ``seed``, so that a board can be made again."""
    return np.random.SeedSequence(seed.entropy, spawn_key=(*seed.spawn_key, k), pool_size=seed.pool_size)
