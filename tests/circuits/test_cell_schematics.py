"""Schematics of a neuron for LTspice and xschem, read back by their geometry: the elements of the subcircuit again."""

import re
from dataclasses import replace

import numpy as np
import pytest

from circuits import OPAMPS, Circuit, installed_engines, simulate_circuit
from circuits.cells.handover_files import cell_files
from circuits.cells.library import library_cells
from circuits.cells.ltspice_schematic import ltspice_library, ltspice_schematic
from circuits.cells.placed_symbols import place_symbols
from circuits.cells.xschem_schematic import ngspice_library, xschem_files
from circuits.netlist.circuit import (
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Diode,
    DiodeModel,
    Instance,
    Resistor,
    Subcircuit,
    Transient,
)
from circuits.netlist.sources import VoltageSource
from circuits.spice.people_numbers import people_number
from circuits.spice.reader import read_deck_file
from neuromorph.analog import AnalogNetwork, Tanh
from neuromorph.cli import main
from neuromorph.ising import Ising

PART = OPAMPS["lmv824"]
# Pins of LTspice's own symbols, from their .asy files, in SPICE's order.
ASY = {
    "res": [(16, 16), (16, 96)],
    "cap": [(16, 0), (16, 64)],
    "bv": [(0, 16), (0, 96)],
    "voltage": [(0, 16), (0, 96)],
    "current": [(0, 0), (0, 80)],
    r"OpAmps\\opamp2": [(-32, 80), (-32, 48), (0, 32), (0, 96), (32, 64)],
}
SYM = {"devices/res.sym": [(0, -30), (0, 30)], "devices/capa.sym": [(0, -30), (0, 30)]}  # xschem_library/devices


def neuron(gain):
    network = AnalogNetwork(np.array([[0.0, 1e-5], [1e-5, 0.0]]), 5e4, 1e-9, 0.0, Tanh(gain=gain))
    return next(cell for cell in library_cells(network, PART) if cell.name == "neuron_opamp")


def nets_of(wires, labels):
    """{point: label} of every end of a wire that touches a label through wires."""
    named = dict(labels)
    for _ in range(len(wires)):
        for a, b in wires:
            for one, other in ((a, b), (b, a)):
                if one in named:
                    assert named.setdefault(other, named[one]) == named[one], "a short"
    return named


def read_asc(text):
    """{InstName: (symbol, nets in SPICE's order, value)} and the directives of an .asc file."""
    lines = text.splitlines()
    assert lines[0] == "Version 4"
    assert re.fullmatch(r"SHEET 1 \d+ \d+", lines[1])
    wires, labels, symbols, directives = [], {}, [], []
    for line in lines[2:]:
        word, *rest = line.split(" ")
        match word:
            case "WIRE":
                x1, y1, x2, y2 = map(int, rest)
                wires.append(((x1, y1), (x2, y2)))
            case "FLAG":
                labels[int(rest[0]), int(rest[1])] = rest[2]
            case "SYMBOL":
                name, x, y, turn = rest
                assert turn == "R0"
                symbols.append({"symbol": name, "at": (int(x), int(y))})
            case "SYMATTR":
                symbols[-1][rest[0]] = " ".join(rest[1:])
            case "TEXT":
                directives.append(" ".join(rest[4:]))
            case _:
                raise AssertionError(line)
    assert all(c % 16 == 0 for wire in wires for point in wire for c in point)
    nets = nets_of(wires, labels)
    found = {}
    for each in symbols:
        x, y = each["at"]
        found[each["InstName"]] = (
            each["symbol"],
            tuple(nets[x + dx, y + dy] for dx, dy in ASY[each["symbol"]]),
            each["Value"],
        )
    return found, directives


