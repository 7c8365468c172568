"""What a device holds against what was asked for, in plain numbers."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize_scalar

import neuromorph as nm
from neuromorph.exact import boltzmann, spins_of
from neuromorph.report.mapping_text import mapping_rows, mapping_sentence
from neuromorph.run import complete_run
from neuromorph.sampling import effective_beta, effective_beta_of_distribution


def glass(seed=0, n=6, fields=1.0):
    rng = np.random.default_rng(seed)
    j = np.triu(rng.normal(size=(n, n)), 1)
    return nm.Ising(j + j.T, fields * rng.normal(size=n), 0.5)


def held_as(asked, held, **more):
    from neuromorph.protocol import mapping_error

    return nm.Program("device", asked, held, mapping_error=mapping_error(asked, held), **more)


def scaled(ising, factor):
    return nm.Ising(factor * ising.couplings, factor * ising.biases, ising.offset)


def test_a_scale_alone_is_a_temperature():
    """Everything held twice: no error is left without it, and all three temperatures say two."""
    asked = glass()
    report = nm.mapping_report(held_as(asked, scaled(asked, 2.0)), beta=0.3)
    assert report.scale == pytest.approx(2.0)
    assert report.scaled_error == pytest.approx(0.0, abs=1e-12)
    assert report.error == report.coupling_error == pytest.approx(1.0)
    assert report.bias_error == pytest.approx(1.0)
    assert report.beta_local == pytest.approx(0.6)
    assert report.beta_global == pytest.approx(0.6)
    p, q = boltzmann(asked, 0.3), boltzmann(asked, 0.6)
    assert report.kl == pytest.approx(float(q @ np.log(q / p)))
    assert not report.exact


def test_errors_of_couplings_and_biases_stand_apart():
    """Large fields hide what became of the couplings in the one number for both."""
    asked = glass(1, fields=50.0)
    held = nm.Ising(-np.asarray(asked.couplings), asked.biases, asked.offset)
    report = nm.mapping_report(held_as(asked, held))
    assert report.error < 0.2
    assert report.coupling_error == pytest.approx(2.0)
    assert report.coupling_rms == pytest.approx(2.0 * np.sqrt((np.asarray(asked.couplings) ** 2).sum() / 30.0))
    assert report.bias_error == report.bias_rms == 0.0
    assert (report.spins, report.couplings, report.degree) == (6, 15, 5)


@pytest.mark.parametrize("fields", [0.0, 1.0])
def test_the_scale_is_the_effective_beta_of_a_hot_device(fields):
    asked, other = glass(2, fields=fields), glass(3, fields=fields)
    held = nm.Ising(0.8 * asked.couplings + 0.3 * other.couplings, 0.7 * asked.biases + 0.2 * other.biases)
    report = nm.mapping_report(held_as(asked, held), beta=1e-4)
    assert report.beta_local == pytest.approx(1e-4 * report.scale, rel=1e-3)


def test_the_global_beta_is_that_of_the_least_divergence():
    asked, held = glass(4), scaled(glass(5), 0.3)
    held = nm.Ising(asked.couplings + held.couplings, asked.biases + held.biases)
    report = nm.mapping_report(held_as(asked, held), beta=0.8)
    q = boltzmann(held, 0.8)
    best = minimize_scalar(lambda b: float(q @ np.log(q / boltzmann(asked, b))), (0.1, 0.8), tol=1e-12)
    assert report.beta_global == pytest.approx(best.x, rel=1e-5)
    assert abs(report.beta_local - report.beta_global) > 1e-3


def test_the_distribution_that_a_device_states_is_the_one_that_counts():
    asked = glass(6, 4)
    program = held_as(asked, asked, sampled=lambda beta: boltzmann(asked, 3.0 * beta))
    report = nm.mapping_report(program, beta=0.2)
    assert report.error == 0.0
    assert report.beta_local == pytest.approx(0.6)
    assert report.kl > 0.0
    assert not report.exact


def test_a_distribution_is_reads_without_end():
    """The same counts as reads: the estimator of reads finds the same root."""
    ising = glass(7, 4)
    counts = np.random.default_rng(0).integers(0, 40, 16)
    spins = np.repeat(spins_of(np.arange(16), 4), counts, axis=0)
    found = effective_beta_of_distribution(ising, counts / counts.sum())
    assert found == pytest.approx(effective_beta(ising, spins).value, rel=1e-9)
    assert effective_beta_of_distribution(ising, boltzmann(ising, 0.7)) == pytest.approx(0.7, rel=1e-9)
    with pytest.raises(ValueError, match="4 spins have 16 states"):
        effective_beta_of_distribution(ising, np.ones(8) / 8)


@pytest.mark.parametrize(
    ("values", "bits", "levels"),
    [
        ([1.0, 1.0, 1.0], 2, 1),  # a sign and the size
        ([1.0, -1.0, 1.0], 2, 2),
        ([0.1, 0.2, -0.3], 3, 3),
        ([3.0, 7.0, -5.0], 4, 3),
        ([1.0, 127.0, 85.0], 8, 3),
        ([0.35, 1.05, -0.7], 3, 3),
        ([1.0, np.pi, -np.e], None, 3),
        ([1.0, 1e-9, 1.0], None, 2),
        ([0.0, 0.0, 0.0], None, 0),
    ],
)
def test_bits_are_those_of_multiples_of_one_step(values, bits, levels):
    j = np.zeros((3, 3))
    j[np.triu_indices(3, 1)] = values
    report = nm.mapping_report(held_as(nm.Ising(j + j.T), nm.Ising(j + j.T)))
    assert (report.bits_asked, report.levels_asked) == (bits, levels)
    assert (report.bits_held, report.levels_held) == (bits, levels)


def test_bits_of_a_quantized_device_are_found():
    asked = glass(8, 12)
    top = float(np.abs(asked.dense_couplings()).max())
    held = nm.Ising(np.round(asked.couplings / top * 7) * top / 7, asked.biases)
    report = nm.mapping_report(held_as(asked, held))
    assert (report.bits_asked, report.bits_held) == (None, 4)
    assert report.levels_held <= 15 < report.levels_asked


def test_numbers_of_the_device_and_broken_chains():
    asked = glass(9, 3)
    program = held_as(asked, asked, provenance={"tiles": 4, "weight_bits": np.int64(8), "where": "core 3", "on": True})
    run = complete_run(
        program, nm.Minimize(), np.ones((4, 3)), {"broken_chains": [0.0, 0.5, 0.0, 0.5]},
        provenance={"embedding": {"longest_chain": 6, "how": "searched"}},
    )  # fmt: skip
    report = nm.mapping_report(program, run)
    assert report.device == {"tiles": 4.0, "weight_bits": 8.0, "longest_chain": 6.0}
    assert report.chain_breaks == 0.25
    assert not report.exact
    assert mapping_sentence(report) == "holds 25 % of chains broken"
    json.dumps(report.to_dict(), allow_nan=False)


@pytest.mark.parametrize("ising", [nm.Ising([[0.0]]), nm.Ising(np.zeros((3, 3)), [1.0, 0.0, -2.0]),
                                   nm.Ising(sparse.csr_array((50, 50)))])  # fmt: skip
def test_problems_with_little_or_nothing_in_them(ising):
    report = nm.mapping_report(nm.Program("device", ising, ising))
    assert report.exact
    assert report.coupling_error is None
    assert report.couplings == report.degree == 0
    assert not mapping_sentence(report)
    off = nm.mapping_report(held_as(ising, nm.Ising(ising.couplings, ising.biases + 1.0)))
    assert off.bias_rms == pytest.approx(1.0)
    assert mapping_rows(off)


def test_a_tour_that_is_held_as_a_permutation_has_no_couplings():
    tour = nm.Tsp.from_coordinates(np.random.default_rng(0).random((5, 2)))
    report = nm.mapping_report(nm.Program("device", tour, None, mapping_error=0.02))
    assert (report.error, report.spins, report.kl) == (0.02, None, None)
    assert mapping_sentence(report) == "holds it off by 2.0 %"


@pytest.mark.parametrize("beta", [-1.0, np.nan, np.inf])
def test_a_beta_that_is_none_is_refused(beta):
    with pytest.raises(ValueError, match="finite and not negative"):
        nm.mapping_report(nm.Program("device", glass(), glass()), beta=beta)


class Doubled:
    """A device that holds everything twice, at random."""

    name = "doubled"
    summary = "twice what was asked"
    supported_tasks = frozenset({"minimize", "sample"})
    sampled = None

    def program(self, problem, rng=None):
        asked = problem.ising()
        program = held_as(asked, scaled(asked, 2.0), provenance={"tiles": 3}, sampled=self.sampled)
        return replace(program, target=self.name, requested=problem)

    def run(self, program, task, reads=1, rng=None):
        spins = np.random.default_rng(rng).choice(np.array([-1, 1], np.int8), (reads, program.programmed.size))
        return complete_run(program, task, spins, {"device_s": np.full(reads, 1e-6)})

    def costs(self):
        return (nm.Cost("device_s", "all of it", nm.Datum(1e-3, "W", 1e-4, 1e-2, "assumed", "a test")),)


def test_a_study_carries_the_report_to_results_page_and_terminal(tmp_path, capsys):
    from rich.console import Console

    from neuromorph.report.table import print_comparison

    problem = nm.IsingModel("glass", glass(10, 5))
    comparison = nm.compare(problem, [Doubled()], reads=5, rng=0, task=nm.Sample(0.4))
    (row,) = json.loads(nm.results_json(comparison))["results"]
    assert row["mapping"]["beta"] == 0.4
    assert row["mapping"]["beta_local"] == pytest.approx(0.8)
    assert row["mapping"]["device"] == {"tiles": 3.0}
    nm.write_report(comparison, tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "<h4>Mapping</h4>" in page
    assert "2.000 times that asked for" in page
    for why in (False, True):
        console = Console(width=300, record=True)
        print_comparison(comparison, console, why)
        assert ("doubled: holds couplings off by 100 %" in console.export_text()) == why


def test_a_distribution_that_cannot_be_had_costs_no_reads():
    device = Doubled()
    device.sampled = lambda beta: 1 / 0
    (row,) = nm.compare(nm.IsingModel("glass", glass(11, 5)), [device], reads=5, rng=0).results
    assert row.status == "ok"
    assert row.mapping is None
    assert any("no mapping report: ZeroDivisionError" in note for note in row.notes)
