"""The optimizers of the CPU as targets, beyond the conformance suite: quality, limits, parameters, refusals."""

import itertools
import time
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.cpu.optimizers import CpuOptimize
from neuromorph import Ising, Minimize, exact
from neuromorph.problems.forced_links import one_way_tour
from neuromorph.runtime.limits import time_limit

EXAMPLES = Path(__file__).parents[2] / "examples" / "data"

DYNAMICS = ["cpu-simulated-bifurcation", "cpu-coherent-ising", "cpu-sim-cim", "cpu-local-quantum-annealing"]
NAMES = ["cpu-optimize", *DYNAMICS]
each = pytest.mark.parametrize("name", NAMES)


def glass(n, seed):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1) / np.sqrt(n)
    return Ising(j + j.T, rng.normal(scale=0.2, size=n))


@each
def test_low_states_of_a_glass_are_found(name):
    """18 spins in units of 1000, two deep basins 2 % apart; each read ends where no flip improves."""
    ising = Ising(1e3 * glass(18, 4).couplings, 1e3 * glass(18, 4).biases)
    device = nm.get_target(name)
    run = device.run(device.program(ising), Minimize(), 32, 1)
    ground = exact.ground_states(ising)[0]
    assert run.energies.min() < 0.97 * ground
    if name not in ("cpu-coherent-ising", "cpu-local-quantum-annealing"):  # in the other basin here
        assert run.energies.min() == pytest.approx(ground)
    assert ((run.spins * ising.field(run.spins)) >= 0).all()
    assert (run.activity["device_s"] > 0).all()


@each
def test_they_only_minimize_and_refuse_large_tours(name):
    device = nm.get_target(name)
    assert device.supported_tasks == {"minimize"}
    with pytest.raises(nm.DoesNotFit):
        device.run(device.program(glass(4, 1)), nm.Sample(1.0), 2, 0)
    spins = nm.get_target(name, method="annealing") if name == "cpu-optimize" else device
    with pytest.raises(nm.DoesNotFit, match=r"cpu-anneal,? holds? a tour"):
        spins.program(nm.Tsp.from_coordinates(np.random.default_rng(0).random((25, 2))))
    powers = [
        cost.energy.value for cost in nm.get_target(name, power_w=7.0).costs() if cost.energy and cost.scope == "core"
    ]
    assert set(powers) == {7.0}
    with pytest.raises(ValueError, match="power_w"):
        nm.get_target(name, power_w=-3.0)


def test_cpu_optimize_is_above_cpu_anneal_on_a_torus():
    """1600 spins, 4 reads of each: the best of clusters and reductions is below the best anneal of 1000 sweeps."""
    graph, rng = nx.grid_2d_graph(40, 40, periodic=True), np.random.default_rng(1)
    nx.set_edge_attributes(graph, {edge: float(rng.choice([-1, 1])) for edge in graph.edges}, "weight")
    ising = Ising.from_networkx(graph)
    best = {}
    for name in ("cpu-optimize", "cpu-anneal"):
        device = nm.get_target(name)
        best[name] = device.run(device.program(ising), Minimize(), 4, 1).energies
    assert best["cpu-optimize"].max() < best["cpu-anneal"].min()


