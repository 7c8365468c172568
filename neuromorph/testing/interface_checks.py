"""Checks of what a target hands over: members, programs, runs, costs, answers."""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from ..cost import SCOPES, Cost, price
from ..datum import Datum
from ..ising import Ising
from ..problems import Tsp
from ..protocol import DoesNotFit, Target, TargetError, mapping_error
from ..target_constants import constants_of, priced_of
from ..task import TASK_NAMES, Minimize, RecallFrom, Sample, task_name
from .assertions import expect_error, first_that_fits, require_that, supported, try_program
from .models import glass

_TASKS = frozenset(TASK_NAMES)


def check_members(target: Target) -> None:
    """Name, summary, tasks and methods are those of the protocol."""
    require_that(isinstance(target, Target), f"{target!r} lacks a member of neuromorph.Target")
    require_that(isinstance(target.name, str) and bool(target.name), f"name is {target.name!r}; expected some text")
    require_that(target.summary.strip() != "" and "\n" not in target.summary, "summary is not one line of text")
    require_that(
        isinstance(target.supported_tasks, frozenset),
        f"supported_tasks are a {type(target.supported_tasks).__name__}, not a frozenset",
    )
    require_that(
        bool(target.supported_tasks) and target.supported_tasks <= _TASKS,
        f"supported_tasks are {set(target.supported_tasks)}; known: {set(_TASKS)}",
    )


def check_program(target: Target) -> None:
    """Check that a program keeps the requested model and states the one that it holds instead.

    Couplings are dense and sparse.
    """
    dense = glass(1, 4)
    for ising in (dense, Ising(sparse.csr_array(dense.couplings), dense.biases, dense.offset)):
        _, program, held = first_that_fits(target, ising)
        require_that(program.target == target.name, f"program.target is {program.target!r}, expected {target.name!r}")
        require_that(program.requested is ising, "program.requested is not the problem that was asked for")
        require_that(held.size == ising.size, f"program.programmed has {held.size} spins, asked were {ising.size}")
        error, least = program.mapping_error, mapping_error(ising, held)
        require_that(
            math.isfinite(error) and error >= least - 1e-6 * (1.0 + least),
            f"program.mapping_error is {error:.3g}, but program.programmed is {least:.3g} away from what was asked for",
        )
        require_that(all(math.isfinite(c) and c >= 0 for c in program.setup.values()), f"setup counts {program.setup}")


def check_run(target: Target) -> None:
    """Check shapes, types and values of a run.

    Energies are those of the requested problem, whatever the device itself reports.
    """
    ising, program, _ = first_that_fits(target, glass(2, 4))
    for name, task in supported(target, ising):
        run = target.run(program, task, 5, 0)
        require_that(
            run.target == target.name and run.task is task, f"{name}: run.target or run.task is not what was asked"
        )
        require_that(run.spins.shape == (5, 4), f"{name}: spins have shape {run.spins.shape}, expected (5, 4)")
        require_that(run.spins.dtype == np.int8, f"{name}: spins are {run.spins.dtype}, expected int8")
        require_that(
            set(np.unique(run.spins)) <= {-1, 1}, f"{name}: spins hold {np.unique(run.spins)}, expected -1 and +1"
        )
        require_that(
            np.shape(run.energies) == (5,) and np.allclose(run.energies, ising.energy(run.spins), rtol=1e-9, atol=1e-9),
            f"{name}: energies are not those of the problem asked for",
        )
        require_that(
            run.converged.shape == (5,) and run.converged.dtype == bool, f"{name}: converged is not (reads,) bool"
        )
        require_that(run.status == "ok", f"{name}: status is {run.status!r} ({run.message})")


def check_costs(target: Target) -> None:
    """Check costs: priced events are counted, numbers have sources, sums are finite.

    Constants that it tells are data, and those that only price are among them.
    """
    try:
        table, only = constants_of(target), priced_of(target)
    except TargetError as error:
        raise AssertionError(str(error)) from error
    require_that(only <= table.keys(), f"priced names {set(only) - table.keys()}, which are not among the constants")
    costs = target.costs()
    require_that(isinstance(costs, tuple) and all(isinstance(c, Cost) for c in costs), "costs() is not a tuple of Cost")
    for cost in costs:
        data = [datum for datum in (cost.energy, cost.time) if datum is not None]
        require_that(bool(data), f"cost {cost.what!r} has neither energy nor time")
        require_that(all(isinstance(d, Datum) for d in data), f"cost {cost.what!r} is a bare number; make it a Datum")
        require_that(
            all(d.low >= 0 and d.source.strip() for d in data), f"cost {cost.what!r} is negative or has no source"
        )
    scopes = {cost.scope for cost in costs if cost.energy is not None}
    require_that(
        "core" in scopes and len(scopes) > 1 and scopes <= set(SCOPES),
        f"energy is priced for {', '.join(sorted(scopes)) or 'nothing'}; expected core, and chip or system",
    )
    ising, program, _ = first_that_fits(target, glass(2, 4))
    for name, task in supported(target, ising):
        run = target.run(program, task, 3, 0)
        for event, count in run.activity.items():
            require_that(
                np.shape(count) == (3,), f"{name}: activity {event!r} has shape {np.shape(count)}, expected (3,)"
            )
            require_that(bool((np.isfinite(count) & (count >= 0)).all()), f"{name}: activity {event!r} is {count}")
        missing = {cost.event for cost in costs} - {*run.activity, *run.setup}
        require_that(not missing, f"{name}: costs() price {missing}, which the run does not count")
        ledger = price(run, costs)
        for what, sum_ in (("energy", ledger.energy()), ("time", ledger.time_per_read)):
            require_that(math.isfinite(sum_.value or 0.0), f"{name}: the {what} is {sum_.value}")
            require_that(bool(sum_.value), f"{name}: no {what} is counted")


