"""Verilog-A modules, compiled, have the currents, charges and sources of the subcircuits that SPICE runs."""

import re

import numpy as np
import pytest

from circuits import OPAMPS, Circuit, installed_engines, simulate_circuit
from circuits.cells.library import library_cells
from circuits.cells.verilog_a import verilog_a_module
from circuits.netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Diode,
    DiodeModel,
    Instance,
    Resistor,
    Subcircuit,
    Transconductor,
    Transient,
)
from circuits.netlist.expressions import Reference, Time, Voltage, call, evaluate_expression
from circuits.netlist.hierarchy import flatten_circuit
from circuits.netlist.sources import VoltageSource, Wave
from neuromorph.analog import AnalogNetwork, Tanh

NETWORK = AnalogNetwork(np.array([[0.0, 1e-5], [1e-5, 0.0]]), 5e4, 1e-9, 0.0, Tanh(gain=50.0))
CELLS = {cell.name: cell for cell in library_cells(NETWORK, OPAMPS["lmv824"])}
needs_ngspice = pytest.mark.skipif("ngspice" not in installed_engines(), reason="needs ngspice")


class Compiled:
    """A module as openvaf compiles it: residuals and their derivatives at given unknowns."""

    def __init__(self, cell, folder):
        openvaf = pytest.importorskip("openvaf_py", reason="needs openvaf-py, which compiles Verilog-A")
        path = folder / f"{cell.name}.va"
        path.write_text(verilog_a_module(cell))
        (self.module,) = openvaf.compile_va(str(path))
        self.names = [node["name"] for node in self.module.get_dae_system()["nodes"]]
        self.values = {each.name: float(each.value) for each in cell.parameters}

    def at(self, unknowns):
        """((resistive, reactive) of each equation, (row, column, resistive, reactive) of each derivative)."""
        known = dict(zip(self.names, unknowns, strict=True))
        words = {"mfactor": 1.0, "$temperature": 300.15, **self.values}
        for name in [*self.module.param_names, *self.module.init_param_names]:
            across = re.fullmatch(r"V\((\w+)(?:,(\w+))?\)", name)
            through = re.fullmatch(r"I\((b_\w+)\)", name)
            if across:
                words[name] = known[across[1]] - (known[across[2]] if across[2] else 0.0)
            elif through:
                words[name] = known[f"flow({through[1]})"]
            else:
                words.setdefault(name, 0.0)
        return self.module.run_init_eval(words)


def flat_of(cell):
    ends = tuple(Resistor(f"end{k}", port, "0", 1.0) for k, port in enumerate(cell.ports))
    circuit = Circuit("flat", (Instance("c", cell, cell.ports), *ends), Transient(1e-9, 1e-6), (cell.ports[0],))
    return [e for e in flatten_circuit(circuit).elements if not e.name.startswith("end")]


def equations(cell, names, unknowns):
    """The same by Kirchhoff's law on the subcircuit's elements: currents, charges, and what sources lack."""
    known = dict(zip(names, unknowns, strict=True))
    volts = {name if name in cell.ports else f"xc_{name}": volt for name, volt in known.items()} | {"0": 0.0}
    amperes, coulombs = dict.fromkeys(volts, 0.0), dict.fromkeys(volts, 0.0)
    lacks = {}
    for e in flat_of(cell):
        across = volts[e.a] - volts[e.b]
        match e:
            case Resistor():
                flow, charge = across / e.ohm, 0.0
            case Capacitor():
                flow, charge = 0.0, across * e.farad
            case CurrentSource():
                flow, charge = e.ampere, 0.0
            case Transconductor():
                flow, charge = e.siemens * (volts[e.plus] - volts[e.minus]), 0.0
            case BehavioralCurrent():
                flow, charge = evaluate_expression(e.expression, volts), 0.0
            case BehavioralVoltage():
                branch = f"flow(b_{e.name.removeprefix('xc_')})"
                flow, charge = known[branch], 0.0
                lacks[branch] = evaluate_expression(e.expression, volts) - across
        for node, sign in ((e.a, 1.0), (e.b, -1.0)):
            amperes[node] += sign * flow
            coulombs[node] += sign * charge
    nodes = [lacks.get(name) if name in lacks else name for name in names]
    place = [name if name in cell.ports else f"xc_{name}" for name in names]
    resist = [x if isinstance(x, float) else amperes[p] for x, p in zip(nodes, place, strict=True)]
    return np.array(resist), np.array(
        [0.0 if name in lacks else coulombs[p] for name, p in zip(names, place, strict=True)]
    )


