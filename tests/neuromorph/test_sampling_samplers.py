"""Every sampler against enumeration, and mistakes that must not pass.

20,000 independent reads of 5 spins, irregular J, h != 0, beta = 0.8: G detects KL >= 0.0025; chance fails once in 10^6.
"""

from collections import OrderedDict
from importlib import import_module

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import expm

from neuromorph import Ising, exact, sampling
from neuromorph.sampling import clusters, replica_exchange, tempering_ladder
from neuromorph.sampling.replica_exchange import Ladders
from neuromorph.testing import require_distribution

population = import_module("neuromorph.sampling.population_annealing")  # the page has the function of that name

coloring = import_module("neuromorph.sampling.block_gibbs")
quantum = import_module("neuromorph.sampling.path_integral")  # the page has the function of that name

BETA, READS = 0.8, 20_000


def glass(n, seed, scale=1.0, as_sparse=False):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(scale=scale, size=(n, n)), 1)
    j += j.T
    return Ising(sparse.csr_array(j) if as_sparse else j, rng.normal(scale=0.6, size=n), 1.5)


GLASS = glass(5, 12, scale=0.7)
RING = Ising(
    np.where(abs(np.subtract.outer(np.arange(5), np.arange(5))) % 3 == 1, 1.5 * GLASS.couplings, 0), GLASS.biases
)
PROBLEMS = {"isoenergetic": RING}  # where clusters are not all that differs


def by_quantum_annealing(ising, beta, rng):
    gammas = np.r_[np.linspace(3.0, 0.0, 10), np.zeros(20)]
    return sampling.quantum_annealing(ising, gammas, READS, beta=beta, slices=4, descend=False, rng=rng)


SAMPLERS = {
    "gibbs": lambda ising, beta, rng: sampling.gibbs(ising, beta, 1, chains=READS, burn_in=40, rng=rng),
    "metropolis": lambda ising, beta, rng: sampling.metropolis(ising, beta, 1, chains=READS, burn_in=40, rng=rng),
    "block_gibbs": lambda ising, beta, rng: sampling.block_gibbs(ising, beta, 1, chains=READS, burn_in=40, rng=rng),
    "swendsen_wang": lambda ising, beta, rng: sampling.swendsen_wang(ising, beta, 1, chains=READS, burn_in=40, rng=rng),
    "wolff": lambda ising, beta, rng: sampling.wolff(ising, beta, 1, chains=READS, burn_in=40, rng=rng),
    "tempering": lambda ising, beta, rng: sampling.tempering(
        ising, [0.4 * beta, beta], 1, chains=READS, burn_in=15, rng=rng),
    "isoenergetic": lambda ising, beta, rng: sampling.tempering(
        ising, [0.4 * beta, beta], 1, chains=READS, burn_in=15, isoenergetic=True, rng=rng),
    "population": lambda ising, beta, rng: sampling.population_annealing(ising, beta, READS, sweeps=12, rng=rng),
    "anneal": lambda ising, beta, rng: sampling.simulated_annealing(
        ising, np.r_[0.5 * beta, np.full(40, beta)], READS, descend=False, rng=rng),
    "quantum_anneal": by_quantum_annealing,
}  # fmt: skip

