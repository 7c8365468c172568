"""Copies of circuits: parts as far off as was said, temperatures as SPICE has them, and boards read at every level."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from test_circuits import random_network

from circuits import (
    OPAMPS,
    BoardEnsemble,
    Circuit,
    EngineError,
    Tolerances,
    build_hopfield_circuit,
    estimate_yield,
    installed_engines,
    simulate_circuit,
    typical_tolerances,
)
from circuits.netlist.circuit import (
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Mosfet,
    Resistor,
    Transient,
)
from circuits.netlist.expressions import Time, evaluate_expression
from circuits.netlist.hierarchy import flatten_circuit
from circuits.simulators import ngspice
from circuits.synthesis.cmos_neuron import NMOS, PMOS
from circuits.tolerances import spice_boards
from circuits.tolerances.circuit_sample import make_circuit, model_at
from circuits.tolerances.tolerances import DATA
from neuromorph import Recall, Tsp
from neuromorph.analog import AnalogNetwork, Tanh

LEVELS = ("ideal", "opamp", "transistor")


def network(n=4, gain=20.0):
    return random_network(3, n, Tanh(gain))


def memory(n=8, seed=0):
    return Recall("memory", np.random.default_rng(seed).choice([-1, 1], (1, n)), noise=0.15)


def tethered(model, bulk):
    """A transistor whose gate and source are swept, between resistors."""
    rail = 5.0 if model.channel == "n" else -5.0
    sweep = (rail / 1e-3) * Time()
    elements = (
        BehavioralVoltage("dd", "dd", "0", rail + 0.0 * Time()),
        BehavioralVoltage("g", "g", "0", sweep),
        BehavioralVoltage("b", "b", "0", bulk + 0.0 * Time()),
        Resistor("d", "dd", "d", 2e4),
        Resistor("s", "s", "0", 1e4),
        Capacitor("d", "d", "0", 1e-13),
        Mosfet("1", "d", "g", "s", "b", model, 20e-6, 2e-6),
    )
    return Circuit("sweep", elements, Transient(1e-6, 1e-3, uic=False, reltol=1e-7), ("d", "s"))


@pytest.mark.parametrize("celsius", [-40.0, 77.0, 125.0])
@pytest.mark.parametrize(("model", "bulk"), [(NMOS, 0.0), (NMOS, -1.5), (PMOS, 0.0), (PMOS, 1.5)])
def test_a_card_at_a_temperature_is_what_ngspice_makes_of_it(model, bulk, celsius, monkeypatch):
    """The card at 27 C against ``.options temp``: gain, threshold and body effect, over the whole sweep."""
    if "ngspice" not in installed_engines():
        return  # nothing to compare with
    ours = simulate_circuit(tethered(model_at(model, 273.15 + celsius), bulk), "ngspice")
    cold = simulate_circuit(tethered(model, bulk), "ngspice")
    plain = ngspice.write_deck

    def hot(circuit, path, control=()):
        plain(circuit, path, control)
        path.write_text(path.read_text().replace("\n.tran", f"\n.options temp={celsius}\n.tran"))

    monkeypatch.setattr(ngspice, "write_deck", hot)
    theirs = simulate_circuit(tethered(model, bulk), "ngspice")
    times = np.linspace(0.05e-3, 0.95e-3, 50)

    def at(waves):
        return np.array([np.interp(times, waves.times, each) for each in waves.voltages.T])

    # What is left is the leakage of the junctions, which a card cannot follow: 0.9 nA into 20 kohm at 125 C is 19 uV.
    assert np.abs(at(ours) - at(theirs)).max() < (4e-5 if celsius > 100.0 else 2e-5)
    assert np.abs(at(cold) - at(theirs)).max() > 20e-3  # what a card without temperature would miss


def test_a_temperature_without_a_surface_potential_is_refused():
    with pytest.raises(ValueError, match=r"model 'nmos2u' has no surface potential left at 900 K"):
        model_at(NMOS, 900.0)


@pytest.mark.parametrize("level", LEVELS)
def test_a_copy_with_exact_parts_is_the_circuit(level):
    """Every value to round-off: a factor on the wrong element shows."""
    circuit = build_hopfield_circuit(network(), np.array([0.01, -0.02, 0.03, 0.0]), level=level)
    exact, flat = make_circuit(circuit, Tolerances(), 5), flatten_circuit(circuit)
    volts = {node: v for v, node in zip(np.random.default_rng(0).normal(size=500), sorted(flat.nodes()), strict=False)}
    assert (exact.saved, exact.initial, exact.analysis) == (flat.saved, flat.initial, flat.analysis)
    for made, asked in zip(exact.elements, flat.elements, strict=True):
        assert type(made) is type(asked)
        assert made.name == asked.name
        if isinstance(asked, BehavioralVoltage | BehavioralCurrent):
            assert evaluate_expression(made.expression, volts) == pytest.approx(
                evaluate_expression(asked.expression, volts), rel=1e-9
            )
        elif isinstance(asked, Mosfet):
            assert replace(made.model, name=asked.model.name) == asked.model
        else:
            assert made == asked


def wide(n=40):
    """Many alike parts, to look at their distributions."""
    t = np.full((n, n), -1e-6) + 2e-6 * np.eye(n)
    return AnalogNetwork(t, 1.0 / (2e-6 + n * 1e-6), 1e-9, 1e-7, Tanh(20.0))


def test_op_amps_are_as_far_off_as_was_said():
    """A_0, GBW and offset of 120 amplifiers, apart from each other; resistors of the neuron as all resistors."""
    tolerances = Tolerances(resistor=0.05, offset_v=2e-3, opamp_gain=0.7, opamp_bandwidth=0.1)
    circuit = build_hopfield_circuit(wide(), level="opamp", opamp=replace(OPAMPS["lmv824"], offset_v=0.0))
    pairs = list(zip(make_circuit(circuit, tolerances, 1).elements, flatten_circuit(circuit).elements, strict=True))
    poles = {e.b for _, e in pairs if isinstance(e, BehavioralCurrent) and "tanh" in str(e.expression)}
    assert len(poles) == 120

    def ratios(kind, name, poles_too):
        return np.array(
            [
                getattr(made, name) / getattr(e, name)
                for made, e in pairs
                if isinstance(e, kind) and (e.a in poles) == poles_too
            ]
        )

    gains, bandwidths = np.log(ratios(Resistor, "ohm", True)), -np.log(ratios(Capacitor, "farad", True))
    assert len(gains) == len(bandwidths) == 120
    assert stats.kstest(gains / 0.7, stats.norm.cdf).pvalue > 1e-6
    assert stats.kstest(bandwidths / 0.1, stats.norm.cdf).pvalue > 1e-6
    assert abs(np.corrcoef(gains, bandwidths)[0, 1]) < 0.5
    drawn = ratios(Resistor, "ohm", False)
    resistors = drawn[drawn != 1.0]  # those of 1 make the amplifiers' noise
    assert len(drawn) - len(resistors) == 120 * 7
    assert len(resistors) == 40 * 40 + 40 + 40 * 7
    assert stats.kstest((resistors - 1.0) / 0.05, stats.uniform(-1, 2).cdf).pvalue > 1e-6
    assert (ratios(Capacitor, "farad", False) == 1.0).all()
    still = dict.fromkeys(circuit.nodes() | set(flatten_circuit(circuit).nodes()), 0.0)
    part = OPAMPS["lmv824"]
    slope = part.bandwidth_hz * 2.0 * np.pi / part.slew_v_s
    stages = [e for e, _ in pairs if isinstance(e, BehavioralCurrent) and e.b in poles]
    most = part.slew_v_s * 10e-12
    offsets = np.array([np.arctanh(evaluate_expression(e.expression, still) / most) / slope for e in stages])
    assert stats.kstest(offsets / 2e-3, stats.norm.cdf).pvalue > 1e-6
    supplies = [made == e for made, e in pairs if isinstance(e, CurrentSource) and e.b == "vss"]
    assert (len(supplies), all(supplies)) == (120 * 3, True)
    biases = np.array([e.ampere / made.ampere for made, e in pairs if isinstance(e, CurrentSource) and e.b != "vss"])
    assert len(biases) == 40
    assert stats.kstest((biases - 1.0) / 0.05, stats.uniform(-1, 2).cdf).pvalue > 1e-6


def test_transistors_follow_pelgroms_law():
    """Deviates over A / sqrt(2 W L) are standard normal, for large and small transistors alike."""
    tolerances = Tolerances(threshold_v_m=18e-9, beta_m=2e-8)
    circuit = build_hopfield_circuit(wide(), level="transistor")
    made = [e for e in make_circuit(circuit, tolerances, 2).elements if isinstance(e, Mosfet)]
    asked = [e for e in flatten_circuit(circuit).elements if isinstance(e, Mosfet)]
    root = np.array([np.sqrt(2.0 * e.width_m * e.length_m) for e in asked])
    assert np.ptp(root) > 2.0 * root.min()
    thresholds = np.array([m.model.threshold_v - e.model.threshold_v for m, e in zip(made, asked, strict=True)]) * root
    betas = np.log([m.model.kp / e.model.kp for m, e in zip(made, asked, strict=True)]) * root
    for deviates in (thresholds / 18e-9, betas / 2e-8):
        assert len(deviates) > 500
        small = root < np.median(root)
        assert stats.kstest(deviates[small], stats.norm.cdf).pvalue > 1e-6
        assert stats.kstest(deviates[~small], stats.norm.cdf).pvalue > 1e-6
    assert len({e.model.name for e in made}) == len(made)
    pair = thresholds[0::2][: len(thresholds) // 2] / root[0::2][: len(thresholds) // 2]
    assert 1e-3 < np.std(pair) < 20e-3  # millivolts, as pairs of this size have


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_seed_is_the_same_copy_and_another_is_not(level):
    circuit = build_hopfield_circuit(network(), level=level)
    tolerances = replace(typical_tolerances(), mismatch=0.1)
    assert make_circuit(circuit, tolerances, 3) == make_circuit(circuit, tolerances, 3)
    assert make_circuit(circuit, tolerances, 3) != make_circuit(circuit, tolerances, 4)
    once, twice = (make_circuit(circuit, Tolerances(resistor=r), 3).elements for r in (0.01, 0.02))
    for a, b, e in zip(once, twice, flatten_circuit(circuit).elements, strict=True):
        if isinstance(e, Resistor):
            assert b.ohm / e.ohm - 1.0 == pytest.approx(2.0 * (a.ohm / e.ohm - 1.0), abs=1e-12)


def test_heat_lowers_the_gain_of_ideal_amplifiers_and_limiters():
    """tanh(20 u) at 350 K is tanh(20 * 300 / 350 u), at both levels."""
    hot = Tolerances(temperature_k=(350.0, 350.0))
    for level, node, source in (("ideal", "u0", "bv0"), ("opamp", "x0_y", "bx0_s")):
        circuit = build_hopfield_circuit(network(), level=level)
        (made,) = [e for e in make_circuit(circuit, hot, 0).elements if e.letter + e.name == source]
        (asked,) = [e for e in flatten_circuit(circuit).elements if e.letter + e.name == source]
        for volt in (-0.1, 0.02, 0.3):
            expected = evaluate_expression(asked.expression, {node: volt * 300.0 / 350.0})
            assert evaluate_expression(made.expression, {node: volt}) == pytest.approx(expected, rel=1e-12)


def test_typical_tolerances_are_the_data():
    typical = typical_tolerances()
    assert (typical.resistor, typical.resistor_per_k) == (DATA["resistor"].value, DATA["resistor_per_k"].value)
    assert typical.temperature_k == (273.0, 343.0)
    assert (typical.threshold_v_m, typical.beta_m) == (DATA["threshold"].value, DATA["beta"].value)
    assert typical_tolerances((300.0, 300.0)) == replace(typical, temperature_k=(300.0, 300.0))
    used = {name for name in DATA if DATA[name].value in vars(typical).values() or DATA[name].unit == "K"}
    assert used == set(DATA)  # no number that nothing reads


# Boards read in SPICE.


def test_ideal_boards_in_spice_fail_where_those_of_the_ode_do():
    """Other copies, the same distribution: none fails without tolerances, nearly all at offsets of 1 V."""
    assert estimate_yield(BoardEnsemble(memory(), Tolerances()), 6, level="ideal").boards.value == 1.0
    bad = BoardEnsemble(memory(), Tolerances(offset_v=1.0), reads=2)
    assert estimate_yield(bad, 20, level="ideal").boards.value < 0.3
    assert estimate_yield(bad, 20).boards.value < 0.3


@pytest.mark.slow
@pytest.mark.parametrize("level", ["opamp", "transistor"])
def test_usual_parts_recall_and_very_bad_ones_do_not(level):
    """Offsets of op-amps; thresholds of transistors fifty times too far off. At a temperature drawn for each board."""
    usual, bad = typical_tolerances(), replace(typical_tolerances(), offset_v=0.5, threshold_v_m=100 * 18e-9)
    good = estimate_yield(BoardEnsemble(memory(), usual), 16, level=level, workers=2)
    assert good.boards.value == 1.0
    assert estimate_yield(BoardEnsemble(memory(), bad), 16, level=level, workers=2).boards.value < 0.5


def test_boards_in_spice_are_the_same_for_any_workers_and_go_on(tmp_path, monkeypatch):
    boards, path = BoardEnsemble(memory(6), replace(typical_tolerances(), offset_v=0.1), reads=2), tmp_path / "y.json"
    alone = estimate_yield(boards, 10, rng=3, level="ideal")
    assert 0.0 < alone.reads < 1.0
    assert np.array_equal(estimate_yield(boards, 10, rng=3, level="ideal", workers=2).scores, alone.scores)
    assert np.array_equal(estimate_yield(boards, 4, rng=3, level="ideal", path=path).scores, alone.scores[:4])
    counted = []
    real = spice_boards.board_circuits
    monkeypatch.setattr(spice_boards, "board_circuits", lambda *given: counted.append(1) or real(*given))
    assert np.array_equal(estimate_yield(boards, 10, rng=3, level="ideal", path=path).scores, alone.scores)
    assert len(counted) == 6
    assert len(json.loads(path.read_text())["scores"]) == 10
    estimate_yield(boards, 3, rng=3, path=path)  # the ODE's is another study
    assert len(json.loads(path.read_text())["scores"]) == 3


def test_a_board_that_fails_in_spice_is_named(monkeypatch):
    """No failure passes for a board that does not work."""
    boards = BoardEnsemble(memory(6), Tolerances())
    real = spice_boards.simulate_circuits
    broken = [EngineError("ngspice failed: singular")]
    monkeypatch.setattr(spice_boards, "simulate_circuits", lambda c, *a, **o: [*real(c[:2], *a, **o), *broken])
    with pytest.raises(EngineError, match="board 2: ngspice failed: singular"):
        estimate_yield(boards, 3, level="ideal")
    cities = Tsp.from_coordinates(np.random.default_rng(4).random((6, 2)))
    with pytest.raises(ValueError, match="ideal amplifiers; leave level out"):
        estimate_yield(BoardEnsemble(cities, Tolerances()), 1, level="opamp")
