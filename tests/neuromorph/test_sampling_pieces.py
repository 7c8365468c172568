"""Pieces of one cell and all at once give the same bits, for every kernel and generator; what a time limit leaves."""

import time
from collections import OrderedDict
from importlib import import_module
from math import inf

import numpy as np
import pytest
from scipy import sparse

from neuromorph import Ising, analog, exact, sampling
from neuromorph import associative_memory as memory
from neuromorph.associative_memory import mean_field
from neuromorph.associative_memory import relaxation as dynamics
from neuromorph.associative_memory import storage_capacity as capacity
from neuromorph.boltzmann.moments import gibbs_sweep_chains
from neuromorph.runtime import limits, pieces
from neuromorph.runtime.limits import TimeLimitReached, remaining_seconds, time_limit
from neuromorph.sampling import parallel_tempering, tempering_ladder
from neuromorph.sampling.replicas import dense, replicas

simulated_annealing = import_module("neuromorph.sampling.simulated_annealing")  # the page has the function


def graph(n, degree, kind, seed=1):
    """A random graph with biases, of real couplings or of -1 and +1."""
    rng = np.random.default_rng([seed, n])
    i, j = np.unique(np.sort(rng.integers(0, n, (n * degree // 2, 2)), axis=1), axis=0).T
    i, j = i[i < j], j[i < j]
    values = rng.normal(size=i.size) if kind == "real" else rng.choice([-1.0, 1.0], i.size)
    upper = sparse.coo_array((values, (i, j)), shape=(n, n))
    biases = rng.normal(size=n) if kind == "real" else rng.integers(-1, 2, n).astype(float)
    return Ising(sparse.csr_array(upper + upper.T), biases, 0.5)


LARGE, LARGE_INTEGERS = graph(300, 6, "real"), graph(300, 6, "integers")  # two blocks of spins
SMALL = graph(9, 4, "real")


@pytest.fixture
def in_pieces(monkeypatch):
    """Sets the size of pieces: one cell, or all there is."""

    def set_size(single):
        monkeypatch.setattr(pieces, "PIECE_S", 0.0 if single else inf)
        monkeypatch.setattr(pieces, "_FIRST", 1 if single else 1 << 40)
        for module in (simulated_annealing, dynamics, capacity):
            monkeypatch.setattr(module, "_WORK", 1 if single else 1 << 60)

    return set_size


def alike(in_pieces, run):
    """What ``run()`` returns, arrays, is the same to the last bit in pieces of every size."""
    found = []
    for single in (True, False):
        in_pieces(single)
        found.append(run())
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


KERNELS = [(kernel, "xoshiro") for kernel in ("plain", "sparse", "int8", "dense", "packed", "lattice")]
KERNELS += [(kernel, "philox") for kernel in ("sparse", "int8", "dense")]


@pytest.mark.parametrize(("kernel", "generator"), KERNELS)
@pytest.mark.parametrize("update", ["heat-bath", "metropolis"])
def test_kernels_do_not_depend_on_pieces(in_pieces, monkeypatch, kernel, generator, update):
    """Two strips, cut inside sweeps too; all lanes at one beta and each at its own; dense fields summed anew twice."""
    ising = {"int8": LARGE_INTEGERS, "packed": LARGE_INTEGERS, "lattice": sampling.square_lattice(16, 128)}
    monkeypatch.setattr(dense, "SPAN", 8)

    def run(workers=1):
        lanes = replicas(
            ising.get(kernel, LARGE), 3 if kernel == "lattice" else 70, kernel=kernel, update=update, rng=5,
            generator=generator, workers=workers,
        )  # fmt: skip
        lanes.sweep(np.linspace(0.1, 0.9, 11))
        lanes.take(np.arange(lanes.count)[::-1].copy())
        lanes.sweep(np.full((3, lanes.count), np.linspace(0.2, 1.0, lanes.count)))
        return lanes.spins(), lanes.energies(), lanes.energies(exact=False), lanes.spins([2, 0])

    alike(in_pieces, run)
    in_pieces(True)
    one, two = run(), run(workers=2)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(one[3], one[0][[2, 0]])


CHAINS = {"chains": 3, "burn_in": 20, "thin": 2, "rng": 2}
SAMPLERS = {
    "gibbs": lambda: sampling.gibbs(LARGE, 0.4, 6, **CHAINS),
    "gibbs, plain": lambda: sampling.gibbs(LARGE, 0.4, 6, kernel="plain", **CHAINS),
    "block_gibbs": lambda: sampling.block_gibbs(LARGE, 0.4, 6, **CHAINS),
    "swendsen_wang": lambda: sampling.swendsen_wang(LARGE, 0.4, 6, **CHAINS),
    "wolff": lambda: sampling.wolff(LARGE, 0.4, 6, **CHAINS),
    "tempering": lambda: sampling.tempering(LARGE, [0.1, 0.3, 0.5], 6, **CHAINS),
    "isoenergetic": lambda: sampling.tempering(LARGE, [0.1, 0.3, 0.5], 6, isoenergetic=True, **CHAINS),
    "population": lambda: sampling.population_annealing(LARGE, [0.2, 0.4], 70, runs=2, sweeps=3, rng=3),
    "path_integral": lambda: sampling.path_integral(SMALL, 0.7, 0.5, 6, slices=5, **CHAINS),
    "quantum_anneal": lambda: sampling.quantum_annealing(SMALL, np.linspace(2.0, 0.0, 30), 5, slices=4, rng=3),
    "anneal": lambda: sampling.simulated_annealing(LARGE, np.linspace(0.1, 1.0, 20), 7, rng=3),
}


@pytest.mark.parametrize("name", SAMPLERS)
def test_samplers_do_not_depend_on_pieces(in_pieces, name):
    def run():
        samples = SAMPLERS[name]()
        numbers = [v for v in samples.diagnostics.values() if isinstance(v, (int, float, np.ndarray))]
        return samples.spins, samples.energies, *numbers

    alike(in_pieces, run)


def machine():
    rng = np.random.default_rng(2)
    spins, couplings = rng.choice(np.array([-1, 1], np.int8), (5, 12)), rng.normal(size=(12, 12))
    gibbs_sweep_chains(couplings + couplings.T, rng.normal(size=(5, 12)), spins, 9, 3)
    return (spins,)


def recalled(recall):
    return recall.spins, recall.energies, recall.updates, recall.period


PATTERNS = 2 * np.random.default_rng(3).integers(0, 2, (5, 60)) - 1
CUES = np.where(np.random.default_rng(4).random((5, 60)) < 0.2, -PATTERNS, PATTERNS)
HEBB = memory.hebb(PATTERNS)
DISTANCES = np.abs(np.subtract.outer(*2 * [np.random.default_rng(5).random(8)]))
OTHERS = {
    "enumeration": lambda: (exact.all_energies(SMALL),),
    "importance": lambda: (sampling.annealed_importance(SMALL, [0.2, 0.5], 70, rng=2).log_weights,),
    "softassign": lambda: (analog.softassign(DISTANCES, np.random.SeedSequence(1).spawn(2)).values,),
    "relax": lambda: recalled(memory.relax(HEBB, CUES, rng=1)),
    "relax, warm": lambda: recalled(memory.relax(HEBB, CUES, beta=2.0, sweeps=6, every=7, rng=1)),
    "dense": lambda: recalled(memory.DenseMemory(PATTERNS, 3).recall(CUES, rng=1)),
    "dense, exponential": lambda: recalled(memory.DenseMemory(PATTERNS, None).recall(CUES, beta=1.0, sweeps=5, rng=1)),
    "means": lambda: (
        mean_field.glauber_magnetization(memory.couplings_as_ising(HEBB), 2.0, CUES[0], sweeps=30, burn=5, rng=1),
    ),
    "retention": lambda: (
        memory.sample_final_overlaps(60, [0.1, 0.2], realizations=2, starts=4, rng=1, workers=2).overlaps,
    ),
    "machine": machine,
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_compiled_loops_do_not_depend_on_pieces(in_pieces, name):
    alike(in_pieces, OTHERS[name])


# Energies, draws and ladders when the time is over.


@pytest.mark.parametrize("kind", ["sparse", "dense"])
@pytest.mark.parametrize("chains", [1, 3])
def test_energies_of_draws_are_those_of_all_at_once(kind, chains):
    """To the last bit, though they are evaluated while draws are made; and against the definition."""
    ising = LARGE if kind == "sparse" else Ising(LARGE.dense_couplings(), LARGE.biases, LARGE.offset)
    samples = sampling.gibbs(ising, 0.4, 53, chains=chains, burn_in=3, rng=1)
    s = samples.flat().astype(float)
    js = np.asarray((ising.couplings @ s.T).T)
    whole = -0.5 * np.einsum("ri,ri->r", s, js) - s @ ising.biases + ising.offset
    assert np.array_equal(samples.energies.ravel(), whole)
    assert np.array_equal(ising.energy(samples.flat()), whole)


@pytest.mark.parametrize("reason", ["interrupted", "time limit"])
@pytest.mark.parametrize("sampler", [sampling.gibbs, sampling.swendsen_wang])
def test_draws_that_are_whole_are_kept_with_their_energies(reason, sampler):
    with time_limit() as limit:

        def stop(done, _):
            if done == 7:
                limit.deadline = -inf
                if reason == "interrupted":
                    raise KeyboardInterrupt

        samples = sampler(LARGE, 0.4, 100, chains=3, burn_in=3, rng=1, progress=stop)
    assert samples.status == reason
    assert samples.spins.shape == (3, 7, 300)
    assert samples.energies == pytest.approx(LARGE.energy(samples.flat()).reshape(3, 7), rel=1e-12)
    assert ("draws: 7 % done" in samples.message) == (reason == "time limit")
    with pytest.raises(KeyboardInterrupt if reason == "interrupted" else TimeLimitReached):
        samples.whole()


def test_without_a_whole_draw_the_limit_goes_through():
    with time_limit(time.monotonic() - 1.0), pytest.raises(TimeLimitReached):
        sampling.gibbs(LARGE, 0.4, 10, rng=1)


@pytest.mark.parametrize(("after", "rungs"), [(0, 17), (40, 16)])
def test_the_search_for_a_ladder_has_a_share_of_the_time_and_says_so(monkeypatch, after, rungs):
    """Over at once: the ladder of the anneal. After 40 sweeps of the first pilot: one from the rates so far."""
    advance = parallel_tempering.Ladders.advance

    def stop(self, sweeps, step=""):
        if not step.startswith("ladder"):
            return advance(self, sweeps, step)
        assert 200.0 < remaining_seconds() <= 250.0
        advance(self, sweeps[:after])
        limits._current.get().deadline = -np.inf  # it stays over, whoever looks
        raise TimeLimitReached(step, 0, 0, 0.0)

    monkeypatch.setattr(tempering_ladder, "_found", OrderedDict())  # another test may have found its ladder
    monkeypatch.setattr(parallel_tempering.Ladders, "advance", stop)
    with time_limit(time.monotonic() + 1e3):
        samples = sampling.tempering(LARGE, 0.5, 4, burn_in=3, rng=1)
    assert "ladder had its share of the time in round 1 of 2" in samples.message
    assert samples.status == "ok"
    assert samples.betas.size == rungs
    assert samples.betas[-1] == 0.5
    assert (np.diff(samples.betas) > 0).all()


def test_ctrl_c_ends_the_search_for_a_ladder(monkeypatch):
    """It once ended one pilot run, of which the search then went on."""
    advance = parallel_tempering.Ladders.advance

    def stop(self, sweeps, step=""):
        if "round 2" in step:
            raise KeyboardInterrupt
        advance(self, sweeps, step)

    monkeypatch.setattr(tempering_ladder, "_found", OrderedDict())  # another test may have found its ladder
    monkeypatch.setattr(parallel_tempering.Ladders, "advance", stop)
    with pytest.raises(KeyboardInterrupt):
        sampling.ladder(SMALL, 0.5, rng=1)
