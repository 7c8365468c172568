"""Elimination, matching and bounds against enumeration and against each other."""

import sys

import networkx as nx
import numpy as np
import pytest

from neuromorph import Ising, exact
from neuromorph.optimization import (
    eliminate,
    elimination_order,
    is_planar,
    planar_ground_state,
    semidefinite_bound,
    spectral_bound,
)


def lattice(length, seed, weights=(-1.0, 1.0)):
    graph, rng = nx.grid_2d_graph(length, length), np.random.default_rng(seed)
    nx.set_edge_attributes(graph, {edge: float(rng.choice(weights)) for edge in graph.edges}, "weight")
    return Ising.from_networkx(graph)


def glass(n, seed, density, biases):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.integers(-2, 3, (n, n)) * (rng.random((n, n)) < density), 1).astype(float)
    j *= rng.random(j.shape) if seed % 3 == 0 else 1.0
    return Ising(j + j.T, rng.integers(-2, 3, n) * float(biases), rng.normal())


PROBLEMS = [glass(1 + seed % 10, seed, 0.35, seed % 2) for seed in range(100)]


def test_elimination_is_exact():
    for ising in PROBLEMS:
        energy, spins = eliminate(ising)
        assert energy == ising.energy(spins) == pytest.approx(exact.ground_states(ising)[0], abs=1e-9)


@pytest.mark.parametrize("library", ["pymatching", "networkx"])
def test_matching_is_exact_on_planar_graphs(library, monkeypatch):
    """Several components, bridges, biases as a further spin; a wrong face or a lost component fails."""
    if library == "pymatching":
        pytest.importorskip("pymatching")
    else:
        monkeypatch.setitem(sys.modules, "pymatching", None)
    planar = [ising for ising in PROBLEMS if is_planar(ising)]
    assert 50 < len(planar) < len(PROBLEMS)
    for ising in planar:
        energy, spins = planar_ground_state(ising)
        assert energy == ising.energy(spins) == pytest.approx(exact.ground_states(ising)[0], abs=1e-9)
    for ising in (lattice(12, 1), lattice(11, 2, (-3.0, -1.0, 2.0, 4.0))):
        assert planar_ground_state(ising)[0] == eliminate(ising)[0]


def test_a_lattice_of_2500_spins_is_solved_and_proven():
    """50 x 50, free borders: a matching from PyMatching; its weight equals that of NetworkX's on smaller ones above.

    The energy of a spin of the infinite lattice is -1.4018 (De Simone et al., J. Stat. Phys. 80, 487 (1995)); free
    borders cost couplings, 2 / 50 of them.
    """
    pytest.importorskip("pymatching")
    ising = lattice(50, 1)
    energy, spins = planar_ground_state(ising)
    assert energy == ising.energy(spins) == -3446.0
    assert -1.41 < energy / 2500 < -1.36
    assert semidefinite_bound(ising, rounds=50) < energy


def test_what_is_not_planar_is_refused():
    five = np.ones((5, 5)) - np.eye(5)
    assert not is_planar(Ising(five))
    assert is_planar(Ising(five[:4, :4]))
    assert is_planar(Ising(np.zeros((3, 3))))
    with pytest.raises(ValueError, match="not planar"):
        planar_ground_state(Ising(five))


def test_wide_graphs_are_refused_by_elimination():
    order, width = elimination_order(lattice(6, 0))
    assert sorted(order) == list(range(36))
    assert 6 <= width <= 8
    with pytest.raises(ValueError, match=r"2\^10 numbers"):
        eliminate(Ising(np.ones((20, 20)) - np.eye(20)), most=10)


def test_bounds_are_below_every_energy():
    for ising in PROBLEMS:
        lowest = exact.ground_states(ising)[0]
        spectral, semidefinite = spectral_bound(ising), semidefinite_bound(ising)
        assert spectral <= lowest + 1e-9
        assert semidefinite <= lowest + 1e-9
        assert semidefinite >= spectral - 1e-9
        assert semidefinite_bound(ising, rounds=1) <= lowest + 1e-9


def test_bounds_of_known_graphs():
    """Even rings are tight; the ring of 5 has the semidefinite cut 5 (5 + sqrt 5) / 8 = 4.523."""
    ring = nx.to_numpy_array(nx.cycle_graph(6))
    assert semidefinite_bound(Ising(-ring)) == pytest.approx(-6.0, rel=1e-5)
    five = Ising(-0.5 * nx.to_numpy_array(nx.cycle_graph(5)), offset=-2.5)
    assert -semidefinite_bound(five) == pytest.approx(5 * (5 + 5**0.5) / 8, rel=1e-4)
    large = lattice(16, 3)
    assert spectral_bound(large) < semidefinite_bound(large) < planar_ground_state(large)[0]
    assert semidefinite_bound(Ising(np.zeros((2, 2)), None, 3.0)) == 3.0
    assert semidefinite_bound(Ising([[0.0]], [2.0])) == pytest.approx(-2.0)
