"""Digital annealers: integer arithmetic against Python's integers, laws against enumeration, placement by its rules."""

import math

import networkx as nx
import numpy as np
import pytest

import neuromorph as nm
from hardware_targets.annealer_graphs.embedding import (
    Embedding,
    check_embedding,
    coupled_pairs,
    kings_clique,
    place_directly,
)
from hardware_targets.annealer_graphs.hardware_graphs import kings_graph
from hardware_targets.digital_annealer import CellularAutomaton, CmosAnnealer, DigitalAnnealer
from hardware_targets.digital_annealer.cellular_automaton import (
    automaton_law,
    automaton_matrix,
    automaton_reads,
    least_pinning,
)
from hardware_targets.digital_annealer.fixed_point import (
    MOST_TEMPERATURE,
    binary_words,
    fixed_temperatures,
    spin_words,
)
from hardware_targets.digital_annealer.parallel_trial import (
    flip_probabilities,
    parallel_trial,
    parallel_trial_matrix,
    stationary_law,
)
from hardware_targets.digital_annealer.site_words import heat_bath_reads, held_in_words, probability_table
from neuromorph import DoesNotFit, Ising, Minimize, Sample, exact
from neuromorph.kernels.xoshiro import below, exponential, next_uint64, uniform
from neuromorph.rng import kernel_states, read_seeds
from neuromorph.sampling.single_spin_kernel import randomize_spins
from neuromorph.testing import require_distribution


def glass(seed: int, n: int, scale: float = 1.0) -> Ising:
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return Ising(scale * (j + j.T), scale * rng.normal(size=n), 0.5)


def plus_minus(seed: int, n: int) -> Ising:
    j = np.triu(np.random.default_rng(seed).choice([-1.0, 1.0], (n, n)), 1)
    return Ising(j + j.T)


# Words.


