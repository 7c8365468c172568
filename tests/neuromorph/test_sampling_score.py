"""The score of sampling: intervals that do not cover, a sampler that is wrong and passes, or right and fails."""

import time
from dataclasses import dataclass
from importlib import import_module
from typing import ClassVar

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2
from study_toys import Descent, Ring

import neuromorph as nm
from neuromorph import exact
from neuromorph.cost import Cost
from neuromorph.datum import Datum
from neuromorph.rng import read_seeds
from neuromorph.run import Program, complete_run
from neuromorph.runtime import limits
from neuromorph.study.sampling_score import (
    Mean,
    SamplingReference,
    exact_reference,
    kl_divergence,
    score_samples,
    tempering_reference,
)

BETA = 0.7
STUDY = import_module("neuromorph.study.compare")


def glass(n, seed=3, scale=1.0):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1) * scale
    return nm.Ising(j + j.T, rng.normal(size=n) * 0.5 * scale)


def divergence_of(q, p):
    return float((q * np.log(q / p)).sum())


# KL divergence


def planted(kind, truth, p):
    """Probabilities at a divergence of ``truth`` from p: uniform ones mixed in, or another temperature."""
    made = {
        "mixed": lambda x: (1.0 - x) * p + x / p.size,
        "hot": lambda x: p ** (1.0 - x) / (p ** (1.0 - x)).sum(),
    }[kind]
    return made(brentq(lambda x: divergence_of(made(x), p) - truth, 0.0, 0.999)) if truth else p


@pytest.mark.parametrize(
    ("kind", "truth"),
    [
        ("mixed", 0.0),
        ("mixed", 0.01),
        ("mixed", 0.1),
        pytest.param("hot", 0.01, marks=pytest.mark.slow),
        pytest.param("hot", 0.1, marks=pytest.mark.slow),
    ],
)
def test_the_interval_covers_the_truth(kind, truth):
    """1,000 experiments; every state is expected 5 times or more, so that no cell holds two."""
    p = exact.boltzmann(glass(4, scale=0.4), BETA)
    q, rng = planted(kind, truth, p), np.random.default_rng(5)
    found = [kl_divergence(rng.multinomial(1000, q), p) for _ in range(1000)]
    assert {cells for _, cells in found} == {16}
    covered = np.mean([each.low <= truth <= each.high for each, _ in found])
    assert 0.93 <= covered <= 0.97
    assert all(0.0 <= each.low <= each.value <= each.high for each, _ in found)
    if truth:
        assert np.mean([each.value for each, _ in found]) == pytest.approx(truth, rel=0.1)


def test_the_lower_end_is_a_test_at_five_percent():
    """0 is left out where G is above the 95 % point of chi-square, and nowhere else."""
    p, rng = np.full(16, 1 / 16), np.random.default_rng(0)
    for _ in range(200):
        counts = rng.multinomial(500, rng.dirichlet(np.full(16, 60.0)))
        g = 2.0 * float((counts[counts > 0] * np.log(counts[counts > 0] / (500 * p[counts > 0]))).sum())
        assert (kl_divergence(counts, p)[0].low > 0.0) == (chi2.sf(g, 15) < 0.05)


def test_rare_states_share_cells_in_the_order_of_their_probability():
    p = np.array([0.5, 0.02, 0.3, 0.02, 0.1, 0.02, 0.02, 0.02])
    assert kl_divergence(np.full(8, 10), p)[1] == 4  # 40, 24, 8, and five times 1.6
    assert kl_divergence(1000 * np.eye(8)[0], p)[1] == 8
    assert kl_divergence(5 * np.eye(8)[0], p) == (None, 1)


def test_a_state_that_should_hardly_be_there_is_seen():
    """All states but one are rare together: a cell of its own, however few reads belong there."""
    p = np.array([1.0 - 3e-9, 1e-9, 1e-9, 1e-9])
    found, cells = kl_divergence([900, 100, 0, 0], p)
    assert cells == 2
    assert found.low > 0.5
    assert kl_divergence([1000, 0, 0, 0], p)[0].low == 0.0


