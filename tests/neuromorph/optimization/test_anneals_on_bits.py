"""Kernels on bits against enumeration: acceptances, equilibrium at every temperature, distinct replicas, workers."""

import networkx as nx
import numpy as np
import pytest

from neuromorph import Ising, exact
from neuromorph.kernels.aligned import empty
from neuromorph.optimization import anneal_range, anneal_schedule, cluster_tempering, multispin_annealing
from neuromorph.optimization import cluster_tempering_kernel as tempering
from neuromorph.optimization import multispin_kernel as multispin
from neuromorph.rng import kernel_states
from neuromorph.sampling.replicas import bitpacked_kernel as packed
from neuromorph.sampling.replicas.bitpacked import expand_bonds, word_states
from neuromorph.sampling.replicas.blocks import xoshiro_states


def glass(n, seed, *, density=0.6, most=1, biases=True):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.integers(-most, most + 1, (n, n)) * (rng.random((n, n)) < density), 1).astype(float)
    return Ising(0.5 * (j + j.T), 0.5 * rng.integers(-most, most + 1, n) * float(biases), rng.normal())


def torus(length, seed):
    graph, rng = nx.grid_2d_graph(length, length, periodic=True), np.random.default_rng(seed)
    nx.set_edge_attributes(graph, {edge: float(rng.choice([-1, 1])) for edge in graph.edges}, "weight")
    return Ising.from_networkx(graph)


@pytest.mark.parametrize("most", [1, 3])
def test_anneals_find_ground_states(most):
    """All sums of digits: up to 6, 30 and 100 bonds a spin."""
    for seed, n in enumerate((1, 2, 5, 9, 12, 16)):
        ising = glass(n, seed, most=most)
        found = multispin_annealing(ising, anneal_schedule(ising, 300), 520, rng=seed)
        assert found.spins.shape == (520, n)
        assert found.energies.min() == pytest.approx(exact.ground_states(ising)[0])
        assert np.array_equal(found.energies, ising.energy(found.spins))
        assert ((found.spins * ising.field(found.spins)) >= 0).all()
    big = np.ones((34, 34)) - np.eye(34)
    found = multispin_annealing(Ising(3 * big, np.full(34, 1.0)), rng=1)
    assert (found.spins[np.argmin(found.energies)] == 1).all()


@pytest.mark.parametrize(("bonds", "unsatisfied"), [(4, 0), (4, 1), (7, 2), (20, 8), (100, 48), (5, 3), (12, 12)])
def test_each_flip_has_the_acceptance_of_metropolis(bonds, unsatisfied):
    """One spin among fixed ones, 512 x 600 proposals of its first flip; of 2400 thresholds 0.03 is 3 sigma."""
    beta, n = 0.05, bonds + 1
    j = np.zeros((n, n))
    j[0, 1:] = j[1:, 0] = 1.0
    starts, rows, counts, _ = expand_bonds(Ising(j), "multispin", multispin.LARGEST_COUNT, 4)
    want = min(1.0, np.exp(-2.0 * beta * (bonds - 2 * unsatisfied)))
    flipped, tries = 0, 600
    state, variates = (
        word_states([np.random.SeedSequence(3)])[0],
        xoshiro_states(np.random.SeedSequence(4).spawn(64))[0],
    )
    start = np.ones((512, n), np.int8)
    start[:, 1 : 1 + unsatisfied] = -1
    for _ in range(tries):  # spin 0 comes first in a sweep and is not looked at again
        spins = empty((2 * n + 2, 8), np.uint64)
        packed.write_bits(spins[None], start)
        multispin.sweep_multispin(starts, rows, counts, np.array([beta]), 0, 1, spins, state, variates)
        flipped += sum(int(word).bit_count() for word in ~spins[0])
    assert flipped / (512 * tries) == pytest.approx(want, abs=0.03)


def test_replicas_do_not_coalesce():
    """With one threshold for all, 512 anneals of a glass end in a few hundred states at most; with four all differ."""
    found = multispin_annealing(torus(20, 3), anneal_schedule(torus(20, 3), 400), 512, rng=1)
    assert len(np.unique(found.spins * found.spins[:, :1], axis=0)) > 500


def test_workers_and_batches_do_not_change_anneals():
    ising = glass(14, 5, biases=False)
    one, two = (multispin_annealing(ising, np.linspace(0.1, 2.0, 30), 1100, rng=7, workers=k) for k in (1, 2))
    assert np.array_equal(one.spins, two.spins)
    few = multispin_annealing(ising, np.linspace(0.1, 2.0, 30), 20, rng=7)
    assert np.array_equal(few.spins, one.spins[:20])


def test_the_lowest_reads_are_kept():
    ising = torus(8, 2)
    every = multispin_annealing(ising, np.linspace(0.1, 1.0, 20), 700, descend=False, rng=3)
    few = multispin_annealing(ising, np.linspace(0.1, 1.0, 20), 700, descend=False, keep=5, rng=3)
    assert np.array_equal(few.energies, np.sort(every.energies)[:5])
    assert np.array_equal(few.energies, ising.energy(few.spins))


def test_initial_states_are_where_anneals_start():
    ising, states = glass(12, 2), np.where(np.random.default_rng(0).random((600, 12)) < 0.5, -1, 1)
    found = multispin_annealing(ising, [], 600, descend=False, initial=states)
    assert np.array_equal(found.spins, states)


def test_problems_that_bits_cannot_hold_are_refused():
    with pytest.raises(ValueError, match=r"<= 127.*spin 1 has 158"):
        multispin_annealing(Ising(4 * (np.ones((40, 40)) - np.eye(40)) + np.eye(40, k=1) + np.eye(40, k=-1)))
    with pytest.raises(ValueError, match="integers times one unit"):
        cluster_tempering(Ising([[0.0, 0.3], [0.3, 0.0]], [1.0, 2**0.5]))