def read_xschem(text, symbols):
    """{name: (symbol, nets in the order of pins, attributes)} and the ports of a .sch file."""
    wires, labels, ports, parts = [], {}, [], []
    assert text.startswith("v {xschem version=")
    for line in text.splitlines():
        if line.startswith("N "):
            x1, y1, x2, y2 = map(int, line.split(" ")[1:5])
            wires.append(((x1, y1), (x2, y2)))
        found = re.fullmatch(r"C \{(\S+)\} (-?\d+) (-?\d+) (\d) (\d) \{(.*)\}", line)
        if found:
            name, place = found[1], (int(found[2]), int(found[3]))
            given = dict(re.findall(r'(\w+)=("[^"]*"|\S+)', found[6]))
            if name == "devices/lab_pin.sym":
                labels[place] = given["lab"]
            elif name.endswith("pin.sym"):
                ports.append(given["lab"])
            elif name != "devices/code_shown.sym":
                parts.append((name, place, given))
    nets = nets_of(wires, labels)
    pins = SYM | {f: [tuple(map(int, p)) for p in pin_places(t)] for f, t in symbols.items() if f.endswith(".sym")}
    read = {}
    for name, (x, y), given in parts:
        assert given["name"] not in read
        read[given["name"]] = (name, tuple(nets[x + dx, y + dy] for dx, dy in pins[name]), given)
    return read, ports


def pin_places(text):
    boxes = re.findall(r"^B 5 (\S+) (\S+) (\S+) (\S+) \{name=\w+ dir=(?:in|out|inout)\}$", text, re.MULTILINE)
    return [((float(x1) + float(x2)) / 2, (float(y1) + float(y2)) / 2) for x1, y1, x2, y2 in boxes]


def expected(cell):
    """{name: (kind, nets, value)} of the elements, values by default."""
    known = {p.name: float(p.value) for p in cell.parameters}

    def number(value):
        return people_number(known[value.parameter] if hasattr(value, "parameter") else float(value))

    found = {}
    for e in cell.elements:
        match e:
            case Resistor():
                found[f"R{e.name}"] = ("R", (e.a, e.b), number(e.ohm))
            case Capacitor():
                found[f"C{e.name}"] = ("C", (e.a, e.b), number(e.farad))
            case BehavioralVoltage():
                found[f"B{e.name}"] = ("B", (e.a, e.b), None)
            case Instance():
                found[f"X{e.name}"] = ("X", e.nodes, e.subcircuit.name)
    return found


@pytest.mark.parametrize("gain", [50.0, 1.0])
def test_the_schematic_of_ltspice_has_the_elements_of_the_neuron(gain):
    cell = neuron(gain)
    found, directives = read_asc(ltspice_schematic(cell, PART, "opamps.lib"))
    wanted = expected(cell)
    assert set(found) == set(wanted) | {"VDD", "VSS", "IIN"}
    for name, (kind, nets, value) in wanted.items():
        symbol, read, said = found[name]
        if kind == "X":
            plus, minus, out, high, low = nets
            assert (symbol, read, said) == (r"OpAmps\\opamp2", (plus, minus, high, low, out), f"{value}_opamp2")
        else:
            assert read == nets
            assert symbol == {"R": "res", "C": "cap", "B": "bv"}[kind]
            assert said.startswith("V=(") if kind == "B" else said == value
    assert found["VDD"][1:] == (("vdd", "0"), "2.5")
    assert found["IIN"][1] == ("0", "u")
    assert directives[0] == "!.lib opamps.lib"
    assert directives[1].startswith("!.tran 0 ")
    library = ltspice_library([PART])
    assert ".subckt lmv824_opamp2 inp inn vp vn out params: offset=0.0" in library
    assert "X1 inp inn out vp vn lmv824" in library


