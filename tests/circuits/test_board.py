"""A board that one can solder: it runs as the equation says, every part has an order code, and its files are read."""

import csv
import io
import re
from collections import Counter

import numpy as np
import pytest

from circuits import (
    OPAMPS,
    build_hopfield_circuit,
    certify_problem,
    installed_engines,
    problem_netlist,
    problem_schematic,
    read_netlist,
)
from circuits.board.assembly import board_elements, place_parts
from circuits.board.handover import board_files, design_board
from circuits.board.kicad import BOM_COLUMNS, bom_csv, kicad_netlist
from circuits.board.parts import capacitor_code, resistor_code, value_part
from circuits.netlist.circuit import Capacitor, Diode, Instance, Resistor
from circuits.netlist.hierarchy import flatten_circuit
from circuits.synthesis.board_network import BOARD
from circuits.synthesis.output_load import load_notes, output_loads
from circuits.synthesis.problem_circuit import problem_components
from neuromorph import Ising, Recall
from neuromorph.analog import AnalogNetwork, Logistic, Tanh
from neuromorph.cli import main

with_ngspice = pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")
MEMORY = Recall("eight", np.random.default_rng(3).choice([-1, 1], (1, 8)))


@pytest.fixture(scope="module")
def design():
    return design_board(MEMORY)


def s_expression(text):
    """Read an s-expression of lists and strings, as KiCad's lexer does."""
    tokens = iter(re.findall(r'"(?:\\.|[^"\\])*"|[()]|[^\s()"]+', text))

    def read():
        found = []
        for token in tokens:
            if token == "(":
                found.append(read())
            elif token == ")":
                return found
            else:
                found.append(token[1:-1].replace('\\"', '"').replace("\\\\", "\\") if token[0] == '"' else token)
        return found

    (whole,) = read()
    return whole


def under(node, key):
    return [each for each in node[1:] if isinstance(each, list) and each[0] == key]


def value(node, key):
    ((_, text),) = under(node, key)
    return text


@with_ngspice
@pytest.mark.parametrize("n", [4, 8])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_parts_recall_what_the_equation_recalls(n, seed):
    memory = Recall("memory", np.random.default_rng(seed).choice([-1, 1], (1, n)))
    certificate = certify_problem(memory, level="board", opamp="lmv824", engines=["ngspice"])
    result = certificate.engines["ngspice"]
    assert result.same_attractor
    assert result.final_error < 0.02
    assert {each.what for each in certificate.unbounded()} >= {"energy_error", "final_error"}
    assert result.alignment.way == "same"
    assert certificate.passed


@with_ngspice
def test_biases_are_resistors_that_decide():
    """Fields stronger than all couplings: one attractor, wherever the network starts."""
    problem = Ising(np.array([[0, 1.0, 0], [1.0, 0, -1.0], [0, -1.0, 0]]), np.array([2.0, -3.0, 2.5]))
    circuit = design_board(problem).circuit
    assert sum(isinstance(e, Resistor) and e.name.startswith("bias") for e in circuit.elements) == 3
    for seed in range(2):
        certificate = certify_problem(problem, level="board", opamp="lmv824", engines=["ngspice"], rng=seed)
        assert certificate.passed
        np.testing.assert_array_equal(certificate.traces["ngspice"].voltages[-1] > 0.0, [True, False, True])


@pytest.mark.parametrize("name", ["opa192", "lmv824", "mcp6001"])
def test_the_limiter_has_slope_and_ends_of_the_activation(name):
    """Both stages' resistors are of E96, so both gains are off by a percent or so."""
    made, start = problem_components(MEMORY)
    circuit = build_hopfield_circuit(made.network, start, level="board", opamp=OPAMPS[name])
    (cell,) = {e.subcircuit.name: e.subcircuit for e in circuit.elements if isinstance(e, Instance)}.values()
    ohm = {e.name: float(e.ohm) for e in cell.elements if isinstance(e, Resistor)}
    first, second = 1 + ohm["fy"] / ohm["gy"], 1 + ohm["fv"] / ohm["gv"]
    assert first * second == pytest.approx(50.0, rel=0.02)
    diode = next(e.model for e in cell.elements if isinstance(e, Diode))
    x = 1.0 / second  # at full swing the diode takes what the rail pushes through the resistor
    ampere = diode.saturation_a * np.expm1(x / (diode.emission * 0.025865))
    assert x + ampere * BOARD["limiter_resistor"].value == pytest.approx(OPAMPS[name].reach_v, rel=0.3)


