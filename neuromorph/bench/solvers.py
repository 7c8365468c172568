r"""Solvers that a bench runs: ours and, where they are installed, those of others, each as a generator of answers.

A solver yields spins or tours, one after the other, for as long as it is asked. None of the peers shows its best answer
so far, so each is called again and again with an effort e that doubles,

.. math:: e_{k+1} = \min(2 e_k, \; e_k\, t_{left} / t_k),

as ``minimize`` does too: at most twice the time of the one effort that would have been best, and the last call fits the
time that is left. Models are converted once, before the clock starts, and every answer is scored on the problem.

Peers: dwave-samplers (simulated annealing), OpenJij (the same), simulated-bifurcation (ballistic; e is agents),
fast-tsp (Or-2opt and Or-opt, stochastic local search), elkai (Helsgaun's LKH, Eur. J. Oper. Res. 126, 106 (2000)).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..optimization import minimize
from ..problems import Problem, Tsp

Answers: TypeAlias = Iterator[NDArray[Any]]
LeftSeconds: TypeAlias = Callable[[], float]  # CPU seconds that a run has left

_LEAST = 0.02  # share of the first effort that is worth a call
_LARGEST = float(1 << 20)  # effort of a call
_MOST_SPINS = 20_000  # of a peer that takes dense couplings
_INTEGER, _SHORT = 1e6, 65_535.0  # largest whole distance, and that of fast-tsp


@dataclass(frozen=True)
class Solver:
    """A solver of a bench.

    Attributes
    ----------
    name : str
        Name.
    package : str
        Package that has to be installed; "" for ours.
    prepare : callable
        Maps a problem to what ``run`` takes, or raises ValueError if it cannot hold it; not timed.
    run : callable
        Called as ``run(model, seed, left)``; yields spins (n,) or tours (cities,).
    tours : bool
        Whether it solves tours, or else anything with an Ising form.
    """

    name: str
    package: str
    prepare: Callable[[Any], Any]
    run: Callable[[Any, int, LeftSeconds], Answers]
    tours: bool

    @property
    def installed(self) -> bool:
        """Whether the package can be imported."""
        try:
            return not self.package or find_spec(self.package) is not None
        except ModuleNotFoundError:  # of the package around it
            return False


def doubled_efforts(first: float, left: LeftSeconds) -> Iterator[float]:
    """Yield efforts that double, for as long as a call is worth its time.

    Parameters
    ----------
    first : float
        Effort of the first call.
    left : callable
        Returns the CPU seconds that the run has left.

    Yields
    ------
    float
        Effort.
    """
    effort, pace = first, 0.0
    while True:
        rest, began = left(), time.process_time()
        if pace:
            effort = min(effort, rest / pace)
        if rest <= 0.0 or effort < _LEAST * first:
            return
        yield effort
        pace = max(time.process_time() - began, 1e-9) / effort
        effort = min(2.0 * effort, _LARGEST)


def _minimize(problem: Problem, seed: int, left: LeftSeconds) -> Answers:
    """Run ``minimize`` on, batch after batch; its own efforts double."""
    k = 0
    while (rest := left()) > 0.0:
        limit = None if k < 2 else rest  # a first answer is given, however short the time
        yield minimize(
            problem, batches=1, first_batch=k, time_limit_s=limit, rng=np.random.SeedSequence([seed, k])
        ).spins
        k += 1


def _tours(problem: Tsp, seed: int, left: LeftSeconds) -> Answers:
    from ..tours.decomposition import TourMap, tour_by_macros
    from ..tours.macros import PathMacro
    from ..tours.solve import search_from

    cities = TourMap.of(problem)
    tour, _ = tour_by_macros(cities, PathMacro(), rounds=2, rng=np.random.SeedSequence([seed, 0]))
    yield tour
    for k, seconds in enumerate(doubled_efforts(0.02, left), 1):
        tour = search_from(cities, tour, None, min(seconds, max(left(), 1e-3)), np.random.SeedSequence([seed, k]))
        yield tour


def _bqm(problem: Problem) -> Any:
    return problem.ising().to_dimod()


def _row(sample: Any, n: int) -> NDArray[np.int8]:
    """Return the lowest sample in the order of spins."""
    best = sample.first.sample
    return np.array([best[k] for k in range(n)], dtype=np.int8)


def _dwave(bqm: Any, seed: int, left: LeftSeconds) -> Answers:
    from dwave.samplers import SimulatedAnnealingSampler

    sampler: Any = SimulatedAnnealingSampler()  # type: ignore[no-untyped-call, unused-ignore]
    for k, sweeps in enumerate(doubled_efforts(100, left)):
        found = sampler.sample(bqm, num_reads=1, num_sweeps=max(1, int(sweeps)), seed=(seed * 1009 + k) % 2**31)
        yield _row(found, bqm.num_variables)


def _openjij(bqm: Any, seed: int, left: LeftSeconds) -> Answers:
    import openjij

    for k, sweeps in enumerate(doubled_efforts(100, left)):
        found = openjij.SASampler().sample(
            bqm, num_reads=1, num_sweeps=max(1, int(sweeps)), seed=(seed * 1009 + k) % 2**31
        )
        yield _row(found, bqm.num_variables)


def _matrix(problem: Problem) -> Any:
    import torch

    ising = problem.ising()
    if ising.size > _MOST_SPINS:
        raise ValueError(f"it holds couplings dense, which {ising.size} spins are too many for")
    couplings = torch.tensor(-0.5 * ising.dense_couplings(), dtype=torch.float32)
    return couplings, torch.tensor(-ising.biases, dtype=torch.float32)


def _bifurcation(model: Any, seed: int, left: LeftSeconds) -> Answers:
    import simulated_bifurcation
    import torch

    torch.manual_seed(seed)
    for agents in doubled_efforts(4, left):  # its ramp has a fixed pace: fewer steps would only cut it short
        spins, _ = simulated_bifurcation.minimize(*model, domain="spin", agents=max(1, int(agents)), verbose=False)
        yield np.where(spins.numpy() > 0, 1, -1).astype(np.int8)


def _whole_distances(problem: Tsp, most: float = _INTEGER) -> NDArray[np.int64]:
    """Return whole distances, scaled only where they are not whole or beyond what the peer takes."""
    distances = problem.distances()
    if not np.array_equal(distances, distances.T):
        raise ValueError("it takes symmetric distances only")
    whole = np.round(distances)
    if distances.max() > 0 and (distances.max() > most or not np.array_equal(whole, distances)):
        whole = np.round(distances * (most / distances.max()))
    return whole.astype(np.int64)


def _fast_tsp(distances: Any, seed: int, left: LeftSeconds) -> Answers:
    import fast_tsp

    for seconds in doubled_efforts(0.02, left):  # it has no seed of its own
        yield np.array(fast_tsp.find_tour(distances.tolist(), duration_seconds=max(seconds, 1e-3)))


def _elkai(distances: Any, seed: int, left: LeftSeconds) -> Answers:
    import elkai

    for runs in doubled_efforts(1, left):  # nor has this
        if runs < 1.0:
            return
        yield np.array(elkai.DistanceMatrix(distances.tolist()).solve_tsp(runs=int(runs))[:-1])


def solvers(problem: Problem, peers: list[str] | None = None) -> list[Solver]:
    """Return the solvers for a problem, ours first, installed or not.

    Parameters
    ----------
    problem : Problem
        Problem.
    peers : list of str or None
        Names of the peers; None is all that solve its kind, [] is none.

    Returns
    -------
    list of Solver
        Solvers.

    Raises
    ------
    ValueError
        If a name is none of a peer.
    """
    every = (OURS_TOURS, OURS_ISING, *PEERS)
    known = [solver.name for solver in PEERS]
    for name in peers or []:
        if name not in known:
            raise ValueError(f"no peer is called {name!r}; the peers are {', '.join(known)}")
    tours = isinstance(problem, Tsp)
    return [s for s in every if s.tours == tours and (not s.package or peers is None or s.name in peers)]


OURS_TOURS = Solver("neuromorph", "", lambda problem: problem, _tours, True)
OURS_ISING = Solver("neuromorph", "", lambda problem: problem, _minimize, False)
PEERS = (
    Solver("dwave-samplers", "dwave.samplers", _bqm, _dwave, False),
    Solver("openjij", "openjij", _bqm, _openjij, False),
    Solver("simulated-bifurcation", "simulated_bifurcation", _matrix, _bifurcation, False),
    Solver("fast-tsp", "fast_tsp", lambda problem: _whole_distances(problem, _SHORT), _fast_tsp, True),
    Solver("elkai", "elkai", _whole_distances, _elkai, True),
)
