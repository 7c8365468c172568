"""Every installed target passes every check, and every check fails the mistakes that it is there for."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
from mutants import HONEST, MUTANTS, tours

import neuromorph as nm
from hardware_targets.atomic_spins import AtomicSpinsIdeal
from neuromorph import testing
from neuromorph.run import SamplingBound

by_name = {"ids": lambda check: check.__name__}


@pytest.mark.parametrize("check", testing.CHECKS, **by_name)
@pytest.mark.parametrize("name", nm.available_targets())
def test_every_installed_target_keeps_its_word(name, check):
    check(nm.get_target(name))


@pytest.mark.parametrize("check", testing.CHECKS, **by_name)
@pytest.mark.parametrize("claims", ["minimize sample recall", "minimize", "sample", "recall"])
def test_an_honest_target_passes(claims, check):
    """A check that fails a correct target, whatever it claims, would be of no use."""
    check(replace(HONEST, supported_tasks=frozenset(claims.split())))


@pytest.mark.parametrize("spins", [None, [2, 0, 1, 3]])
def test_an_honest_target_may_answer_in_tours(spins):
    testing.check_answers(replace(HONEST, returned=tours([[2, 0, 1, 3]] * 3, spins=spins)))


@pytest.mark.parametrize(("check", "mutant"), MUTANTS.values(), ids=MUTANTS.keys())
def test_every_mutant_is_caught_by_the_check_meant_for_it(check, mutant):
    with pytest.raises((AssertionError, IndexError)):
        check(mutant)


def test_a_target_may_state_what_it_samples():
    """Stronger couplings than those held are a mistake, unless the program says so, by a distribution or a bound."""
    strong = replace(HONEST, used=lambda j, h: (1.2 * j, h), supported_tasks=frozenset({"sample"}))

    def stating(program):
        held = program.programmed
        return replace(program, sampled=partial(nm.exact.boltzmann, nm.Ising(1.2 * held.couplings, held.biases)))

    bound = SamplingBound(0.06, "couplings are 1.2 times those held")
    with pytest.raises(AssertionError, match="do not follow"):
        testing.check_sampling(strong)
    for statement in (stating, lambda program: replace(program, sampling_bound=bound)):
        honest = replace(strong, programmed=statement)
        testing.check_sampling(honest)
        testing.check_textbook_models(honest)


@pytest.mark.parametrize("check", testing.CHECKS, **by_name)
def test_atoms_that_no_energy_describes_state_what_they_sample(check):
    check(AtomicSpinsIdeal(asymmetry=0.5))


def test_that_statement_is_needed():
    device = AtomicSpinsIdeal(asymmetry=0.5)
    silent = SimpleNamespace(
        supported_tasks=device.supported_tasks,
        run=device.run,
        program=lambda problem, rng=None: replace(device.program(problem, rng), sampled=None),
    )
    with pytest.raises(AssertionError, match="do not follow"):
        testing.check_sampling(silent)


def test_every_check_catches_something():
    assert {check for check, _ in MUTANTS.values()} == set(testing.CHECKS)


@pytest.mark.parametrize("mutant", ["uniform where couplings are equal", "Metropolis in a fixed order"])
def test_irregular_couplings_alone_do_not_show_what_textbook_models_do(mutant):
    testing.check_sampling(MUTANTS[mutant][1])


def test_there_are_targets_to_check():
    assert len(nm.available_targets()) >= 5


@pytest.mark.parametrize("mutant", ["null sampler", "random sampler"])
def test_the_whole_suite_stops_a_sampler_that_ignores_the_problem(mutant):
    with pytest.raises(AssertionError):
        testing.check_target(MUTANTS[mutant][1])
