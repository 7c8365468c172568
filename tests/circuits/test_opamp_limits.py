"""Op-amps as a designer tries them: gain and noise of a follower that delivers no current, and an output in a short."""

import subprocess
from dataclasses import replace

import numpy as np
import pytest
from test_amplifiers import ENGINES, PART, spins

from circuits import (
    OPAMPS,
    Circuit,
    build_hopfield_circuit,
    extract_network,
    netlist_text,
    read_netlist,
    simulate_circuit,
)
from circuits.netlist.circuit import BehavioralCurrent, BehavioralVoltage, Instance, Resistor, Transient
from circuits.netlist.expressions import Call, Expression, Number, Operation, Time, Voltage, evaluate_expression
from circuits.netlist.hierarchy import flatten_circuit
from circuits.spice.dialects import NGSPICE, XYCE
from circuits.spice.writer import element_line, model_line, subcircuit_lines
from circuits.synthesis.cmos_neuron import SLOPE
from circuits.synthesis.initial_clamps import clamp_initial
from circuits.synthesis.opamp import OpAmp, rails
from circuits.synthesis.tour_circuit import TourCircuit
from neuromorph.analog import Softassign

every_engine = pytest.mark.parametrize("engine", ENGINES)
FREQUENCY_HZ = 1e3


def small_signal(engine: str, lines: list[str], node: str, folder) -> tuple[float, float, float]:
    """(operating point in V, gain, noise in V / sqrt(Hz)) at 1 kHz of a deck with the source ``vin``."""
    deck = "\n".join(["* deck", *lines])
    if engine == "neospice":
        import neospice

        sweep = {"mode": "dec", "npoints": 1, "fstart": FREQUENCY_HZ, "fstop": FREQUENCY_HZ}
        text = f"{deck}\n.end\n"
        noise = neospice.noise(text, output=node, input_src="vin", **sweep)
        return (
            neospice.dc(text).voltage(node),
            abs(neospice.ac(text, **sweep).voltage(node)[0]),
            noise.output_noise_density[0] ** 0.5,
        )
    control = f"""
.control
op
print v({node})
ac lin 1 1k 1k
print mag(v({node}))
noise v({node}) vin lin 1 1k 1k
setplot noise1
print onoise_spectrum
.endc
.end
"""
    (folder / "deck.cir").write_text(deck + control)
    command = ["ngspice", "-n", "-b", "deck.cir"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False).stdout
    found = [float(line.partition("=")[2]) for line in said.splitlines() if " = " in line and "e" in line]
    assert len(found) == 3, said
    return found[0], found[1], found[2]


def follower(part: OpAmp, volt: float, *more: str) -> list[str]:
    supply = [element_line(element, NGSPICE) for element in rails(part.rail_v)]
    own = [f"vin in 0 dc {volt} ac 1", f"xa in out out vdd vss {part.name}"]
    return [*subcircuit_lines(part.subcircuit, NGSPICE), *supply, *own, *more]


@every_engine
@pytest.mark.parametrize("name", OPAMPS)
def test_a_follower_shows_0_db_at_0_v_and_the_noise_of_its_data_sheet(engine, name, tmp_path):
    """Where h and n are both kinked at 0 A, a simulator takes both slopes for 0: no gain, and 2e5 V of noise."""
    part = OPAMPS[name]
    for volt in (0.0, 1e-3, -0.5, 0.8 * part.reach_v):
        at, gain, noise = small_signal(engine, follower(part, volt), "out", tmp_path)
        follows = 1.0 + 10.0 ** (-part.cmrr_db / 20.0) - 1.0 / part.gain
        assert at == pytest.approx(follows * volt, abs=1e-5 * part.rail_v)
        assert 20.0 * np.log10(gain) == pytest.approx(20.0 * np.log10(follows), abs=2e-4)
        assert abs(20.0 * np.log10(gain)) < 0.01
        assert noise == pytest.approx(part.noise_v, rel=1e-3)


@every_engine
@pytest.mark.parametrize(("level", "gain", "close"), [("opamp", 20.0, 1e-3), ("transistor", 20.0 / SLOPE, 0.1)])
def test_a_neuron_has_its_gain_at_0_v(engine, level, gain, close, tmp_path):
    """Pairs of transistors are SLOPE times as steep elsewhere as they are in the middle."""
    circuit = build_hopfield_circuit(spins(0, 2), level=level)
    cell = next(e for e in circuit.elements if isinstance(e, Instance)).subcircuit
    lines = [line for each in circuit.subcircuits() for line in subcircuit_lines(each, NGSPICE)]
    lines += [model_line(model) for model in circuit.models()]
    ports = {"u": "in", "v": "out", "w": "w"}
    shared = [e for e in circuit.elements if e.name in ("vdd", "vss", "bias")]
    lines += [element_line(e, NGSPICE) for e in shared]
    lines += ["vin in 0 dc 0 ac 1", f"x1 {' '.join(ports.get(p, p) for p in cell.ports)} {cell.name}"]
    assert small_signal(engine, lines, "out", tmp_path)[1] == pytest.approx(gain, rel=close)


