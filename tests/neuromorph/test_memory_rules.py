"""Learning rules against their published formulae, entry by entry, and against what they promise."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import nnls

from neuromorph import Ising, exact
from neuromorph import associative_memory as memory


def patterns_of(seed, k, n):
    return np.random.default_rng(seed).choice([-1, 1], (k, n))


def hebb_by_hand(x, normalized=True, diagonal=False):
    k, n = x.shape
    scale = n if normalized else 1
    return np.array(
        [[sum(x[m, i] * x[m, j] for m in range(k)) / scale * (diagonal or i != j) for j in range(n)] for i in range(n)]
    )


def storkey_by_hand(x, order, sign=-1.0, excluded=True):
    """One weight at a time: h_ij sums over all but i and j; ``sign`` and ``excluded`` are for mistakes."""
    n = x.shape[1]
    w = np.zeros((n, n))
    for p in x:
        h = np.zeros((n, n))
        for i, j in product(range(n), range(n)):
            h[i, j] = sum(w[i, a] * p[a] for a in range(n) if a != i and (a != j or not excluded))
        new = w.copy()
        for i, j in product(range(n), range(n)):
            if i != j:
                new[i, j] += (p[i] * p[j] + sign * p[i] * h[j, i] + sign * h[i, j] * p[j]) / n
                if order == 2:
                    new[i, j] += h[i, j] * h[j, i] / n
        w = new
    return w


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 5), n=st.integers(1, 8))
def test_hebb_is_its_sum(seed, k, n):
    x = patterns_of(seed, k, n)
    for normalized, own in product((True, False), repeat=2):
        found = memory.hebb(x, normalized=normalized, diagonal=own)
        np.testing.assert_allclose(found, hebb_by_hand(x, normalized, own), atol=1e-14)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 5), n=st.integers(1, 7), order=st.sampled_from([1, 2]))
def test_storkey_is_its_sum(seed, k, n, order):
    x = patterns_of(seed, k, n)
    np.testing.assert_allclose(memory.storkey(x, order=order), storkey_by_hand(x, order), atol=1e-13)


def test_the_formulae_tell_mistakes_apart():
    """Missing 1/n, a kept diagonal, Storkey's sign, what h leaves out: each is far outside the tolerance above."""
    x = patterns_of(3, 4, 7)
    right = memory.hebb(x)
    for wrong in (hebb_by_hand(x, normalized=False), hebb_by_hand(x, diagonal=True)):
        assert abs(right - wrong).max() > 0.1
    for order in (1, 2):
        right = memory.storkey(x, order=order)
        mistakes = (
            storkey_by_hand(x, order, sign=1.0),
            storkey_by_hand(x, order, excluded=False),
            storkey_by_hand(x, 3 - order),
            memory.hebb(x),
        )
        assert all(abs(right - wrong).max() > 0.01 for wrong in mistakes)


def test_storkey_goes_on_where_it_stopped():
    x = patterns_of(1, 6, 20)
    for order in (1, 2):
        whole = memory.storkey(x, order=order)
        np.testing.assert_allclose(memory.storkey(x[4:], order=order, start=memory.storkey(x[:4], order=order)), whole)
        assert abs(whole - memory.storkey(x[::-1], order=order)).max() > 1e-3  # the order of learning matters
        np.testing.assert_array_equal(whole, whole.T)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6), k=st.integers(1, 8), n=st.integers(1, 12), repeats=st.integers(0, 3))
def test_the_pseudo_inverse_projects_on_the_patterns(seed, k, n, repeats):
    """Symmetric, idempotent, J x = x, trace = rank; repeated and mirrored patterns change nothing."""
    x = patterns_of(seed, k, n)
    more = np.concatenate([x, -x[: min(repeats, k)], x[:repeats]])
    p = memory.pseudo_inverse(more, diagonal=True)
    np.testing.assert_allclose(p, np.linalg.pinv(x) @ x, atol=1e-9)
    np.testing.assert_allclose(p @ p, p, atol=1e-9)
    np.testing.assert_allclose(x @ p, x, atol=1e-9)
    assert np.trace(p) == pytest.approx(np.linalg.matrix_rank(x))
    without = memory.pseudo_inverse(more)
    np.testing.assert_allclose(without, p - np.diag(p.diagonal()), atol=1e-12)


