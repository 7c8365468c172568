"""Naive mean field, TAP and belief propagation against enumeration, trees, rings and each other."""

import runpy
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from neuromorph import Ising, exact
from neuromorph.sampling import belief_propagation, naive_mean_field, tap

METHODS = [naive_mean_field, tap, belief_propagation]


def on_graph(graph: nx.Graph, seed: int, offset: float = 0.0) -> Ising:
    rng = np.random.default_rng(seed)
    n = graph.number_of_nodes()
    j = np.zeros((n, n))
    for a, b in graph.edges:
        j[a, b] = j[b, a] = rng.normal()
    return Ising(j, rng.normal(size=n), offset)


def magnetizations(ising: Ising, beta: float) -> np.ndarray:
    p = exact.boltzmann(ising, beta)
    return p @ exact.spins_of(np.arange(p.size), ising.size)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("beta", [0.0, 0.7, 3.0])
def test_belief_propagation_is_exact_on_trees(seed, beta):
    ising = on_graph(nx.random_labeled_tree(11, seed=seed), seed, offset=1.5)
    found = belief_propagation(ising, beta)
    assert found.status == "ok"
    assert found.magnetizations == pytest.approx(magnetizations(ising, beta), abs=1e-10)
    assert found.log_partition == pytest.approx(exact.log_partition(ising, beta), abs=1e-9)


def test_belief_propagation_takes_large_trees_and_large_beta():
    ising = on_graph(nx.path_graph(2000), 3)
    found = belief_propagation(Ising(sparse.csr_array(ising.couplings), ising.biases), 200.0)
    assert found.status == "ok"
    assert np.isfinite(found.log_partition)
    assert found.log_partition == pytest.approx(exact.chain_log_partition(ising, 200.0), rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_independent_spins_are_exact(method):
    h = np.array([0.3, -2.0, 0.0])
    found = method(Ising(np.zeros((3, 3)), h, 2.0), 1.5)
    assert found.magnetizations == pytest.approx(np.tanh(1.5 * h), abs=1e-14)
    assert found.log_partition == pytest.approx(np.log(2 * np.cosh(1.5 * h)).sum() - 3.0, rel=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_dense_and_sparse_couplings_agree(method):
    ising = on_graph(nx.random_regular_graph(3, 10, seed=2), 2)
    one, other = (method(Ising(j, ising.biases), 0.3) for j in (ising.couplings, sparse.csr_array(ising.couplings)))
    assert one.magnetizations == pytest.approx(other.magnetizations, abs=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_log_partition_is_stationary(method):
    """d ln Z / d(beta h_i) = m_i at a solution: a wrong term of the free energy fails."""
    ising = on_graph(nx.complete_graph(6), 5)
    found = method(ising, 0.25)
    for i in range(6):
        up, down = (Ising(ising.couplings, ising.biases + s * 1e-5 * np.eye(6)[i]) for s in (1, -1))
        slope = (method(up, 0.25).log_partition - method(down, 0.25).log_partition) / (2e-5 * 0.25)
        assert slope == pytest.approx(found.magnetizations[i], abs=1e-7)


def test_errors_fall_by_the_orders_of_plefkas_expansion():
    """Error of m by beta at fixed h: beta^3 for the naive mean field, beta^4 for TAP and, with triangles, for Bethe."""
    errors = {method: [] for method in METHODS}
    for beta in (0.02, 0.04):
        ising = on_graph(nx.complete_graph(8), 7)
        true = magnetizations(ising, beta)
        for method in METHODS:
            errors[method].append(np.abs(method(ising, beta).magnetizations - true).max())
    slopes = [np.log2(errors[method][1] / errors[method][0]) for method in METHODS]
    assert slopes == pytest.approx([3.0, 4.0, 4.0], abs=0.25)


def test_glass_of_infinite_size_is_that_of_tap():
    """SK above its transition, no field: ln Z / n = ln 2 + beta^2 / 4, which the naive mean field misses."""
    rng = np.random.default_rng(1)
    j = np.triu(rng.normal(size=(800, 800)), 1) / np.sqrt(800)
    ising = Ising(j + j.T)
    assert tap(ising, 0.8).log_partition / 800 == pytest.approx(np.log(2) + 0.16, abs=2e-3)
    assert naive_mean_field(ising, 0.4).log_partition / 800 == pytest.approx(np.log(2))


def test_what_does_not_converge_says_so():
    ising = on_graph(nx.complete_graph(12), 1)
    found = belief_propagation(ising, 5.0, most=5)
    assert (found.status, found.iterations) == ("not converged", 5)
    assert found.residual > 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_bad_options_are_refused(method):
    ising = Ising(np.zeros((2, 2)))
    for options, says in (
        ({"damping": 1.0}, "damping is 1.0"),
        ({"most": 0}, "most is 0"),
        ({"tolerance": 0.0}, "tolerance is 0.0"),
    ):
        with pytest.raises(ValueError, match=says):
            method(ising, 1.0, **options)
    with pytest.raises(ValueError, match="beta is -1"):
        method(ising, -1)


def test_example_compares_all_with_enumeration(tmp_path, capsys):
    out = tmp_path / "mean_field.png"
    path = Path(__file__).parents[2] / "examples" / "mean_field_theories.py"
    found = runpy.run_path(str(path))["main"](["--instances", "2", "--size", "8", "--out", str(out)])
    assert out.stat().st_size > 10_000
    assert found["tree", "belief propagation"].max() < 1e-9
    assert "published" in capsys.readouterr().out.splitlines()[-1]