MISTAKES = {
    "turned couplings": (lambda i: Ising(-i.couplings, i.biases), lambda b: b),
    "turned biases": (lambda i: Ising(i.couplings, -i.biases), lambda b: b),
    "missing biases": (lambda i: Ising(i.couplings), lambda b: b),
    "doubled couplings": (lambda i: Ising(2.0 * i.couplings, i.biases), lambda b: b),
    "couplings 10 % off": (lambda i: Ising(1.1 * i.couplings, i.biases), lambda b: b),
    "beta squared": (lambda i: i, lambda b: b**2),
    "beta ignored": (lambda i: i, lambda b: 1.0),
    "half of every field": (lambda i: i, lambda b: b / 2),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_follow_boltzmann(name):
    ising = PROBLEMS.get(name, GLASS)
    samples = SAMPLERS[name](ising, BETA, 3)
    require_distribution(samples.flat(), exact.boltzmann(ising, BETA), name)
    assert samples.energies.ravel() == pytest.approx(ising.energy(samples.flat()))
    assert samples.status == "ok"


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_caught(mistake):
    """Reads of a problem or a beta that is slightly wrong do not pass, however they are drawn."""
    problem, temperature = MISTAKES[mistake]
    wrong = SAMPLERS["block_gibbs"](problem(GLASS), temperature(BETA), 3).flat()
    with pytest.raises(AssertionError):
        require_distribution(wrong, exact.boltzmann(GLASS, BETA), mistake)


# Mistakes inside: each breaks one line of a kernel, and only that.


def always_swap(energies, *rest):
    parallel_swap(np.zeros_like(energies), *rest)


def swap_the_wrong_way(energies, *rest):
    parallel_swap(-energies, *rest)


def clusters_without_bonds(indptr, indices, *rest):
    return exchange_clusters(np.zeros_like(indptr), indices, *rest)


def no_weights(energies, step, states, sources, logs):
    population_resample(np.zeros_like(energies), step, states, sources, logs)


def all_at_once(indptr, indices, data, biases, betas, order, starts, spins, states):
    coupled_sweeps(indptr, indices, data, biases, betas, order, np.array([0, order.size]), spins, states)


def half_bonds(data, beta):
    return bond_chances(data, beta / 2)


def worldlines_without_slices(indptr, indices, data, biases, beta, gammas, begin, end, spins, states):
    slices = spins.shape[2]
    worldlines(indptr, indices, data, biases, beta * slices, gammas / slices, begin, end, spins, states)


exchange_clusters, bond_chances, clusters_graph = (
    replica_exchange.exchange_clusters, clusters.bond_chances, clusters._graph)  # fmt: skip
worldlines = quantum.worldline_sweeps
parallel_swap, population_resample = replica_exchange.swap, population.resample
coupled_sweeps = coloring.color_sweeps


@pytest.mark.parametrize(
    ("module", "kernel", "broken", "run"),
    [
        (replica_exchange, "swap", always_swap, SAMPLERS["tempering"]),
        (replica_exchange, "swap", swap_the_wrong_way, SAMPLERS["tempering"]),
        (replica_exchange, "exchange_clusters", clusters_without_bonds, SAMPLERS["isoenergetic"]),
        (population, "resample", no_weights,
         lambda i, b, rng: sampling.population_annealing(i, b, READS, sweeps=1, rng=rng)),
        (coloring, "color_sweeps", all_at_once, SAMPLERS["block_gibbs"]),
        (clusters, "bond_chances", half_bonds,
         lambda i, b, rng: sampling.swendsen_wang(i, b, 1, chains=READS, burn_in=40, sweeps_between=0, rng=rng)),
        (clusters, "_graph", lambda i: clusters_graph(Ising(i.couplings)), SAMPLERS["wolff"]),
        (quantum, "worldline_sweeps", worldlines_without_slices, SAMPLERS["quantum_anneal"]),
    ],
    ids=["always swaps", "swaps the wrong way", "exchanges single sites", "resamples without weights",
         "updates coupled spins at once", "bonds with beta for 2 beta", "clusters without the ghost",
         "slices with all of every field"],
)  # fmt: skip
def test_broken_kernels_are_caught(monkeypatch, module, kernel, broken, run):
    monkeypatch.setattr(module, kernel, broken)
    ising = RING if kernel == "exchange_clusters" else GLASS
    with pytest.raises(AssertionError):
        require_distribution(run(ising, BETA, 3).flat(), exact.boltzmann(ising, BETA))


# Clusters: without heat bath in between they are samplers of their own, on any signs of couplings.


@pytest.mark.parametrize("method", [sampling.swendsen_wang, sampling.wolff])
@pytest.mark.parametrize("biased", [False, True])
def test_clusters_alone_follow_boltzmann(method, biased):
    """A ring of antiferromagnetic and ferromagnetic bonds that nothing frustrates, and its gauge's biases."""
    gauge = np.array([1, -1, -1, 1, -1, 1])
    j = np.zeros((6, 6))
    for k, strength in enumerate([0.9, 0.4, 0.7, 0.5, 1.1, 0.3]):
        j[k, (k + 1) % 6] = j[(k + 1) % 6, k] = strength * gauge[k] * gauge[(k + 1) % 6]
    ising = Ising(j, gauge * [0.3, 0.0, 0.2, 0.5, 0.1, 0.0] if biased else None)
    samples = method(ising, BETA, 1, chains=READS, burn_in=60, rng=5)
    assert not samples.diagnostics["frustrated"]
    assert samples.diagnostics["sweeps_between"] == 0
    assert samples.message == ""
    require_distribution(samples.flat(), exact.boltzmann(ising, BETA), method.__name__)


def test_frustration_is_found_and_said():
    """A triangle of antiferromagnetic bonds; a bias against a ferromagnetic pair; not a square, not a gauge."""
    triangle = Ising(-(np.ones((3, 3)) - np.eye(3)))
    pair = Ising([[0.0, 1.0], [1.0, 0.0]], [1.0, -0.5])
    square = sampling.square_lattice(4, 4, coupling=-1.0)
    assert sampling.is_frustrated(triangle)
    assert sampling.is_frustrated(pair)
    assert not sampling.is_frustrated(square)
    samples = sampling.wolff(triangle, BETA, 10, rng=0)
    assert "frustrated" in samples.message
    assert samples.diagnostics["sweeps_between"] == 1


# Tempering.


def test_ladders_have_equal_swap_rates_and_replicas_travel():
    """Rates within 0.06 of each other on a glass that geometric steps do not serve; round trips on every chain."""
    ising = glass(24, 3, scale=1.0 / np.sqrt(24))
    betas = sampling.ladder(ising, 4.0, rng=1)
    assert (np.diff(betas) > 0).all()
    assert betas[-1] == 4.0
    samples = sampling.tempering(ising, betas, 2000, chains=4, burn_in=200, rng=2)
    rates = samples.diagnostics["swap_rates"]
    assert np.ptp(rates) < 0.06
    assert 0.35 < rates.mean() < 0.75
    assert (samples.diagnostics["round_trips"] > 20).all()
    wide = sampling.tempering(ising, np.geomspace(betas[0], 4.0, betas.size), 2000, chains=4, burn_in=200, rng=2)
    assert np.ptp(wide.diagnostics["swap_rates"]) > 0.12


def test_a_ladder_of_couplings_of_any_size_is_finite():
    pair = Ising(1e-300 * np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2))
    betas = sampling.ladder(pair, 4e300, rng=1)
    assert betas[-1] == 4e300
    assert np.isfinite(betas).all()
    assert (np.diff(betas) > 0.0).all()


