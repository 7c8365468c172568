r"""Prices of p-bits: the junctions while they fluctuate, the synapses when one flips, the board around them.

.. math:: E = n T P_{bit} + N_{add} (e_{add} + e_{DAC}) + T P_{board} + N_w e_w, \qquad T = N_\tau \tau

with the duration N_tau in dwell times tau, and one addition and one conversion for each p-bit that a flip has an
effect on. Numbers and sources: ``pbits.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping

from neuromorph.cost import Cost
from neuromorph.datum import Datum, multiply_data


def p_bit_costs(data: Mapping[str, Datum], dwell: Datum) -> tuple[Cost, ...]:
    """List the prices of a read of p-bits.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name.
    dwell : Datum
        Dwell time, s.

    Returns
    -------
    tuple of Cost
        Energy of junctions, synapses, converters, board and programming, and the time.
    """
    junction, board = (multiply_data(data[name], dwell, "J") for name in ("p_bit_power_w", "board_power_w"))
    return (
        Cost("p_bit_dwells", "junctions with their transistors", junction, counted="forecast"),
        Cost("additions", "weights read and added", data["addition_energy_j"], counted="forecast"),
        Cost("additions", "inputs through their DACs", data["conversion_energy_j"], scope="chip", counted="forecast"),
        Cost("dwells", "board: supply, clock, controller", board, dwell, "system", "forecast", True),
        Cost("weights", "weights written", data["weight_write_energy_j"], scope="chip", counted="forecast"),
    )