def test_every_temperature_is_in_equilibrium(monkeypatch):
    """20,000 rounds of 9 spins with biases: mean energies at 32 temperatures against enumeration, both replicas.

    4 sigma of 20,000 correlated rounds is some 0.08 of the spread. Swaps, clusters and the alias tables all count; a
    level of a wrong temperature, a reversed swap or cluster bits exchanged one-sidedly fails.
    """
    rng = np.random.default_rng(5)
    j = np.zeros((9, 9))
    for a in range(9):
        j[a, (a + 1) % 9] = j[(a + 1) % 9, a] = rng.choice([-1.0, 1.0])
        j[a, (a + 3) % 9] = j[(a + 3) % 9, a] = rng.choice([-1.0, 1.0])
    ising = Ising(j, rng.choice([-1.0, 0.0, 1.0, 2.0], 9))
    betas = np.geomspace(0.1, 2.0, 32)
    starts, rows, bonds, _ = expand_bonds(ising, "test", tempering.MOST_BONDS, 1)
    kinds, which = np.unique(bonds, return_inverse=True)
    outcomes = np.empty((kinds.size, tempering.SLOTS, 2, tempering.LEVELS), np.uint64)
    odds = np.empty((kinds.size, tempering.SLOTS), np.uint64)
    for k, count in enumerate(kinds):
        tempering.prefix_table(betas, int(count), outcomes[k], odds[k])
    signs = np.where(rows > 9, tempering.ALL_SET, np.uint64(0))
    words = np.full(10, tempering.ALL_SET, np.uint64)
    words[:9] = rng.integers(0, 2**63, 9, np.uint64)
    counts, best, lowest = np.empty(64, np.int64), np.ones(9, np.int8), np.array([1 << 40])
    seen, queue, state = np.zeros(10, np.int64), np.empty(9, np.int64), kernel_states([np.random.SeedSequence(1)])[0]
    tables = (starts, rows % 10, signs, which.astype(np.int64), outcomes, odds, betas, False)
    total, rounds, burn = np.zeros(64), 20_000, 500
    for r in range(rounds + burn):
        tempering.temper(*tables, r, r + 1, 20, words, counts, best, lowest, -1, seen, queue, state)
        if r >= burn:
            total += counts
    pairs = (bonds.sum() + np.abs(ising.biases).sum()) / 2
    measured = (2 * total / rounds - pairs).reshape(2, 32)
    energies = exact.all_energies(ising)
    for t, beta in enumerate(betas):
        p = exact.boltzmann(ising, beta)
        mean = p @ energies
        spread = np.sqrt(p @ energies**2 - mean**2)
        assert measured[:, t] == pytest.approx(mean, abs=0.08 * spread + 1e-3), t


def test_tempering_finds_ground_states_and_stops_at_its_goal():
    for seed in range(12):
        ising = glass(7, seed, biases=seed % 2)
        lowest = exact.ground_states(ising)[0]
        found = cluster_tempering(ising, rounds=300, reads=3, rng=seed)
        assert found.energies == pytest.approx(lowest)
        assert np.array_equal(found.energies, ising.energy(found.spins))
        soon = cluster_tempering(ising, rounds=3000, reads=3, rng=seed, goal=lowest, workers=2)
        assert soon.energies == pytest.approx(lowest)
        assert (soon.diagnostics["rounds"] < 3000).all()


def test_tempering_of_a_torus_needs_its_clusters():
    """400 spins: the lowest energy of long runs is met in 150 rounds by most ladders, by few without clusters."""
    ising = torus(20, 1)
    lowest = cluster_tempering(ising, rounds=3000, reads=2, rng=0).energies.min()
    with_, without = (
        cluster_tempering(ising, rounds=150, reads=16, clusters=c, rng=5).energies <= lowest for c in (10, 0)
    )
    assert with_.sum() >= 8
    assert without.sum() < with_.sum()


def test_workers_pieces_and_reads_do_not_change_tempering():
    ising = torus(8, 4)
    one, two = (cluster_tempering(ising, rounds=40, reads=5, rng=3, workers=k) for k in (1, 2))
    assert np.array_equal(one.spins, two.spins)
    assert np.array_equal(cluster_tempering(ising, rounds=40, reads=2, rng=3).spins, one.spins[:2])
    start = one.spins[0]
    assert cluster_tempering(ising, rounds=1, initial=start, rng=1).spins.shape == (1, 64)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"clusters": 33}, "clusters is 33"),
        ({"betas": [0.1, 1.0]}, "betas hold 2 temperatures"),
        ({"rounds": 0}, "rounds"),
        ({"reads": 0}, "reads"),
        ({"workers": 0}, "workers"),
    ],
)
def test_bad_arguments_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        cluster_tempering(torus(4, 0), **wrong)


def test_schedules_scale_with_the_couplings():
    ising = torus(10, 0)
    hot, cold = anneal_range(ising)
    assert (hot, cold) == pytest.approx((0.3, 3.0))
    assert anneal_range(Ising(1e-3 * ising.couplings)) == pytest.approx((300.0, 3000.0))
    dense = np.ones((30, 30)) - np.eye(30)
    assert anneal_range(Ising(-dense)) == pytest.approx((0.1, 2.0))
    assert anneal_range(Ising(np.zeros((2, 2)), [2.0, 2.0]))[0] > 0
    assert anneal_schedule(ising, 7).shape == (7,)
