"""Every conversion is checked over all 2^n states: a lost factor 2, sign or offset shows at once."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from neuromorph import Ising, exact


def random_ising(seed: int, n: int, *, as_sparse: bool = False) -> Ising:
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)) * (rng.random((n, n)) < 0.7), 1)
    j = j + j.T
    return Ising(sparse.csr_array(j) if as_sparse else j, rng.normal(size=n), float(rng.normal()))


def states(n: int) -> np.ndarray:
    return np.array(list(product([-1, 1], repeat=n)))


def by_definition(ising: Ising, spins: np.ndarray) -> np.ndarray:
    j = ising.dense_couplings()
    pairs = [sum(j[a, b] * s[a] * s[b] for a in range(len(s)) for b in range(a)) for s in spins]
    return -np.array(pairs) - spins @ ising.biases + ising.offset


problems = given(seed=st.integers(0, 10**6), n=st.integers(1, 7), as_sparse=st.booleans())


@problems
def test_energy_is_its_definition(seed, n, as_sparse):
    ising = random_ising(seed, n, as_sparse=as_sparse)
    np.testing.assert_allclose(ising.energy(states(n)), by_definition(ising, states(n)), atol=1e-12)
    assert ising.energy(states(n)[0]) == pytest.approx(by_definition(ising, states(n)[:1])[0])


@problems
def test_field_is_half_the_energy_of_a_flip(seed, n, as_sparse):
    ising = random_ising(seed, n, as_sparse=as_sparse)
    s = states(n)
    for i in range(n):
        flipped = s * np.where(np.arange(n) == i, -1, 1)
        np.testing.assert_allclose(
            ising.energy(flipped) - ising.energy(s), 2 * s[:, i] * ising.field(s)[:, i], atol=1e-12
        )


@problems
def test_conversions_keep_every_energy(seed, n, as_sparse):
    ising = random_ising(seed, n, as_sparse=as_sparse)
    s = states(n)
    x = (s + 1) // 2
    expected = ising.energy(s)

    weights, thresholds, offset = ising.to_binary()
    w = weights.toarray() if as_sparse else weights
    np.testing.assert_allclose(-0.5 * np.einsum("ki,ij,kj->k", x, w, x) - x @ thresholds + offset, expected, atol=1e-11)
    np.testing.assert_allclose(Ising.from_binary(weights, thresholds, offset).energy(s), expected, atol=1e-11)

    qubo, offset = ising.to_qubo()
    q = qubo.toarray() if as_sparse else qubo
    assert np.array_equal(q, np.triu(q))
    np.testing.assert_allclose(np.einsum("ki,ij,kj->k", x, q, x) + offset, expected, atol=1e-11)
    np.testing.assert_allclose(Ising.from_qubo(qubo, offset).energy(s), expected, atol=1e-11)
    np.testing.assert_allclose(Ising.from_qubo(q.T, offset).energy(s), expected, atol=1e-11)

    bqm = ising.to_dimod()
    np.testing.assert_allclose(bqm.energies((s, range(n))), expected, atol=1e-11)
    np.testing.assert_allclose(Ising.from_dimod(bqm).energy(s), expected, atol=1e-11)
    np.testing.assert_allclose(
        Ising.from_dimod(bqm.change_vartype("BINARY", inplace=False)).energy(s), expected, atol=1e-10
    )

    graph = ising.to_networkx()
    np.testing.assert_allclose(Ising.from_networkx(graph, ising.offset).energy(s), expected, atol=1e-11)


@given(seed=st.integers(0, 10**6), n=st.integers(1, 9), beta=st.floats(0.0, 3.0))
def test_enumeration_is_the_definition(seed, n, beta):
    ising = random_ising(seed, n)
    s = exact.spins_of(np.arange(2**n), n)
    assert np.array_equal(exact.states_of(s), np.arange(2**n))
    np.testing.assert_allclose(exact.all_energies(ising), by_definition(ising, s), atol=1e-10)
    weights = np.exp(-beta * by_definition(ising, s))
    np.testing.assert_allclose(exact.boltzmann(ising, beta), weights / weights.sum(), atol=1e-10)
    assert exact.log_partition(ising, beta) == pytest.approx(np.log(weights.sum()), abs=1e-9)


def test_enumeration_to_20_spins_stays_exact():
    ising = random_ising(5, 20)
    table = exact.all_energies(ising)
    k = np.random.default_rng(0).integers(0, 2**20, 2000)
    np.testing.assert_allclose(table[k], ising.energy(exact.spins_of(k, 20)), atol=1e-9)
    energy, ground = exact.ground_states(ising)
    assert energy == table.min()
    np.testing.assert_allclose(ising.energy(ground), energy)


def test_all_degenerate_ground_states_are_found():
    ring = Ising(sparse.diags_array([1.0, 1.0], offsets=[1, -1], shape=(6, 6)))
    energy, ground = exact.ground_states(ring)
    assert energy == -5
    assert {tuple(s) for s in ground.tolist()} == {(1,) * 6, (-1,) * 6}


@given(seed=st.integers(0, 10**6), n=st.integers(1, 10), beta=st.floats(0.0, 3.0), ring=st.booleans())
def test_transfer_matrix_agrees_with_enumeration(seed, n, beta, ring):
    rng = np.random.default_rng(seed)
    j = np.zeros((n, n))
    for i in range(n - 1):
        j[i, i + 1] = j[i + 1, i] = rng.normal()
    if ring and n > 2:
        j[0, n - 1] = j[n - 1, 0] = rng.normal()
    ising = Ising(j, rng.normal(size=n), 0.3)
    assert exact.chain_log_partition(ising, beta) == pytest.approx(
        exact.log_partition(ising, beta), rel=1e-10, abs=1e-10
    )


def test_long_ring_has_the_textbook_free_energy():
    n, beta = 5000, 0.7
    i = np.arange(n)
    ring = sparse.coo_array((np.ones(2 * n), (np.r_[i, (i + 1) % n], np.r_[(i + 1) % n, i])), shape=(n, n))
    expected = n * np.log(2 * np.cosh(beta)) + np.log1p(np.tanh(beta) ** n)
    assert exact.chain_log_partition(Ising(ring), beta) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("couplings", "biases", "rule"),
    [
        ([[0, 1], [2, 0]], [0, 0], "not symmetric"),
        ([[1, 0], [0, 0]], [0, 0], r"couplings\[0, 0\]"),
        ([[0, np.nan], [np.nan, 0]], [0, 0], "NaN or infinity"),
        ([[0, 1], [1, 0]], [0, np.inf], r"biases\[1\] is not finite"),
        ([[0, 1], [1, 0]], [0], "one bias a spin"),
        (np.zeros((0, 0)), [], "n >= 1"),
        (np.zeros((2, 3)), [0, 0], r"\(n, n\)"),
    ],
)
def test_bad_problems_are_refused_with_the_rule(couplings, biases, rule):
    with pytest.raises(ValueError, match=rule):
        Ising(couplings, biases)


def test_bad_arguments_are_refused():
    ising = random_ising(1, 4)
    with pytest.raises(ValueError, match="other than -1 and"):
        ising.energy([0, 1, 1, 0])
    with pytest.raises(ValueError, match=r"expected \(4,\)"):
        ising.energy([1, 1])
    with pytest.raises(ValueError, match="beta is -1"):
        exact.boltzmann(ising, -1)
    with pytest.raises(ValueError, match="enumeration stops at 24"):
        exact.all_energies(random_ising(1, 30))
    with pytest.raises(ValueError, match="couples neighbors only"):
        exact.chain_log_partition(Ising(np.ones((5, 5)) - np.eye(5)), 1.0)


def test_arrays_do_not_change_under_the_caller():
    j = np.array([[0.0, 1.0], [1.0, 0.0]])
    ising = Ising(j, [0, 0])
    j[0, 1] = 5
    assert ising.energy([1, 1]) == -1
    with pytest.raises(ValueError, match="read-only"):
        ising.couplings[0, 1] = 3


@pytest.mark.filterwarnings("error")
def test_the_partition_function_of_a_large_beta_is_that_of_the_ground_states():
    """With couplings of 1e-308, beta 1e308 is an ordinary one; with those of 1 only the two lowest states are left."""
    bond = np.array([[0.0, 1.0], [1.0, 0.0]])
    assert exact.log_partition(Ising(1e-308 * bond), 1e308) == pytest.approx(exact.log_partition(Ising(bond), 1.0))
    assert exact.log_partition(Ising(bond), 1e308) == pytest.approx(1e308)
    assert exact.log_partition(Ising(np.zeros((2, 2)), [3.0, 0.0]), 1e308) == np.inf  # more than a float holds