def test_a_ladder_belongs_to_its_model_and_is_sought_once(monkeypatch):
    """The same for an equal model whatever the seed of the run, another for another; what is kept is a copy."""
    searched, seen = tempering_ladder._searched, []
    monkeypatch.setattr(tempering_ladder, "_found", OrderedDict())
    monkeypatch.setattr(tempering_ladder, "_searched", lambda *given: seen.append(given) or searched(*given))
    first, again = (sampling.tempering(glass(12, 5), 0.8, 4, burn_in=0, rng=k).betas for k in (1, 2))
    assert np.array_equal(first, again)
    assert len(seen) == 1
    sampling.ladder(glass(12, 5), 0.8)[:] = 0.0
    assert np.array_equal(sampling.ladder(glass(12, 5), 0.8), first)
    for other in (lambda: sampling.ladder(glass(12, 6), 0.8), lambda: sampling.ladder(glass(12, 5), 0.9)):
        assert not np.array_equal(other(), first)
    assert len(seen) == 3
    for seed in range(tempering_ladder._KEPT):
        sampling.ladder(glass(4, 5), 0.8, rng=seed)
    assert len(tempering_ladder._found) == tempering_ladder._KEPT


def test_pilot_runs_go_on_from_the_spins_before_and_are_bounded(monkeypatch):
    """Spins at a beta come from the nearest one before; the work does not grow with the square of the problem."""
    place, advance, placed, work = Ladders.place, Ladders.advance, [], []

    def noted(self, spins):
        placed.append((self._ising.energy(spins.reshape(-1, 400)).reshape(spins.shape[:2]), self._betas))
        place(self, spins)

    def counted(self, sweeps, step=""):
        work.append(sweeps.size * self._lanes.count * self._ising.size)
        advance(self, sweeps, step)

    monkeypatch.setattr(Ladders, "place", noted)
    monkeypatch.setattr(Ladders, "advance", counted)
    lattice = sampling.square_lattice(20, 20)
    sampling.ladder(lattice, 0.6, rng=11)
    assert len(placed) == 2
    for energies, betas in placed:  # equilibrated: a random state has 0, the exact energy at 0.3 is -1.1 a spin
        assert np.corrcoef(energies.mean(axis=0), betas)[0, 1] < -0.9
        assert energies.mean(axis=0)[-1] < -650.0
    monkeypatch.setattr(tempering_ladder, "_UPDATES", 1 << 20)
    work.clear()
    sampling.ladder(lattice, 0.6, rng=11)
    assert sum(work) < 1 << 22


