"""The samplers as dimod samplers: dimod's own suite, labels, vartypes, initial states, seeds, timing."""

import unittest

import dimod
import dimod.testing
import numpy as np
import pytest

from neuromorph import Ising, exact, sampling, testing

SAMPLERS = [
    sampling.GibbsSampler,
    sampling.MetropolisSampler,
    sampling.BlockGibbsSampler,
    sampling.SwendsenWangSampler,
    sampling.SimulatedAnnealingSampler,
    sampling.TemperingSampler,
    sampling.PopulationAnnealingSampler,
    sampling.QuantumAnnealingSampler,
]
SAMPLES = [*SAMPLERS[:4], sampling.TemperingSampler, sampling.PopulationAnnealingSampler]
ANNEALS = [sampling.SimulatedAnnealingSampler, sampling.QuantumAnnealingSampler]
by_name = pytest.mark.parametrize("make", SAMPLERS, ids=lambda make: make.__name__)


def suite(make):
    @dimod.testing.load_sampler_bqm_tests(make)
    class Suite(unittest.TestCase):
        def test_api(self):
            dimod.testing.assert_sampler_api(make())

    Suite.__name__ = Suite.__qualname__ = f"Test{make.__name__}"
    return Suite


for _make in SAMPLERS:
    globals()[f"Test{_make.__name__}"] = suite(_make)


@pytest.fixture(scope="module")
def bqm():
    """Odd labels, irregular numbers, an isolated variable."""
    rng = np.random.default_rng(4)
    labels = ["b", ("a", 1), 7, "lone"]
    linear = dict(zip(labels, rng.normal(size=4), strict=True))
    quadratic = {("b", ("a", 1)): -0.9, (7, ("a", 1)): 0.6, ("b", 7): 0.4}
    return dimod.BinaryQuadraticModel(linear, quadratic, 0.5, dimod.SPIN)


@by_name
@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
def test_energies_seeds_and_timing(make, bqm, vartype):
    """A sampler that ignores its seed, mixes up labels or leaves out the timing fails."""
    bqm = bqm.change_vartype(vartype, inplace=False)
    first, again, other = (make().sample(bqm, num_reads=30, num_sweeps=3, beta_range=(0.05, 0.1), seed=s)
                           for s in (1, 1, 2))  # fmt: skip
    assert first.vartype is bqm.vartype
    assert len(first) == 30
    dimod.testing.assert_sampleset_energies(first, bqm, precision=9)
    assert np.array_equal(first.record.sample, again.record.sample)
    assert set(first.info["timing"]) == {"preprocessing_ns", "sampling_ns", "postprocessing_ns"}
    assert all(isinstance(ns, int) and ns >= 0 for ns in first.info["timing"].values())
    if make not in ANNEALS:  # which end in the one minimum
        assert not np.array_equal(first.record.sample, other.record.sample)


@pytest.mark.parametrize("make", SAMPLES, ids=lambda make: make.__name__)
def test_samples_follow_boltzmann_in_the_terms_of_dimod(make, bqm):
    """beta, signs and offsets of dimod: 20,000 reads against enumeration; the sign of h or J turned fails."""
    small = {"population_size": 6} if make is sampling.PopulationAnnealingSampler else {}
    found = make().sample(bqm, num_reads=20_000, num_sweeps=30, beta_range=(0.1, 0.7), seed=3, **small)
    order = list(bqm.variables)
    spins = found.record.sample[:, [list(found.variables).index(v) for v in order]]
    testing.require_distribution(spins, exact.boltzmann(Ising.from_dimod(bqm), 0.7), make.__name__)


@pytest.mark.parametrize("make", ANNEALS, ids=lambda make: make.__name__)
def test_annealers_find_the_ground_state(make, bqm):
    found = make().sample(bqm, num_reads=20, num_sweeps=200, seed=3)
    best = dimod.ExactSolver().sample(bqm).first.energy
    assert np.mean(np.isclose(found.record.energy, best)) > 0.5


@pytest.mark.parametrize(
    "make", [m for m in SAMPLERS if m is not sampling.PopulationAnnealingSampler], ids=lambda m: m.__name__
)
def test_initial_states_are_where_reads_start(make):
    """Two wells that no sampler leaves in a few cold sweeps: every read ends where it was put."""
    deep = dimod.BinaryQuadraticModel({}, {(a, b): -1.0 for a in "abcde" for b in "abcde" if a < b}, "BINARY")
    deep = dimod.BinaryQuadraticModel.from_ising({}, {k: -1.0 for k in deep.quadratic}).change_vartype("BINARY")
    starts = [dict.fromkeys("edcba", value) for value in (0, 1, 1, 0, 1)]
    cold = {"gamma_schedule": [0.0]} if make is sampling.QuantumAnnealingSampler else {"beta_schedule": [30.0]}
    found = make().sample(deep, num_sweeps=1, initial_states=starts, seed=1, **cold)
    ends = found.record.sample
    assert (ends == ends[:, :1]).all()
    if make is not sampling.SwendsenWangSampler:  # which turns whole clusters at any temperature
        assert ends[:, 0].tolist() == [0, 1, 1, 0, 1]


@by_name
@pytest.mark.parametrize(
    "wrong",
    [
        {"nonsense": 1},
        {"num_reads": 0},
        {"num_sweeps": 0},
        {"seed": -1},
        {"beta_range": (2.0, 1.0)},
        {"beta_range": (0.1, np.nan)},
        {"beta_range": (1.0,)},
    ],
    ids=str,
)
def test_bad_parameters_are_named(make, bqm, wrong):
    (name,) = wrong
    with pytest.raises((TypeError, ValueError), match=name):
        make().sample(bqm, **wrong)


def test_initial_states_that_do_not_fit_are_refused(bqm):
    for states, match in (({"b": 1}, "no value for"), ([dict.fromkeys(bqm.variables, 0)], "not SPIN")):
        with pytest.raises(ValueError, match=match):
            sampling.GibbsSampler().sample(bqm, initial_states=states)


def test_the_lowest_state_of_a_tempered_read(bqm):
    """At a hot cold end draws are far from the minimum, but the lowest state met is it."""
    hot = {"num_reads": 50, "num_sweeps": 100, "beta_range": (0.05, 0.1), "seed": 2}
    best = dimod.ExactSolver().sample(bqm).first.energy
    draws, lowest = (
        sampling.TemperingSampler().sample(bqm, lowest=flag, **hot).record.energy for flag in (False, True)
    )
    assert np.isclose(lowest, best).all()
    assert np.isclose(draws, best).mean() < 0.5