def test_wide_divergences_have_an_interval_too():
    p, q = np.array([0.999, 0.001]), np.array([0.001, 0.999])
    found = kl_divergence(1_000_000 * q, p)[0]
    assert found.low < divergence_of(q, p) < found.high
    assert found.high - found.low < 0.05


# reference and errors of means


def test_the_reference_by_enumeration_is_that_of_the_states():
    ising = glass(6)
    states = exact.spins_of(np.arange(64), 6)
    p = exact.boltzmann(ising, BETA)
    found = exact_reference(ising, BETA)
    assert found.energy.value == pytest.approx(float(p @ ising.energy(states)) / 6)
    assert found.magnetization.value == pytest.approx(float(p @ np.abs(states.mean(axis=1))))
    assert found.energy.error == found.magnetization.error == 0.0


def test_the_reference_run_agrees_with_enumeration_within_its_own_error():
    ising = glass(10)
    right, found = exact_reference(ising, BETA), tempering_reference(ising, BETA, 1)
    assert (found.method, found.probabilities, found.draws) == ("tempering", None, 4000)
    assert 0.99 < found.rhat < 1.02
    for name in ("energy", "magnetization"):
        mean, wanted = getattr(found, name), getattr(right, name).value
        assert 0.0 < mean.error < 0.01
        assert abs(mean.value - wanted) < 4.0 * mean.error
    again = tempering_reference(ising, BETA, 1)
    assert (again.energy, again.magnetization, again.rhat) == (found.energy, found.magnetization, found.rhat)


def test_errors_of_means_cover_nothing():
    """1,000 experiments of 40 reads: 0 is in the intervals of effective beta's, energy's and magnetization's errors."""
    ising = glass(5, scale=0.5)
    reference, rng = exact_reference(ising, BETA), np.random.default_rng(7)
    inside = np.zeros(3)
    for _ in range(1000):
        spins = exact.spins_of(rng.choice(32, 40, p=reference.probabilities), 5)
        found = score_samples(reference, ising, spins)
        inside += [
            found.effective_beta.low <= BETA <= found.effective_beta.high,
            found.energy_error.low <= 0.0 <= found.energy_error.high,
            found.magnetization_error.low <= 0.0 <= found.magnetization_error.high,
        ]
    assert (inside > 925).all()
    assert (inside < 975).all()


def test_the_error_of_the_reference_is_part_of_the_interval():
    ising, spins = glass(4), exact.spins_of(np.arange(16), 4)
    sure = exact_reference(ising, BETA)
    vague = SamplingReference("tempering", BETA, Mean(sure.energy.value, 0.5), sure.magnetization)
    a, b = (score_samples(each, ising, spins).energy_error for each in (sure, vague))
    assert a.value == b.value
    assert b.high - b.value == pytest.approx(np.hypot(a.high - a.value, 1.96 * 0.5), rel=1e-3)


def test_what_one_read_or_a_frozen_sampler_cannot_tell_is_none():
    ising = glass(4)
    reference = exact_reference(ising, BETA)
    one = score_samples(reference, ising, np.ones((1, 4), np.int8))
    assert one.kl is one.effective_beta is None
    assert (one.energy_error.low, one.cells) == (None, 1)
    assert any("too few" in note for note in one.notes)
    frozen = score_samples(reference, ising, np.repeat(exact.ground_states(ising)[1], 50, axis=0))
    assert frozen.effective_beta is None
    assert frozen.kl.low > 0.1


# in a comparison


