"""Amplifiers that are not ideal, each property against arithmetic, and the network they make against its ODE."""

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from test_circuits import ACTIVATIONS, random_network

from circuits import OPAMPS, Circuit, build_hopfield_circuit, certify, installed_engines, netlist_text, simulate_circuit
from circuits.netlist.circuit import BehavioralVoltage, Mosfet, MosModel, Resistor, Transient
from circuits.netlist.expressions import Number, Time, Voltage, call, evaluate_expression
from circuits.synthesis import cmos_neuron as transistors
from circuits.synthesis import opamp
from circuits.synthesis.cmos_neuron import NMOS, CmosNeurons
from circuits.synthesis.opamp import OpAmp
from circuits.synthesis.opamp_neuron import OpAmpNeurons, rails
from neuromorph import Ising
from neuromorph.analog import AnalogNetwork, Arctan, Logistic, Tanh

ENGINES = [name for name in installed_engines() if name in ("ngspice", "neospice")]
every_engine = pytest.mark.parametrize("engine", ENGINES)
with_ngspice = pytest.mark.parametrize("engine", [name for name in ENGINES if name == "ngspice"])

PART = OpAmp("part", 1e6, 1e6, 1e9, 0.0, 0.0, 0.1, 100.0, 1e-15, 1e-4, 2.5)


def spins(seed: int, n: int = 8) -> AnalogNetwork:
    """Couplings without ties: with them a neuron may rest in the middle of its rails, on no side."""
    j = np.triu(np.random.default_rng(1000 + seed).normal(size=(n, n)), 1)
    return AnalogNetwork.from_ising(Ising(j + j.T), Tanh(20.0))


def stage(part: OpAmp, gain: float, source, offset_v: float = 0.0, duration_s: float = 1e-6) -> Circuit:
    """One amplifier, not inverting, between ideal resistors, from rest."""
    elements = [
        *rails(part.rail_v),
        BehavioralVoltage("in", "in", "0", source),
        *part.elements("x", "in", "m", "out", offset_v),
        Resistor("f", "out", "m", 1e3 * (gain - 1.0)),
        Resistor("g", "m", "0", 1e3),
    ]
    return Circuit("stage", elements, Transient(duration_s / 500, duration_s, reltol=1e-6), ("out",), {"px": 0.0})


# Op-amps


def test_every_preset_comes_from_data_that_are_all_used():
    keys = {f"{name}_{key}" for name in OPAMPS for key in
            ("gain", "bandwidth", "slew", "offset", "headroom", "output", "input", "supply", "rail", "source", "sink",
             "saturation", "noise", "margin", "corner", "current_noise", "bias", "cmrr", "psrr", "drift")}  # fmt: skip
    assert keys | {"feedback", "limiter"} == set(opamp.DATA)
    for name, part in OPAMPS.items():
        assert (part.name, part.gain) == (name, opamp.DATA[f"{name}_gain"].value)
        assert (part.supply_a, part.rail_v) == tuple(opamp.DATA[f"{name}_{k}"].value for k in ("supply", "rail"))
        assert part.slew_v_s / part.bandwidth_hz < 10.0  # V a period: units mixed up would show


@every_engine
def test_a_small_step_settles_with_the_closed_loops_pole(engine):
    """v = k x (1 - exp(-2 pi GBW t / k)); a wrong pole, gain or feedback fails."""
    waves = simulate_circuit(stage(PART, 5.0, Number(0.01), duration_s=4e-6), engine)
    expected = 0.05 * (1.0 - np.exp(-2 * np.pi * 1e6 / 5.0 * waves.times))
    # R_out beside 5 kohm moves the pole by 2 %
    np.testing.assert_allclose(waves.voltages[:, 0], expected, atol=0.05 * 0.01)


@every_engine
def test_a_large_step_rises_at_the_slew_rate_and_stops_at_the_headroom(engine):
    waves = simulate_circuit(stage(replace(PART, slew_v_s=1e6), 2.0, Number(2.0), duration_s=4e-6), engine)
    out = waves.voltages[:, 0]
    rising = (out > 0.2) & (out < 1.8)
    assert np.polyfit(waves.times[rising], out[rising], 1)[0] == pytest.approx(1e6 * 2000 / 2100, rel=0.02)
    assert out[-1] == pytest.approx(2.4 * 2000 / 2100, abs=2e-3)  # R_out into 2 kohm