def test_orthogonal_patterns_make_all_rules_one():
    """For orthogonal patterns the projection is Hebb's matrix; one pattern alone gives Storkey's as well."""
    from scipy.linalg import hadamard

    x = hadamard(16)[1:6]
    np.testing.assert_allclose(memory.pseudo_inverse(x), memory.hebb(x), atol=1e-12)
    np.testing.assert_allclose(memory.storkey(x[:1]), memory.hebb(x[:1]), atol=1e-15)


def test_rules_store_what_they_promise():
    """At load 0.5 Hebb forgets, pseudo-inverse and perceptron keep all; at 0.25 Storkey keeps what Hebb loses."""
    x = patterns_of(0, 50, 100)

    def stable(couplings, count=50):
        return float(((x[:count] @ couplings.T) * x[:count] > 0).all(axis=1).mean())

    assert stable(memory.hebb(x)) < 0.05
    assert stable(memory.pseudo_inverse(x)) == stable(memory.perceptron(x, 0.2).couplings) == 1.0
    few = x[:25]
    assert stable(memory.hebb(few), 25) < 0.5
    assert stable(memory.storkey(few), 25) == stable(memory.storkey(few, order=2), 25) == 1.0


def test_the_ising_of_couplings_has_their_energy():
    """Also with a diagonal; asymmetric couplings have none."""
    x = patterns_of(5, 3, 8)
    states = exact.spins_of(np.arange(256), 8)
    for j in (memory.hebb(x), memory.hebb(x, diagonal=True), memory.pseudo_inverse(x, diagonal=True)):
        expected = [-0.5 * s @ j @ s for s in states.astype(float)]
        np.testing.assert_allclose(memory.couplings_as_ising(j).energy(states), expected, atol=1e-12)
    biased = memory.couplings_as_ising(memory.hebb(x), np.arange(8.0))
    assert isinstance(biased, Ising)
    assert biased.biases[7] == 7.0
    with pytest.raises(ValueError, match="not symmetric"):
        memory.couplings_as_ising(memory.perceptron(x).couplings + np.triu(np.ones((8, 8)), 1))


def best_margin(x, i):
    """kappa_opt of neuron i: the distance from 0 of the hull of its examples a_mu, by non-negative least squares.

    min |sum p_mu a_mu| with p >= 0 and sum p = 1, the last with a large weight.
    """
    a = (x[:, i, None] * np.delete(x, i, axis=1)).T.astype(float)
    heavy = 1e5
    p, _ = nnls(np.vstack([a, heavy * np.ones(a.shape[1])]), np.append(np.zeros(a.shape[0]), heavy))
    return float(np.linalg.norm(a @ p / p.sum()))


def test_minover_comes_within_its_accuracy_of_the_largest_margin():
    """An independent optimum: the hull of the examples by non-negative least squares."""
    x = patterns_of(2, 12, 24)
    learnt = memory.minover(x, accuracy=0.02)
    assert learnt.converged
    assert learnt.status == "converged"
    assert not learnt.couplings.diagonal().any()
    reached = learnt.stabilities.min(axis=0)
    best = np.array([best_margin(x, i) for i in range(24)])
    assert (reached <= best + 1e-6).all()
    assert (reached >= 0.98 * best - 1e-6).all()
    by_hand = [
        [x[m, i] * learnt.couplings[i] @ x[m] / np.linalg.norm(learnt.couplings[i]) for i in range(24)]
        for m in range(12)
    ]
    np.testing.assert_allclose(learnt.stabilities, by_hand, atol=1e-12)


@pytest.mark.parametrize("symmetric", [False, True])
def test_the_perceptron_reaches_its_margin(symmetric):
    x = patterns_of(4, 20, 60)
    for margin in (0.0, 0.4, 0.8):
        learnt = memory.perceptron(x, margin, symmetric=symmetric)
        assert learnt.converged
        assert learnt.margin > margin
        assert learnt.margin == memory.stabilities(learnt.couplings, x).min()
        assert not learnt.couplings.diagonal().any()
        assert (abs(learnt.couplings - learnt.couplings.T).max() < 1e-12) == symmetric


