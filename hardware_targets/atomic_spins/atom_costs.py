r"""Prices of arrays of atoms: the current through them, the microscope around them, and placing them.

.. math:: E = N_{atoms} N_{att} P_{tunnel} / \gamma + N_{att} P_{microscope} / \gamma, \qquad t = N_{att} / \gamma

with attempts N_att of rate gamma. Numbers and sources: ``data.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping

from neuromorph.cost import Cost
from neuromorph.datum import Datum, Kind, invert_datum, multiply_data


def attempt_costs(data: Mapping[str, Datum], rate: Datum, counted: Kind = "assumed") -> tuple[Cost, ...]:
    """List the prices of attempts to switch.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name.
    rate : Datum
        Attempt rate gamma, 1/s.
    counted : Kind
        How the count of attempts is known: a forecast, for an array that nobody has built.

    Returns
    -------
    tuple of Cost
        Energy of the atoms, energy and time of the microscope.
    """
    period = invert_datum(rate, "s")
    atom, microscope = (multiply_data(data[name], period, "J") for name in ("tunnelling_power_w", "microscope_power_w"))
    return (
        Cost("atom_attempts", "tunnelling current through the atoms", energy=atom, counted=counted),
        Cost("attempts", "microscope and cryostat", microscope, period, "system", counted, True, "microscope"),
    )


def placing_cost(data: Mapping[str, Datum]) -> Cost:
    """Return the price of moving one atom into place with the tip.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name.

    Returns
    -------
    Cost
        Energy and time, once for all reads.
    """
    power, time = data["microscope_power_w"], data["placing_time_s"]
    energy = multiply_data(power, time, "J")
    return Cost("atoms_placed", "moving the atoms into place", energy, time, "system", needs="microscope")
