"""The example of a measured I-V curve: the device that it makes keeps to its word, and bad files are said."""

import runpy
from pathlib import Path

import numpy as np
import pytest

import neuromorph as nm
from neuromorph.testing import check_target

ROOT = Path(__file__).parents[2]
DATA = ROOT / "examples" / "data"
EXAMPLE = runpy.run_path(str(ROOT / "examples" / "iv_neuron.py"))


@pytest.fixture(scope="module")
def curve():
    return EXAMPLE["read_curve"](DATA / "iv.csv")[:2]


def test_the_curve_rises_between_its_measured_ends(curve):
    volts, amperes = curve
    assert np.diff(amperes).min() >= 0.0
    assert (volts[0], volts[-1]) == pytest.approx((-0.3, 0.3))
    assert (amperes[0], amperes[-1]) == pytest.approx((-0.585e-9, 0.585e-9), abs=5e-12)


def test_the_device_passes_the_conformance_suite(curve):
    check_target(EXAMPLE["IVNeurons"](*curve))


def test_a_tanh_finds_the_ground_states_of_small_glasses():
    """16 glasses of 8 spins, 30 reads: a network without a rising gain, or with a sign wrong, misses most of them."""
    volts, found = np.linspace(-1.0, 1.0, 41), 0
    for seed in range(16):
        w = np.triu(np.random.default_rng(seed).normal(size=(8, 8)), 1)
        glass = nm.Ising(w + w.T)
        device = EXAMPLE["IVNeurons"](volts, 1e-6 * np.tanh(4.0 * volts))
        run = device.run(device.program(glass), nm.Minimize(), reads=30, rng=seed)
        found += run.energies.min() < nm.exact.all_energies(glass).min() + 1e-9
    assert found >= 13


def test_the_script_writes_a_report_with_the_row(tmp_path, capsys):
    words = [str(DATA / "iv.csv"), str(DATA / "unit_cell.json"), "--reads", "5", "--targets", "cpu-anneal"]
    comparison = EXAMPLE["main"]([*words, "--cooler", "100", "--report", str(tmp_path / "report")])
    assert {row.target for row in comparison.results} == {"iv-neurons", "cpu-anneal"}
    assert (tmp_path / "report" / "report.html").stat().st_size > 10_000
    assert "iv-neurons" in capsys.readouterr().out
    ledger = next(row.ledger for row in comparison.results if row.target == "iv-neurons")
    assert any(entry.what == "cooler" for entry in ledger.entries)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("V (V),I\n0,1\n1,2\n2,3\n3,4\n", "'I' in no unit"),
        ("V (V),I (nA)\n0,5\n1,4\n2,3\n3,2\n4,1\n5,0\n", "no rise"),
    ],
)
def test_files_that_make_no_neuron_are_refused_with_a_remedy(tmp_path, text, said):
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(SystemExit, match=said):
        EXAMPLE["read_curve"](path)