@every_engine
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_offset_and_finite_gain_are_seen_at_the_output(engine, sign):
    """v = (x + o) / (1/k + 1/A) with A = A_0 loaded by R_out."""
    part = replace(PART, gain=50.0)
    waves = simulate_circuit(stage(part, 5.0, Number(sign * 0.1), 0.02, duration_s=20e-6), engine)
    loaded = 50.0 * 5000 / 5100
    assert waves.voltages[-1, 0] == pytest.approx((sign * 0.1 + 0.02) / (1 / 5 + 1 / loaded), rel=1e-3)


def test_output_and_quiescent_current_come_out_of_the_rails():
    elements = {e.letter + e.name: e for e in PART.elements("x", "a", "b", "out")}
    for inside, ampere in ((1.0, 5e-3), (-1.0, -15e-3)):
        volts = {"px": inside, "out": 0.5}
        sourced, sunk = (float(evaluate_expression(elements[f"b{letter}x"].expression, volts)) for letter in "hn")
        assert sourced - sunk == pytest.approx(ampere)
        assert min(sourced, sunk) == 0.0
    assert (elements["bhx"].a, elements["bhx"].b) == ("vdd", "out")
    assert (elements["bnx"].a, elements["bnx"].b) == ("out", "vss")
    assert (elements["iqx"].a, elements["iqx"].b, elements["iqx"].ampere) == ("vdd", "vss", 1e-4)
    assert [elements[name].farad for name in ("cax", "cbx")] == [1e-15, 1e-15]


@every_engine
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_perfect_op_amps_are_the_ode(engine, activation):
    """Every activation, asymmetric, both rails: a wrong sign, stage gain, limiter or start fails."""
    perfect = OpAmp("perfect", 1e7, 1e9, 1e11, 0.0, 0.0, 0.1, 1.0, 1e-15, 0.0, 15.0)
    result = certify(random_network(5, 4, activation), level="opamp", opamp=perfect, engines=[engine]).engines[engine]
    assert result.trajectory_error <= 1e-3
    assert result.final_error <= 1e-4


def test_offsets_are_drawn_once_for_each_seed_and_never_beyond_the_largest():
    part = replace(PART, offset_v=1e-3, largest_offset_v=2e-3)
    a, b, c = (OpAmpNeurons.drawn(Tanh(), part, 2000, seed).offsets_v for seed in (0, 0, 1))
    assert np.array_equal(a, b)
    assert not np.array_equal(a, c)
    assert a.shape == (2000, 3)
    assert np.abs(a).max() == 2e-3
    assert a.std() == pytest.approx(0.96e-3, rel=0.05)  # a normal's, clipped at two deviations
    text = [netlist_text(build_hopfield_circuit(spins(0), level="opamp", opamp=part, rng=seed)) for seed in (0, 0, 1)]
    assert text[0] == text[1] != text[2]
    assert "* amplifiers: part, gain 1e+06" in text[0]


# Transistors


@every_engine
def test_a_transistor_carries_the_current_of_level_1(engine):
    """Saturation, with body effect and modulation, by the formula."""
    model = MosModel("n1", "n", 0.7, 1e-4, 0.4, 0.7, 0.05, 2e-8, 1e-10)
    elements = [
        BehavioralVoltage("g", "g", "0", Number(2.0)),
        BehavioralVoltage("s", "s", "0", Number(0.5)),
        BehavioralVoltage("dd", "dd", "0", Number(5.0)),
        Mosfet("1", "d", "g", "s", "0", model, 1e-5, 2e-6),
        Resistor("1", "dd", "d", 1e4),
    ]
    waves = simulate_circuit(Circuit("m", elements, Transient(1e-6, 1e-5, uic=False), ("d",)), engine)
    threshold = 0.7 + 0.4 * (np.sqrt(0.7 + 0.5) - np.sqrt(0.7))
    drain = waves.voltages[-1, 0]
    expected = 0.5 * 1e-4 * 5.0 * (1.5 - threshold) ** 2 * (1.0 + 0.05 * (drain - 0.5))
    assert (5.0 - drain) / 1e4 == pytest.approx(expected, rel=1e-6)


