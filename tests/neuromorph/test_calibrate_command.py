"""``neuromorph calibrate`` as a user meets it: files, options, one line where something is wrong."""

import json

import numpy as np
import pytest

from neuromorph.cli import main
from neuromorph.files.npz import read_npz
from tests.support.measured import cell_text, p_bit_means_text, telegraph_text


def written(path, text):
    path.write_text(text)
    return str(path)


@pytest.fixture(scope="module")
def telegraph_out(tmp_path_factory):
    """A telegraph at three voltages, calibrated into a folder."""
    place = tmp_path_factory.mktemp("telegraph")
    data = written(place / "trace.csv", telegraph_text((-15, 0, 15), np.random.default_rng(0), samples=1500))
    assert main(["calibrate", data, "--device", "telegraph", "--out", str(place / "out"), "--chips", "3"]) == 0
    return place / "out"


def test_files_of_a_telegraph(telegraph_out, capsys):
    names = {path.name for path in telegraph_out.iterdir()}
    figures = {"trace.png", "dwell_times.png", "dwell_residuals.png", "rates.png"}
    assert names == {"calibration.json", "parameters.toml", "costs.toml", "draws.npz", "targets.txt"} | figures
    about = json.loads((telegraph_out / "calibration.json").read_text())
    assert about["columns"]["signal"] == "I (A)"
    assert len(about["tables"]["rates"]) == 3
    assert len(about["provenance"]["input_sha256"]) == 64
    draws = read_npz((telegraph_out / "draws.npz").read_bytes())
    assert draws["attempt_rate_hz"].shape == (1000,)


def test_costs_and_draws_go_into_a_comparison(telegraph_out, tmp_path, capsys):
    """The measured rate takes the place of the assumed one, with its interval; draws are rows of their own."""
    model = written(tmp_path / "model.json", '{"couplings": [[0, 1, 1.0], [1, 2, -0.5]], "biases": [0.1, 0.0, 0.2]}')
    targets = (telegraph_out / "targets.txt").read_text().strip()
    words = ["solve", model, "--target", "atomic-spins-ideal", "--cost", str(telegraph_out / "costs.toml"), "--json"]
    assert main([*words, "--reads", "2"]) == 0
    said = capsys.readouterr().out
    assert "measured: trace.csv" in said
    words = ["compare", model, "--targets", targets, "--reads", "2", "--out", str(tmp_path / "page")]
    assert main(words) == 0
    assert capsys.readouterr().out.count("atomic-spins-ideal(attempt_rate_hz") >= 3


def test_tables_on_the_terminal(tmp_path, capsys):
    data = written(tmp_path / "cells.csv", cell_text(np.random.default_rng(1), cells=20))
    assert main(["calibrate", data, "--device", "memristor", "--g-max", "25e-6"]) == 0
    said = capsys.readouterr().out
    assert "programming_square" in said
    assert "G_target (S)" in said
    assert (
        main(
            [
                "calibrate",
                written(tmp_path / "p.csv", p_bit_means_text(np.random.default_rng(2))),
                "--device",
                "pbit",
                "--json",
            ]
        )
        == 0
    )
    about = json.loads(capsys.readouterr().out)
    assert about["parameters"]["barrier_ev"]["unit"] == "eV"


def test_the_same_seed_gives_the_same_files(tmp_path):
    data = written(tmp_path / "cells.csv", cell_text(np.random.default_rng(3), cells=20))
    for name in ("a", "b"):
        assert main(["calibrate", data, "--device", "memristor", "--out", str(tmp_path / name), "--draws", "50"]) == 0
    for file in ("parameters.toml", "targets.txt"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    a, b = (read_npz((tmp_path / name / "draws.npz").read_bytes()) for name in "ab")
    assert all(np.array_equal(a[name], b[name]) for name in a)


WRONG = {
    "no file": (None, ["--device", "pbit"], "cannot be read"),
    "no device": ("a,b\n1,2\n", [], "required: --device"),
    "another device": ("a,b\n1,2\n", ["--device", "diode"], "invalid choice: 'diode'"),
    "no signal": ("t (s),V (V),G (S),y\n1,2,3,4\n2,2,4,5\n", ["--device", "telegraph"], "both be the signal"),
    "no such column": ("a,b\n1,2\n3,4\n", ["--device", "telegraph", "--columns", "signal=c"], "no column is 'c'"),
    "a bad map": ("a,b\n1,2\n3,4\n", ["--device", "telegraph", "--columns", "signal"], "write role=column"),
    "an option of another": ("a,b\n1,2\n", ["--device", "memristor", "--sample-rate", "5"], "belongs to traces"),
    "no mean": ("V_in (V),b\n1,2\n3,4\n", ["--device", "pbit"], "needs an input, and a mean"),
}


@pytest.mark.parametrize("what", WRONG)
def test_one_line_and_code_2(what, tmp_path, capsys):
    text, words, rule = WRONG[what]
    place = tmp_path / "data.csv"
    if text is not None:
        place.write_text(text)
    assert main(["calibrate", str(place), *words]) == 2
    said = capsys.readouterr().err
    assert rule in said
    assert said.startswith("error: ")
    assert said.count("\n") == 1


def test_kinds_of_the_command_are_those_of_the_package():
    from neuromorph.calibration import DEVICE_KINDS
    from neuromorph.calibration.measured_table import _NAMES
    from neuromorph.cli.calibrate import KINDS_OF_DEVICE, SEPARATOR_NAMES

    assert KINDS_OF_DEVICE == DEVICE_KINDS
    assert set(SEPARATOR_NAMES) <= set(_NAMES)
