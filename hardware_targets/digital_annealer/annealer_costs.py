r"""Prices of digital annealers: arithmetic built up from operations, and the time of a step.

.. math:: E = N_{trials} e_{trial} + N_{words} e_{row} + t\,(P_{chip} + P_{board}), \qquad t = N_{steps} t_{step}

- a trial compares an energy of 32 bits with a threshold, the product of a temperature and a random number: four
  additions and six multiplications of 8 bits;
- a flip reads a row of couplings: words, each a quarter (16 bits) or a sixteenth (4 bits) of a memory word, and added
  to a field.

Numbers and sources: ``cmos.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from neuromorph.cost import Cost
from neuromorph.datum import Datum, add_data, multiply_data, read_data, scale_datum

ANNEALER_DATA = read_data(files(__package__).joinpath("cmos.toml").read_text())
STEPS = ("trial_step_s", "color_step_s", "automaton_step_s")


def annealer_table(step: str) -> dict[str, Datum]:
    """Return the constants of a chip.

    Parameters
    ----------
    step : str
        Name of the time of its step.

    Returns
    -------
    dict of str to Datum
        Constants by name.
    """
    return {name: datum for name, datum in ANNEALER_DATA.items() if name == step or name not in STEPS}


def annealer_costs(data: Mapping[str, Datum], step: str, word_bits: int) -> tuple[Cost, ...]:
    """List the prices of a chip.

    Parameters
    ----------
    data : dict of str to Datum
        Constants by name.
    step : str
        Name of the time of its step.
    word_bits : int
        Bits of a coupling.

    Returns
    -------
    tuple of Cost
        Prices of trials, words of rows, and steps.
    """
    arithmetic = add_data(scale_datum(data["add8_j"], 4.0), scale_datum(data["multiply8_j"], 6.0))
    word = add_data(scale_datum(data["sram64_j"], word_bits / 64.0), scale_datum(data["add8_j"], 4.0))
    chip, board = (multiply_data(data[name], data[step], "J") for name in ("chip_power_w", "board_power_w"))
    return (
        Cost("updates", "trials: comparison and random threshold", energy=arithmetic),
        Cost("row_words", "couplings of flipped variables, read and added", energy=word),
        Cost("steps", "clock, leakage and control", chip, data[step], "chip", "assumed", idle=True),
        Cost("steps", "board", board, None, "system", "assumed", idle=True),
    )