@cache
def transfer(gain: float, swing: float, engine: str):
    """(u, v, w, tails) of one cell, its input swept slowly, and the current of its rail."""
    neurons = CmosNeurons(Tanh(gain, swing), 5e-5)
    span, stop = 4.0 / gain, 1e-2
    elements = [e for e in neurons.shared() if e.name != "vdd"]
    elements += [BehavioralVoltage("vdd", "supply", "0", Number(2.5)), Resistor("meter", "supply", "vdd", 1e-3)]
    elements += [*neurons.neuron(0, "w0"), BehavioralVoltage("u0", "u0", "0", (2 * span / stop) * Time() - span)]
    saved = ("u0", "v0", "w0", "x0.ta", "x0.tb", "vdd")
    waves = simulate_circuit(
        Circuit("dc", elements, Transient(stop / 500, stop, uic=False, reltol=1e-5), saved), engine
    )
    return neurons, waves.voltages.T


@every_engine
@pytest.mark.parametrize(("gain", "swing"), [(5.0, 1.0), (20.0, 1.0), (100.0, 0.5), (20.0, 2.0)])
def test_a_cmos_stage_follows_tanh_within_5_percent_with_headroom(engine, gain, swing):
    neurons, (u, v, w, first_tail, second_tail, vdd) = transfer(gain, swing, engine)
    expected = swing * np.tanh(gain * u)
    assert np.abs(v - expected).max() <= 0.05 * 2 * swing
    assert np.abs(w + expected).max() <= 0.05 * 2 * swing
    assert np.diff(v).min() > -1e-6
    assert min(first_tail.min(), second_tail.min()) + 2.5 >= 0.35  # current sources stay saturated
    cell = [e for e in neurons.cells[True].elements if isinstance(e, Mosfet)]
    assert min(e.width_m for e in cell) >= 1e-6  # the process's shortest
    assert max(e.width_m / e.length_m for e in cell) <= 600.0
    middle = (2.5 - vdd[np.abs(u).argmin()]) / 1e-3 - transistors.DATA["bias"].value
    assert middle == pytest.approx(neurons.supply_a, rel=0.1)


def test_each_model_card_is_written_once():
    text = netlist_text(build_hopfield_circuit(spins(0), level="transistor"))
    cards = re.findall(r"^\.model (\S+) (\S+) level=1 (.*(?:\n\+.*)*)", text, re.MULTILINE)
    assert [card[:2] for card in cards] == [("nmos2u", "nmos"), ("pmos2u", "pmos")]
    values = dict(pair.split("=") for pair in cards[0][2].replace("\n+", "").split())
    assert (float(values["vto"]), float(values["kp"]), float(values["lambda"])) == (0.8, 67e-6, 0.04)
    assert re.search(r"^ma a u ta vss nmos2u w=\S+ l=2e-06$", text, re.MULTILINE)
    both = [Mosfet(k, "d", "d", "0", "0", m, 1e-5, 1e-6) for k, m in (("1", NMOS), ("2", replace(NMOS, kp=1e-4)))]
    with pytest.raises(ValueError, match="model 'nmos2u' occurs with two sets of values"):
        Circuit("t", both, Transient(1.0, 1.0), ("d",))


# Networks


def results(level: str, engine: str, seeds: range) -> list:
    """After 30 time constants, when also those are at rest that lingered where two attractors meet."""
    networks = {k: spins(k) for k in seeds}
    options = {k: {"duration_s": 30.0 * float(net.time_constants_s.max()), "rng": k} for k, net in networks.items()}
    part = "opa192" if level == "opamp" else None  # of 5 uV offset: others may choose another attractor at the saddle
    made = [certify(networks[k], level=level, opamp=part, engines=[engine], **options[k]) for k in seeds]
    return [certificate.engines[engine] for certificate in made]


@every_engine
def test_op_amps_end_where_the_ode_does(engine):
    """The promise for 50 networks (test below), on a few; starts lie within a tenth of the middle."""
    for result in results("opamp", engine, range(3)):
        assert result.same_attractor
        assert result.final_error <= 0.02


@with_ngspice
def test_transistors_end_where_the_ode_does(engine):
    found = results("transistor", engine, range(1, 5))
    assert all(result.same_attractor for result in found)
    assert max(result.final_error for result in found) <= 0.08