@every_engine
def test_a_follower_crosses_0_v_without_a_dead_zone(engine):
    part = OPAMPS["opa192"]
    ramp = BehavioralVoltage("in", "in", "0", 2e3 * Time() - 1e-3)
    elements = [*rails(part.rail_v), ramp, *part.elements("x", "in", "out", "out")]
    waves = simulate_circuit(Circuit("t", elements, Transient(2e-9, 1e-6), ("in", "out"), {"px": -1e-3}), engine)
    late = waves.times > 3e-7  # 2e3 V/s lag by 1 / (2 pi GBW), 32 uV
    assert np.abs(np.diff(waves.voltages[late], axis=1) + 3.2e-5).max() < 2e-6


@every_engine
@pytest.mark.parametrize("name", OPAMPS)
def test_into_a_short_flows_what_the_data_sheet_says(engine, name):
    """Driven to either side with the output held at ground and at either rail, as the sheets of some measure it."""
    part = OPAMPS[name]
    for drive, held in ((0.5, 0.0), (-0.5, 0.0), (0.5, -part.rail_v), (-0.5, part.rail_v)):
        elements = [
            *rails(part.rail_v),
            BehavioralVoltage("in", "in", "0", Number(drive)),
            BehavioralVoltage("held", "held", "0", Number(held)),
            Resistor("short", "out", "held", 0.1),
            *part.elements("x", "in", "0", "out"),
        ]
        end = 100.0 * part.rail_v / part.slew_v_s
        waves = simulate_circuit(Circuit("t", elements, Transient(end / 200, end), ("out",), {"px": 0.0}), engine)
        ampere = (waves.voltages[-1, 0] - held) / 0.1
        assert ampere == pytest.approx(part.source_a if drive > 0.0 else -part.sink_a, rel=1e-3)


def test_the_swing_falls_with_the_load_as_the_data_sheet_says():
    """LMV824: 55 mV from the rail into 10 kohm, 160 mV into 600 ohm; OPA192 drives 10 kohm to 2.35 V less 8.5 mV."""
    for name, ohm, swing in (("lmv824", 600.0, 2.34), ("lmv824", 1e4, 2.44), ("opa192", 1e4, 2.3415)):
        part = OPAMPS[name]
        load = Resistor("load", "out", "0", ohm)
        source = BehavioralVoltage("in", "in", "0", Number(0.5))
        elements = [*rails(part.rail_v), source, load, *part.elements("x", "in", "0", "out")]
        end = 100.0 * part.rail_v / part.slew_v_s
        waves = simulate_circuit(Circuit("t", elements, Transient(end / 200, end), ("out",), {"px": 0.0}))
        assert waves.voltages[-1, 0] == pytest.approx(swing, abs=0.01)


def test_a_part_with_limits_comes_back_by_its_numbers():
    limited = {"source_a": 12.3e-3, "sink_a": 7.7e-3, "saturation_ohm": 33.0, "noise_v": 7e-9}
    limited |= {"margin_deg": 57.5, "corner_hz": 123.0, "current_noise_a": 3e-15, "bias_a": 2e-12, "cmrr_db": 81.5}
    limited["psrr_db"] = 77.0
    part = replace(PART, name="mine", **limited)
    for dialect in (NGSPICE, XYCE):
        text = netlist_text(build_hopfield_circuit(spins(0, 3), level="opamp", opamp=part), dialect)
        assert extract_network(read_netlist(text)).opamp == part


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"source_a": 0.0}, "source_a is 0.0; it must be positive"),
        ({"sink_a": float("nan")}, "sink_a is nan; it must be positive"),
        ({"saturation_ohm": -1.0}, "saturation_ohm is -1.0; it must be finite and positive"),
        ({"margin_deg": 20.0}, "margin_deg is 20.0; it must lie between 30 and 90"),
        ({"cmrr_db": 0.0}, "cmrr_db is 0.0; it must be positive, in decibels"),
        ({"corner_hz": float("inf")}, "corner_hz is inf; it must be finite"),
        ({"noise_v": -1e-9}, "noise_v is -1e-09; it must be finite and not negative"),
    ],
)
def test_impossible_limits_are_refused(change, rule):
    with pytest.raises(ValueError, match=rule):
        replace(PART, **change)


# The kind: no slope of a circuit of ours may hang on what a simulator takes for the slope of a kink.


