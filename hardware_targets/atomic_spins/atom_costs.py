r"""Prices of arrays of atoms: the current through them, the microscope around them, and placing them.

.. math:: E = N_{atoms} t P_{tunnel} + t P_{microscope}, \qquad t = N_{att} / \gamma + t_{readout}

with attempts N_att of rate gamma, after which the current through each atom is read once, as fast as its amplifier can
follow: no read is shorter, however few attempts it takes. Rates exp(theta f) of strong fields have no other ceiling
here: that of vibrations of atoms, about 10^12 / s, is exp(20) times gamma and is reached by flips that end a descent
anyway. Tiles are visited one after the other: each visit adds the time in which the tip comes to it and its fields
settle, and a readout. Atoms are moved into place once, which takes the microscope about a minute each: it stands in the
ledger as programming, energy and time. Numbers and sources: ``data.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from neuromorph.cost import Cost
from neuromorph.datum import Datum, Kind, invert_datum, multiply_data, read_data

DATA = read_data(files(__package__).joinpath("data.toml").read_text())
IDEAL_CONSTANTS = ("attempt_rate_hz", "readout_time_s", "tunnelling_power_w", "microscope_power_w")  # no positions


def attempt_costs(data: Mapping[str, Datum], rate: Datum, counted: Kind = "assumed") -> tuple[Cost, ...]:
    """List the prices of attempts to switch, and of reading what became of them.

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
    period, look = invert_datum(rate, "s"), data["readout_time_s"]
    atom, microscope = data["tunnelling_power_w"], data["microscope_power_w"]

    def during(power: Datum, time: Datum) -> Datum:
        return multiply_data(power, time, "J")

    return (
        Cost("atom_attempts", "tunnelling current through the atoms", during(atom, period), counted=counted),
        Cost("atom_readouts", "tunnelling current while it is read", during(atom, look), counted=counted),
        Cost("attempts", "microscope and cryostat", during(microscope, period), period, "system", counted, True,
             "microscope"),
        Cost("readouts", "microscope during the readout", during(microscope, look), look, "system", counted, True,
             "microscope"),
    )  # fmt: skip


def attempt_rate_of(constants: Mapping[str, Datum], given: float | None) -> Datum:
    """Return the attempt rate of the table, or the one that the user knows.

    Parameters
    ----------
    constants : dict of str to Datum
        Constants by name.
    given : float or None
        gamma, 1/s.

    Returns
    -------
    Datum
        Attempt rate, 1/s.
    """
    if given is None:
        return constants["attempt_rate_hz"]
    return Datum(given, "1/s", given, given, "assumed", "attempt_rate_hz, as given by the user")


def visiting_cost(data: Mapping[str, Datum]) -> Cost:
    """Return the price of coming to a tile and setting its fields.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name.

    Returns
    -------
    Cost
        Energy and time of one visit.
    """
    power, time = data["microscope_power_w"], data["tile_visit_s"]
    energy = multiply_data(power, time, "J")
    return Cost("tile_visits", "coming to a tile and setting its fields", energy, time, "system", needs="microscope")


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
