"""Tours by macros of a few cities: paths against enumeration, windows and swaps that never lengthen, any target."""

import json
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.cpu.annealer import CpuAnneal
from hardware_targets.memristor_crossbar import MemristorCrossbar
from neuromorph.cost import price
from neuromorph.protocol import DoesNotFit
from neuromorph.report.results_json import results_json
from neuromorph.runtime.limits import TimeLimitReached
from neuromorph.tours.by_macros import ByMacros
from neuromorph.tours.city_distances import matrix_distances, places_of
from neuromorph.tours.decomposition import TourMap, tour_by_macros
from neuromorph.tours.imperfections import Imperfections
from neuromorph.tours.iterated_search import iterate_swaps
from neuromorph.tours.macros import PathMacro
from neuromorph.tours.path_kernels import path_length
from neuromorph.tours.paths import PathAnswers, PathBatch, shorter_orders
from neuromorph.tours.solve import solve_by_macros
from neuromorph.tours.swap_network import swap_links
from neuromorph.tours.target_macros import (
    TargetMacro,
    macro_section,
    orders_of_spins,
    path_ising,
    path_tour,
    paths_ising,
)
from neuromorph.tours.windows import join_strands


def cities(n: int, seed: int = 0) -> nm.Tsp:
    return nm.Tsp.from_coordinates(np.random.default_rng(seed).random((n, 2)), name=f"{n} cities")


def paths(count: int, k: int, seed: int = 0) -> PathBatch:
    """Directed weights between random points: one free node is entered and left at different places."""
    rng = np.random.default_rng(seed)
    enter = rng.random((count, k + 2, 2))
    leave = enter.copy()
    leave[:, 2] = rng.random((count, 2))
    weights = np.hypot(*np.moveaxis(leave[:, :, None] - enter[:, None], 3, 0))
    return PathBatch(weights, np.full(count, k), np.tile(np.arange(1, k + 1), (count, 1)), symmetric=False)


def shortest(weights: np.ndarray, k: int) -> float:
    return min(path_length(weights, np.array(order), k) for order in permutations(range(1, k + 1)))


def lengths(batch: PathBatch, answers: PathAnswers) -> np.ndarray:
    assert all(sorted(order[:k]) == list(range(1, k + 1)) for order, k in zip(answers.orders, batch.sizes, strict=True))
    return np.array([path_length(w, o, k) for w, o, k in zip(batch.weights, answers.orders, batch.sizes, strict=True)])


# Macros.


def test_exact_macros_agree_with_enumeration():
    for k in (2, 3, 6):
        batch = paths(10, k, seed=k)
        found = lengths(batch, PathMacro().answer(batch, np.random.SeedSequence(0)))
        assert found == pytest.approx([shortest(w, k) for w in batch.weights], rel=1e-12)


@pytest.mark.parametrize(("dynamics", "gap"), [("swap", 0.03), ("softassign", 0.05)])
def test_dynamics_come_near_the_shortest_path(dynamics, gap):
    batch = paths(100, 8)
    seed = np.random.SeedSequence(1)
    best = lengths(batch, PathMacro().answer(batch, seed))
    answers = PathMacro(dynamics).answer(batch, seed)
    assert answers.valid >= 99
    assert np.mean(lengths(batch, answers) / best - 1.0) < gap
    again = PathMacro(dynamics).answer(batch, np.random.SeedSequence(1))
    assert (again.orders == answers.orders).all()
    cells = PathMacro(dynamics, imperfections=Imperfections(bits=2, mismatch=0.05, noise=0.05))
    worse = lengths(batch, cells.answer(batch, seed))
    assert np.mean(worse / best) > np.mean(lengths(batch, answers) / best) + 0.01, "cells of two bits cost something"


