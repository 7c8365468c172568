"""Exact reductions against enumeration: minima, the way back, what is left, ties."""

import numpy as np
import pytest
from scipy import sparse

from neuromorph import Ising, exact
from neuromorph.optimization import eliminate, reduce_ising
from neuromorph.optimization.roof_duality import persistent_spins


def glass(n, seed, *, density=0.4, biases=True, real=False):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.integers(-3, 4, (n, n)) * (rng.random((n, n)) < density), 1).astype(float)
    j *= rng.normal(size=j.shape) if real else 1.0
    return Ising(j + j.T, rng.integers(-3, 4, n) * (rng.random(n) < 0.5) * float(biases), rng.normal())


def solved(ising, **options):
    """Energy and state by the reduction, with its parts enumerated."""
    reduction = reduce_ising(ising, **options)
    found = [exact.ground_states(part) for part in reduction.parts]
    spins = reduction.restore(*(states[:1] for _, states in found))
    return reduction, sum(energy for energy, _ in found) + reduction.offset, spins


@pytest.mark.parametrize("degree", [-1, 0, 1, 2, 3])
@pytest.mark.parametrize("real", [False, True])
def test_minima_are_those_of_enumeration(degree, real):
    """60 problems a case, with and without biases: a wrong sign or quarter, a lost bias or offset, a tie turned."""
    taken = 0
    for seed in range(60):
        size = 1 + seed % 11
        ising = glass(size, seed, density=(0.2, 0.4, 0.8)[seed % 3], biases=seed % 2 == 0, real=real)
        reduction, energy, spins = solved(ising, degree=degree)
        lowest = exact.ground_states(ising)[0]
        assert energy == pytest.approx(lowest, abs=1e-9)
        assert ising.energy(spins)[0] == pytest.approx(lowest, abs=1e-9)
        taken += size - reduction.size
    assert taken > 50 * degree


def test_random_ties_reach_every_minimum():
    """A chain, an isolated spin, a triangle of equal negative couplings: all of their 2 x 2 x 6 minima are drawn."""
    j = np.zeros((6, 6))
    for a, b, w in ((0, 1, 1.0), (3, 4, -1.0), (4, 5, -1.0), (3, 5, -1.0)):
        j[a, b] = j[b, a] = w
    ising = Ising(j)
    reduction = reduce_ising(ising)
    assert reduction.parts == ()
    drawn = np.concatenate([reduction.restore(random=True, ties=seed) for seed in range(400)])
    assert np.allclose(ising.energy(drawn), exact.ground_states(ising)[0])
    assert len(np.unique(drawn, axis=0)) == len(exact.ground_states(ising)[1]) == 24
    assert np.array_equal(reduction.restore(random=True, ties=7), reduction.restore(random=True, ties=7))
    assert (reduction.restore()[0, :3] == 1).all()


def test_states_of_parts_are_those_of_the_whole():
    ising = glass(30, 3, density=0.25)
    reduction = reduce_ising(ising, degree=2)
    assert reduction.parts
    spins = np.where(np.random.default_rng(0).random((5, 30)) < 0.5, -1, 1)
    whole = reduction.restore(*reduction.project(spins))
    again = reduction.project(whole)
    for part, before, after in zip(reduction.parts, reduction.project(spins), again, strict=True):
        flipped = after * after[:, :1] * before[:, :1] if not part.biases.any() else after
        assert np.array_equal(flipped, before)


def test_a_sparse_graph_is_left_with_its_core():
    """Trees vanish, rings too, and a complete graph of equal couplings stays what it is."""
    ring = sparse.csr_array(np.roll(np.eye(9), 1, axis=1) + np.roll(np.eye(9), -1, axis=1))
    assert reduce_ising(Ising(ring)).size == 0
    assert reduce_ising(Ising(-ring)).offset == -7.0
    full = np.ones((7, 7)) - np.eye(7)
    assert reduce_ising(Ising(-full)).parts[0].size == 7
    assert reduce_ising(Ising(full), degree=3).size == 7  # no coupling outweighs the other five


def test_strong_biases_and_couplings_decide_spins():
    j = np.ones((6, 6)) - np.eye(6)
    j[0, 1] = j[1, 0] = 9.0
    ising = Ising(-j, [0, 0, 40.0, 0, 0, 0])
    reduction, energy, spins = solved(ising)
    assert reduction.size < 6
    assert energy == exact.ground_states(ising)[0] == ising.energy(spins)[0]
    assert spins[0, 2] == 1


def test_roof_duality_says_what_holds_in_every_minimum():
    """80 frustrated problems with biases; a reversed edge of the double cover fails at once."""
    found = 0
    for seed in range(80):
        ising = glass(9, 100 + seed, density=0.25)
        names = np.arange(100, 109)
        minima = exact.ground_states(ising)[1]
        for name, value in persistent_spins(names, ising):
            assert (minima[:, name - 100] == value).all()
            found += 1
    assert found > 100


def test_roof_duality_leaves_what_it_cannot_decide():
    assert persistent_spins(np.arange(3), Ising(np.zeros((3, 3)))) == []
    rng = np.random.default_rng(0)
    j = np.triu(rng.normal(size=(4, 4)), 1)
    assert persistent_spins(np.arange(4), Ising(j + j.T, rng.normal(size=4))) == []  # no unit


def test_large_sparse_graphs_reduce_and_come_back():
    """500 spins and 460 couplings at random: what is left is eliminated, and the energy is that of the whole."""
    rng = np.random.default_rng(5)
    pairs = np.unique(np.sort(rng.integers(0, 500, (460, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    upper = sparse.coo_array((rng.choice([-1.0, 1.0], len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(500, 500))
    ising = Ising(sparse.csr_array(upper + upper.T))
    reduction = reduce_ising(ising)
    assert 0 < reduction.size < 100
    states = [eliminate(part) for part in reduction.parts]
    spins = reduction.restore(*(state for _, state in states))
    assert ising.energy(spins)[0] == sum(energy for energy, _ in states) + reduction.offset
    assert ((spins * ising.field(spins)) >= 0).all()


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="degree is 4"):
        reduce_ising(Ising([[0.0]]), degree=4)
    with pytest.raises(ValueError, match="1 parts are given; there are 0"):
        reduce_ising(Ising([[0.0]])).restore(np.ones((1, 1)))
