"""Minimization of any problem: reduce it, choose a method for each part by its structure, run batches, substitute back.

With a number of batches the answer depends on the seed alone, whatever the number of workers. With a time limit it is
the best that was found in that time. Every answer's energy is that of the problem that was given.

Where exactly one spin of each group is up and the groups are known, they are held by the moves: no penalty is climbed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..ising import Float, Ising
from ..problems.coloring import Coloring
from ..problems.problem import Problem
from ..rng import RNG, child, kernel_states, seed_sequence
from ..runtime.limits import Report, remaining_seconds, time_limit, unlimited
from ..runtime.pieces import each_on_threads
from ..sampling.samples import ending
from ..sampling.simulated_annealing import descend_to_minimum
from ..sampling.validation import at_least, starting_spins
from .batches import BATCHED_METHODS, EXACT_METHODS, GROUP_METHODS, SET_METHODS, Method
from .elimination import eliminate
from .held_moves import SET_METHOD, Moves, searched_form
from .list_coloring import exact_coloring
from .one_hot_moves import GroupMoves
from .planar import planar_ground_state
from .reduction import Reduction, reduce_ising
from .set_search import SetMoves
from .structure import choose_method

BATCHES = 5  # of each part, where neither their number nor the time is limited
_LEAST = 50  # effort of a batch that is worth the time that is left
_SHARE = 0.9  # of the time that is left that a batch is planned for
_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Minimum:
    """Lowest state that was found.

    Attributes
    ----------
    spins : (n,) int8
        The state.
    energy : float
        Its energy in the given problem.
    methods : tuple of str
        Methods that were used, in the order of the parts.
    optimal : bool
        Whether no state is lower: every part was solved exactly.
    left : int
        Number of spins that exact reductions left.
    batches : int
        Number of batches that were complete.
    course : (k, 2) float
        Seconds since the start and lowest energy then, at each improvement.
    status, message : str
        "ok", "time limit" or "interrupted", and details.
    """

    spins: NDArray[np.int8]
    energy: float
    methods: tuple[str, ...]
    optimal: bool
    left: int
    batches: int
    course: Float
    status: str = "ok"
    message: str = ""


def minimize(
    problem: Ising | Problem,
    *,
    method: str = "auto",
    batches: int | None = None,
    first_batch: int = 0,
    time_limit_s: float | None = None,
    goal: float = -inf,
    initial: ArrayLike | None = None,
    reduce: bool = True,
    workers: int = 1,
    rng: RNG = None,
    progress: Report | None = None,
) -> Minimum:
    """Find a state of low energy.

    Ctrl-C and time limits end the search and keep the best state.

    Parameters
    ----------
    problem : Ising or Problem
        The problem. One with groups, as an assignment or a coloring, is searched among the states that hold them, and
        an independent set among independent sets.
    method : str
        "auto" tempers assignments, searches colorings by backtracking for a while and then, as sets, by tabu moves, or
        chooses for each part by :func:`.choose_method`; otherwise "one-hot-tempering", "one-hot-annealing",
        "one-hot-tabu" (within groups), "set-tabu" (independent sets), or, on spins under penalties, "elimination",
        "matching" (both exact), "multispin", "annealing", "cluster-tempering", "tempering", "ballistic-bifurcation",
        "discrete-bifurcation", "cim", "cim-cac", "cim-cfc", "sim-cim" or "local-quantum-annealing".
    batches : int or None
        Batches of each part; None is 5, or as many as the time allows if there is a limit.
    first_batch : int
        Number of the first batch, which its effort follows: one that goes on where an earlier call stopped need not
        begin with short ones.
    time_limit_s : float or None
        Seconds after which to stop; an outer limit holds as well.
    goal : float
        Energy at which to stop.
    initial : (n,) array_like or None
        State to improve on.
    reduce : bool
        Whether exact reductions are made first.
    workers : int
        Number of threads that run batches side by side, on which the answer of ``batches`` does not depend.
    rng : RNG
        Source of the random numbers.
    progress : callable or None
        Called as ``progress(step, done, total)``, at most ten times a second.

    Returns
    -------
    Minimum
        The best state.

    Raises
    ------
    ValueError
        If an argument is out of range or the method cannot hold the problem.
    """
    at_least(1, workers=workers, batches=1 if batches is None else batches)
    at_least(0, first_batch=first_batch)
    names = (*EXACT_METHODS, *BATCHED_METHODS, *GROUP_METHODS, *SET_METHODS)
    if method not in ("auto", *names):
        raise ValueError(f"method is {method!r}; expected auto, {', '.join(names)}")
    if time_limit_s is not None and not (isfinite(time_limit_s) and time_limit_s > 0.0):
        raise ValueError(f"time_limit_s is {time_limit_s}; it must be finite and above 0")
    if np.isnan(goal):
        raise ValueError("goal is nan; give an energy, or leave it out")
    (seed,) = seed_sequence(rng).spawn(1)
    given = searched_form(problem, method)
    start = None if initial is None else starting_spins(initial, 1, given.size)
    if start is not None and not isinstance(given, Ising):
        given.places(start)  # raises where a group has none up, or several
    coloring = problem if method == "auto" and first_batch == 0 and isinstance(problem, Coloring) else None
    search = _Search(given, goal, seed, workers, time.monotonic(), first_batch, coloring)
    deadline = None if time_limit_s is None else search.began + time_limit_s
    status, message = "ok", ""
    try:
        with time_limit(deadline, progress):
            count = batches or (inf if isfinite(remaining_seconds()) else BATCHES)
            search.begin(method, reduce, start)
            search.run(count)
    except KeyboardInterrupt as stop:
        status, message = ending(stop)
    with unlimited():
        return search.finish(start, status, message)


@dataclass(frozen=True, eq=False)
class _Whole:
    """A problem that was not reduced: its one part is all of it."""

    size: int
    offset: float = 0.0

    def restore(self, spins: NDArray[np.int8], **_: Any) -> NDArray[np.int8]:
        return spins[None]


@dataclass(eq=False)
class _Part:
    """Part of the problem, with the best of its states so far."""

    ising: Any  # Ising, or the moves that hold the groups
    method: str
    spins: NDArray[np.int8]
    energy: float
    seed: np.random.SeedSequence
    exact: bool = False
    done: int = 0
    pace_s: float = 0.0  # seconds a unit of effort


@dataclass(eq=False)
class _Search:
    """State of :func:`minimize`."""

    ising: Ising | Moves
    goal: float
    seed: np.random.SeedSequence
    workers: int
    began: float
    first: int = 0
    coloring: Coloring | None = None  # to be searched by backtracking before all else
    reduction: Reduction | _Whole | None = None
    parts: list[_Part] = field(default_factory=list)
    course: list[tuple[float, float]] = field(default_factory=list)

    def begin(self, method: str, reduce: bool, start: NDArray[np.int8] | None) -> None:
        """Reduce the problem, take a first state of each part, and solve what is solved exactly."""
        if not isinstance(self.ising, Ising):
            spins = (self._random(self.ising) if start is None else start)[0]
            chosen = _method_of(self.ising) if method == "auto" else method
            part = _Part(self.ising, chosen, spins, self._energy_of(spins), child(self.seed, 0))
            self.parts, self.reduction = [part], _Whole(self.ising.size)
            self._note()
            if self.coloring is not None and isinstance(self.ising, GroupMoves):
                colors, _ = exact_coloring(self.coloring)
                if colors is not None:
                    part.method, part.exact, part.spins = "backtracking", True, self.coloring.spins(colors)
                    part.energy = self._energy_of(part.spins)
                    self._note()
            return
        reduction = reduce_ising(self.ising, degree=3 if reduce else -1)
        left = reduction.parts
        states = reduction.project(start) if start is not None else [self._random(ising) for ising in left]
        for k, (ising, spins) in enumerate(zip(left, states, strict=True)):
            descend_to_minimum(ising, spins, kernel_states([child(self.seed, k, "descent")]))
            energy = float(ising.energy(spins[0]))
            self.parts.append(_Part(ising, "descent", spins[0], energy, child(self.seed, k)))
        self.reduction = reduction
        self._note()
        for part in self.parts:
            part.method = choose_method(part.ising) if method == "auto" else method
        for part in self.parts:
            if part.method in EXACT_METHODS:
                solve = eliminate if part.method == "elimination" else planar_ground_state
                part.energy, part.spins = solve(part.ising)
                part.exact = True
                self._note()

    def _energy_of(self, spins: NDArray[np.int8]) -> float:
        given: Any = self.ising
        return float(given.energy(spins) if isinstance(given, Ising) else given.energy(given.places(spins))[0])

    def _random(self, part: Ising | Moves) -> NDArray[np.int8]:
        if not isinstance(part, Ising):
            drawn_places: Any = part.draw(kernel_states([child(self.seed, part.size, "start")]))
            return part.spins(drawn_places)
        drawn = np.random.default_rng(child(self.seed, part.size, "start")).integers(0, 2, (1, part.size), np.int8)
        return 2 * drawn - 1

    def run(self, count: float) -> None:
        """Run batches, in turn for all parts, until a limit or the goal is reached."""
        while not self._reached():
            waiting = [part for part in self.parts if not part.exact and part.done < count]
            if not waiting:
                return
            for part in waiting:
                if self._reached() or not self._some(part, count):
                    return

    def _some(self, part: _Part, count: float) -> bool:
        """Run the next batches of a part, one a worker; return whether there was time for them."""
        method = (BATCHED_METHODS | GROUP_METHODS | SET_METHODS)[part.method]
        numbers = [k for k in range(part.done, part.done + self.workers) if k < count]
        efforts = [_effort(method, self.first + k) for k in numbers]
        left = remaining_seconds()
        if part.pace_s and isfinite(left):
            most = int(_SHARE * left / part.pace_s)
            if most < _LEAST:
                return False
            efforts = [min(most, effort) for effort in efforts]
        goal = self.goal - (self._energy() - part.energy)
        found: dict[int, tuple[NDArray[np.int8], float]] = {}

        def one(at: int) -> None:
            samples = method.run(part.ising, efforts[at], goal, child(part.seed, numbers[at]))
            found[at] = samples.best()

        began = time.monotonic()
        each_on_threads(one, range(len(numbers)), self.workers)
        part.pace_s = (time.monotonic() - began) / max(efforts)
        for at in range(len(numbers)):
            spins, energy = found[at]
            part.done += 1
            if energy < part.energy:
                part.spins, part.energy = spins, energy
                part.exact = isinstance(part.ising, GroupMoves) and energy <= part.ising.least + _ROUNDING
                self._note()
            if (
                part.exact or self._reached()
            ):  # what later batches found does not count: another number of workers had not run them
                break
        return True

    def _energy(self) -> float:
        assert self.reduction is not None
        return self.reduction.offset + sum(part.energy for part in self.parts)

    def _reached(self) -> bool:
        return self._energy() <= self.goal + _ROUNDING * max(1.0, abs(self.goal))

    def _note(self) -> None:
        self.course.append((time.monotonic() - self.began, self._energy()))

    def finish(self, start: NDArray[np.int8] | None, status: str, message: str) -> Minimum:
        """Substitute back and evaluate the state in the given problem."""
        if self.reduction is None:  # the time was over at once
            spins = self._random(self.ising) if start is None else start
            energy = self._energy_of(spins[0])
            course = np.array([(time.monotonic() - self.began, energy)])
            return Minimum(spins[0], energy, (), False, self.ising.size, 0, course, status, message)
        spins = self.reduction.restore(*(part.spins for part in self.parts), random=True, ties=child(self.seed, "ties"))
        energy = self._energy_of(spins[0])
        exact, batches = all(part.exact for part in self.parts), sum(part.done for part in self.parts)
        methods = tuple(part.method for part in self.parts)
        course = np.array(self.course).reshape(-1, 2)
        return Minimum(spins[0], energy, methods, exact, self.reduction.size, batches, course, status, message)


def _method_of(moves: Moves) -> str:
    """Return the method that suits moves: tabu for sets and for groups that only inhibit each other."""
    if isinstance(moves, SetMoves):
        return SET_METHOD
    return "one-hot-tabu" if isinstance(moves, GroupMoves) and moves.inhibiting else "one-hot-tempering"


def _effort(method: Method, k: int) -> int:
    return min(method.first << min(k, 40), method.most)
