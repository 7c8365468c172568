"""The grid of Z1 by its published displacements, its sampling against enumeration, and what it costs."""

import networkx as nx
import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.annealer_graphs.hardware_graphs import Z1_MOVES, z1_grid
from hardware_targets.thermodynamic_grid import ThermodynamicGrid
from neuromorph import DoesNotFit, Ising, Minimize, Sample, exact
from neuromorph.protocol import forecast_of
from neuromorph.target_constants import constants_of
from neuromorph.testing import require_distribution


def test_the_grid_has_sixteen_neighbors_and_two_colors():
    grid = z1_grid(20, 20)
    assert nx.is_bipartite(grid)
    assert max(d for _, d in grid.degree) == 16
    inner = grid[10 * 20 + 10]
    steps = {(q // 20 - 10, q % 20 - 10) for q in inner}
    expected = set()
    for a, b in Z1_MOVES:
        expected |= {(a, b), (-b, a), (-a, -b), (b, -a)}
    assert steps == expected
    assert len(steps) == 16


def test_it_is_a_forecast_and_says_so():
    device = ThermodynamicGrid()
    assert "second-hand" in forecast_of(device)
    kinds = {datum.kind for datum in constants_of(device).values()}
    assert kinds == {"forecast", "assumed"}


def test_a_square_is_placed_a_unit_a_spin_and_sampled_exactly():
    rng = np.random.default_rng(2)
    j = np.zeros((6, 6))
    for a, b in nx.grid_2d_graph(2, 3).edges:
        i, k = 3 * a[0] + a[1], 3 * b[0] + b[1]
        j[i, k] = j[k, i] = rng.normal()
    problem = Ising(j, rng.normal(size=6))
    device = ThermodynamicGrid(sweeps=100)
    program = device.program(problem)
    assert not program.state.chained.has_chains
    assert set(program.state.colors) == {0, 1}
    require_distribution(device.run(program, Sample(0.8), 20_000, 3).spins, exact.boltzmann(problem, 0.8), "grid")


def test_odd_loops_need_chains_and_large_ones_are_not_sampled():
    device = ThermodynamicGrid()
    j = np.triu(np.random.default_rng(4).choice([-1.0, 1.0], (12, 12)), 1)
    problem = Ising(j + j.T)
    program = device.program(problem)
    assert program.state.chained.has_chains
    with pytest.raises(DoesNotFit, match="stated for 16 units"):
        device.run(program, Sample(1.0), 1, 0)
    run = device.run(program, Minimize(), 40, 1)
    assert run.energies.min() == exact.ground_states(problem)[0]
    with pytest.raises(DoesNotFit, match="no place for 30 spins and 435 couplings"):
        ThermodynamicGrid(side=8, embedding_s=5.0).program(Ising(np.ones((30, 30)) - np.eye(30)))


def test_an_anneal_pays_for_writing_its_weights_again():
    device = ThermodynamicGrid()
    program = device.program(Ising([[0.0, 1.0], [1.0, 0.0]]))
    assert program.setup["writes"] == 3.0  # two biases, one coupling
    annealed, sampled = (device.run(program, task, 2, 0) for task in (Minimize(), Sample(1.0)))
    assert annealed.activity["rewrites"].tolist() == [93.0, 93.0]
    assert sampled.activity["rewrites"].tolist() == [0.0, 0.0]
    core = [e for e in nm.price(sampled, device.costs()).entries if e.scope == "core"]
    assert sum(e.total.value for e in core) == pytest.approx(2 * 320 * 2 * 7.09e-15)
    assert {e.kind for e in core} == {"forecast"}