@pytest.mark.parametrize("name", CELLS)
def test_a_compiled_module_has_the_equations_of_its_subcircuit(name, tmp_path):
    """Currents, charges and sources at 20 random states to 1e-9: equal equations, so equal DC points and transients."""
    cell = CELLS[name]
    compiled = Compiled(cell, tmp_path)
    assert compiled.module.num_states == 0
    assert [compiled.names[k] for k in range(compiled.module.num_terminals)] == list(cell.ports)
    draw = np.random.default_rng(1)
    for _ in range(20):
        x = draw.uniform(-1.0, 1.0, len(compiled.names))
        x[[re.search("_e[ab]$", node) is not None for node in compiled.names]] = (
            0.0  # noise alone drives them: taken out
        )
        found, _ = compiled.at(x)
        resist, charge = equations(cell, compiled.names, x)
        assert np.allclose([r for r, _ in found], resist, rtol=1e-9, atol=1e-18)
        assert np.allclose([q for _, q in found], charge, rtol=1e-9, atol=1e-24)


def transient(compiled, drive, step, steps, held):
    """Trapezoidal rule on a compiled module: ``drive`` A into port u, other held ports at 0; all unknowns."""
    n = len(compiled.names)
    free = [k for k, name in enumerate(compiled.names) if name not in held]
    u = compiled.names.index("u")
    x = np.zeros(n)

    def parts(x):
        found, derivatives = compiled.at(x)
        f, q = np.array(found).T
        df, dq = np.zeros((2, n, n))
        for row, column, resistive, reactive in derivatives:
            df[row, column] += resistive
            dq[row, column] += reactive
        f = f.copy()
        f[u] -= drive
        return f, q, df, dq

    for _ in range(20):  # consistent at t = 0: u is 0, its current is the capacitor's
        f, _, df, _ = parts(x)
        others = [k for k in free if k != u]
        x[others] -= np.linalg.solve(df[np.ix_(others, others)], f[others])
    path = [x.copy()]
    f0, q0, _, _ = parts(x)
    for _ in range(steps):
        for _ in range(20):
            f, q, df, dq = parts(x)
            algebraic = ~np.abs(dq).any(axis=1)
            residual = np.where(algebraic, f, (q - q0) / step + 0.5 * (f + f0))
            matrix = np.where(algebraic[:, None], df, dq / step + 0.5 * df)
            move = np.linalg.solve(matrix[np.ix_(free, free)], residual[free])
            x[free] -= move
            if np.abs(move).max() < 1e-13:
                break
        f0, q0, _, _ = parts(x)
        path.append(x.copy())
    return np.array(path)


@needs_ngspice
def test_the_transient_of_the_module_is_that_of_the_subcircuit_in_ngspice(tmp_path):
    """A neuron charged by a current from rest: u and v against ngspice, to 1e-6 of full scale."""
    cell = CELLS["neuron_ideal"]
    tau = 1e-9 * cell.parameters[1].value
    path = transient(Compiled(cell, tmp_path), 3e-7, tau / 500, 500, ())
    elements = (
        Instance("n", cell, cell.ports),
        CurrentSource("drive", "0", "u", 3e-7),
        *(Resistor(f"end_{port}", port, "0", 1e9) for port in "vw"),
    )
    analysis = Transient(tau / 2000, tau, reltol=1e-9, vntol_v=1e-12, abstol_a=1e-18)
    waves = simulate_circuit(Circuit("neuron", elements, analysis, ("u", "v", "w"), {"u": 0.0}), "ngspice")
    times = np.linspace(0.0, tau, 501)
    for k, node in enumerate("uvw"):
        spice = np.interp(times[5:], waves.times, waves.of([node])[:, 0])
        assert np.abs(path[5:, k] - spice).max() < 1e-6