@pytest.mark.parametrize("gain", [50.0, 1.0])
def test_the_schematic_of_xschem_has_the_elements_of_the_neuron(gain):
    cell = neuron(gain)
    files = xschem_files(cell, PART, "opamps.lib")
    assert set(files) == {"neuron_opamp.sym", "neuron_opamp.sch", "opamp.sym", "limiter.sym"}
    found, ports = read_xschem(files["neuron_opamp.sch"], files)
    assert ports == list(cell.ports)
    wanted = expected(cell)
    assert set(found) == set(wanted)
    for name, (kind, nets, value) in wanted.items():
        _, read, given = found[name]
        assert read == nets
        if kind != "B":
            assert given["model" if kind == "X" else "value"] == value
    names = re.findall(r"^B 5 .*name=(\w+) ", files["neuron_opamp.sym"], re.MULTILINE)
    assert names == list(cell.ports)  # in the order of the ports: xschem writes @pinlist by it
    assert re.findall(r"^B 5 .*name=(\w+) ", files["opamp.sym"], re.MULTILINE) == list(PART.subcircuit.ports)
    for text in files.values():
        assert text.count("{") == text.count("}")
    assert ".subckt lmv824 plus minus out vdd vss" in ngspice_library([PART])


def test_no_two_symbols_of_a_page_share_a_place():
    placed = place_symbols(neuron(50.0))
    assert len({(s.column, s.row) for s in placed}) == len(placed) == len({s.name for s in placed})
    diode = Subcircuit("d", ("a",), (Diode("1", "a", "0", DiodeModel("d1", saturation_a=1e-14)),))
    with pytest.raises(ValueError, match="element '1' of cell 'd' has no symbol"):
        place_symbols(diode)


def test_the_command_writes_the_cells(tmp_path, capsys):
    problem = tmp_path / "pair.txt"
    problem.write_text("2 1\n1 2 1\n")
    out = tmp_path / "cells"
    assert main(["cells", str(problem), "--opamp", "lmv824", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    files = {path.name for path in out.iterdir()}
    assert {"neuron_ideal.va", "pbit.va", "neuron_opamp.asc", "neuron_opamp.sym", "neuron_opamp.sch"} <= files
    assert all(name in said for name in files)
    again = cell_files(Ising(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros(2)), opamp="lmv824")
    assert set(again) == files
    assert main(["cells", str(problem), "--opamp", "741", "--out", str(out)]) == 2
    assert "opamp is '741'" in capsys.readouterr().err


@pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")
def test_the_netlist_of_the_xschem_schematic_runs_as_the_subcircuit_does(tmp_path):
    """What xschem writes by the formats of the symbols, with the library beside it, in ngspice: the same u, v and w."""
    cell = neuron(50.0)
    files = xschem_files(cell, PART, "opamps.lib")
    found, _ = read_xschem(files["neuron_opamp.sch"], files)
    (tmp_path / "opamps.lib").write_text(ngspice_library([PART]))
    lines = ["* neuron", ".include opamps.lib", "Iin 0 u 1u", "Vh vdd 0 2.5", "Vl vss 0 -2.5"]
    for name, (symbol, nets, given) in found.items():
        value = {"opamp.sym": given.get("model"), "limiter.sym": f"V={{{given.get('func', '').strip(chr(34))}}}"}
        lines.append(" ".join([name, *nets, value.get(symbol) or given["value"]]))
    lines += [".ic v(u)=0.0", ".tran 1u 300u uic", ".save v(u) v(v) v(w)", ".end"]
    (tmp_path / "neuron.cir").write_text("\n".join(lines) + "\n")
    deck = read_deck_file(tmp_path / "neuron.cir", include=[tmp_path / "opamps.lib"])
    drawn = simulate_circuit(replace(deck.circuit, analysis=Transient(1e-6, 3e-4, reltol=1e-6)), "ngspice")
    elements = (
        Instance("n", cell, cell.ports),
        CurrentSource("in", "0", "u", 1e-6),
        VoltageSource("h", "vdd", "0", 2.5),
        VoltageSource("l", "vss", "0", -2.5),
    )
    asked = Circuit("neuron", elements, Transient(1e-6, 3e-4, reltol=1e-6), ("u", "v", "w"), {"u": 0.0})
    waves = simulate_circuit(asked, "ngspice")
    times = np.linspace(1e-5, 3e-4, 100)
    for node in "uvw":
        one, other = (np.interp(times, w.times, w.of([node])[:, 0]) for w in (drawn, waves))
        assert np.abs(one - other).max() < 1e-3
    assert np.ptp(waves.of(["v"])) > 0.5
