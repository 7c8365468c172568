"""The methods of ``neuromorph.optimization`` on the user's own CPU, one core, time measured.

All of them minimize; none samples. ``cpu-optimize`` is what a CPU does best: exact reductions, then the method that
suits what is left; tours are searched as permutations (module ``tour_search``). The continuous dynamics are those of
machines that others build in optics or digital logic; here they run on the CPU, and what is priced is its time. Spins
of a read go downhill at its end.

Sources: those of the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.ising import Ising
from neuromorph.optimization import (
    SetMoves,
    coherent_ising_machine,
    local_quantum_annealing,
    minimize,
    searched_form,
    sim_cim,
    simulated_bifurcation,
)
from neuromorph.optimization.batches import BATCHED_METHODS, GROUP_METHODS, SET_METHODS
from neuromorph.pricing.powercap import read_cpu_energy
from neuromorph.problems import Problem, Tsp
from neuromorph.problems.tsp import MAX_ISING_CITIES
from neuromorph.protocol import DoesNotFit, as_ising, check_length, require_support
from neuromorph.rng import RNG, seed_sequence
from neuromorph.run import Program, Run, complete_run
from neuromorph.runtime.limits import checkpoint, whole_parts
from neuromorph.sampling.samples import Samples, SweepObserver
from neuromorph.target_constants import own_parameters
from neuromorph.task import Task

from .annealer import CPU_PRICED, DATA, MAX_CITIES, CpuAnneal
from .core_time import time_activity
from .group_annealing import GROUPS_HELD
from .sampler_target import MAX_PENALTY_CITIES, CpuSampler, Draw
from .sampler_trace import watch_pump
from .tour_search import TOURS_HELD, map_of_tour, searched_tours

SETS_HELD = "every state is an independent set: penalties take no part"
_MINIMIZES = frozenset({"minimize"})


@dataclass(frozen=True)
class CpuOptimize:
    """Minimize by exact reductions and the method that suits the rest, a search a read.

    Parameters
    ----------
    batches : int
        Batches of a read, each twice as long as the one before: 512 anneals side by side, say, or double bridges.
    method : str
        As of ``neuromorph.optimization.minimize``; auto chooses by the structure of the problem, and searches a tour as
        a permutation. Any other takes tours of at most 20 cities, as n x n spins under penalties.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.
    constants : dict of Datum
        The table that it is priced by.
    """

    batches: int = 2
    method: str = "auto"
    power_w: float | None = None
    constants: Mapping[str, Datum] = field(default_factory=lambda: dict(DATA), hash=False, repr=False, kw_only=True)

    name: ClassVar[str] = "cpu-optimize"
    summary: ClassVar[str] = (
        "exact reductions, then what suits the structure (tours: swaps of links), on one core: time measured"
    )
    supported_tasks: ClassVar[frozenset[str]] = _MINIMIZES
    priced: ClassVar[frozenset[str]] = CPU_PRICED
    limits: ClassVar[Mapping[str, Any]] = {
        "spins": "as many as fit into memory",
        "cities": MAX_CITIES,
        "refuses": f"tours of more than {MAX_PENALTY_CITIES} cities where another method than auto is asked for",
    }

    def __post_init__(self) -> None:
        CpuAnneal(power_w=self.power_w, constants=self.constants)  # the same rules
        check_length("batches", self.batches, 1)
        methods = (*BATCHED_METHODS, *GROUP_METHODS, *SET_METHODS)
        if self.method not in ("auto", *methods):
            raise ValueError(f"method is {self.method!r}; expected auto, {', '.join(methods)}")

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Hold ``problem`` exactly, a tour as a permutation.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            The problem itself.
        """
        if isinstance(problem, Tsp) and self.method == "auto":
            return Program(self.name, problem, None, map_of_tour(problem), notes=(TOURS_HELD,))
        if isinstance(problem, Tsp) and problem.size > MAX_PENALTY_CITIES:
            raise DoesNotFit(
                f"{problem.size} cities are {problem.size**2} spins under penalties, taking minutes and ending in poor "
                f"tours; {MAX_PENALTY_CITIES} at most: method auto, and cpu-anneal, hold a tour as a permutation"
            )
        held = as_ising(problem)
        form = searched_form(problem, self.method)
        about = () if isinstance(form, Ising) else (SETS_HELD if isinstance(form, SetMoves) else GROUPS_HELD,)
        return Program(self.name, problem, held, notes=("held exactly", *about))

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Run ``reads`` searches and measure the time of each.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            The best state of each search, with its time.
        """
        require_support(self, task)
        if reads < 1:
            raise ValueError(f"reads is {reads}; ask for at least one")
        seeds = seed_sequence(rng).spawn(reads)
        if program.programmed is None:
            return self._tours(program, task, seeds)
        problem = _grouped_or_ising(program.requested, self.method)
        checkpoint("compiling")
        minimize(problem, method=self.method, batches=1, rng=0)
        before = None if self.power_w is not None else read_cpu_energy()
        parts, status = whole_parts(self._reads(problem, seeds))
        spins, seconds = np.array([each for each, _ in parts]), np.array([each for _, each in parts])
        activity = time_activity(seconds, seconds, float(seconds.sum()), before)
        return complete_run(
            program, task, spins, activity, status=status, provenance={"parameters": own_parameters(self)}
        )

    def _tours(self, program: Program, task: Task, seeds: list[np.random.SeedSequence]) -> Run:
        """Search tours, and say them as spins too where these are few."""
        before = None if self.power_w is not None else read_cpu_energy()
        parts, status = whole_parts(searched_tours(program.state, self.batches, seeds))
        tours, seconds = np.array([each for each, _ in parts]), np.array([each for _, each in parts])
        activity = time_activity(seconds, seconds, float(seconds.sum()), before)
        requested: Any = program.requested
        few = requested.size <= MAX_ISING_CITIES
        spins = np.array([requested.spins(tour) for tour in tours]) if few else None
        about = {"parameters": own_parameters(self)}
        return complete_run(program, task, spins, activity, answers=tours, status=status, provenance=about)

    def _reads(
        self, problem: Ising | Problem, seeds: list[np.random.SeedSequence]
    ) -> Iterator[tuple[NDArray[np.int8], float]]:
        """Yield the reads; one that was cut short is the last."""
        for k, seed in enumerate(seeds):
            checkpoint("searches", k, len(seeds))
            start = perf_counter()
            found = minimize(problem, method=self.method, batches=self.batches, rng=seed)
            yield found.spins, perf_counter() - start
            if found.status != "ok":
                raise KeyboardInterrupt

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of every counted event, with their sources.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return CpuAnneal(power_w=self.power_w, constants=self.constants).costs()


def _grouped_or_ising(problem: Ising | Problem, method: str) -> Ising | Problem:
    """Return a problem whose groups the method holds as it is, any other as spins."""
    return as_ising(problem) if isinstance(searched_form(problem, method), Ising) else problem


def cpu_simulated_bifurcation(
    sweeps: int = 1000, variant: str = "discrete", power_w: float | None = None
) -> CpuSampler:
    """Run simulated bifurcation, 16 reads side by side.

    Parameters
    ----------
    sweeps : int
        Time steps of a read.
    variant : str
        "ballistic" or "discrete".
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.

    Returns
    -------
    CpuSampler
        Target.
    """
    if variant not in ("ballistic", "discrete"):
        raise ValueError(f"variant is {variant!r}; expected ballistic or discrete")
    about = "simulated bifurcation on one core: time measured"
    solve = partial(simulated_bifurcation, variant=variant)
    return _dynamics("cpu-simulated-bifurcation", about, solve, sweeps, power_w)


def cpu_coherent_ising(sweeps: int = 1000, control: str = "amplitude", power_w: float | None = None) -> CpuSampler:
    """Integrate the equations of a coherent Ising machine, 16 reads side by side.

    Parameters
    ----------
    sweeps : int
        Time steps of a read.
    control : str
        "none", "amplitude" (CAC) or "feedback" (CFC).
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.

    Returns
    -------
    CpuSampler
        Target.
    """
    if control not in ("none", "amplitude", "feedback"):
        raise ValueError(f"control is {control!r}; expected none, amplitude or feedback")
    about = "equations of a coherent Ising machine on one core: time measured"
    solve = partial(coherent_ising_machine, control=control)
    return _dynamics("cpu-coherent-ising", about, solve, sweeps, power_w)


def cpu_sim_cim(sweeps: int = 1000, power_w: float | None = None) -> CpuSampler:
    """Run SimCIM, 16 reads side by side.

    Parameters
    ----------
    sweeps : int
        Steps of a read.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.

    Returns
    -------
    CpuSampler
        Target.
    """
    return _dynamics("cpu-sim-cim", "SimCIM on one core: time measured", sim_cim, sweeps, power_w)


def cpu_local_quantum_annealing(sweeps: int = 1000, power_w: float | None = None) -> CpuSampler:
    """Run local quantum annealing, 16 reads side by side.

    Parameters
    ----------
    sweeps : int
        Steps of a read.
    power_w : float or None
        Power of one busy core, W, if you know yours; None takes the range of ``digital.toml``.

    Returns
    -------
    CpuSampler
        Target.
    """
    about = "local quantum annealing on one core: time measured"
    return _dynamics("cpu-local-quantum-annealing", about, local_quantum_annealing, sweeps, power_w)


def _dynamics(
    name: str, about: str, solve: Callable[..., Samples], sweeps: int, power_w: float | None
) -> CpuSampler:  # fmt: skip
    """Make a target of a continuous solver."""

    def plan(ising: Ising, beta: float, to_minimize: bool, steps: int) -> tuple[Draw, int]:
        def draw(reads: int, rng: np.random.SeedSequence, observe: SweepObserver | None) -> NDArray[np.int8]:
            return solve(ising, steps, reads, descend=False, rng=rng, observe=observe).spins

        return draw, 1

    more: dict[str, Any] = dict(solve.keywords) if isinstance(solve, partial) else {}
    return CpuSampler(
        name, about, plan, sweeps, power_w, parallel_reads=16, more=more, watch=watch_pump, supported_tasks=_MINIMIZES,
        beside="cpu-optimize", macro_reads=16,
    )  # fmt: skip
