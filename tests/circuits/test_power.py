"""Energies add up, in the ODE and in SPICE, and are those that a circuit solved by hand has."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_circuits import ACTIVATIONS, hebbian, random_network

from circuits import OPAMPS, Circuit, build_hopfield_circuit, installed_engines, simulate_circuit
from circuits.energy.ode_energy import Rails, energy_of_network, energy_of_trajectory
from circuits.energy.spice_energy import energy_of_waveforms, save_all
from circuits.netlist.circuit import BehavioralVoltage, Capacitor, CurrentSource, Resistor, Transconductor, Transient
from circuits.netlist.expressions import Number, Time, Voltage, call
from neuromorph.analog import AnalogNetwork, Tanh, simulate

ENGINES = installed_engines()
RAILS = Rails(-1.35, 1.35, 1e-6)
SIDES = ("delivered", "dissipated", "stored")


def memory(n, gain=20.0):
    """A Hebbian network, a start near the middle of its rails, and ten time constants."""
    network = AnalogNetwork.from_ising(hebbian(n, 2), Tanh(gain))
    start = np.random.default_rng(n).uniform(-0.1, 0.1, n) / gain
    return network, start, 10.0 * float(network.time_constants_s.max())


def elements(energy):
    return {
        (side, name, element): joule
        for side in SIDES
        for name, each in getattr(energy, side).items()
        for element, joule in each.items()
    }


def apart(found, expected):
    """The largest difference of any element or class, as a part of all that was dissipated."""
    assert elements(found).keys() == elements(expected).keys()
    differences = [joule - elements(expected)[key] for key, joule in elements(found).items()]
    for side, totals in found.totals().items():
        differences += [joule - expected.totals()[side][name] for name, joule in totals.items()]
    return np.abs(differences).max() / expected.dissipated_j


@settings(max_examples=12)
@given(
    seed=st.integers(0, 10**6), n=st.integers(1, 6), which=st.integers(0, 3), rails=st.booleans(), sparse=st.booleans()
)
def test_energies_of_the_ode_balance(seed, n, which, rails, sparse):
    """Supply = dissipated + stored to 1e-12, for signed asymmetric T, every activation, with and without rails."""
    network = random_network(seed, n, ACTIVATIONS[which], as_sparse=sparse)
    start = np.random.default_rng(seed).normal(size=n)
    duration = float(network.time_constants_s.max())
    energy = energy_of_network(network, start, duration, rails=Rails(-4.0, 4.0, 1e-6) if rails else None)
    assert energy.imbalance <= 1e-12
    assert min(joule for each in energy.dissipated.values() for joule in each.values()) >= 0.0
    assert energy.dissipated_j > 0.0


def test_one_neuron_is_an_rc_element_by_hand():
    """u = a exp(-t / RC) + R I (1 - exp(-t / RC)): ohmic heat, bias energy and charge of one capacitor."""
    r, c, i, a, t = 1e5, 1e-9, 3e-6, -0.2, 2e-4
    energy = energy_of_network(AnalogNetwork([[0.0]], r, c, i, Tanh(2.0)), [a], t, rails=Rails(-1.0, 1.0, 1e-6))
    d, decay = a - r * i, np.exp(-t / (r * c))
    mean = d * r * c * (1 - decay)
    assert energy.delivered["bias currents"] == pytest.approx({"i0": i * (r * i * t + mean)})
    square = (r * i) ** 2 * t + 2 * r * i * mean + d**2 * r * c / 2 * (1 - decay**2)
    assert energy.dissipated["leaks"] == pytest.approx({"rleak0": square / r})
    assert energy.stored["capacitors"] == pytest.approx({"c0": c / 2 * ((r * i + d * decay) ** 2 - a**2)})
    assert energy.delivered["upper rail"] == pytest.approx({"bv0": 1e-6 * t})  # only the quiescent current
    assert energy.delivered["lower rail"] == pytest.approx({"bv0": 1e-6 * t})
    assert energy.dissipated["amplifiers"] == pytest.approx({"bv0": 2e-6 * t})


def test_two_amplifiers_at_their_rails_by_hand():
    """u at rest: a synapse burns |T| (V - u)^2, its amplifier delivers |T| V (V - u), the rail 1.5 / 1 of that."""
    t = np.array([[0.0, 1e-5], [-2e-5, 0.0]])
    network = AnalogNetwork(t, 1 / np.array([2e-5, 4e-5]), 1e-9, [5e-5, -5e-5], Tanh(1000.0))
    u = network.resistances * (t @ [1.0, -1.0] + network.currents)
    assert u.tolist() == pytest.approx([2.0, -1.75])
    energy = energy_of_network(network, u, 1e-4, rails=Rails(-1.5, 1.5))
    assert energy.dissipated["synapses"] == pytest.approx({"r0_1": 1e-5 * 9 * 1e-4, "r1_0": 2e-5 * 0.75**2 * 1e-4})
    # v1 = -1 V sinks 30 uA out of u0; w0 = -1 V drives r1_0 towards u1 = -1.75 V with 15 uA.
    assert energy.delivered["lower rail"] == pytest.approx({"bv0": 0.0, "bv1": 1.5 * 30e-6 * 1e-4, "bw0": 0.0})
    assert energy.delivered["upper rail"] == pytest.approx({"bv0": 0.0, "bv1": 0.0, "bw0": 1.5 * 15e-6 * 1e-4})
    assert energy.dissipated["amplifiers"] == pytest.approx(
        {"bv0": 0.0, "bv1": 0.5 * 30e-6 * 1e-4, "bw0": 2.5 * 15e-6 * 1e-4}
    )


@pytest.mark.parametrize(("n", "gain"), [(8, 20.0), (8, 50.0), (32, 20.0)])
@pytest.mark.parametrize("rails", [None, RAILS])
def test_spice_and_the_ode_agree_on_the_energy(n, gain, rails):
    """The promise: ODE balanced to 1e-12, SPICE to 1e-4, apart by 1e-4 at tau / 50 - here every element as well."""
    assert ENGINES
    network, start, duration = memory(n, gain)
    expected = energy_of_network(network, start, duration, rails=rails)
    assert expected.imbalance <= 1e-12
    circuit = build_hopfield_circuit(network, start)
    for engine in ENGINES:
        found = energy_of_waveforms(circuit, simulate_circuit(circuit, engine), rails=rails)
        assert found.imbalance <= 1e-9
        assert apart(found, expected) <= 1e-5
        assert found.duration_s == pytest.approx(duration)


def test_every_activation_and_bias_agrees_with_spice():
    """Asymmetric T, self-couplings, biases: a class that the ODE counts with the wrong sign fails."""
    for k, activation in enumerate(ACTIVATIONS):
        network = random_network(k, 4, activation)
        start = np.random.default_rng(k).normal(size=4) / activation.gain
        circuit = build_hopfield_circuit(network, start)
        found = energy_of_waveforms(circuit, simulate_circuit(circuit), rails=Rails(-4.0, 4.0))
        expected = energy_of_network(network, start, circuit.analysis.stop_s, rails=Rails(-4.0, 4.0))
        assert apart(found, expected) <= 2e-4  # SPICE chooses a coarse step where nothing saturates
        assert found.imbalance <= 1e-8


def test_the_error_against_the_ode_falls_with_the_step_squared():
    """What is left is the trapezoidal rule, not another circuit."""
    network, start, duration = memory(8, 4.0)
    expected = energy_of_network(network, start, duration)
    errors = []
    for k in (100, 200, 400):
        circuit = build_hopfield_circuit(network, start, step_s=network.time_constants_s.min() / k, reltol=1e-3)
        errors.append(apart(energy_of_waveforms(circuit, simulate_circuit(circuit)), expected))
    assert np.all(np.abs(np.log2(np.array(errors[:-1]) / errors[1:]) - 2.0) < 0.25)


@pytest.mark.parametrize("change", ["value", "rail", "dropped", "capacitor"])
def test_the_account_of_another_circuit_does_not_balance(change):
    """Waveforms of one circuit, elements of another: 2 % in one of 56 resistors or 8 capacitors shows."""
    network, start, _ = memory(8)
    circuit = build_hopfield_circuit(network, start)
    waves = simulate_circuit(circuit)
    kind = Capacitor if change == "capacitor" else Resistor
    k = next(k for k, e in enumerate(circuit.elements) if isinstance(e, kind) and not e.name.startswith("leak"))
    old = circuit.elements[k]
    changes = {
        "value": lambda: {"ohm": 1.02 * old.ohm},
        "rail": lambda: {"b": {"v": "w", "w": "v"}[old.b[0]] + old.b[1:]},
        "dropped": lambda: {"ohm": 1e15},
        "capacitor": lambda: {"farad": 1.02 * old.farad},
    }
    new = dataclasses.replace(old, **changes[change]())
    other = dataclasses.replace(circuit, elements=(*circuit.elements[:k], new, *circuit.elements[k + 1 :]))
    assert energy_of_waveforms(circuit, waves).imbalance <= 1e-9
    assert energy_of_waveforms(other, waves).imbalance >= 1e-5


def test_a_trajectory_that_was_simulated_before_has_the_same_energies():
    """To the fourth order of its samples, for each state of a batch, and while the gain rises."""
    network, start, duration = memory(8, 4.0)
    options = {"rtol": 1e-10, "atol": 1e-12}
    fine = simulate(network, [2 * start, start], duration, samples=1001, **options)
    coarse = simulate(network, [2 * start, start], duration, samples=101, **options)
    expected = energy_of_network(network, start, duration, rails=RAILS)
    assert apart(energy_of_trajectory(fine, rails=RAILS, read=1), expected) < 1e-6
    assert energy_of_trajectory(fine, read=0).imbalance < 1e-8
    assert 1e-8 < energy_of_trajectory(coarse, read=1).imbalance < 1e-4
    rising = simulate(network, start, duration, samples=1001, gain=lambda t: 1.0 + t / duration, **options)
    assert energy_of_trajectory(rising).imbalance < 1e-8


def test_a_circuit_of_other_elements_by_hand():
    """A ramp charges a capacitor through a resistor beside a transconductor: charge, heat and each source's share."""
    seconds, ohm, farad = 1e-3, 1e3, 1e-7
    circuit = Circuit(
        "ramp",
        (
            BehavioralVoltage("in", "a", "0", (1.0 / seconds) * Time()),
            Resistor("1", "a", "b", ohm),
            Capacitor("1", "b", "0", farad),
            Transconductor("1", "0", "d", "a", "0", 1e-3),
            Resistor("load", "d", "0", 2e3),
            CurrentSource("1", "0", "d", 1e-3),
        ),
        Transient(seconds / 1000, seconds),
        ("a", "b", "d"),
        {"b": 0.0},
    )
    slope, tau, decay = 1.0 / seconds, ohm * farad, np.exp(-seconds / (ohm * farad))
    current = farad * slope  # times 1 - exp(-t / tau)
    heat = ohm * current**2 * (seconds - 2 * tau * (1 - decay) + tau / 2 * (1 - decay**2))
    last = 1.0 - slope * tau * (1 - decay)
    # i_load = 1 mS a + 1 mA: the transconductor and the source deliver into 2 kohm what rises from 2 V to 4 V
    for engine in ENGINES:
        waves = simulate_circuit(circuit, engine)
        energy = energy_of_waveforms(circuit, waves)
        assert energy.dissipated["other resistors"]["r1"] == pytest.approx(heat, rel=1e-5)
        assert energy.stored["capacitors"]["c1"] == pytest.approx(farad * last**2 / 2, rel=1e-5)
        assert energy.delivered["ideal outputs"]["bin"] == pytest.approx(heat + farad * last**2 / 2, rel=1e-5)
        assert energy.delivered["bias currents"]["i1"] == pytest.approx(1e-3 * 3.0 * seconds, rel=1e-5)
        assert energy.delivered["controlled currents"]["g1"] == pytest.approx(1e-3 * (5 / 3) * seconds, rel=1e-5)
        assert energy.imbalance < 1e-9