def check_refusals(target: Target) -> None:
    """Check the errors for tasks not claimed and for bad arguments.

    A task not claimed raises DoesNotFit; no reads, a bad seed or a cue of the wrong size raises ValueError.
    """
    ising, program, _ = first_that_fits(target, glass(3, 4))
    cue = np.ones(4, np.int8)
    for task in (Minimize(), Sample(0.7), RecallFrom(cue)):
        if task_name(task) not in target.supported_tasks:
            expect_error(DoesNotFit, f"{task_name(task)}, not claimed,", target, program, task, 1, 0)
    for name, task in supported(target, ising):
        expect_error(ValueError, f"{name} with reads=0", target, program, task, 0, 0)
        expect_error(ValueError, f"{name} with reads=-1", target, program, task, -1, 0)
        expect_error(ValueError, f"{name} with rng=-1", target, program, task, 1, -1)
    if "recall" in target.supported_tasks:
        expect_error(ValueError, "a cue of 3 for 4 spins", target, program, RecallFrom(cue[:3]), 1, 0)
        expect_error(ValueError, "2 cues for 3 reads", target, program, RecallFrom(np.stack([cue, cue])), 3, 0)


def check_nothing_is_changed(target: Target) -> None:
    """Problem, program and cue are after a run what they were before."""
    small, cue = glass(4, 4), np.array([[1, -1, 1, 1], [-1, -1, 1, -1]], np.int8)
    asked = [small.dense_couplings().copy(), small.biases.copy()]
    ising, program, held = first_that_fits(target, small)
    kept = [*asked, held.dense_couplings().copy(), held.biases.copy(), cue.copy()]
    for name, task in supported(target, ising):
        target.run(program, RecallFrom(cue) if isinstance(task, RecallFrom) else task, 2, 0)
        now = (ising.dense_couplings(), ising.biases, held.dense_couplings(), held.biases, cue)
        same = [np.array_equal(a, b) for a, b in zip(kept, now, strict=True)]
        require_that(all(same[:2]), f"{name} changed the problem")
        require_that(all(same[2:4]), f"{name} changed program.programmed")
        require_that(same[4], f"{name} changed the caller's cue")


def check_smallest_problems(target: Target) -> None:
    """Check the smallest problems: answered with spins that follow biases, or refused.

    They are one spin, spins without couplings, and a constant energy; DoesNotFit refuses them.
    """
    for ising in (
        Ising([[0.0]], [-2.0]),
        Ising(np.zeros((3, 3)), [3.0, -2.0, 2.5]),
        Ising(np.zeros((2, 2)), None, 4.0),
    ):
        program = try_program(target, ising)
        if isinstance(program, DoesNotFit):
            continue
        for name, task in supported(target, ising, beta=1.0):
            spins = target.run(program, task, 20, 0).spins
            require_that(spins.shape == (20, ising.size), f"{name}: spins have shape {spins.shape}")
            follows = spins[:, ising.biases != 0] * np.sign(ising.biases[ising.biases != 0]) > 0
            require_that(
                bool((follows.mean(axis=0) > 0.5).all()),
                f"{name}: {ising.size} uncoupled spins are against their biases",
            )


def check_answers(target: Target) -> None:
    """Check the answers for a tour of 4 cities.

    They are n x n spins, or permutations with spins that say the same or none. A target need not hold tours; energies
    are the lengths of the answers.
    """
    if "minimize" not in target.supported_tasks:
        return
    problem = Tsp.from_coordinates([[0.0, 0.0], [3.0, 1.0], [1.0, 2.0], [4.0, 5.0]])
    try:
        run = target.run(target.program(problem, rng=0), Minimize(), 3, 0)
    except DoesNotFit:
        return
    n, tours = problem.size, run.answers
    if tours is None or run.spins.shape[1]:
        require_that(run.spins.shape == (3, n * n), f"tours: spins have shape {run.spins.shape}, expected (3, {n * n})")
        expected = problem.energy(run.spins)
    if tours is not None:
        require_that(tours.shape == (3, n), f"tours: answers have shape {tours.shape}, expected (3, {n})")
        require_that(tours.dtype == np.int32, f"tours: answers are {tours.dtype}, expected int32")
        each_once = (np.sort(tours, axis=1) == np.arange(n)).all()
        require_that(bool(each_once), f"tours: answers {tours.tolist()} are no permutations of the cities")
        require_that(len(run.spins) == 3, f"tours: spins have shape {run.spins.shape}, expected (3, {n * n}) or (3, 0)")
        if run.spins.shape[1]:
            same = all(np.array_equal(problem.spins(tour), s) for tour, s in zip(tours, run.spins, strict=True))
            require_that(same, "tours: the spins beside the answers are those of others; leave them out")
        expected = problem.answer_energies(tours)
    require_that(
        np.shape(run.energies) == (3,) and np.allclose(run.energies, expected, rtol=1e-9, atol=1e-9),
        "tours: energies are not those of the problem asked for",
    )