@dataclass(frozen=True)
class Boltzmann:
    """Independent reads at ``factor`` times the beta asked for, of what ``held`` makes of the model."""

    name: str = "boltzmann"
    factor: float = 1.0
    held: float = 1.0
    summary: ClassVar[str] = "exact"
    supported_tasks: ClassVar[frozenset[str]] = frozenset({"sample"})

    def program(self, problem, rng=None):
        asked = problem.ising()
        return Program(self.name, problem, nm.Ising(self.held * asked.couplings, self.held * asked.biases))

    def run(self, program, task, reads=1, rng=None):
        p = exact.boltzmann(program.programmed, self.factor * task.beta)
        states = [np.random.default_rng(seed).choice(p.size, p=p) for seed in read_seeds(rng, reads)]
        about = {"parameters": {"factor": self.factor}}
        spins = exact.spins_of(states, program.programmed.size)
        return complete_run(program, task, spins, {"draws": 1.0}, provenance=about)

    def costs(self):
        return (Cost("draws", "a draw", energy=Datum(1e-9, "J", 1e-10, 1e-8, "assumed", "a test")),)


@pytest.fixture(scope="module")
def comparison():
    problem = nm.IsingModel("four", glass(4, scale=0.6))
    targets = [Boltzmann(), Boltzmann("hot", 0.4), Boltzmann("rescaled", held=0.4), Descent()]
    return nm.compare(problem, targets, 2000, 1, task=nm.Sample(BETA))


def test_a_right_sampler_has_no_divergence_and_a_wrong_one_does(comparison):
    right, hot, rescaled, other = comparison.results
    assert right.sampling.kl.low == 0.0
    assert right.sampling.effective_beta.low < BETA < right.sampling.effective_beta.high
    assert hot.sampling.kl.low > 0.02
    assert hot.sampling.kl_held.low > 0.02
    assert hot.sampling.effective_beta.low < 0.4 * BETA < hot.sampling.effective_beta.high
    assert rescaled.sampling.kl.low > 0.02
    assert rescaled.sampling.kl_held.low == 0.0  # it samples well what it holds
    assert (other.status, other.sampling) == ("does not fit", None)
    assert (
        "supports minimize and recall only; the task is to sample, which boltzmann, hot, rescaled can" in other.reason
    )
    assert comparison.answered
    assert comparison.reference.method == "enumeration"
    assert "task=Sample(0.7)" in comparison.provenance["command"]


def test_the_ising_form_of_any_problem_is_sampled():
    ring = Ring(size=6)
    (row,) = nm.compare(ring, [Boltzmann()], 1000, 2, task=nm.Sample(0.3)).results
    assert row.sampling.kl.low == 0.0
    assert row.feasible_fraction == pytest.approx(0.5, abs=0.06)  # spin 0 is up in half of the states
    tour = nm.Tsp.from_coordinates([[0, 0], [0, 1], [1, 0]], name="three")
    (row,) = nm.compare(tour, [Boltzmann()], 50, 2, task=nm.Sample(0.01)).results
    assert (row.status, row.run.spins.shape[1]) == ("ok", tour.ising().size)


def test_a_large_model_is_scored_against_one_reference_run(monkeypatch):
    made = []
    monkeypatch.setattr(STUDY, "tempering_reference", lambda *given: made.append(given) or tempering_reference(*given))
    problem = nm.IsingModel("glass", glass(24, scale=0.3))
    found = nm.compare(problem, ["cpu-gibbs", "cpu-tempering"], 60, 3, task=nm.Sample(0.5))
    assert len(made) == 1
    for row in found.results:
        assert row.sampling.kl is row.sampling.kl_held is row.sampling.cells is None
        for name, of in (("effective_beta", 0.5), ("energy_error", 0.0), ("magnetization_error", 0.0)):
            value = getattr(row.sampling, name)
            assert value.low - 0.5 * (value.high - value.low) < of < value.high + 0.5 * (value.high - value.low)


