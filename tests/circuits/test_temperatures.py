"""The temperature of a netlist, of ``.temp`` or ``.options temp``: what it does to devices, and that it is kept."""

import re
from dataclasses import replace
from math import exp, log

import numpy as np
import pytest

from circuits import (
    DIALECTS,
    build_hopfield_circuit,
    installed_engines,
    netlist_text,
    read_netlist,
    simulate_circuit,
)
from circuits.netlist.circuit import ROOM_C, Transient
from circuits.spice.cards import NetlistError
from neuromorph.analog import AnalogNetwork, Tanh

DECK = """a diode and what expressions call temper
.param at={temper}
v1 up 0 dc 1
r1 up a 1k
d1 a 0 dx
b1 t 0 V=temper+at
r2 t 0 1k
.model dx d(is=1e-14)
HEAT
.tran 1u 10u
.save v(a) v(t)
"""
CARDS = {
    ".temp 85": 85.0, ".options temp=85": 85.0, ".option reltol=1e-4 temp = {50+35}": 85.0, ".temp -40": -40.0,
    ".temp 85\n.options temp=85.0": 85.0, ".options temp=27": 27.0, "": ROOM_C,
}  # fmt: skip


def junction_v(celsius, saturation=1e-14):
    """Solve 1 V over 1 kohm and a junction whose saturation current follows SPICE's law (xti 3, eg 1.11 eV)."""
    kelvin, nominal, boltzmann = celsius + 273.15, 300.15, 8.617333e-5
    ratio = kelvin / nominal
    at = saturation * ratio**3 * exp((ratio - 1.0) * 1.11 / (boltzmann * kelvin))
    volt = 0.6
    for _ in range(100):
        volt = boltzmann * kelvin * log((1.0 - volt) / 1e3 / at + 1.0)
    return volt


@pytest.mark.parametrize("card", CARDS)
def test_a_temperature_is_read_whatever_card_gives_it(card):
    circuit = read_netlist(DECK.replace("HEAT", card))
    assert circuit.analysis.temperature_c == CARDS[card]
    again = read_netlist(netlist_text(circuit))
    assert again.analysis == circuit.analysis


@pytest.mark.parametrize("engine", installed_engines())
@pytest.mark.parametrize("celsius", [-40.0, 27.0, 85.0])
def test_devices_have_the_temperature(engine, celsius):
    circuit = read_netlist(DECK.replace("HEAT", f".temp {celsius:g}").replace(" up ", " n1 "))
    diode, said = simulate_circuit(circuit, engine).of(["a", "t"])[-1]
    assert said == pytest.approx(2.0 * celsius)
    assert diode == pytest.approx(junction_v(celsius), abs=1e-3)


@pytest.mark.parametrize("name", sorted(DIALECTS))
def test_every_dialect_keeps_the_temperature_and_writes_none_at_27(name):
    network = AnalogNetwork(np.array([[0.0, 1e-5], [1e-5, 0.0]]), 2e4, 1e-9, 0.0, Tanh(20.0))
    circuit = build_hopfield_circuit(network, [0.1, -0.2])
    dialect = DIALECTS[name]
    assert "temp" not in netlist_text(circuit, dialect)
    hot = replace(circuit, analysis=replace(circuit.analysis, temperature_c=60.5))
    text = netlist_text(hot, dialect)
    assert re.search(r"^\.options .*\btemp=60\.5\b", text, re.MULTILINE)
    assert read_netlist(text, dialect).analysis == hot.analysis
    assert netlist_text(read_netlist(text, dialect), dialect) == text


@pytest.mark.parametrize("card", [".temp 0 85", ".temp", ".temp 85\n.options temp=60", ".temp x"])
def test_one_temperature_is_run(card):
    with pytest.raises(NetlistError, match=r"line (9|10): "):
        read_netlist(DECK.replace("HEAT", card), name="x.cir")


@pytest.mark.parametrize("celsius", [-273.15, 1e4, float("nan")])
def test_no_matter_is_that_cold_or_hot(celsius):
    with pytest.raises(ValueError, match="temperature_c is"):
        Transient(1.0, 1.0, temperature_c=celsius)
