"""Checks of circuits against data sheets and another solver; ``neuromorph validate`` runs them."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor, log10

import numpy as np

from neuromorph.validate.check import CannotRun, PublishedCheck

from .certificate.opamp_sheet import GAIN, GBW, NOISE, SHORT_SINK, SHORT_SOURCE, SLEW, SheetRow, opamp_sheet
from .crossbar.array import Crossbar
from .simulators import installed_engines, simulate_circuit
from .synthesis.opamp import OPAMPS

_SHEET = (GBW, SLEW, GAIN, NOISE, SHORT_SOURCE, SHORT_SINK)


def opamp_data_sheets(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare GBW, slew rate, gain, noise and limits of op-amps in ngspice with data sheets.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    _require_ngspice()
    for part in OPAMPS.values():
        rows = {row.quantity: row for row in opamp_sheet([part])}
        yield from (_sheet_check(rows[quantity]) for quantity in _SHEET)


def _sheet_check(row: SheetRow) -> PublishedCheck:
    # Sheets print two digits: a typical value is known to half a unit of the second.
    half = 0.5 * 10.0 ** (floor(log10(row.sheet)) - 1)
    return PublishedCheck(
        f"{row.quantity} of {row.part}", row.source, row.sheet, row.measured, row.unit if row.unit != "1" else "",
        row.sheet - half, row.sheet + half, how="macro-model in ngspice; band: half a unit of the second digit",
    )  # fmt: skip


def crossbar_wires(quick: bool, seed: np.random.SeedSequence) -> Iterator[PublishedCheck]:
    """Compare the IR drop of a crossbar with the nodal solve, and with ngspice.

    Parameters
    ----------
    quick : bool
        Whether sizes are small.
    seed : SeedSequence
        Source of all that is drawn.

    Yields
    ------
    PublishedCheck
        Rows of the table.
    """
    rng = np.random.default_rng(seed)
    size = 64 if quick else 256
    crossbar = Crossbar(rng.uniform(1e-6, 1e-4, (size, size)), driver_ohm=5.0, sense_ohm=3.0)
    volts = rng.uniform(-0.2, 0.2, size)
    solved = crossbar.currents(volts)
    yield PublishedCheck(
        f"current of {size} x {size} cells on wires of 1 ohm, by dissection over by nodal solve", "Kirchhoff's laws",
        1.0, float(solved @ (volts @ crossbar.effective()) / (solved @ solved)), "", 1.0 - 1e-8, 1.0 + 1e-8,
        how="least squares over all columns; band: 1e-8",
    )  # fmt: skip
    _require_ngspice()
    small = Crossbar(crossbar.conductances[:16, :16], 50.0, 50.0, 5.0, 3.0)
    ours = small.currents(volts[:16])
    waves = simulate_circuit(small.circuit(volts[:16]), "ngspice")
    theirs = waves.voltages[-1] / small.output_ohm
    yield PublishedCheck(
        "current of 16 x 16 cells on wires of 50 ohm, ours over ngspice's", "ngspice, operating point",
        1.0, float(ours @ theirs / (theirs @ theirs)), "", 1.0 - 1e-6, 1.0 + 1e-6,
        how="least squares over all columns; band: 1e-6, the engine's tolerance",
    )  # fmt: skip


def _require_ngspice() -> None:
    if "ngspice" not in installed_engines():
        raise CannotRun("ngspice is not installed; 'neuromorph info' shows the engines that are")


CIRCUIT_CHECKS = (opamp_data_sheets, crossbar_wires)
