"""``netlist --cell lc``: a graph as LC tanks, its options, what does not go with it."""

import pytest

from circuits import oscillator_netlist, read_netlist
from neuromorph import load
from neuromorph.cli import main


@pytest.fixture
def square(tmp_path):
    path = tmp_path / "square.txt"
    path.write_text("4 4\n1 2 1\n2 3 1\n3 4 1\n4 1 1\n")
    return path


def test_a_graph_becomes_tanks(square, tmp_path, capsys):
    assert main(["netlist", str(square), "--cell", "lc", "--seed", "3", "--out", str(tmp_path / "tanks.cir")]) == 0
    text = (tmp_path / "tanks.cir").read_text()
    assert text == oscillator_netlist(load(square), rng=3)
    assert text != oscillator_netlist(load(square), rng=4)
    assert main(["netlist", str(square), "--cell", "lc", "--dialect", "xyce"]) == 0
    assert ".print tran" in capsys.readouterr().out
    letters = [each.letter for each in read_netlist(text).elements]
    assert (letters.count("l"), letters.count("r")) == (8, 4 * 2 + 4 * 2 + 4)
    assert text.count(".meas tran spin") == 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pdk", "sky130"], "--pdk does not go with --cell lc"),
        (["--corner", "ff"], "--corner does not go with --cell lc"),
        (["--series", "E24"], "--series does not go with --cell lc"),
        (["--level", "board"], "--level does not go with --cell lc"),
        (["--noise", "thermal"], "--noise does not go with --cell lc"),
        (["--dialect", "spice"], "dialect is 'spice'"),
    ],
)
def test_options_that_do_not_go_with_tanks(options, said, square, capsys):
    assert main(["netlist", str(square), "--cell", "lc", *options]) == 2
    assert said in capsys.readouterr().err