def test_what_diodes_and_switches_cannot_do_is_refused():
    network = problem_components(MEMORY)[0].network
    with pytest.raises(ValueError, match=r"rails of \+-15 V, the switches of the cue take 10 V"):
        build_hopfield_circuit(network, level="board", opamp=OPAMPS["tl072"])
    other = AnalogNetwork(network.conductances, network.resistances, 1e-9, 0.0, Logistic(5.0))
    with pytest.raises(ValueError, match="diodes limit both signs alike"):
        build_hopfield_circuit(other, level="board")
    with pytest.raises(ValueError, match="whose cards Xyce writes in another way"):
        problem_netlist(MEMORY, level="board", opamp="lmv824", dialect="xyce")
    with pytest.raises(ValueError, match="one solders 64 at most"):
        design_board(Recall("large", np.ones((1, 65), int)))


def test_every_part_of_the_deck_is_on_the_board(design):
    """As many resistors, capacitors, diodes and op-amps as the netlist has, and no more."""
    deck = flatten_circuit(read_netlist(problem_netlist(MEMORY, level="board", opamp="lmv824")))
    whole = flatten_circuit(design.circuit)
    assert Counter(e.letter for e in deck.elements) == Counter(e.letter for e in whole.elements)
    elements = list(board_elements(design.circuit))
    letters = Counter(each.part.prefix for each in design.placed)
    assert letters["R"] == sum(isinstance(e, Resistor) and not e.name.startswith("source") for e in elements)
    assert letters["C"] == sum(isinstance(e, Capacitor) for e in elements)
    assert letters["D"] == sum(isinstance(e, Diode) for e in elements) == 16
    amplifiers = sum(isinstance(e, Instance) for e in elements)
    assert letters["U"] == -(-amplifiers // 4) + 2  # and the switches
    assert letters["J"] == 3


def test_the_bill_of_materials_has_an_order_code_and_a_source_for_every_part(design):
    rows = list(csv.DictReader(io.StringIO(bom_csv(design.placed))))
    assert tuple(rows[0]) == BOM_COLUMNS
    assert sum(int(row["count"]) for row in rows) == len(design.placed)
    assert sorted(" ".join(row["reference"] for row in rows).split()) == sorted(e.reference for e in design.placed)
    assert all(row["order code"] and row["source"] and row["manufacturer"] and row["package"] for row in rows)
    codes = {row["value"]: row["order code"] for row in rows}
    assert (codes["4.7k"], codes["1M"], codes["2n"]) == ("RT0603FRE074K7L", "RT0603FRE071ML", "C0603C202J5GACTU")


def test_kicads_netlist_names_every_pin_once(design):
    """The grammar of KiCad's reader: ref, value, footprint library:name, libsource; nodes of parts that there are."""
    tree = s_expression(kicad_netlist(design.placed, 'a "name" \\ \n'))
    assert tree[:2] == ["export", ["version", "E"]]
    assert [each[0] for each in tree[2:]] == ["design", "components", "libparts", "libraries", "nets"]
    components = {value(each, "ref"): each for each in under(under(tree, "components")[0], "comp")}
    assert len(components) == len(design.placed)
    for each in components.values():
        library, _, name = value(each, "footprint").partition(":")
        assert library
        assert name
        assert value(each, "value")
        properties = {value(p, "name"): value(p, "value") for p in under(each, "property")}
        assert properties["MPN"]
    pins = [
        (value(node, "ref"), value(node, "pin"))
        for net in under(under(tree, "nets")[0], "net")
        for node in under(net, "node")
    ]
    assert len(set(pins)) == len(pins) == sum(len(each.pins) for each in design.placed)
    assert {reference for reference, _ in pins} == set(components)
    parts = {
        (value(p, "lib"), value(p, "part")): under(under(p, "pins")[0], "pin")
        for p in under(under(tree, "libparts")[0], "libpart")
    }
    for reference, each in components.items():
        (source,) = under(each, "libsource")
        known = {value(pin, "num") for pin in parts[value(source, "lib"), value(source, "part")]}
        assert {pin for name, pin in pins if name == reference} <= known


def test_nets_join_what_the_circuit_joins(design):
    """A synapse's ends, the switch of its cue and the pins of an op-amp are on the nets of the netlist."""
    nets = {}
    for each in design.placed:
        for pin, net in each.pins.items():
            nets.setdefault(net, set()).add((each.reference, pin))
    assert all(len(nodes) > 1 for net, nodes in nets.items())
    network = design.network
    for i in range(network.size):
        synapses = np.count_nonzero(network.conductances[i])
        letters = Counter(reference[0] for reference, _ in nets[f"u{i}"])
        assert letters == {"R": synapses + 1, "C": 1, "U": 2}  # a leak; an input and a switch
    packages = [each for each in design.placed if each.reference.startswith("U")]
    assert all({"vdd", "vss"} <= set(each.pins.values()) and len(each.pins) == 14 for each in packages)


@pytest.mark.parametrize(
    ("ohm", "code"), [(4700.0, "4K7"), (205.0, "205R"), (1e6, "1M"), (30100.0, "30K1"), (2.2, "2R2")]
)
def test_codes_of_resistors(ohm, code):
    assert resistor_code(ohm) == code


@pytest.mark.parametrize(
    ("farad", "code"), [(2e-9, "202"), (100e-9, "104"), (10e-6, "106"), (47e-12, "470"), (820e-12, "821")]
)
def test_codes_of_capacitors(farad, code):
    assert capacitor_code(farad) == code


def test_values_that_nobody_makes_are_refused():
    for farad in (2.34e-9, 1e-12):
        with pytest.raises(ValueError, match="no code of two digits"):
            capacitor_code(farad)
    with pytest.raises(ValueError, match="not in the table of parts, which goes from 10 to 1e"):
        value_part(("resistor",), 5e7)
    with pytest.raises(ValueError, match="part 'tl072' has no order code"):
        place_parts(design_board(MEMORY).circuit, "tl072")


def test_loads_are_summed_by_hand_and_too_heavy_ones_are_named():
    """Two neurons that inhibit each other through 200 ohm."""
    t = np.array([[0.0, -5e-3], [-5e-3, 0.0]])
    network = AnalogNetwork(t, 1.0 / (5e-3 + 1e-6), 1e-9, 0.0, Tanh(50.0))
    loads = {load.node: load for load in output_loads(network, OPAMPS["mcp6001"])}
    assert set(loads) == {"v0", "v1", "w0", "w1"}
    worst = 5e-3 / (5e-3 + 1e-6)
    assert loads["w0"].ampere == pytest.approx(5e-3 * (1.0 + worst) + 1.0 / 4.7e3)
    assert loads["v0"].ampere == pytest.approx(2.0 / 4.7e3)
    strong = AnalogNetwork(4.0 * t, 1.0 / (20e-3 + 1e-6), 1e-9, 0.0, Tanh(50.0))
    said = list(load_notes(strong, OPAMPS["mcp6001"]))
    assert any(line.startswith("warning: w0 must deliver 40.2 mA") for line in said)
    assert not any(line.startswith("warning: v0") for line in said)


@with_ngspice
def test_the_command_writes_all_files_and_the_page_needs_nothing_else(tmp_path, capsys):
    picture = tmp_path / "m.txt"
    picture.write_text("#.#\n.#.\n")
    folder = tmp_path / "board"
    assert main(["board", str(picture), "--out", str(folder)]) == 0
    assert sorted(each.name for each in folder.iterdir()) == ["board.cir", "board.html", "board.net", "bom.csv"]
    page = (folder / "board.html").read_text()
    assert all(f"<h2>{head}</h2>" in page for head in ("Schematic", "Expected waveforms", "Power", "Yield", "Parts"))
    assert re.findall(r'(?:src|href)="(\w+:)', page) == ["data:", "data:"]
    assert "100 of 100 boards answer right" in page
    read_netlist((folder / "board.cir").read_text())
    assert main(["board", str(picture), "--opamp", "tl072", "--out", str(folder)]) == 2
    assert "switches of the cue take 10 V" in capsys.readouterr().err


def test_equal_boards_are_equal_files():
    first, second = (board_files(Recall("large", np.ones((1, 20), int))) for _ in range(2))
    assert first == second


def test_the_schematic_has_the_diodes_the_switch_and_all_values():
    drawn = problem_schematic(MEMORY, level="board", opamp="lmv824").decode()
    assert all(said in drawn for said in ("2 × 1N4148", "switch", "cue0", "205 Ω", "4.32 kΩ", "20 kΩ", "69.8 kΩ", "w0"))