def test_tours_are_permutations_searched_by_swaps_of_links():
    """The optimum of 9 cities by all orders, of 14 as published; 100 cities within 1 % by each read."""
    device = CpuOptimize()
    small = nm.Tsp.from_coordinates(np.random.default_rng(9).random((9, 2)))
    best = min(small.length([0, *order]) for order in itertools.permutations(range(1, 9)))
    run = device.run(device.program(small), Minimize(), 3, 1)
    assert run.energies == pytest.approx([best] * 3)
    assert np.array_equal(run.spins, [small.spins(tour) for tour in run.answers])
    burma = nm.load(EXAMPLES / "burma14.tsp")
    program = device.program(burma)
    assert program.programmed is None
    assert "permutation" in program.notes[0]
    assert device.run(program, Minimize(), 4, 1).energies.tolist() == [3323.0] * 4
    large = nm.Tsp.from_coordinates(np.random.default_rng(0).random((100, 2)))
    run = device.run(device.program(large), Minimize(), 4, 1)
    assert (np.sort(run.answers, axis=1) == np.arange(100)).all()
    again = device.run(device.program(large), Minimize(), 4, 1)
    assert np.array_equal(run.answers, again.answers)  # whatever the machine does meanwhile
    longer = CpuOptimize(batches=5)
    shortest = longer.run(longer.program(large), Minimize(), 1, 2).energies[0]
    assert run.energies.max() <= 1.01 * shortest
    assert set(run.activity) >= {"device_s", "latency_s"}


@pytest.mark.parametrize("n", [3, 4, 5, 7, 8])
def test_the_smallest_tours_and_one_way_ones_are_searched(n):
    rng = np.random.default_rng(n)
    device = CpuOptimize(batches=1)
    plain = nm.Tsp.from_coordinates(rng.random((n, 2)))
    run = device.run(device.program(plain), Minimize(), 2, 0)
    assert (np.sort(run.answers, axis=1) == np.arange(n)).all()
    roads = rng.integers(1, 60, (n, n)).astype(float)
    np.fill_diagonal(roads, 0.0)
    one_way = one_way_tour(roads, name="roads")
    found = device.run(device.program(one_way), Minimize(), 2, 0).energies
    orders = np.array(list(itertools.permutations(range(n))))
    assert found == pytest.approx([roads[orders, np.roll(orders, -1, axis=1)].sum(axis=1).min()] * 2)


def test_a_time_limit_keeps_the_tours_that_are_done():
    problem = nm.Tsp.from_coordinates(np.random.default_rng(1).random((2000, 2)))
    device = CpuOptimize(batches=1)
    program = device.program(problem)
    device.run(program, Minimize(), 1, 0)
    with time_limit(time.monotonic() + 4.0):
        run = device.run(program, Minimize(), 500, 1)
    assert run.status == "interrupted"
    assert 1 <= len(run.answers) < 500
    assert (np.sort(run.answers, axis=1) == np.arange(2000)).all()


def test_a_time_limit_keeps_the_searches_that_are_done():
    graph = nx.gnm_random_graph(2000, 20_000, seed=1)
    ising = Ising(-nx.to_scipy_sparse_array(graph, dtype=float))
    device = CpuOptimize(batches=1)
    device.run(device.program(ising), Minimize(), 1, 0)
    with time_limit(time.monotonic() + 2.0):
        run = device.run(device.program(ising), Minimize(), 500, 1)
    assert run.status == "interrupted"
    assert 1 <= len(run.spins) < 500
    assert np.array_equal(run.energies, ising.energy(run.spins))


def test_parameters_are_checked_and_kept():
    for wrong in ({"batches": 0}, {"method": "magic"}, {"method": "elimination"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            nm.get_target("cpu-optimize", **wrong)
    with pytest.raises(ValueError, match="variant is 'both'"):
        nm.get_target("cpu-simulated-bifurcation", variant="both")
    with pytest.raises(ValueError, match="control is 'both'"):
        nm.get_target("cpu-coherent-ising", control="both")
    for name in DYNAMICS:
        with pytest.raises(ValueError, match="sweeps is 1"):
            nm.get_target(name, sweeps=1)
    device = nm.get_target("cpu-optimize(batches=1,method=sim-cim)")
    run = device.run(device.program(glass(5, 1)), Minimize(), 2, 0)
    assert run.provenance["parameters"]["method"] == "sim-cim"
    device = nm.get_target("cpu-simulated-bifurcation(variant=ballistic,sweeps=50)")
    run = device.run(device.program(glass(5, 1)), Minimize(), 2, 0)
    assert run.provenance["parameters"] == {"sweeps": 50, "power_w": None, "variant": "ballistic"}
