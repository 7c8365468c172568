r"""Prices of the events of a memristor crossbar: cells, wires, amplifiers, programming, converters, control.

.. math:: E = V_{read}^2\, G t \;\text{(cells and wires)}, \qquad
          E = V_{read} (V_{rail} - V_{read})\, G t \;\text{(drivers)}

where G t is the conductance at full swing times the time for which it conducts. Numbers and sources:
``memristor.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neuromorph.cost import Cost
from neuromorph.datum import Datum, multiply_data

from ..analog_circuit.readout import read_time

CROSSBAR_PRICED = frozenset([
    "time_constant", "read_voltage", "half_supply", "amplifier_power", "noise_power", "comparison", "pulse_energy",
    "programming_pulses", "verify_conversion", "cue_conversion", "control_power", "supply_loss",
])  # fmt: skip


def crossbar_costs(data: Mapping[str, Datum], tau_s: float | None) -> tuple[Cost, ...]:
    """List the prices of the events of a run.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name.
    tau_s : float or None
        The user's R C of every neuron, s.

    Returns
    -------
    tuple of Cost
        A price for each kind of event.
    """
    pulses = data["programming_pulses"]
    # Low: outputs rest in the middle. A driver takes the current of its row from a rail, and dissipates the rest.
    volt, rail = data["read_voltage"], data["half_supply"]
    across = replace(multiply_data(volt, volt, "V^2"), low=0.0)
    drivers = f"read voltage times what is left to a rail: {rail.source}; {volt.source}"
    rest = replace(rail, value=rail.value - volt.value, low=0.0, high=rail.high - volt.low)
    return (
        read_time(data["time_constant"], tau_s, data["read_pulse"]),
        Cost("siemens_s", "cells and wires", across),
        Cost("driver_siemens_s", "drivers of the rows", replace(multiply_data(volt, rest, "V^2"), source=drivers)),
        Cost("amplifier_s", "amplifiers", data["amplifier_power"]),
        Cost("noise_s", "noise sources", data["noise_power"]),
        Cost("comparisons", "comparators", data["comparison"]),
        Cost("written_cells", "programming, shared by all reads", multiply_data(pulses, data["pulse_energy"], "J")),
        Cost(
            "written_cells",
            "ADC that verifies every pulse, shared by all reads",
            multiply_data(pulses, data["verify_conversion"], "J"),
            scope="system",
        ),
        Cost("conversions", "DACs for starts and biases", data["cue_conversion"], scope="system"),
        Cost("device_s", "control", data["control_power"], scope="system"),
        Cost("amplifier_s", "loss in the supply", data["supply_loss"], scope="system"),
    )