def test_rails_of_op_amps_and_transistors_balance():
    """Real amplifiers take nearly all of the supply: synapses and leaks as with ideal ones, rails apart, far above."""
    network, start, duration = memory(8)
    ideal = energy_of_network(network, start, duration).totals()
    part, inverters = OPAMPS["opa192"], int((network.conductances < 0.0).any(axis=0).sum())
    quiescent_w = (16 + inverters) * 2 * part.rail_v * part.supply_a
    for level, within, least_w in (("opamp", 1e-6, quiescent_w), ("transistor", 1e-5, 0.0)):
        chosen = part if level == "opamp" else None
        circuit = save_all(build_hopfield_circuit(network, start, level=level, opamp=chosen))
        found = energy_of_waveforms(circuit, simulate_circuit(circuit))
        assert found.imbalance < within
        totals = found.totals()
        assert totals["delivered"]["upper rail"] > 0.0
        assert totals["delivered"]["lower rail"] > 0.0
        assert found.delivered_j > 100 * totals["dissipated"]["synapses"]
        assert totals["dissipated"]["synapses"] == pytest.approx(ideal["dissipated"]["synapses"], rel=0.1)
        assert totals["dissipated"]["leaks"] == pytest.approx(ideal["dissipated"]["leaks"], rel=0.1)
        assert least_w < found.delivered_j / found.duration_s < 1.0