def test_tempering_keeps_the_lowest_state():
    ising = glass(12, 5)
    samples = sampling.tempering(ising, [0.2, 0.4, 0.8], 200, chains=3, rng=1)
    lowest, spins = samples.diagnostics["lowest"], samples.diagnostics["lowest_spins"]
    assert lowest == pytest.approx(exact.ground_states(ising)[0])
    assert ising.energy(spins) == pytest.approx(lowest)


def test_mean_energies_of_a_ladder_are_those_of_enumeration():
    """A ladder that loses track of which lane is at which beta fails; 5 sigma on 8 x 4000 draws."""
    betas = [0.2, 0.5, 0.9]
    samples = sampling.tempering(GLASS, betas, 4000, chains=8, burn_in=50, rng=4)
    for beta, mean in zip(betas, samples.diagnostics["mean_energies"], strict=True):
        p, e = exact.boltzmann(GLASS, beta), exact.all_energies(GLASS)
        spread = np.sqrt(p @ e**2 - (p @ e) ** 2)
        assert abs(mean - p @ e) < 5 * spread * np.sqrt(4 / 32_000)


def test_isoenergetic_clusters_keep_the_sum_of_energies():
    ising = sampling.square_lattice(6, 6)
    rng = np.random.default_rng(0)
    j = ising.sparse_couplings().copy()
    upper = sparse.triu(j, 1).tocoo()
    signs = sparse.coo_array((rng.choice([-1.0, 1.0], upper.nnz), upper.coords), shape=j.shape)
    ising = Ising(sparse.csr_array(signs + signs.T), rng.normal(size=36))
    spins = rng.choice([-1, 1], (2, 1, 36)).astype(np.int8)
    before, j = spins.copy(), ising.sparse_couplings()
    states = np.array([[1, 2, 3, 4], [5, 6, 7, 8]], np.uint64)
    graph = (j.indptr.astype(np.int64), j.indices.astype(np.int64))
    size = replica_exchange.exchange_clusters(*graph, spins, np.zeros((2, 1), np.int64), 0, 1, False, states)
    assert 0 < size < 36
    assert (spins != before).any()
    assert ising.energy(spins[:, 0]).sum() == pytest.approx(ising.energy(before[:, 0]).sum())


# Quantum.


def quantum_density(ising, beta, gamma):
    h = np.diag(exact.all_energies(ising))
    for i in range(ising.size):
        states = np.arange(2**ising.size)
        h[states, states ^ (1 << i)] -= gamma
    rho = expm(-beta * h)
    return rho / np.trace(rho), h


def test_slices_follow_the_trotter_problem():
    """Every slice and its neighbor, at 4 slices of 3 spins, against enumeration of all 12 spins."""
    ising = glass(3, 8)
    whole = sampling.trotter(ising, BETA, 0.7, 4)
    p = exact.boltzmann(whole, BETA).reshape(2**6, 2**6).sum(axis=0)
    world = quantum._Worldlines(ising, BETA, 4, READS, 3)
    world.sweep(np.full(30, 0.7))
    require_distribution(np.concatenate([world.slice(0), world.slice(1)], axis=1), p, "slices 0 and 1")


