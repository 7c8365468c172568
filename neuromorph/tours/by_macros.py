"""A target that cannot hold a tour answers for it all the same: in macros of a few cities (``decomposition``).

Each macro is a program and a read of the inner target; their events add up over a tour, those of programming among
them. Energy is that of all macros. Time is that of rounds: as many macros as work in parallel take the time of a mean
one, and the last round of a batch may be part empty. The host cuts the tour into paths, adds up the lengths of answers
and keeps the present order where one is not shorter; neither its time nor its energy is in the sums of the device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..cost import Cost
from ..ising import Ising
from ..macro_runs import check_at_least, run_in_macros, tasks_in_macros
from ..pricing.macro_rounds import costs_in_rounds
from ..problems import Problem, Tsp
from ..protocol import DoesNotFit, Target
from ..rng import RNG
from ..run import Program, Run
from ..task import Task
from .decomposition import TourMap, tour_by_macros
from .paths import MOST_FREE
from .target_macros import TargetMacro, path_ising, path_tour

_FREE, _FREE_OF_SPINS = 8, 5


@dataclass(frozen=True)
class ByMacros:
    """Answer for a tour by macros of another target.

    Parameters
    ----------
    inner : Target
        Target that orders a few cities.
    free : int or None
        Largest number of free cities of a macro, at most 12; fewer where the target cannot hold so many. None is 8
        where it holds a path as a small tour, and 5 as spins: most devices find no permutation among those of more.
    rounds : int
        Rounds of windows after the first tour.
    parallel : int
        Number of macros that work at the same time.
    """

    inner: Target
    free: int | None = None
    rounds: int = 2
    parallel: int = 1

    def __post_init__(self) -> None:
        if self.free is not None and not 3 <= self.free <= MOST_FREE:
            raise ValueError(f"free is {self.free}; a macro orders 3 to {MOST_FREE} cities")
        check_at_least(self, rounds=0, parallel=1)

    @property
    def name(self) -> str:
        """Name of the inner target."""
        return self.inner.name

    @property
    def summary(self) -> str:
        """Summary of the inner target, and that it works in macros."""
        return f"{self.inner.summary}; tours in macros of a few cities"

    @property
    def supported_tasks(self) -> frozenset[str]:
        """To minimize, where the inner target does."""
        return tasks_in_macros(self)

    @property
    def limits(self) -> Mapping[str, Any]:
        """The largest problems, and what is refused."""
        return {"cities": "as many as fit into memory", "refuses": "anything but to minimize a tour"}

    def program(self, problem: Ising | Problem, rng: RNG = None) -> Program:
        """Prepare macros for a tour, the largest that the inner target can hold.

        :meth:`.Target.program` documents the arguments.

        Returns
        -------
        Program
            Map of the cities and a macro; programming is done for each macro, within a read.

        Raises
        ------
        DoesNotFit
            If the problem is no tour, or the inner target holds no path of three cities either.
        """
        if not isinstance(problem, Tsp):
            raise DoesNotFit(f"macros of {self.name} order the cities of a tour; this is no tour")
        macro = _largest_macro(self.inner, self.free, problem.size - 1)
        held = "as a small tour with forced links" if macro.holds_tours else f"as {macro.free}^2 spins"
        about = f"in macros of {macro.free}, {self.parallel} at a time; each is programmed on its own, a path {held}"
        return Program(self.name, problem, None, (TourMap.of(problem), macro), notes=(about,))

    def run(self, program: Program, task: Task, reads: int = 1, rng: RNG = None) -> Run:
        """Build ``reads`` tours, each from its own macros.

        :meth:`.Target.run` documents the arguments.

        Returns
        -------
        Run
            Tours, with the events of all macros of each.
        """
        cities, macro = program.state
        return run_in_macros(
            self,
            program,
            task,
            reads,
            rng,
            lambda seed: tour_by_macros(cities, macro, rounds=self.rounds, parallel=self.parallel, rng=seed),
            tours=True,
            complete="ordered every city",
            accepted="answered with a permutation",
            parameters={"rounds": self.rounds, "parallel": self.parallel, "free": macro.free},
        )

    def costs(self) -> tuple[Cost, ...]:
        """List the prices of the inner target, its times for rounds of macros.

        Returns
        -------
        tuple of Cost
            A price for each kind of event.
        """
        return costs_in_rounds(self.inner.costs())


def _largest_macro(inner: Target, free: int | None, cities: int) -> TargetMacro:
    """Return the macro of most cities that a target holds, of at most ``cities`` or three."""
    holds_tours = _holds_tours(inner)
    most = free or (_FREE if holds_tours else _FREE_OF_SPINS)
    refused: DoesNotFit | None = None
    for k in range(min(most, max(3, cities)), 2, -1):
        line = np.abs(np.subtract.outer(np.arange(k + 2.0), np.arange(k + 2.0)))
        try:
            inner.program(path_tour(line, 1) if holds_tours else path_ising(line), 0)
        except DoesNotFit as error:
            refused = error
            continue
        return TargetMacro(inner, k, holds_tours)
    raise DoesNotFit(f"{inner.name} holds no path of 3 cities either: {refused}")


def _holds_tours(inner: Target) -> bool:
    """Test whether a target holds a tour of five cities as a permutation."""
    try:
        return inner.program(path_tour(np.ones((5, 5)) - np.eye(5)), 0).programmed is None
    except DoesNotFit:
        return False