@pytest.mark.parametrize("problem", [plus_minus(0, 40), Ising(np.zeros((3, 3)), [3.0, -2.0, 0.0])])
def test_integer_problems_are_held_exactly(problem):
    for words in (binary_words(problem, 16, 26), spin_words(problem, 8, 16)):
        assert np.array_equal(words.held.dense_couplings(), problem.dense_couplings())
        assert np.array_equal(words.held.biases, problem.biases)
        assert words.scale == np.floor(words.scale)


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_words_stay_within_their_bits_and_give_the_energies(scale):
    problem = glass(3, 9, scale)
    words = binary_words(problem, 16, 26)
    assert np.abs(words.couplings).max() == 2**15 - 1
    assert np.abs(words.biases).max() <= 2**25 - 1
    x = (exact.spins_of(np.arange(512), 9) + 1) // 2
    energies = [-(int(v @ words.couplings @ v) // 2) - int(words.biases @ v) for v in x.astype(np.int64)]
    held = exact.all_energies(words.held)
    assert np.allclose(np.array(energies) / words.scale, held - held[0] + energies[0] / words.scale, rtol=1e-9)
    assert nm.protocol.mapping_error(problem, words.held) < 1e-4


def test_a_full_chip_of_largest_words_does_not_overflow():
    """1024 variables, every W at its largest: fields within 2^26, energy within 2^36, products within 2^60."""
    n = 1024
    j = np.ones((n, n)) - np.eye(n)
    words = binary_words(Ising(j, np.full(n, 300.0)), 16, 26)
    ones = np.ones(n, np.int64)
    assert np.abs(words.biases).max() <= 2**25 - 1
    assert max(np.abs(words.biases + words.couplings @ ones)) < 2**26
    assert abs(int(ones @ words.couplings @ ones) // 2 + int(words.biases @ ones)) < 2**36
    assert MOST_TEMPERATURE * int(-math.log(2.0**-53) * 2**16) < 2**60
    assert fixed_temperatures(np.array([0.0, 1e300]), 1.0).tolist() == [MOST_TEMPERATURE, 1]
    run = DigitalAnnealer(steps=50).run(DigitalAnnealer().program(Ising(j)), Minimize(), 1, 0)
    assert run.energies[0] <= 0.0


# Bit for bit.


def test_parallel_trial_is_that_of_pythons_integers():
    """States, flips and the best state of 3 reads of 300 steps, with an offset: a rounding, a sign, an order fails."""
    words = binary_words(glass(5, 7), 16, 26)
    temperatures = fixed_temperatures(np.geomspace(0.05, 4.0, 300), words.scale)
    increment = int(0.1 * words.scale)
    found = parallel_trial(words, temperatures, increment, kernel_states(read_seeds(4, 3)))
    streams = kernel_states(read_seeds(4, 3))
    starts = np.empty((3, 7), np.int8)
    randomize_spins(starts, streams)
    w, b = words.couplings.tolist(), words.biases.tolist()
    for r in range(3):
        x, energy, lowest, offset, flips = [(int(s) + 1) // 2 for s in starts[r]], 0, 0, 0, 0
        best = list(x)
        for t in temperatures.tolist():
            chosen, accepted = -1, 0
            for i in range(7):
                change = -(1 - 2 * x[i]) * (b[i] + sum(w[i][j] * x[j] for j in range(7)))
                if change - offset <= (t * int(exponential(streams[r]) * 65536)) >> 24:
                    accepted += 1
                    if accepted == 1 or below(streams[r], accepted) == 0:
                        chosen, gain = i, change
            if chosen < 0:
                offset += increment
                continue
            offset, flips, energy = 0, flips + 1, energy + gain
            x[chosen] = 1 - x[chosen]
            if energy < lowest:
                lowest, best = energy, list(x)
        assert [2 * v - 1 for v in x] == found.last[r].tolist()
        assert [2 * v - 1 for v in best] == found.best[r].tolist()
        assert flips == found.flips[r]


def test_the_automaton_is_that_of_pythons_integers():
    words = spin_words(glass(6, 6), 8, 16)
    temperatures = fixed_temperatures(np.geomspace(0.05, 2.0, 200), words.scale)
    pinnings = (temperatures // 128).astype(np.int64)
    found, flips = automaton_reads(words, temperatures, pinnings, kernel_states(read_seeds(4, 2)))
    streams = kernel_states(read_seeds(4, 2))
    starts = np.empty((2, 6), np.int8)
    randomize_spins(starts, streams)
    w, b = words.couplings.tolist(), words.biases.tolist()
    for r in range(2):
        s, turned = [int(v) for v in starts[r]], 0
        for t, q in zip(temperatures.tolist(), pinnings.tolist(), strict=True):
            new = []
            for i in range(6):
                u = max(uniform(streams[r]), 1.1e-16)
                noise = math.floor((math.log(u) - math.log(1.0 - u)) * 65536)
                field = b[i] + sum(w[i][j] * s[j] for j in range(6)) + q * s[i]
                new.append(1 if field > (t * noise) >> 24 else -1)
            turned += sum(a != c for a, c in zip(s, new, strict=True))
            s = new
        assert s == found[r].tolist()
        assert turned == flips[r]


def test_the_kings_graph_is_that_of_pythons_integers():
    """A 4 x 4 King's graph in 4-bit words, site by site in the order of its four colors, draws compared as integers."""
    graph = kings_graph(4, 4)
    rng = np.random.default_rng(1)
    j = np.zeros((16, 16))
    for a, c in graph.edges:
        j[a, c] = j[c, a] = rng.integers(-7, 8)
    problem = Ising(j, rng.integers(-7, 8, 16).astype(float))
    words = held_in_words(problem, 7)
    betas = np.geomspace(0.02, 0.5, 40)
    colors = 2 * (np.arange(16) // 4 % 2) + np.arange(16) % 2
    assert not j[colors[:, None] == colors].any()
    found, flips = heat_bath_reads(words, colors, betas, kernel_states(read_seeds(2, 2)))
    order = np.argsort(colors, kind="stable")
    largest = int((np.abs(j).sum(axis=1) + np.abs(problem.biases)).max())
    assert largest <= 63
    table = probability_table(betas, words.scale, largest).tolist()
    streams = kernel_states(read_seeds(2, 2))
    starts = np.empty((2, 16), np.int8)
    randomize_spins(starts, streams)
    whole, h = (np.rint(words.scale * each).astype(int).tolist() for each in (j, problem.biases))
    for r in range(2):
        s, turned = [int(v) for v in starts[r]], 0
        for t in range(40):
            for i in order:
                field = h[i] + sum(whole[i][k] * s[k] for k in range(16))
                new = 1 if int(next_uint64(streams[r])) >> 32 < table[t][field + largest] else -1
                turned += new != s[i]
                s[i] = new
        assert s == found[r].tolist()
        assert turned == flips[r]


# Laws.


def test_probabilities_of_flips_are_those_of_all_subsets():
    a = np.array([0.3, 0.9, 0.05, 1.0, 0.6])
    expected = np.zeros(5)
    for subset in range(1, 32):
        members = [i for i in range(5) if subset >> i & 1]
        p = math.prod(a[i] if i in members else 1.0 - a[i] for i in range(5))
        expected[members] += p / len(members)
    assert np.allclose(flip_probabilities(a), expected, atol=1e-14)
    assert flip_probabilities(a).sum() == pytest.approx(1.0 - math.prod(1.0 - a))


def divergence(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.sum(p * np.log(p / q)))


def test_parallel_trial_is_exact_without_couplings_only():
    """What holds: detailed balance of uncoupled spins. What does not: any coupling, unless flips are rare."""
    alone = Ising(np.zeros((4, 4)), [0.3, -0.8, 0.1, 0.5])
    flow = exact.boltzmann(alone, 0.9)[:, None] * parallel_trial_matrix(alone, 0.9)
    assert np.allclose(flow, flow.T, atol=1e-15)
    coupled = glass(5, 4)
    law = stationary_law(parallel_trial_matrix(coupled, 0.6))
    assert law.min() > 0.0
    assert divergence(law, exact.boltzmann(coupled, 0.6)) > 0.01
    assert divergence(law, exact.boltzmann(coupled, 0.6)) < divergence(
        np.full(16, 1 / 16), exact.boltzmann(coupled, 0.6)
    )


def test_parallel_trial_nears_boltzmann_as_flips_become_rare():
    """Acceptances times epsilon: the distance falls with its square, since P is a_i to first order in epsilon."""
    coupled, beta = glass(5, 4), 0.6
    energies = exact.all_energies(coupled)
    states = np.arange(16)
    flipped = states[:, None] ^ (1 << np.arange(4))
    distances = []
    for epsilon in (0.1, 0.01):
        acceptance = epsilon * np.exp(-np.maximum(0.0, beta * (energies[flipped] - energies[:, None])))
        matrix = np.zeros((16, 16))
        for k in states:
            matrix[k, flipped[k]] = flip_probabilities(acceptance[k])
        matrix[states, states] = 1.0 - matrix.sum(axis=1)
        distances.append(divergence(stationary_law(matrix), exact.boltzmann(coupled, beta)))
    assert distances[0] / distances[1] == pytest.approx(100.0, rel=0.2)


def test_parallel_trial_follows_its_enumerated_law_and_not_boltzmann():
    """20,000 reads of 200 steps without offset against the stationary law of the matrix; Boltzmann is rejected."""
    problem, beta = glass(5, 4), 0.6
    words = binary_words(problem, 16, 26)
    temperatures = fixed_temperatures(np.full(200, beta), words.scale)
    spins = parallel_trial(words, temperatures, 0, kernel_states(read_seeds(8, 20_000))).last
    require_distribution(spins, stationary_law(parallel_trial_matrix(words.held, beta)), "parallel trial")
    with pytest.raises(AssertionError):
        require_distribution(spins, exact.boltzmann(words.held, beta), "parallel trial")


def test_at_infinite_temperature_the_parity_never_settles():
    matrix = parallel_trial_matrix(glass(5, 4), 0.0)
    odd = np.array([bin(k).count("1") % 2 for k in range(16)], bool)
    assert matrix[np.ix_(odd, odd)].max() == pytest.approx(0.0, abs=1e-15)
    assert np.allclose(stationary_law(matrix), 1 / 16)


@pytest.mark.parametrize("pinning", [0.0, 1.0, 3.0])
def test_the_law_of_the_automaton_is_stationary_and_reversible(pinning):
    problem = glass(7, 4)
    law, matrix = automaton_law(problem, 0.7, pinning), automaton_matrix(problem, 0.7, pinning)
    assert np.allclose(matrix.sum(axis=1), 1.0)
    flow = law[:, None] * matrix
    assert np.allclose(flow, flow.T, atol=1e-15)
    s = exact.spins_of(np.arange(16), 4).astype(float)
    j, h = problem.dense_couplings(), problem.biases
    pair = 0.35 * (s @ j @ s.T + (s @ h)[:, None] + (s @ h)[None, :]) + 0.5 * pinning * (s @ s.T)
    joint = np.exp(pair - pair.max())
    assert np.allclose(joint / joint.sum(), flow, atol=1e-15)  # of both replicas


def test_the_automaton_becomes_exact_as_the_pinning_grows():
    problem = glass(7, 4)
    boltzmann = exact.boltzmann(problem, 0.7)
    distances = [divergence(automaton_law(problem, 0.7, q), boltzmann) for q in (2.0, 4.0, 6.0, 8.0)]
    assert distances == sorted(distances, reverse=True)
    assert distances[-2] / distances[-1] == pytest.approx(math.exp(4.0), rel=0.1)  # e^-2q


def test_without_pinning_an_antiferromagnetic_pair_turns_in_circles():
    """Least pinning is where ++ and -- no longer alternate: both replicas then agree where the exponent is largest."""
    pair = Ising([[0.0, -1.0], [-1.0, 0.0]])
    assert least_pinning(pair) == pytest.approx(1.0)
    law = automaton_law(pair, 4.0, 0.0)
    assert law[0] == pytest.approx(law[1])  # ++ as likely as +-
    pinned = automaton_law(pair, 4.0, 4.0 * least_pinning(pair) + 2.0)
    assert pinned[0] < 0.1 * pinned[1]


def test_sampling_many_spins_is_refused_where_the_law_is_not_stated():
    device = CellularAutomaton()
    with pytest.raises(DoesNotFit, match="17 spins"):
        device.run(device.program(glass(1, 17)), Sample(1.0), 1, 0)
    chip = CmosAnnealer()
    with pytest.raises(DoesNotFit, match="chains"):
        chip.run(chip.program(glass(1, 6)), Sample(1.0), 1, 0)


# Placement.


@pytest.mark.parametrize("n", [2, 3, 8, 13])
def test_a_complete_graph_fits_into_a_kings_graph(n):
    embedding = Embedding(kings_clique(n, n), kings_graph(n, n), "")
    check_embedding(coupled_pairs(plus_minus(0, n)), embedding)
    assert embedding.longest == n


def test_direct_placement_is_an_embedding_or_nothing():
    torus = nm.Ising.from_networkx(kings_graph(3, 5))
    found = place_directly(coupled_pairs(torus), kings_graph(8, 8))
    assert found is not None
    check_embedding(coupled_pairs(torus), found)
    assert place_directly(coupled_pairs(plus_minus(0, 5)), kings_graph(8, 8)) is None


def test_lattices_are_placed_row_by_row_and_sampled_exactly():
    lattice = Ising.from_networkx(kings_graph(2, 3))
    device = CmosAnnealer(sweeps=100)
    program = device.program(lattice)
    assert program.state.colors.tolist() == [0, 1, 0, 2, 3, 2]
    assert "row by row" in program.notes[0]
    assert program.mapping_error == 0.0
    run = device.run(program, Sample(0.3), 20_000, 3)
    require_distribution(run.spins, exact.boltzmann(lattice, 0.3), "lattice")
    with pytest.raises(DoesNotFit, match="no part of a King's graph"):
        CmosAnnealer(side=20).program(plus_minus(0, 21))


def test_sparse_graphs_are_embedded_with_short_chains():
    problem = Ising.from_networkx(nx.random_regular_graph(3, 40, seed=1))
    device = CmosAnnealer()
    program = device.program(Ising(-problem.dense_couplings()))
    assert "by minorminer" in program.notes[0]
    assert program.state.longest < 10
    assert device.run(program, Minimize(), 50, 1).activity["broken_chains"].mean() < 0.01


def test_chains_break_less_where_they_are_annealed_longer():
    problem = glass(2, 8)
    shares = []
    for sweeps in (20, 4000):
        device = CmosAnnealer(sweeps=sweeps)
        run = device.run(device.program(problem), Minimize(), 100, 1)
        shares.append(float(run.activity["broken_chains"].mean()))
    assert 1.0 >= shares[0] > 1.5 * shares[1] >= 0.0


def test_new_chips_find_the_best_cut_of_a_small_graph():
    problem = plus_minus(3, 14)
    lowest = exact.ground_states(problem)[0]
    for device in (DigitalAnnealer(), CellularAutomaton()):
        run = device.run(device.program(problem), Minimize(), 20, 2)
        assert np.mean(run.energies == lowest) >= 0.5, device.name