def test_path_integrals_follow_the_quantum_state():
    """16 slices against exp(-beta H) by expm: states, <sigma_x>, <E>; beta for beta / P fails."""
    ising, gamma = glass(3, 8), 0.7
    rho, h = quantum_density(ising, BETA, gamma)
    reads = sampling.path_integral(ising, BETA, gamma, 1, slices=16, chains=READS, burn_in=30, rng=6)
    require_distribution(reads.flat(), np.diag(rho), "measurements")
    transverse = np.trace(rho @ (np.diag(np.diag(h)) - h)) / gamma / 3
    assert reads.diagnostics["transverse"] == pytest.approx(transverse, abs=5e-3)
    assert reads.diagnostics["classical_energy"] == pytest.approx(np.trace(rho @ np.diag(np.diag(h))), abs=2e-2)


def test_trotter_slices_converge_to_the_quantum_state():
    """The error of the diagonal falls as P^-2: halving the step divides it by 4 within 10 %."""
    ising = glass(2, 8)
    wanted = np.diag(quantum_density(ising, BETA, 0.9)[0])
    errors = []
    for slices in (4, 8):
        p = exact.boltzmann(sampling.trotter(ising, BETA, 0.9, slices), BETA).reshape(-1, 4).sum(axis=0)
        errors.append(np.abs(p - wanted).max())
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.1)


@pytest.mark.parametrize("run", [
    lambda ising: sampling.simulated_annealing(ising, reads=40, rng=1),
    lambda ising: sampling.simulated_annealing(
        ising, sampling.adaptive_schedule(ising, *sampling.default_range(ising), 300, rng=0), reads=40, rng=1),
    lambda ising: sampling.quantum_annealing(ising, reads=40, rng=1),
], ids=["geometric", "adaptive", "quantum"])  # fmt: skip
def test_anneals_find_ground_states(run):
    ising = glass(14, 2)
    samples = run(ising)
    ground, states = exact.ground_states(ising)
    assert np.isclose(samples.energies, ground).mean() > 0.3
    assert samples.best()[1] == pytest.approx(ground)
    assert samples.best()[0].tolist() == states[0].tolist()


# Schedules.


def test_schedules_end_where_they_should():
    assert sampling.linear_schedule(0.1, 2.0, 20)[[0, -1]].tolist() == [0.1, 2.0]
    assert sampling.geometric_schedule(0.1, 2.0, 20)[[0, -1]] == pytest.approx([0.1, 2.0])
    betas = sampling.adaptive_schedule(GLASS, 0.0, 3.0, 50, rng=0)
    assert betas[[0, -1]].tolist() == [0.0, 3.0]
    assert (np.diff(betas) > 0).all()


def test_adaptive_schedules_go_at_constant_thermodynamic_speed():
    """Steps times the exact sqrt(Var E) are alike within the pilot's noise; those of equal steps are not."""
    ising = glass(10, 7)
    betas = sampling.adaptive_schedule(ising, 0.0, 1.0, 21, pilot=512, pilot_sweeps=2048, rng=0)
    energies = exact.all_energies(ising)

    def lengths(path):
        middle = 0.5 * (path[1:] + path[:-1])
        p = np.array([exact.boltzmann(ising, beta) for beta in middle])
        return np.diff(path) * np.sqrt(p @ energies**2 - (p @ energies) ** 2)

    even, adapted = lengths(np.linspace(0.0, 1.0, 21)), lengths(betas)
    assert even.max() / even.min() > 3
    assert adapted.max() / adapted.min() < 1.35


# What all have in common.


@pytest.mark.parametrize("method", [
    sampling.gibbs, sampling.metropolis, sampling.block_gibbs, sampling.swendsen_wang, sampling.wolff,
    lambda *a, **k: sampling.tempering(a[0], [0.2, 0.8], *a[2:], **k),
    lambda ising, beta, draws, **k: sampling.path_integral(ising, beta, 0.5, draws, slices=4, **k),
])  # fmt: skip
def test_chains_are_reproducible_and_begin_alike(method):
    """Same seed, same chains; the first of many chains are those of few; a sequence goes on where it stopped."""
    few, many, other = (method(GLASS, BETA, 20, chains=c, burn_in=5, thin=2, rng=seed).spins
                        for c, seed in ((2, 1), (5, 1), (2, 2)))  # fmt: skip
    assert few.shape == (2, 20, 5)
    assert np.array_equal(many[:2], few)
    assert not np.array_equal(other, few)
    sequence = np.random.SeedSequence(1)
    parts = [method(GLASS, BETA, 20, chains=c, burn_in=5, thin=2, rng=sequence).spins for c in (2, 3)]
    assert np.array_equal(np.concatenate(parts), many)


