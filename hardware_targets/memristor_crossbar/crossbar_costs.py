r"""Prices of the events of a memristor crossbar: cells, wires, amplifiers, programming, converters, control.

.. math:: E = V_{read}^2\, G t \;\text{(cells and wires)}, \qquad
          E = V_{read} (V_{rail} - V_{read})\, G t \;\text{(drivers)}, \qquad
          E_{write} = N_{pulses} (E_{pulse} + E_{ADC}(b)), \qquad E_{rewrite} = E_{write}\, t_{read} / t_{age}

where G t is the conductance at full swing times the time for which it conducts, N_pulses and b are those of
``write_verify``, and t_age is the age at which the cells are read: to stay below it, they are written again once in
that time. A loop that is digitized (``digital_bits``) makes products as ``product_energy`` has them in place of
amplifiers, cells and drivers. Numbers and sources: ``memristor.toml`` and ``converters.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neuromorph.cost import Cost
from neuromorph.datum import Datum, add_data, multiply_data, scale_datum

from ..analog_circuit.readout import read_time
from .converters import adc_energy, dac_energy
from .digitized_products import Converters
from .phase_change_cell import PhaseChange
from .product_energy import MOST_INPUT, MOST_OUTPUT, product_energy
from .write_verify import cells_in_parallel, verifying_bits

CROSSBAR_PRICED = frozenset([
    "time_constant", "read_voltage", "half_supply", "amplifier_power", "noise_power", "comparison", "pulse_energy",
    "pulse_law", "pulse_interval", "adc_over_fit", "converter_node", "converter_rate", "dac_unit", "control_power",
    "supply_loss", "word_line_capacitance", "word_line_swing", "input_pulse", "integration_step", "conversion_step",
    "node_gain",
])  # fmt: skip


def crossbar_costs(
    data: Mapping[str, Datum], cell: PhaseChange, tau_s: float | None, converters: Converters | None
) -> tuple[Cost, ...]:
    """List the prices of the events of a run.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name.
    cell : PhaseChange
        What is asked of the cells, which decides the converters.
    tau_s : float or None
        The user's R C of every neuron, s.
    converters : Converters or None
        Converters of a digitized loop; None: an analog one.

    Returns
    -------
    tuple of Cost
        A price for each kind of event.
    """
    bits = verifying_bits(cell)
    verify = adc_energy(bits, data["converter_rate"].value, data["converter_node"].value, data)
    # What is counted is one array: where cells are in parallel, all of theirs is written, and conducts.
    cells, law = float(cells_in_parallel(cell)), scale_datum(data["pulse_law"], float(cells_in_parallel(cell)))
    pulse, reading = (multiply_data(law, each, "J") for each in (data["pulse_energy"], verify))
    return (
        read_time(data["time_constant"], tau_s, data["read_pulse"]),
        *(_analog_loop(data, cells) if converters is None else _digital_loop(data, converters)),
        Cost("noise_s", "noise sources", data["noise_power"]),
        Cost("comparisons", "comparators", data["comparison"]),
        Cost("pulses", "programming, shared by all reads", pulse, multiply_data(law, data["pulse_interval"], "s")),
        Cost("pulses", f"ADC of {bits} bits that verifies every pulse, shared by all reads", reading, scope="chip"),
        Cost("rewriting_pulses", "writing the cells again once in their age", add_data(pulse, reading)),
        Cost("conversions", f"DACs of {bits} bits for starts and biases", dac_energy(bits, data), scope="chip"),
        Cost("device_s", "control", data["control_power"], scope="chip", idle=True),
    )


def _analog_loop(data: Mapping[str, Datum], cells: float) -> tuple[Cost, ...]:
    # Low: outputs rest in the middle. A driver takes the current of its row from a rail, and dissipates the rest.
    volt, rail = data["read_voltage"], data["half_supply"]
    across = scale_datum(replace(multiply_data(volt, volt, "V^2"), low=0.0), cells)
    drivers = f"read voltage times what is left to a rail: {rail.source}; {volt.source}"
    rest = replace(rail, value=rail.value - volt.value, low=0.0, high=rail.high - volt.low)
    driven = scale_datum(replace(multiply_data(volt, rest, "V^2"), source=drivers), cells)
    return (
        Cost("siemens_s", "cells and wires", across),
        Cost("driver_siemens_s", "drivers of the rows", driven),
        Cost("amplifier_s", "amplifiers", data["amplifier_power"], idle=True),
        Cost("amplifier_s", "loss in the supply", data["supply_loss"], scope="system", idle=True),
    )


def _digital_loop(data: Mapping[str, Datum], converters: Converters) -> tuple[Cost, ...]:
    bits, inputs = converters.adc_bits or MOST_OUTPUT, converters.dac_bits or MOST_INPUT
    array, neurons = product_energy(inputs, bits, data)
    if converters.bit_serial:  # a conversion for each bit of the inputs beside their sign
        neurons = scale_datum(product_energy(2, bits, data)[1], float(max(1, inputs - 1)))
    return (
        Cost("macs", "word lines, inputs and cells of digital products", array),
        Cost("macs", f"neurons that convert to {bits} bits", neurons, scope="chip"),
    )