def test_the_perceptron_learns_step_by_step_as_published():
    """Three sweeps, weight by weight: J_ij += (e_i [+ e_j]) x_i x_j / n where the stability is at most kappa."""
    x, kappa, n = patterns_of(6, 5, 8), 0.9, 8  # multiples of 1/8 are exact: ties are the same in any order of sums
    for symmetric in (False, True):
        j = np.zeros((n, n))
        for _ in range(3):
            for p in x:
                e = [int(p[i] * (j[i] @ p) <= kappa * np.linalg.norm(j[i])) for i in range(n)]
                for a, b in product(range(n), range(n)):
                    j[a, b] += (a != b) * (e[a] + (e[b] if symmetric else 0)) * p[a] * p[b] / n
        np.testing.assert_allclose(
            memory.perceptron(x, kappa, symmetric=symmetric, max_sweeps=3).couplings, j, atol=1e-12
        )


def test_what_cannot_be_learnt_says_so():
    """Beyond 2 n patterns, or where two patterns differ in one neuron only, there is no positive margin for it."""
    many = patterns_of(7, 70, 20)
    for learnt in (memory.perceptron(many, max_sweeps=50), memory.minover(many, max_steps=500)):
        assert not learnt.converged
        assert "stopped after" in learnt.status
        assert np.isfinite(learnt.couplings).all()
    twins = np.ones((2, 6), int)
    twins[1, 0] = -1
    assert not memory.perceptron(twins, 0.0, max_sweeps=50).converged
    assert not memory.minover(twins, max_steps=500).converged
    assert not memory.perceptron([[1]]).converged
    assert not memory.minover([[1]]).converged


def test_gardners_capacity_is_its_integral():
    def capacity(kappa):
        return 1.0 / quad(lambda t: np.exp(-t * t / 2) / np.sqrt(2 * np.pi) * (t + kappa) ** 2, -kappa, 12)[0]

    for kappa in (-1.0, 0.0, 0.5, 2.0):
        assert memory.gardner_capacity(kappa) == pytest.approx(capacity(kappa), rel=1e-8)
    assert memory.gardner_capacity() == pytest.approx(2.0)
    for load in (0.1, 1.0, 2.0, 3.0):
        assert memory.gardner_capacity(memory.gardner_margin(load)) == pytest.approx(load)
    assert memory.gardner_margin(2.0) == pytest.approx(0.0, abs=1e-9)


def test_the_best_margin_of_random_patterns_is_gardners():
    """n = 200 at load 0.5: the mean over 200 neurons within 4 % of kappa_opt = 1.05 or so; a lost 1/2 or 2 shows."""
    learnt = memory.minover(patterns_of(8, 100, 200), accuracy=0.02)
    assert learnt.converged
    assert learnt.stabilities.min(axis=0).mean() == pytest.approx(memory.gardner_margin(0.5), rel=0.04)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: memory.hebb(np.ones((0, 3))), "neither of them 0"),
        (lambda: memory.hebb(np.ones((2, 2, 2))), "shape"),
        (lambda: memory.hebb([[0, 1]]), "other than -1 and"),
        (lambda: memory.hebb([["a"]]), "other than -1 and"),
        (lambda: memory.pseudo_inverse([[np.nan, 1]]), "other than -1 and"),
        (lambda: memory.storkey([[1, -1]], order=3), "order is 3"),
        (lambda: memory.storkey([[1, -1]], start=np.eye(2)), "zero diagonal"),
        (lambda: memory.storkey([[1, -1]], start=np.zeros((3, 3))), r"start has shape \(3, 3\)"),
        (lambda: memory.perceptron([[1, -1]], -1.0), "margin is -1"),
        (lambda: memory.perceptron([[1, -1]], max_sweeps=0), "max_sweeps is 0"),
        (lambda: memory.minover([[1, -1]], 0.0), "accuracy is 0"),
        (lambda: memory.minover([[1, -1]], max_steps=0), "max_steps is 0"),
        (lambda: memory.stabilities(np.eye(3), [[1, -1]]), "need 2 x 2"),
        (lambda: memory.gardner_margin(0.0), "load is 0"),
        (lambda: memory.couplings_as_ising(np.ones(3)), r"shape \(3,\)"),
    ],
)
def test_bad_arguments_are_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()