def test_a_schedule_may_stand_for_burn_in():
    betas = sampling.geometric_schedule(0.1, BETA, 30)
    a = sampling.gibbs(GLASS, BETA, 3, burn_in=betas, rng=1)
    b = sampling.simulated_annealing(GLASS, np.r_[betas, BETA], 4, descend=False, rng=1)
    assert np.array_equal(a.spins[:, 0], b.spins)


def test_an_interrupted_chain_keeps_its_draws():
    def stop(done, _):
        if done == 7:
            raise KeyboardInterrupt

    samples = sampling.gibbs(GLASS, BETA, 100, chains=3, rng=1, progress=stop)
    assert samples.status == "interrupted"
    assert samples.spins.shape == (3, 7, 5)
    assert np.array_equal(samples.spins, sampling.gibbs(GLASS, BETA, 7, chains=3, rng=1).spins)


def test_colors_of_coupled_spins_differ():
    ising = sampling.square_lattice(6, 4)
    colors = sampling.color_spins(ising)
    row, column = ising.sparse_couplings().tocoo().coords
    assert (colors[row] != colors[column]).all()
    assert colors.max() + 1 <= 4  # greedy; two would do
    assert sampling.color_spins(Ising(np.zeros((3, 3)))).tolist() == [0, 0, 0]
    with pytest.raises(ValueError, match="both have color 0"):
        sampling.block_gibbs(ising, 1.0, colors=np.zeros(24, int))


@pytest.mark.parametrize(("call", "match"), [
    (lambda: sampling.gibbs(GLASS, -1.0), "beta is -1"),
    (lambda: sampling.gibbs(GLASS, np.inf), "beta is inf"),
    (lambda: sampling.gibbs(GLASS, 1.0, 0), "draws is 0"),
    (lambda: sampling.gibbs(GLASS, 1.0, chains=0), "chains is 0"),
    (lambda: sampling.gibbs(GLASS, 1.0, thin=0), "thin is 0"),
    (lambda: sampling.gibbs(GLASS, 1.0, burn_in=-1), "burn_in is -1"),
    (lambda: sampling.gibbs(GLASS, 1.0, initial=np.ones(4)), r"shape \(4,\)"),
    (lambda: sampling.gibbs(GLASS, 1.0, initial=np.ones((3, 5))), "3 rows for 4"),
    (lambda: sampling.tempering(GLASS, [0.5, 0.4], 5), "do not rise"),
    (lambda: sampling.tempering(GLASS, [], 5), "betas have shape"),
    (lambda: sampling.ladder(GLASS, 1.0, hot=2.0), "hot must be below cold"),
    (lambda: sampling.simulated_annealing(GLASS, [0.1, np.nan]), "betas hold nan"),
    (lambda: sampling.simulated_annealing(GLASS, reads=0), "reads is 0"),
    (lambda: sampling.linear_schedule(2.0, 1.0, 5), "hot must not be above cold"),
    (lambda: sampling.geometric_schedule(0.0, 1.0, 5), "hot is 0"),
    (lambda: sampling.population_annealing(GLASS, [0.1, 0.1]), "do not rise"),
    (lambda: sampling.population_annealing(GLASS, 1.0, 0), "population is 0"),
    (lambda: sampling.path_integral(GLASS, 1.0, -0.5), "gamma is -0.5"),
    (lambda: sampling.quantum_annealing(GLASS, slices=0), "slices is 0"),
    (lambda: sampling.trotter(GLASS, 1.0, 0.0, 4), "above 0 only"),
])  # fmt: skip
def test_bad_input_is_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()
