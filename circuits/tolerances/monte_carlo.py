r"""Monte Carlo yield: the fraction of boards that work.

.. math:: Y = \frac{\text{boards whose every read succeeds}}{\text{boards}}

with the interval of Wilson over boards, which are independent; reads of one board are not. A read of a memory succeeds
if it recalls its pattern, one of a tour if its end is a tour. Board k depends on the seed and on k alone: the number of
workers, the order and an interruption change nothing, and a longer run begins with the boards of a shorter one.
The score of every read is kept, so that a curve can show more than a yield.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, fields, replace
from functools import partial
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuromorph.estimate import Estimate, wilson_interval
from neuromorph.files.atomic_write import read_file, write_file
from neuromorph.ising import Float
from neuromorph.rng import RNG, read_seeds
from neuromorph.run import versions
from neuromorph.runtime.limits import checkpoint
from neuromorph.study.fingerprint import digest

from ..simulators import simulate_circuit
from ..simulators.process import LOOK_S, TIMEOUT_S, end_with_parent
from ..synthesis.hopfield_circuit import AmplifierLevel
from ..synthesis.opamp import OpAmp
from .boards import BoardEnsemble
from .sampled_tour_board import SampledTourBoard
from .spice_boards import scores_in_spice

_CHECK_RTOL = 1e-10  # tolerance of a spot check in ODE and SPICE: the choice between two tours is unstable
_FORMAT = 3
_MOST_BYTES = 256 << 20  # largest file of boards that is read
_PORTIONS = 8  # portions of boards that each worker takes one after the other


@dataclass(frozen=True, eq=False)
class YieldEstimate:
    """Scores of all reads of all boards, and the yield that follows.

    Attributes
    ----------
    scores : (boards, reads) float
        Scores of the problem; NaN if a read is not feasible.
    succeeded : (boards, reads) bool
        Whether a score is good enough.
    """

    scores: Float
    succeeded: NDArray[np.bool_]

    @property
    def boards(self) -> Estimate:
        """Yield: fraction of boards whose every read succeeds, with Wilson's 95 % interval."""
        return wilson_interval(int(self.succeeded.all(axis=1).sum()), len(self.succeeded))

    @property
    def reads(self) -> float:
        """Fraction of reads that succeed."""
        return float(self.succeeded.mean())

    @property
    def feasible(self) -> Estimate:
        """Fraction of boards whose every read is feasible, with Wilson's 95 % interval."""
        return wilson_interval(int(np.isfinite(self.scores).all(axis=1).sum()), len(self.scores))


def estimate_yield(
    boards: BoardEnsemble,
    samples: int,
    *,
    rng: RNG = 0,
    workers: int = 1,
    path: str | os.PathLike[str] | None = None,
    progress: Callable[[int], None] | None = None,
    level: AmplifierLevel | None = None,
    opamp: OpAmp | None = None,
    engine: str = "auto",
    timeout_s: float = TIMEOUT_S,
) -> YieldEstimate:
    """Estimate the yield by Monte Carlo over boards.

    Boards are read in the ODE, or in SPICE if a ``level`` of amplifiers is given.

    Parameters
    ----------
    boards : BoardEnsemble
        Ensemble of the boards.
    samples : int
        Number of boards.
    rng : Generator, SeedSequence or int, default 0
        Seed, of which board k takes the k-th child.
    workers : int, default 1
        Number of processes; a script that asks for several needs ``if __name__ == "__main__"``.
    path : str or PathLike, optional
        File that keeps finished boards, so that a run that was stopped, or a longer one, goes on.
    progress : callable, optional
        Function called with the number of boards that are done.
    level : AmplifierLevel, optional
        Amplifiers in SPICE, whose parts vary as in ``make_circuit``; the ODE is integrated by default.
    opamp : OpAmp, optional
        Op-amp at level "opamp".
    engine : str, default "auto"
        Simulator, as for :func:`circuits.simulate_circuit`.
    timeout_s : float, optional
        Time limit of a run, s.

    Returns
    -------
    YieldEstimate
        Scores of all boards, with the yield.

    Raises
    ------
    ValueError
        If there is no worker.
    EngineError
        If a board fails in SPICE.
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
    return YieldEstimate(scores, boards.good(scores))


@dataclass(frozen=True)
class SpotCheck:
    """One read of one board in SPICE and in the ODE.

    Attributes
    ----------
    engine, version : str
        Simulator that ran it.
    final_error : float
        Largest difference of any output at the end, of full scale.
    same_attractor : bool
        Whether every output ends on the same side of the middle.
    succeeds_in_spice, succeeds_in_ode : bool
        Whether the read succeeds.
    """

    engine: str
    version: str
    final_error: float
    same_attractor: bool
    succeeds_in_spice: bool
    succeeds_in_ode: bool


def spot_check(
    boards: BoardEnsemble,
    rng: RNG = 0,
    *,
    number: int = 0,
    read: int = 0,
    engine: str = "auto",
    timeout_s: float = TIMEOUT_S,
) -> SpotCheck:
    """Check one board of a yield estimate in SPICE against the ODE.

    The board is the one that ``estimate_yield(boards, rng=rng)`` made, simulated from its elements.

    Parameters
    ----------
    boards : BoardEnsemble
        Ensemble of the boards.
    rng : Generator, SeedSequence or int, default 0
        Seed of the estimate.
    number : int, default 0
        Number of the board, counted from 0.
    read : int, default 0
        Number of the read, counted from 0.
    engine : str, default "auto"
        Simulator, as for :func:`circuits.simulate_circuit`.
    timeout_s : float, optional
        Time limit of a run, s.

    Returns
    -------
    SpotCheck
        Both ends of the read compared.

    Raises
    ------
    EngineError
        If the simulation fails.
    """
    seed = read_seeds(rng, number + 1)[number]
    board, (starts, cues) = boards.board(seed), boards.starts(seed)
    start, cue = starts[read : read + 1], None if cues is None else cues[read : read + 1]
    if isinstance(board, SampledTourBoard):
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


def _outcomes(
    boards: BoardEnsemble, seeds: Sequence[np.random.SeedSequence], workers: int
) -> Iterator[list[list[float]]]:
    """Yield the scores of a few boards at a time, in their order."""
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
    except BaseException:  # workers are killed rather than awaited
        for worker in set(active_children()) - before:
            worker.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _portion(boards: BoardEnsemble, seeds: Sequence[np.random.SeedSequence]) -> list[list[float]]:
    found = []
    for done, seed in enumerate(seeds):
        checkpoint("boards", done, len(seeds))
        found.append(boards(seed).tolist())
    return found


def _load(path: Path, mark: dict[str, Any], reads: int) -> list[list[float]]:
    """Return the boards kept in ``path``; none if it is missing, damaged, or of another study."""
    try:
        stored = json.loads(read_file(path, _MOST_BYTES))
        kept = stored.pop("scores")
        if stored != mark or any(len(board) != reads for board in kept):
            return []
        return [[np.nan if score is None else float(score) for score in board] for board in kept]
    except Exception:  # the file may hold anything
        return []