@pytest.mark.slow
@every_engine
def test_op_amps_end_where_the_ode_does_in_50_of_50(engine):
    found = results("opamp", engine, range(50))
    assert sum(result.same_attractor for result in found) == 50
    assert max(result.final_error for result in found) <= 0.02


@pytest.mark.slow
@with_ngspice
def test_transistors_end_where_the_ode_does_in_95_of_100(engine):
    found = results("transistor", engine, range(50))
    assert sum(result.same_attractor for result in found) >= 0.95 * 50


@pytest.mark.parametrize(("level", "owner"), [("opamp", OpAmpNeurons), ("transistor", CmosNeurons)])
def test_a_neuron_with_its_outputs_exchanged_is_found_out(level, owner, monkeypatch):
    real = owner.neuron

    def exchanged(element):
        if isinstance(element, BehavioralVoltage):
            return replace(element, expression=0.0 - element.expression)
        if isinstance(element, Mosfet) and element.gate in ("a", "b"):
            return replace(element, gate={"a": "b", "b": "a"}[element.gate])
        return element

    def neuron(self, i, w):
        for instance in real(self, i, w):
            if i == 0:
                sound = instance.subcircuit
                wrong = replace(sound, name="wrong", elements=tuple(map(exchanged, sound.elements)))
                instance = replace(instance, subcircuit=wrong)
            yield instance

    monkeypatch.setattr(owner, "neuron", neuron)
    if "ngspice" in ENGINES:
        assert not all(result.same_attractor for result in results(level, "ngspice", range(2)))


# Refusals


@pytest.mark.parametrize(
    ("network", "options", "error", "rule"),
    [
        (spins(0), {"level": "bsim"}, ValueError, "level is 'bsim'; known are ideal, opamp, transistor"),
        (spins(0), {"opamp": PART}, ValueError, "opamp is given, but level is 'ideal'"),
        (
            replace(spins(0), activation=Tanh(20.0, 3.0)),
            {"level": "opamp"},
            ValueError,
            "activation swings to 3 V, amplifier 'lmv824' only to 2.445 V",
        ),
        (replace(spins(0), activation=Tanh(2.0)), {"level": "transistor"}, ValueError, "gain is 2 /V; CMOS pairs"),
        (replace(spins(0), activation=Tanh(9.0, 2.4)), {"level": "transistor"}, ValueError, "swing is 2.4 V"),
        (replace(spins(0), activation=Arctan(9.0)), {"level": "transistor"}, TypeError, "activation is Arctan"),
        (replace(spins(0), activation=Logistic(9.0)), {"level": "transistor"}, TypeError, "activation is Logistic"),
        (
            AnalogNetwork(np.full((2, 2), 1e-2), 10.0, 1e-9, 0.0, Tanh(20.0)),
            {"level": "transistor"},
            ValueError,
            "the synapses draw 20 mA from an output, which needs transistors .* mm wide; scale the conductances down",
        ),
    ],
)
def test_what_amplifiers_cannot_do_is_refused(network, options, error, rule):
    with pytest.raises(error, match=rule):
        build_hopfield_circuit(network, **options)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda: replace(PART, gain=0.0), "gain is 0.0; it must be finite and positive"),
        (lambda: replace(PART, offset_v=1.0), "offset_v is 1.0; need 0 <= offset_v <= largest_offset_v"),
        (lambda: replace(PART, headroom_v=2.5), "headroom_v is 2.5; it must lie between 0 and rail_v"),
        (lambda: replace(PART, supply_a=-1.0), "supply_a is -1.0"),
        (lambda: replace(NMOS, name="a\n.control"), "needs a name"),
        (lambda: replace(NMOS, kp=-1.0), "finite values, none negative"),
        (lambda: Mosfet("1", "d", "g", "s", "0", NMOS, 10.0, 2.0), "give W and L in metres"),
    ],
)
def test_impossible_parts_are_refused(change, rule):
    with pytest.raises(ValueError, match=re.escape(rule)):
        change()


def test_an_input_that_reads_ground_reads_zero():
    (drive,) = [e for e in PART.elements("x", "0", "m", "out") if e.name == "gx"]
    assert float(evaluate_expression(drive.expression, {"m": 0.0})) == 0.0
    assert "v(0)" not in netlist_text(stage(PART, 2.0, call("tanh", Voltage("out"))))
