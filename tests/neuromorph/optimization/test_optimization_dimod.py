"""The methods as dimod samplers: dimod's own suite, labels, vartypes, initial states, seeds, ground states."""

import unittest

import dimod
import dimod.testing
import numpy as np
import pytest

from neuromorph import optimization

SAMPLERS = [
    optimization.MinimizeSampler,
    optimization.MultispinAnnealingSampler,
    optimization.ClusterTemperingSampler,
    optimization.SimulatedBifurcationSampler,
    optimization.CoherentIsingSampler,
    optimization.SimCimSampler,
    optimization.LocalQuantumAnnealingSampler,
]
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
    return dimod.BinaryQuadraticModel(
        linear, {("b", ("a", 1)): -0.9, (7, ("a", 1)): 0.6, ("b", 7): 0.4}, 0.5, dimod.SPIN
    )


@by_name
@pytest.mark.parametrize("vartype", ["SPIN", "BINARY"])
@pytest.mark.parametrize("integers", [False, True])
def test_reads_have_labels_energies_seeds_and_find_the_minimum(make, bqm, vartype, integers):
    """Real numbers, and small integers that fit on bits; a mixed-up label, sign or offset shows in the energies."""
    if integers:
        bqm = dimod.BinaryQuadraticModel({"x": 1}, {("x", 5): -1, (5, "y"): 1, ("y", "x"): 1}, 0.25, dimod.SPIN)
    bqm = bqm.change_vartype(vartype, inplace=False)
    first, again = (make().sample(bqm, num_reads=20, seed=3) for _ in range(2))
    assert first.vartype is bqm.vartype
    assert len(first) == 20
    dimod.testing.assert_sampleset_energies(first, bqm, precision=9)
    assert np.array_equal(first.record.sample, again.record.sample)
    assert np.isclose(first.first.energy, dimod.ExactSolver().sample(bqm).first.energy)
    assert set(first.info["timing"]) == {"preprocessing_ns", "sampling_ns", "postprocessing_ns"}
    assert ("beta_range" in first.info) == ("beta_range" in make().parameters)


@by_name
def test_initial_states_are_taken(make, bqm):
    starts = [dict.fromkeys(bqm.variables, value) for value in (1, -1, 1)]
    few = {} if make is optimization.MinimizeSampler else {"num_sweeps": 3}
    assert len(make().sample(bqm, initial_states=starts, seed=1, **few)) == 3


@by_name
@pytest.mark.parametrize("wrong", [{"nonsense": 1}, {"num_reads": 0}, {"seed": -1}], ids=str)
def test_bad_parameters_are_named(make, bqm, wrong):
    (name,) = wrong
    with pytest.raises((TypeError, ValueError), match=name):
        make().sample(bqm, **wrong)


def test_options_of_single_samplers(bqm):
    cold = optimization.MultispinAnnealingSampler().sample(bqm, num_reads=4, beta_schedule=[1.0, 5.0], seed=1)
    assert len(cold) == 4
    ends = optimization.ClusterTemperingSampler().sample(bqm, beta_range=(0.1, 4.0), seed=1).info["beta_range"]
    assert ends == (0.1, 4.0)
    for variant in ("ballistic", "discrete"):
        assert variant in optimization.SimulatedBifurcationSampler().sample(bqm, variant=variant, seed=1).info["method"]
    with pytest.raises(ValueError, match="control is 'both'"):
        optimization.CoherentIsingSampler().sample(bqm, control="both")
    found = optimization.MinimizeSampler().sample(bqm, num_batches=1, time_limit=5.0, seed=1)
    assert found.info["optimal"] == [True]