@needs_ngspice
def test_the_rest_of_op_amps_in_ngspice_is_a_rest_of_the_module(tmp_path):
    """Voltages that ngspice settles at leave no current at any node of the compiled module: their DC points agree."""
    cell = CELLS["neuron_opamp"]
    compiled = Compiled(cell, tmp_path)
    inside = sorted(cell.inside | {f"{x}.{node}" for x, e in cell.instances.items() for node in e.subcircuit.inside})
    elements = (
        Instance("n", cell, cell.ports),
        Resistor("drive", "u", "v", 1e5),
        BehavioralVoltage("vdd", "vdd", "0", call("min", 2.5, 3.0)),
        BehavioralVoltage("vss", "vss", "0", call("max", -2.5, -3.0)),
    )
    saved = (*cell.ports, *(f"xn.{node}" for node in inside))
    analysis = Transient(1e-6, 5e-3, uic=True, reltol=1e-6)
    waves = simulate_circuit(Circuit("rest", elements, analysis, saved, {"u": 0.1}), "ngspice", timeout_s=120.0)
    rest = dict(zip(waves.nodes, waves.voltages[-1], strict=True))
    assert rest["v"] > 0.9
    named = {path.removeprefix("xn.").replace(".", "_"): volt for path, volt in rest.items()}
    currents = compiled.names.index("flow(b_s)")
    x = np.array([named.get(name, 0.0) for name in compiled.names])
    x[currents] = (named["x"] - named["s"]) / next(
        e.ohm for e in cell.elements if e.name == "s" and isinstance(e, Resistor)
    )
    found = np.array([resistive for resistive, _ in compiled.at(x)[0]])
    ends = {"u": (named["u"] - named["v"]) / 1e5, "v": (named["v"] - named["u"]) / 1e5}
    for k, name in enumerate(compiled.names):
        if name not in ("vdd", "vss"):
            assert found[k] + ends.get(name, 0.0) == pytest.approx(0.0, abs=2e-9), name


@needs_ngspice
@pytest.mark.parametrize("volt", [0.0, 0.5, -1.0])
def test_a_p_bit_that_sees_every_random_voltage_once_has_the_mean_of_its_input(volt):
    """r runs evenly through its range: up for (1 + tanh u) / 2 of the time, so that the mean output is tanh u."""
    cell = CELLS["pbit"]
    elements = (
        Instance("p", cell, cell.ports),
        VoltageSource("u", "u", "0", volt),
        VoltageSource("r", "r", "0", -1.0, Wave("pwl", (0.0, -1.0, 1e-3, 1.0))),
    )
    circuit = Circuit("p-bit", elements, Transient(1e-6, 1e-3, reltol=1e-6), ("v",), {"v": -1.0})
    waves = simulate_circuit(circuit, "ngspice")
    mean = np.trapezoid(waves.of(["v"])[:, 0], waves.times) / 1e-3
    assert mean == pytest.approx(np.tanh(volt), abs=5e-3)


def test_modules_have_no_hidden_state():
    for cell in CELLS.values():
        text = verilog_a_module(cell)
        assert not re.search(r"@\s*\(|\$random|\$rdist|\breal \w+\s*;|\binteger\b|initial", text)
        assert text.count("endmodule") == 1


def test_words_of_the_language_and_ground_are_written_right(tmp_path):
    """A port named like a keyword, a source from ground, the time and sgn: compiled, with their signs."""
    cell = Subcircuit(
        "table",
        ("in", "out"),
        (
            Resistor("1", "in", "0", 2.0),
            CurrentSource("1", "0", "out", 3.0),
            BehavioralCurrent("2", "0", "out", call("sgn", Voltage("in")) * Time()),
            Transconductor("1", "0", "out", "in", "0", 5.0),
        ),
    )
    compiled = Compiled(cell, tmp_path)
    assert compiled.names == ["in", "out"] or compiled.names == ["in_", "out_"]
    found, _ = compiled.at([0.5, 0.0])
    assert found[0][0] == pytest.approx(0.25)
    assert found[1][0] == pytest.approx(-3.0 - 2.5)


def test_what_has_no_module_is_refused():
    diode = Subcircuit("d", ("a",), (Diode("1", "a", "0", DiodeModel("d1", saturation_a=1e-14)),))
    with pytest.raises(ValueError, match="element '1' of 'd' has no Verilog-A"):
        verilog_a_module(diode)
    lent = Subcircuit("r", ("a",), (Resistor("1", "a", "0", Reference("outside")),))
    with pytest.raises(ValueError, match="refers to 'outside' of a circuit"):
        verilog_a_module(lent)
    with pytest.raises(ValueError, match="neuron is 2"):
        library_cells(NETWORK, OPAMPS["lmv824"], 2)
