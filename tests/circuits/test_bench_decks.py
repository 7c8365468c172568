"""A problem's netlist as a designer takes it to the bench: names for values, numbers of people, measures, analyses."""

import re
import subprocess

import numpy as np
import pytest

from circuits import (
    build_hopfield_circuit,
    extract_network,
    installed_engines,
    problem_netlist,
    read_netlist,
    simulate_circuit,
)
from circuits.netlist.hierarchy import flatten_circuit
from circuits.netlist.parameters import with_parameters
from circuits.spice.dialects import DIALECTS
from circuits.spice.people_numbers import people_number, scaled_number
from circuits.synthesis.board_network import inverted_neurons
from circuits.synthesis.problem_circuit import problem_components
from circuits.tolerances.variant_decks import plot_file, variant_decks
from neuromorph import Recall
from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.cli import main

MEMORY = Recall("memory", np.random.default_rng(0).choice([-1, 1], (2, 9)))
ONE = Recall("one", np.random.default_rng(0).choice([-1, 1], (1, 9)))  # all neurons have the same load
LEVELS = ("ideal", "opamp", "transistor")
with_ngspice = pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4700.0, "4.7k"), (200e-6, "200u"), (1e-9, "1n"), (1e6, "1meg"), (0.0, "0"), (-2.5, "-2.5"), (1e-30, "1e-30"),
        (774163.647, "774163.647"), (1.0 / 3.0, "0.3333333333333333"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_people_write_them(value, text):
    assert people_number(value) == text
    for number in (value, -value, value * 1.1, np.nextafter(value, 1.0)):
        written = people_number(float(number))
        read = scaled_number(written)
        assert (float(written) if read is None else read) == number


@pytest.mark.parametrize("level", LEVELS)
def test_values_have_names_and_the_network_comes_back(level):
    text = problem_netlist(ONE, level=level)
    names = set(re.findall(r"^\.param (\w+)=", text, re.MULTILINE))
    assert {"cap", "syn1"} <= names
    assert ({"gain", "swing"} <= names) == (level == "ideal")
    assert ({"supply_high", "supply_low"} <= names) == (level != "ideal")
    assert re.search(r"^\.param cap=[0-9.]+[np]$", text, re.MULTILINE)
    found = extract_network(read_netlist(text))
    made = problem_components(ONE, level=level)[0].network
    assert found.level == level
    assert np.array_equal(np.asarray(found.network.conductances), np.asarray(made.conductances))


def test_a_value_is_changed_by_its_name():
    circuit = read_netlist(problem_netlist(ONE))
    assert extract_network(with_parameters(circuit, gain=7.0)).network.activation == Tanh(7.0)
    assert (extract_network(with_parameters(circuit, cap=2e-9)).network.capacitances == 2e-9).all()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_of_elements_are_such_as_the_tools_of_a_simulator_accept(dialect):
    lines = [line for line in problem_netlist(MEMORY, dialect=dialect).splitlines() if line[0] not in "*.+"]
    assert all(line[0].isupper() == (dialect == "ltspice") for line in lines)


@with_ngspice
@pytest.mark.parametrize("level", LEVELS)
def test_settling_and_energy_are_measured_by_ngspice(level, tmp_path):
    """Each output settles within the run, and a rail delivers what supply and charge say."""
    (tmp_path / "x.cir").write_text(problem_netlist(MEMORY, level=level))
    said = subprocess.run(
        ["ngspice", "-n", "-b", "x.cir"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    found = {name: float(value) for name, value in re.findall(r"^(\w+)\s+=\s+(\S+)", said.stdout, re.MULTILINE)}
    stop = read_netlist((tmp_path / "x.cir").read_text()).analysis.stop_s
    settled = [found[f"settle{i}"] for i in range(9) if f"settle{i}" in found]
    assert len(settled) >= (9 if level == "ideal" else 1)
    assert all(0.0 < time < stop for time in settled)
    if level != "ideal":
        assert found["energy_vdd"] == pytest.approx(-2.5 * found["charge_vdd"], rel=1e-4)
        assert found["energy_vdd"] > 0.0 < found["energy_vss"]


@with_ngspice
def test_analyses_are_those_of_the_attractor(tmp_path, capsys):
    pattern = tmp_path / "m.txt"
    pattern.write_text("#.#\n.#.\n#.#\n\n...\n###\n...\n")
    deck = tmp_path / "x.cir"
    assert main(["netlist", str(pattern), "--analysis", "op,ac,noise,temp", "--out", str(deck)]) == 0
    said = subprocess.run(
        ["ngspice", "-n", "-b", "x.cir"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert "onoise_total" in said.stdout
    assert "rror" not in said.stdout + said.stderr
    assert main(["simulate", str(deck)]) == 0
    assert ".ac is left out: only the transient is run" in capsys.readouterr().err
    assert main(["netlist", str(pattern), "--analysis", "tf"]) == 2
    assert main(["netlist", str(pattern), "--analysis", "ac", "--dialect", "xyce"]) == 2


def batch(folder, name):
    command = ["ngspice", "-n", "-b", name]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=True).stdout


@with_ngspice
def test_noise_is_that_of_the_resistors_at_the_input(tmp_path):
    r"""At the attractor amplifiers stand at their rails: S = 4 k T R, R of the leak and the synapses in parallel."""
    text = problem_netlist(ONE, analyses=("noise",))
    assert "\n.meas" not in text  # ngspice evaluates none behind .noise
    (tmp_path / "x.cir").write_text(text)
    density = float(re.search(r"^0\s+\S+\s+\S+\s+(\S+)", batch(tmp_path, "x.cir").split("onoise_spectrum")[1], re.M)[1])
    network = problem_components(ONE)[0].network
    assert density == pytest.approx(np.sqrt(4.0 * 1.380649e-23 * 300.15 * network.resistances[0]), rel=1e-3)


@with_ngspice
def test_the_plot_of_a_deck_with_analyses_is_that_of_its_transient(tmp_path):
    (tmp_path / "x.cir").write_text(problem_netlist(ONE, analyses=("op", "ac", "noise", "temp")))
    (tmp_path / "x.sp").write_text(plot_file("x.cir", 9).replace("plot v(v0)", "print length(v(v0))\nplot v(v0)"))
    said = batch(tmp_path, "x.sp")
    assert float(re.search(r"length\(v\(v0\)\) = (\S+)", said)[1]) > 500
    assert "no data saved" not in said


@with_ngspice
@pytest.mark.parametrize("level", ["ideal", "opamp"])
def test_decks_of_corners_measure_their_ends(level, tmp_path):
    (tmp_path / "x.cir").write_text(variant_decks(ONE, ("corners",), level=level)["corner-r+c-hot.cir"])
    found = dict(re.findall(r"^(\w+)\s+=\s+(\S+)", batch(tmp_path, "x.cir"), re.MULTILINE))
    swing = float(problem_components(ONE)[0].network.activation.high)
    assert [abs(float(found[f"end{i}"])) for i in range(9)] == pytest.approx([swing] * 9, rel=0.05)
    assert ("energy_vdd" in found) == (level == "opamp")


@with_ngspice
@pytest.mark.parametrize("level", ["ideal", "board"])
def test_corners_and_drawn_boards_recall_too(level):
    decks = variant_decks(ONE, ("corners", "tolerance"), level=level)
    assert len(decks) == 8 + 10
    expected = np.sign(simulate_circuit(read_netlist(problem_netlist(ONE, level=level)), "ngspice").voltages[-1][-9:])
    for name in ("corner-r+c-hot.cir", "tolerance-3.cir"):
        waves = simulate_circuit(read_netlist(decks[name]), "ngspice")
        np.testing.assert_array_equal(np.sign(waves.of([f"v{i}" for i in range(9)])[-1]), expected)


def test_a_corner_scales_parts_and_nothing_else():
    """Resistors 1 % and 45 K of 100 ppm up or down, capacitors 5 %; what is inside the model of an op-amp stays."""
    decks = variant_decks(ONE, ("corners",), level="opamp")
    low, high = (flatten_circuit(read_netlist(decks[f"corner-r{sign}c{sign}hot.cir"])) for sign in "-+")
    pairs = list(zip(low.elements, high.elements, strict=True))
    ratios = [float(b.ohm) / float(a.ohm) for a, b in pairs if a.letter == "r"]
    expected = 1.01 * (1 + 100e-6 * 44.85) / (0.99 * (1 - 100e-6 * 44.85))
    parts = 9 * (9 + 4) + 2 * len(inverted_neurons(problem_components(ONE)[0].network))
    parts += 9  # between the limiter and the second stage
    assert np.count_nonzero(np.isclose(ratios, expected, rtol=1e-6)) == parts
    assert np.count_nonzero(np.isclose(ratios, 1.0, rtol=1e-12)) == len(ratios) - parts
    farads = [
        float(b.farad) / float(a.farad) for a, b in zip(low.elements, high.elements, strict=True) if a.letter == "c"
    ]
    assert np.count_nonzero(np.isclose(farads, 1.05 / 0.95, rtol=1e-6)) == 9


def test_variants_are_files_beside_the_deck(tmp_path, capsys):
    picture = tmp_path / "m.txt"
    picture.write_text("#.#\n.#.\n")
    deck = tmp_path / "x.cir"
    assert main(["netlist", str(picture), "--analysis", "op,corners,plot", "--out", str(deck)]) == 0
    written = sorted(each.name for each in tmp_path.glob("x.*"))
    assert len(written) == 1 + 8 + 1
    plotted = (tmp_path / "x.plot.sp").read_text()
    assert "run\nsetplot tran1\nplot v(v0) v(v1)" in plotted
    with pytest.raises(ValueError, match="control"):
        read_netlist(plotted)
    assert main(["netlist", str(picture), "--analysis", "corners"]) == 2
    assert "writes files beside that of --out" in capsys.readouterr().err
    with pytest.raises(ValueError, match="variant 'x' is not known"):
        variant_decks(ONE, ("x",))
    with pytest.raises(ValueError, match="the deck is called"):
        plot_file("a b.cir", 3)


def test_a_run_is_as_long_as_the_coupled_neurons_need():
    """Three isolated vertices, ten times slower, made one export 11 times longer."""
    t = np.zeros((5, 5))
    t[0, 1] = t[1, 0] = 1e-5
    network = AnalogNetwork(t, [5e4, 5e4, 1e6, 1e6, 1e6], 1e-9, 0.0, Tanh(10.0))
    assert build_hopfield_circuit(network).analysis.stop_s == pytest.approx(10.0 * 5e4 * 1e-9)
    alone = AnalogNetwork(np.zeros((2, 2)), [1e5, 1e6], 1e-9, 0.0, Tanh(10.0))
    assert build_hopfield_circuit(alone).analysis.stop_s == pytest.approx(10.0 * 1e6 * 1e-9)