def test_what_cannot_be_counted_is_refused():
    network, start, duration = memory(3)
    circuit = build_hopfield_circuit(network, start)
    waves = simulate_circuit(circuit)
    blind = dataclasses.replace(waves, nodes=waves.nodes[1:], voltages=waves.voltages[:, 1:])
    with pytest.raises(ValueError, match=r"node 'u0' was not saved; run save_all\(circuit\)"):
        energy_of_waveforms(circuit, blind)
    loop = (BehavioralVoltage("x", "v0", "0", Voltage("v1")), BehavioralVoltage("y", "v0", "v1", Number(0.0)))
    with pytest.raises(ValueError, match="voltage sources form a loop"):
        energy_of_waveforms(dataclasses.replace(circuit, elements=(*circuit.elements, *loop)), waves)
    floating = BehavioralVoltage("z", "u0", "u1", call("tanh", Voltage("v1")))
    with pytest.raises(ValueError, match="source 'z' floats"):
        energy_of_waveforms(dataclasses.replace(circuit, elements=(*circuit.elements, floating)), waves, rails=RAILS)
    with pytest.raises(ValueError, match="one state"):
        energy_of_network(network, [start, start], duration)
    with pytest.raises(ValueError, match="duration_s is 0"):
        energy_of_network(network, start, 0.0)
    with pytest.raises(ValueError, match="the synapses of neuron 0 alone"):
        energy_of_network(dataclasses.replace(network, resistances=1e9), start, duration)
    with pytest.raises(ValueError, match=r"low_v is 1\.0 and high_v -1\.0"):
        Rails(1.0, -1.0)
    with pytest.raises(ValueError, match=r"quiescent_a is -1\.0"):
        Rails(-1.0, 1.0, -1.0)