def test_without_time_there_is_no_reference_and_a_reason(monkeypatch):
    problem = nm.IsingModel("glass", glass(24, scale=0.3))

    class Many(Boltzmann):
        def run(self, program, task, reads=1, rng=None):
            spins = [np.random.default_rng(seed).choice([-1, 1], 24) for seed in read_seeds(rng, reads)]
            return complete_run(program, task, spins, {"draws": 1.0})

    with limits.time_limit(time.monotonic() - 1.0):
        assert "no reference run within the time limit" in tempering_reference(problem.ising(), 0.5, 1).reason
    monkeypatch.setattr(STUDY, "_REFERENCE_S", 0.0)
    found = nm.compare(problem, [Many()], 10, 3, task=nm.Sample(0.5))
    assert found.reference.method == "none"
    (row,) = found.results
    assert (row.sampling.energy_error, row.sampling.effective_beta is None) == (None, False)


def test_tasks_that_contradict_the_problem_are_refused():
    model = nm.IsingModel("four", glass(4))
    with pytest.raises(ValueError, match="no memory but of kind ising; minimize it, or sample it"):
        nm.compare(model, [Descent()], 3, 1, task=nm.RecallFrom(np.ones(4)))
    with pytest.raises(TypeError, match="give Minimize"):
        nm.compare(model, [Descent()], 3, 1, task="sample")
    memory = nm.Recall("m", np.random.default_rng(0).choice([-1, 1], (1, 8)))
    cue = memory.patterns[0].copy()
    cue[0] *= -1
    (row,) = nm.compare(memory, [Descent()], 3, 1, task=nm.RecallFrom(cue)).results
    assert row.best == 1.0
    assert nm.compare(memory, [Descent()], 3, 1, task=nm.Minimize()).results[0].best in (1.0, -1.0)


def test_kept_reads_of_another_task_are_set_aside_with_a_line(tmp_path):
    problem = nm.IsingModel("four", glass(4))
    asked = {"reads": 20, "rng": 1, "directory": tmp_path}
    nm.compare(problem, [Boltzmann()], task=nm.Sample(0.5), **asked)
    (row,) = nm.compare(problem, [Boltzmann()], task=nm.Sample(0.7), **asked).results
    assert row.resumed == 0
    said = "boltzmann.npz is of the task sample 0.5, not sample 0.7; it is set aside as boltzmann.npz.old, and its "
    assert row.warnings == (f"{said}reads are made again",)
    assert (tmp_path / "runs" / "boltzmann.npz.old").is_file()
    (row,) = nm.compare(problem, [Boltzmann()], task=nm.Sample(0.7), **asked).results
    assert (row.resumed, row.warnings) == (20, ())


def test_kept_reads_of_the_old_version_are_set_aside_with_a_line(tmp_path, monkeypatch):
    from neuromorph.study import fingerprint

    monkeypatch.setattr(fingerprint, "FORMAT", 2)
    nm.compare(Ring(), [Descent()], reads=4, rng=1, directory=tmp_path)
    monkeypatch.undo()
    (row,) = nm.compare(Ring(), [Descent()], reads=4, rng=1, directory=tmp_path).results
    assert row.resumed == 0
    assert row.warnings[0].startswith("descent.npz was made by another version of the program; it is set aside as ")


@pytest.mark.parametrize("task", [nm.Sample(BETA), nm.Minimize()], ids=["sample", "minimize"])
@pytest.mark.parametrize("name", ["gibbs", "tempering", "population-annealing", "quantum-annealing", "swendsen-wang"])
def test_a_batch_that_goes_on_has_the_streams_of_the_whole(name, task):
    """Streams that batches share would make their reads alike: a divergence that grows with the reads."""
    device = nm.get_target(f"cpu-{name}")
    program = device.program(glass(4))
    whole = device.run(program, task, 10, np.random.SeedSequence(3)).spins
    first = device.run(program, task, 4, np.random.SeedSequence(3)).spins
    rest = device.run(program, task, 6, np.random.SeedSequence(3, n_children_spawned=4)).spins
    assert np.array_equal(np.concatenate([first, rest]), whole)