def slope(expression: Expression, node: str, volts: dict[str, float], time_s: float, kink: float) -> float:
    """d expression / d v(node), where max, min and abs have between their two slopes that of ``kink`` in 0 .. 1."""

    def of(each: Expression) -> float:
        return slope(each, node, volts, time_s, kink)

    def at(each: Expression) -> float:
        return float(evaluate_expression(each, volts, time_s))

    match expression:
        case Voltage(read):
            return float(read == node)
        case Operation("+", a, b):
            return of(a) + of(b)
        case Operation("-", a, b):
            return of(a) - of(b)
        case Operation("*", a, b):
            return of(a) * at(b) + at(a) * of(b)
        case Operation("/", a, b):
            return (of(a) * at(b) - at(a) * of(b)) / at(b) ** 2
        case Call("tanh", (a,)):
            return of(a) * (1.0 - np.tanh(at(a)) ** 2)
        case Call("atan", (a,)):
            return of(a) / (1.0 + at(a) ** 2)
        case Call("exp", (a,)):
            return of(a) * float(np.exp(at(a)))
        case Call("sqrt", (a,)):
            return of(a) / (2.0 * at(expression))
        case Call("abs", (a,)):
            return of(a) * (np.sign(at(a)) or 2.0 * kink - 1.0)
        case Call("max" | "min" as name, (a, b)):
            difference = (at(a) - at(b)) * (1.0 if name == "max" else -1.0)
            share = kink if difference == 0.0 else float(difference > 0.0)
            return share * of(a) + (1.0 - share) * of(b)
    return 0.0


def conductances(circuit: Circuit, kink: float, time_s: float = 1.0) -> np.ndarray:
    """What the controlled sources of a flat circuit add to its matrix where all nodes are at 0 V."""
    flat = flatten_circuit(circuit)
    nodes = sorted(flat.nodes())
    place = {node: k for k, node in enumerate(nodes)}
    volts = {**dict.fromkeys(nodes, 0.0), "temperature": 1.0}  # by which a tour's circuit divides
    sources = [e for e in flat.elements if isinstance(e, BehavioralVoltage)]
    matrix = np.zeros((len(nodes) + len(sources), len(nodes)))
    for e in flat.elements:
        if isinstance(e, BehavioralCurrent | BehavioralVoltage):
            for node in {leaf for leaf in nodes if f"node='{leaf}'" in repr(e.expression)}:
                found = slope(e.expression, node, volts, time_s, kink)
                if isinstance(e, BehavioralCurrent):
                    matrix[place[e.a], place[node]] += found
                    matrix[place[e.b], place[node]] -= found
                else:
                    matrix[len(nodes) + sources.index(e), place[node]] = found
    return matrix[:, [k for node, k in place.items() if node != "0"]]


def macro_models() -> list[Circuit]:
    made = [build_hopfield_circuit(spins(0, 2), level="opamp", opamp=part) for part in (*OPAMPS.values(), PART)]
    xy = np.random.default_rng(0).random((6, 2))
    tour = TourCircuit(Softassign(np.linalg.norm(xy[:, None] - xy, axis=2), noise=0.0))
    return [*made, clamp_initial(flatten_circuit(made[0])), tour.circuit(tour.start(0))]


@pytest.mark.parametrize("circuit", macro_models(), ids=lambda circuit: circuit.title[:20])
def test_no_slope_hangs_on_a_kink_at_the_operating_point(circuit):
    """But for what the rails give, of which one or the other does where a stage changes over from source to sink."""
    rows = sorted(flatten_circuit(circuit).nodes())
    signal = [k for k, node in enumerate(rows) if node not in ("vdd", "vss", "0")]
    signal += range(len(rows), len(conductances(circuit, 0.0)))
    one, other, between = (conductances(circuit, kink)[signal] for kink in (0.0, 1.0, 0.5))
    np.testing.assert_allclose(other, one, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(between, one, rtol=1e-9, atol=1e-15)


def test_the_audit_of_kinks_finds_the_stage_that_had_no_slope():
    ampere = (Voltage("p") - Voltage("out")) / 100.0
    halves = [
        BehavioralCurrent("h", "vdd", "out", Call("max", (ampere, Number(0.0)))),
        BehavioralCurrent("n", "out", "vss", Call("max", (0.0 - ampere, Number(0.0)))),
        *(Resistor(node, node, "0", 1.0) for node in ("p", "out", "vdd", "vss")),
    ]
    circuit = Circuit("t", halves, Transient(1.0, 1.0), ("out",))
    row = sorted(circuit.nodes()).index("out")
    assert not np.allclose(conductances(circuit, 0.0)[row], conductances(circuit, 1.0)[row])
