"""What neurons of dopant units are modelled and priced by: constants of units, cells, converters and cooler."""

from __future__ import annotations

from collections.abc import Mapping

from neuromorph.cost import Cost, Scope, lasting
from neuromorph.datum import Datum, multiply_data

from ...memristor_crossbar.phase_change_cell import DATA as CELLS
from ..device.device import device_data
from .interface_data import DATA, simulated_second
from .space_charge_table import space_charge_data

_TABLE = {**CELLS, **device_data(), **DATA}
_PHYSICS = (
    *(name for name in CELLS if name in ("maximum_conductance", "read_pulse", "levels", "age", "core_rows", "cores")),
    *(name for name in CELLS if name.startswith(("drift_", "flicker"))),
    *("programming_constant", "programming_linear", "programming_square"),
    *("wire", "relative_permittivity", "localization_length", "attempt_rate_hz", "attempt_temperature"),
    *("acceptor_density", "compensation", "closest_dopants", "electrode_share", "unit_range"),
    *("neuron_time_constant", "unit_integration_time"),
)
NEURON_PRICED = frozenset([
    "hopping_joule", "transimpedance_power", "driver_power", "comparison", "threshold_conversion", "dac_conversion",
    "table_access", "control_power", "cryostat_power",
    "programming_pulses", "pulse_energy", "pulse_interval", "half_supply", "read_voltage", "output_level",
])  # fmt: skip
CONSTANTS = {name: _TABLE[name] for name in (*_PHYSICS, *sorted(NEURON_PRICED))}
_COLD = {"hopping_joule", "cryostat_power", "relative_permittivity", "localization_length", "attempt_rate_hz"}
WARM_PRICED = NEURON_PRICED - _COLD | {"unit_joule"}
WARM_CONSTANTS = {name: datum for name, datum in CONSTANTS.items() if name not in _COLD} | space_charge_data()


def neuron_costs(data: Mapping[str, Datum]) -> tuple[Cost, ...]:
    """List the prices of the events of a run.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name; with ``unit_joule`` they are those of units at 300 K, which need no cooler.

    Returns
    -------
    tuple of Cost
        A price for each kind of event.
    """
    warm = "unit_joule" in data
    read = "amplifiers that read the units' voltages" if warm else "amplifiers that collect the units' currents"
    pulses = data["programming_pulses"]
    drive = multiply_data(multiply_data(data["half_supply"], data["read_voltage"], "V^2"), data["output_level"], "V^2")
    second = simulated_second(
        "R C of a neuron, or the window in which one fires",
        data["neuron_time_constant"],
        data["unit_integration_time"],
    )

    def priced(event: str, what: str, power: Datum, scope: Scope = "core", idle: bool = False, needs: str = "") -> Cost:
        return Cost(event, what, lasting(power, second), None, scope, second.kind, idle, needs)

    costs = (
        Cost("device_s", "a read", time=second),
        priced("unit_j", "dopant units, sum of V_k I_k", data["unit_joule" if warm else "hopping_joule"]),
        priced("receiver_s", read, data["transimpedance_power"], idle=True),
        priced("driver_s", "amplifiers that drive units and wires", data["driver_power"], idle=True),
        priced("siemens_s", "cells of the crossbar", drive),
        Cost("comparisons", "comparators", data["comparison"]),
        Cost(
            "written_cells",
            "programming, shared by all reads",
            multiply_data(pulses, data["pulse_energy"], "J"),
            multiply_data(pulses, data["pulse_interval"], "s"),
        ),
        Cost("ad_conversions", "ADCs of firing neurons", data["threshold_conversion"], scope="chip"),
        Cost("da_conversions", "DACs for starts, biases and thresholds", data["dac_conversion"], scope="chip"),
        Cost("table_accesses", "tables of thresholds, couplings in memory", data["table_access"], scope="chip"),
        priced("device_s", "control", data["control_power"], "chip"),
    )
    if warm:
        return costs
    cooler = priced("device_s", "cooler for 77 K", data["cryostat_power"], "system", idle=True, needs="cryostat")
    return (*costs, cooler)
