"""Verilog-A modules beside their subcircuits in one ngspice, where it loads compiled modules (OSDI)."""

import subprocess

import numpy as np
import pytest
from osdi_library import osdi_library
from test_verilog_a import CELLS, needs_ngspice

from circuits import Circuit
from circuits.cells.verilog_a import verilog_a_module
from circuits.netlist.circuit import Instance, Resistor, Transient
from circuits.netlist.sources import VoltageSource, Wave
from circuits.simulators.rawfile import read_raw
from circuits.spice.writer import netlist_lines

RAILS = {"vdd": 2.5, "vss": -2.5}


def said_by(deck, folder):
    (folder / "deck.cir").write_text("\n".join([*deck, ""]))
    done = subprocess.run(["ngspice", "-n", "-b", "deck.cir"], cwd=folder, capture_output=True, text=True, timeout=120)
    return done.stdout + done.stderr


def beside(cell):
    """The deck of a cell and its module, each port of both behind a resistor at one source."""
    elements = [Instance("s", cell, tuple(p if p in RAILS else f"s_{p}" for p in cell.ports))]
    for k, port in enumerate(cell.ports):
        if port in RAILS:
            elements.append(VoltageSource(port, port, "0", RAILS[port]))
            continue
        wave = Wave("sin", (0.1 * (k + 1), 0.4 - 0.1 * k, 700.0 * (k + 1)))
        elements.append(VoltageSource(port, f"from_{port}", "0", 0.1 * (k + 1), wave))
        elements += [Resistor(f"{form}_{port}", f"from_{port}", f"{form}_{port}", 1e4) for form in "sm"]
    free = [port for port in cell.ports if port not in RAILS]
    saved = tuple(f"{form}_{port}" for form in "sm" for port in free)
    analysis = Transient(2e-6, 2e-3, uic=False, reltol=1e-6, vntol_v=1e-9, abstol_a=1e-14)
    circuit = Circuit(f"{cell.name} beside its module", tuple(elements), analysis, saved)
    nodes = " ".join(port if port in RAILS else f"m_{port}" for port in cell.ports)
    control = [".control", f"pre_osdi {cell.name}.osdi", "op", "write op.raw", "run", "write tran.raw", ".endc"]
    ours = [f"nm {nodes} compiled", f".model compiled {cell.name}", *control]
    lines = list(netlist_lines(circuit))
    return [*lines[:-1], *ours, lines[-1]], free


@needs_ngspice
@pytest.mark.parametrize("name", CELLS)
def test_a_compiled_module_runs_in_ngspice_as_its_subcircuit_does(name, tmp_path):
    """The DC point and 2 ms of sines at every port to 1e-6 V; an ngspice without OSDI must say that it has none."""
    without = said_by(["* t", "r1 a 0 1", ".control", "osdi none.osdi", ".endc", ".end"], tmp_path)
    if "no such command" in without:
        assert "osdi: no such command available in ngspice" in without
        return
    cell = CELLS[name]
    openvaf = pytest.importorskip("openvaf_py", reason="needs openvaf-py, which compiles Verilog-A")
    (tmp_path / f"{name}.va").write_text(verilog_a_module(cell))
    (module,) = openvaf.compile_va(str(tmp_path / f"{name}.va"))
    osdi_library(module, tmp_path)
    deck, ports = beside(cell)
    said = said_by(deck, tmp_path)
    assert (tmp_path / "tran.raw").is_file(), said
    moved = 0.0
    for file in ("op.raw", "tran.raw"):
        (plot,) = read_raw(tmp_path / file)
        for port in ports:
            difference = np.abs(plot[f"v(s_{port})"] - plot[f"v(m_{port})"]).max()
            assert difference < 1e-6, (file, port, difference)
            moved = max(moved, np.ptp(plot[f"v(m_{port})"]))
    assert moved > 0.1