def test_what_cells_hold():
    d = np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 2.2], [3.0, 2.2, 0.0]])
    held = Imperfections(bits=2).held(d, np.random.default_rng(0))
    assert held.tolist() == [[0, 1, 3], [1, 0, 2], [3, 2, 0]]
    spread = Imperfections(mismatch=0.1).held(np.full((300, 300), 2.0), np.random.default_rng(0))
    assert np.std(spread[~np.eye(300, dtype=bool)]) == pytest.approx(0.2, rel=0.02)
    for bad in ({"bits": 0}, {"mismatch": -1.0}, {"noise": np.nan}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            Imperfections(**bad)
    for bad in ({"free": 13}, {"dynamics": "magic"}, {"effort": 1}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            PathMacro(**bad)


def test_ground_states_of_the_spins_of_a_path_are_its_shortest_orders():
    for seed in range(3):
        (weights,) = paths(1, 3, seed).weights
        model = path_ising(weights)
        states = 2 * ((np.arange(512)[:, None] >> np.arange(9)) & 1) - 1
        energies = model.energy(states.astype(np.int8))
        up = states[energies.argmin()].reshape(3, 3) > 0
        assert (up.sum(axis=0) == 1).all()
        assert (up.sum(axis=1) == 1).all()
        assert energies.min() == pytest.approx(shortest(weights, 3), rel=1e-9)
        assert path_length(weights, up.argmax(axis=1) + 1, 3) == pytest.approx(energies.min(), rel=1e-9)


def test_a_path_is_a_small_tour_with_forced_links():
    """The shortest tour of the small problem is the shortest path, or one that turns the section round."""
    for seed in range(5):
        (weights,) = paths(1, 4, seed).weights
        section = macro_section(weights)
        assert section == 2
        small = path_tour(weights, section)
        offset = 4.0 * weights.max()
        best = np.inf
        for rest in permutations(range(1, 7)):
            tour = [0, *rest]
            best = min(best, small.length(tour))
        order = np.array(min(permutations(range(1, 5)), key=lambda o: path_length(weights, np.array(o), 4)))
        there = [0]
        for node in order:
            there += [node, 6] if node == section else [node]
        assert small.length([*there, 5]) - offset == pytest.approx(path_length(weights, order, 4) - 0.0, abs=1e-9)
        assert best <= small.length([*there, 5]) + 1e-12


def test_targets_are_macros():
    batch = paths(4, 5)
    plain = PathBatch(np.array([(w + w.T) / 2.0 for w in batch.weights]), batch.sizes, batch.orders)
    for device, holds_tours in ((CpuAnneal(sweeps=400), True), (CpuAnneal(sweeps=400), False)):
        for some in (batch, plain):
            answers = TargetMacro(device, 5, holds_tours).answer(some, np.random.SeedSequence(2))
            assert answers.activity["device_s"] > 0
            assert answers.valid >= (1 if some is batch else 4)
            best = lengths(some, PathMacro().answer(some, np.random.SeedSequence(0)))
            assert (lengths(some, answers) >= best - 1e-9).all()
        if not holds_tours:
            assert np.mean(lengths(plain, answers) / best) < 1.15


# The whole tour.


@pytest.mark.parametrize("n", [3, 4, 5, 9, 10, 11, 12, 13, 20, 40, 150])
def test_tours_of_every_size_are_tours(n):
    problem = cities(n, n)
    tour, count = tour_by_macros(TourMap.of(problem), PathMacro(free=8), rounds=3, rng=1)
    assert sorted(tour) == list(range(n))
    assert tour.dtype == np.int32
    assert count.accepted == count.macros
    if n <= 9:
        rest = permutations(range(1, n))
        best = min(problem.length([0, *order]) for order in rest) if n < 9 else problem.length(tour)
        assert problem.length(tour) == pytest.approx(best)


@pytest.mark.parametrize("spot", ["one spot", "two spots", "a line", "a matrix"])
def test_cities_on_each_other_are_split_all_the_same(spot):
    points = np.random.default_rng(0).random((60, 2))
    points[:, 1] *= spot != "a line"
    if spot in ("one spot", "two spots"):
        points = np.round(points[:, :1] * (spot == "two spots")) * np.ones((1, 2))
    problem = nm.Tsp.from_coordinates(points)
    if spot == "a matrix":
        problem = nm.Tsp.from_matrix(problem.distances())
        assert places_of(problem, matrix_distances(problem.matrix)).shape == (60, 2)
    tour, _ = tour_by_macros(TourMap.of(problem), PathMacro(), rng=1)
    assert sorted(tour) == list(range(60))
    if spot in ("a line", "two spots"):
        assert problem.length(tour) == pytest.approx(
            2.0 * np.ptp(points, axis=0).max() * (1 + (spot == "two spots") * 0.4143), rel=0.02
        )


def test_windows_and_swaps_shorten_step_by_step():
    problem = cities(600)
    around = TourMap.of(problem)
    gap = [problem.length(tour_by_macros(around, PathMacro(), rounds=r, rng=1)[0]) for r in (0, 1, 6)]
    assert gap[0] > 1.03 * gap[1] > 1.04 * gap[2]
    tour, count = tour_by_macros(around, PathMacro(), rng=1)
    assert 2 * 600 < count.macros < 10 * 600  # turned windows among them
    swapped = swap_links(around.distances, tour, around.near)
    searched = iterate_swaps(around.distances, swapped, around.near, trials=6000, rng=2)
    assert sorted(searched) == list(range(600))
    assert problem.length(swapped) <= problem.length(tour)
    assert problem.length(searched) < 0.985 * problem.length(swapped)
    again = iterate_swaps(around.distances, swapped, around.near, trials=6000, rng=2)
    assert (searched == again).all()
    with pytest.raises(ValueError, match="give one of them"):
        iterate_swaps(around.distances, tour, around.near)


def test_turned_windows_exchange_two_links():
    """Cities on a circle with an arc turned round: no window that keeps directions undoes it, and a turned one does."""
    angles = np.linspace(0.0, 2.0 * np.pi, 120, endpoint=False)
    problem = nm.Tsp.from_coordinates(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    around = TourMap.of(problem)
    tour = np.r_[0:30, np.arange(80, 29, -1), 81:120].astype(np.int32)
    exact = PathMacro()

    def ask(batch):
        return shorter_orders(batch, exact.answer(batch, np.random.SeedSequence(0)).orders)

    straight = join_strands(around.distances, tour, around.near, 5, 4, ask)
    assert problem.length(straight) > 1.4 * problem.length(np.arange(120))
    turned = join_strands(around.distances, tour, around.near, 5, 4, ask, turned=True)
    assert sorted(turned) == list(range(120))
    assert problem.length(turned) == pytest.approx(problem.length(np.arange(120)))
    mixed = np.random.default_rng(0).permutation(120).astype(np.int32)
    for first in (1, 4, 7):
        once = join_strands(around.distances, mixed, around.near, first, 9 - first, ask, turned=True)
        assert sorted(once) == list(range(120))
        assert problem.length(once) <= problem.length(mixed)
        mixed = once
    assert problem.length(mixed) < 0.3 * problem.length(np.random.default_rng(0).permutation(120))


def test_swaps_find_short_tours_from_anywhere():
    for n in (5, 8, 12, 200):
        problem = cities(n)
        around = TourMap.of(problem)
        tour = swap_links(around.distances, np.random.default_rng(1).permutation(n).astype(np.int32), around.near)
        assert sorted(tour) == list(range(n))
        if n == 200:
            assert problem.length(tour) < 1.15 * 0.7124 * np.sqrt(200) * 1.05


def test_one_call_solves_and_repeats_itself():
    problem = cities(200)
    first, second = (solve_by_macros(problem, PathMacro(), trials=4000, rng=1) for _ in range(2))
    assert (first.tour == second.tour).all()
    assert first.length == problem.length(first.tour)
    assert not first.interrupted
    bare = solve_by_macros(problem, PathMacro(), rounds=4, rng=1)
    assert first.length < bare.length
    by_matrix = solve_by_macros(nm.Tsp.from_matrix(problem.distances()), PathMacro(), trials=4000, rng=1)
    assert by_matrix.length < 1.05 * first.length
    by_target = solve_by_macros(problem, CpuAnneal(sweeps=20), rounds=1, rng=1)
    assert sorted(by_target.tour) == list(range(200))


# Any target.


@dataclass(frozen=True)
class Small(CpuAnneal):
    """Holds twelve cities, and stops after some macros."""

    stop_after: int = 10**9

    def program(self, problem, rng=None):
        if problem.size > 12:
            raise DoesNotFit("twelve cities at most")
        return super().program(problem, rng)

    def run(self, program, task, reads=1, rng=None):
        COUNT.append(1)
        if len(COUNT) > self.stop_after:
            raise TimeLimitReached("macros", 0, 0, 0.0)
        return super().run(program, task, reads, rng)


COUNT: list[int] = []


def test_a_target_that_cannot_hold_a_tour_answers_in_macros():
    problem = cities(210)
    (row,) = nm.compare(problem, [Small(sweeps=30)], reads=2, rng=1).results
    assert (row.status, row.run.reads, row.run.spins.shape) == ("ok", 2, (2, 0))
    assert all(sorted(tour) == list(range(210)) for tour in row.run.answers)
    assert any(note.startswith("in ") and "macros of 8" in note for note in row.notes)
    assert (row.run.answers[0] != row.run.answers[1]).any()


def test_events_add_up_and_time_is_that_of_rounds():
    problem, inner = cities(60), MemristorCrossbar()
    one, four = (ByMacros(inner, rounds=1, parallel=p) for p in (1, 4))
    runs = [device.run(device.program(problem, 0), nm.Minimize(), 1, 3) for device in (one, four)]
    assert (runs[0].answers == runs[1].answers).all()
    macros = runs[0].activity["macros"][0]
    assert runs[0].activity["written_cells"][0] > macros * 2 * 8 * 8
    books = [price(run, device.costs()) for run, device in zip(runs, (one, four), strict=True)]
    times = [book.time_per_read.value for book in books]
    assert 2.0 < times[0] / times[1] <= 4.0
    assert books[0].energy().value == pytest.approx(books[1].energy().value, rel=1e-9)
    single = inner.run(inner.program(path_tour(paths(1, 8).weights[0]), 0), nm.Minimize(), 1, 0)
    each = price(single, inner.costs()).energy().value
    assert books[0].energy().value == pytest.approx(macros * each, rel=0.5)


def test_a_stopped_tour_is_a_read_once_macros_have_ordered_every_city():
    """Before, most of it would be the order of the host, beside joules of a few macros."""
    problem = cities(210)
    COUNT.clear()
    device = ByMacros(Small(sweeps=30, stop_after=400))
    run = device.run(device.program(problem, 0), nm.Minimize(), 3, 0)
    assert (run.status, run.reads) == ("interrupted", 1)
    assert sorted(run.answers[0]) == list(range(210))
    assert run.activity["macros"][0] == 400
    COUNT.clear()
    device = ByMacros(Small(sweeps=30, stop_after=170), rounds=0)
    run = device.run(device.program(problem, 0), nm.Minimize(), 3, 0)
    assert (run.status, run.reads, run.converged.tolist()) == ("interrupted", 1, [True])
    for early in (0, 20):
        COUNT.clear()
        device = ByMacros(Small(sweeps=30, stop_after=early))
        with pytest.raises(KeyboardInterrupt, match="not yet ordered every city"):
            device.run(device.program(problem, 0), nm.Minimize(), 3, 0)


def test_what_is_no_tour_is_refused():
    with pytest.raises(DoesNotFit, match="no tour"):
        ByMacros(CpuAnneal()).program(nm.Ising(np.zeros((2, 2))))
    device = ByMacros(CpuAnneal(sweeps=10))
    with pytest.raises(DoesNotFit, match="only minimize"):
        device.run(device.program(cities(5)), nm.Sample(1.0))
    for bad in ({"free": 2}, {"rounds": -1}, {"parallel": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            ByMacros(CpuAnneal(), **bad)


def test_a_study_says_how_many_macros_work_at_the_same_time():
    """What follows for time and energy: ``test_events_add_up_and_time_is_that_of_rounds``."""
    COUNT.clear()
    (row,) = nm.compare(cities(30), [Small(sweeps=30)], 1, 0, parallel=8).results
    assert any("8 at a time" in note for note in row.notes)
    assert row.run.provenance["parameters"]["parallel"] == 8
    with pytest.raises(ValueError, match="parallel is 0"):
        nm.compare(cities(30), [Small(sweeps=30)], 1, 0, parallel=0)


def test_states_become_orders():
    """Slots of one city that no other slot has are held; the rest is filled in the present order."""
    (weights,) = paths(1, 4).weights
    right = np.eye(4)[[1, 3, 0, 2]]
    longer = np.eye(4)[[2, 0, 3, 1]]
    broken = right.copy()
    broken[0] = [1, 1, 0, 0]  # two cities in a slot, one of them in another too
    states = [2 * each.astype(np.int8).ravel() - 1 for each in (right, longer, broken)]
    present = np.array([[4, 3, 2, 1]])
    found, valid = orders_of_spins(np.array(states[:1]), weights[None], present)
    assert (found.tolist(), valid.tolist()) == ([[2, 4, 1, 3]], [True])
    best = min(([2, 4, 1, 3], [3, 1, 4, 2]), key=lambda order: path_length(weights, np.array(order), 4))
    found, valid = orders_of_spins(np.array(states), weights[None], present)
    assert (found.tolist(), valid.tolist()) == ([best], [True])
    found, valid = orders_of_spins(np.array(states[2:]), weights[None], present)
    assert (found.tolist(), valid.tolist()) == ([[2, 4, 1, 3]], [False])
    found, valid = orders_of_spins(-np.ones((1, 16), np.int8), weights[None], present)
    assert (found.tolist(), valid.tolist()) == ([[4, 3, 2, 1]], [False])


def test_paths_as_one_problem_are_those_alone():
    """A direct sum of scaled paths has the ground states of each."""
    batch = paths(3, 3)
    whole = paths_ising(batch.weights)
    states = (2 * ((np.arange(512)[:, None] >> np.arange(9)) & 1) - 1).astype(np.int8)
    lowest = [states[path_ising(w).energy(states).argmin()] for w in batch.weights]
    found, valid = orders_of_spins(np.concatenate(lowest)[None], batch.weights, batch.orders)
    assert valid.all()
    assert [path_length(w, o, 3) for w, o in zip(batch.weights, found, strict=True)] == pytest.approx(
        [shortest(w, 3) for w in batch.weights]
    )
    apart = whole.sparse_couplings().toarray().reshape(3, 9, 3, 9)
    assert all(not apart[a, :, b].any() for a in range(3) for b in range(3) if a != b)
    assert (whole.sparse_couplings() ** 2).sum() == pytest.approx(27.0)


@pytest.mark.parametrize("name", ["cpu-coherent-ising", "cpu-sim-cim", "cpu-tempering", "cpu-population-annealing"])
def test_processors_order_paths_together(name):
    batch = paths(40, 5)
    asked = replace(batch, sizes=np.repeat([5, 4], 20))
    asked.weights[20:, :6, :6] = paths(20, 4).weights
    macro = ByMacros(nm.get_target(name, sweeps=200)).program(cities(30)).state[1]
    answers = macro.answer(asked, np.random.SeedSequence(0))
    assert answers.valid >= 38
    assert answers.activity["device_s"] > 0
    found, best = lengths(asked, answers), lengths(asked, PathMacro().answer(asked, np.random.SeedSequence(0)))
    assert np.mean(found / best) < 1.35


def test_small_windows_are_held_by_hardware_graphs():
    """One embedding of a window serves all of its size, also where cities stand on one spot."""
    pytest.importorskip("minorminer")
    problem = nm.Tsp.from_coordinates(np.repeat(np.random.default_rng(0).random((15, 2)), 2, axis=0))
    for name in ("quantum-annealer", "cmos-annealer", "thermodynamic-grid"):
        device = ByMacros(nm.get_target(name, sweeps=100), rounds=0)
        program = device.program(problem, 0)
        assert program.state[1].free == 5
        run = device.run(program, nm.Minimize(), 1, 1)
        assert sorted(run.answers[0]) == list(range(30))


def test_the_parameters_of_macros_can_be_written():
    """Samplers of the CPU are made of functions, which no results.json holds."""
    found = nm.compare(cities(30), ["cpu-gibbs(sweeps=10)"], 1, 0)
    assert json.loads(results_json(found))["results"][0]["parameters"]["sweeps"] == 10
