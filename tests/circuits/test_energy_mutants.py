"""The account of energies notices 1 % in a single class: each mutant must break it, in the ODE and against SPICE."""

import dataclasses

import numpy as np
import pytest
from test_power import RAILS, apart, memory

from circuits import OPAMPS, build_hopfield_circuit, installed_engines, simulate_circuit
from circuits.energy import ode_energy as power
from circuits.energy import spice_energy as metering
from circuits.energy.ode_energy import (
    AMPLIFIERS,
    BIASES,
    CAPACITORS,
    HIGH,
    LEAKS,
    LOW,
    OUTPUTS,
    SYNAPSES,
    energy_of_network,
    energy_of_trajectory,
)
from circuits.energy.spice_energy import energy_of_waveforms, save_all
from neuromorph.analog import simulate

BALANCED, AGREE = 1e-12, 1e-4


def biased(n=8):
    network, start, duration = memory(n)
    return dataclasses.replace(network, currents=1e-6 * np.linspace(-1.0, 1.0, n)), start, duration


def scaled_powers(monkeypatch, name, factor=0.99):
    """The meter of the ODE with one class of powers off."""
    original = power._Meter.powers

    def powers(self, u, v):
        found, at = original(self, u, v), 0
        for each, elements in self.names.items():
            found[..., at : at + len(elements)] *= factor if each == name else 1.0
            at += len(elements)
        return found

    monkeypatch.setattr(power._Meter, "powers", powers)


@pytest.mark.parametrize("n", [8, 32])
def test_without_a_mutant_the_account_balances(n):
    network, start, duration = biased(n)
    for rails in (None, RAILS):
        assert energy_of_network(network, start, duration, rails=rails).imbalance <= BALANCED


@pytest.mark.parametrize(
    ("name", "rails"),
    [
        (SYNAPSES, None),
        (LEAKS, None),
        (BIASES, None),
        (OUTPUTS, None),
        (HIGH, RAILS),
        (LOW, RAILS),
        (AMPLIFIERS, RAILS),
    ],
)
def test_a_class_that_is_one_percent_off_breaks_the_balance_of_the_ode(name, rails, monkeypatch):
    """The leaks, 99 % of what they burn, are the smallest: even they show a million times over."""
    network, start, duration = biased()
    scaled_powers(monkeypatch, name)
    assert energy_of_network(network, start, duration, rails=rails).imbalance > 1e6 * BALANCED
    path = simulate(network, start, duration, samples=1001, rtol=1e-10, atol=1e-12)
    assert energy_of_trajectory(path, rails=rails).imbalance > 1e-5


def test_a_capacitor_that_is_one_percent_off_breaks_the_balance_of_the_ode(monkeypatch):
    network, start, duration = biased()
    original = power._Meter.__init__

    def mutant(self, network, rails):
        original(self, network, rails)
        self.farads = 0.99 * self.farads

    monkeypatch.setattr(power._Meter, "__init__", mutant)
    assert energy_of_network(network, start, duration).imbalance > 1e6 * BALANCED


@pytest.mark.parametrize("name", [SYNAPSES, LEAKS, CAPACITORS])
def test_a_class_that_is_one_percent_off_shows_between_spice_and_the_ode(name, monkeypatch):
    """At tau / 50, where both agree to 1e-4 of what is dissipated without the mutant."""
    network, start, duration = biased()
    circuit = build_hopfield_circuit(network, start)
    waves = simulate_circuit(circuit)
    expected = energy_of_network(network, start, duration)
    assert apart(energy_of_waveforms(circuit, waves), expected) <= AGREE
    if name == CAPACITORS:
        found = energy_of_waveforms(circuit, waves)
        stored = {key: 0.99 * joule for key, joule in found.stored[CAPACITORS].items()}
        found = dataclasses.replace(found, stored={CAPACITORS: stored})
    else:
        scaled_powers(monkeypatch, name)
        found, expected = energy_of_waveforms(circuit, waves), energy_of_network(network, start, duration)
    assert apart(found, expected) > AGREE


def test_an_element_that_spice_counts_in_another_class_shows(monkeypatch):
    """A leak taken for a synapse balances, but does not agree with the ODE."""
    network, start, duration = memory(8)
    circuit = build_hopfield_circuit(network, start)
    waves = simulate_circuit(circuit)
    moved = energy_of_waveforms(
        circuit, waves, classes=lambda e: SYNAPSES if e.name == "leak3" else metering.element_class(e)
    )
    expected = energy_of_network(network, start, duration)
    assert moved.imbalance < 1e-9
    assert moved.dissipated[SYNAPSES].keys() != expected.dissipated[SYNAPSES].keys()


@pytest.mark.parametrize("level", ["opamp", "transistor"])
def test_the_rails_of_real_amplifiers_are_apart_and_account_for_what_amplifiers_burn(level):
    """Rail by rail: what VDD and VSS deliver is all there is; the balance holds per class, not in a rest."""
    network, start, _ = memory(8)
    part = OPAMPS["opa192"]
    options = {"opamp": part} if level == "opamp" else {}
    circuit = save_all(build_hopfield_circuit(network, start, level=level, **options))
    engine = installed_engines()[0]
    found = energy_of_waveforms(circuit, simulate_circuit(circuit, engine))
    sides = found.totals()
    inside = sum(abs(joule) for name, joule in sides["delivered"].items() if name not in (HIGH, LOW))
    assert inside < 1e-3 * (sides["delivered"][HIGH] + sides["delivered"][LOW])  # the limiter and the pole's source
    assert sides["delivered"][HIGH] > 0.0
    assert sides["delivered"][LOW] > 0.0
    assert found.imbalance <= AGREE
    passive = sum(joule for name, joule in sides["dissipated"].items() if name != AMPLIFIERS)
    rest = found.delivered_j - passive - found.stored_j
    assert sides["dissipated"][AMPLIFIERS] == pytest.approx(rest, rel=AGREE)
    if level == "opamp":
        quiescent = 2.0 * part.rail_v * part.supply_a * found.duration_s
        stages = 16 + int((network.conductances < 0.0).any(axis=0).sum())
        assert quiescent * stages < sides["dissipated"][AMPLIFIERS] < 1.2 * quiescent * stages
