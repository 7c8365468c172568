"""The example of what one threshold cannot compute: its counts are known."""

import runpy
from pathlib import Path


def test_perceptron_fails_at_xor_and_hidden_units_learn_it(tmp_path, capsys):
    out = tmp_path / "xor.png"
    path = Path(__file__).parents[2] / "examples" / "perceptron_xor.py"
    ours = runpy.run_path(str(path))["main"](["--bits", "2", "--starts", "8", "--hidden", "1", "4", "--out", str(out)])
    assert out.stat().st_size > 10_000
    assert ours["two bits"] == 14
    assert ours["perceptron"] <= 0.75
    assert ours["multilayer"] >= 0.75
    assert "1: 0%" in capsys.readouterr().out.splitlines()[-1]
