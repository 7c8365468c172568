"""Kinds of devices that measured data calibrate, by name."""

from __future__ import annotations

from collections.abc import Mapping

from ..rng import RNG
from ..runtime.threads import single_threaded_blas
from .calibration_result import POSTERIOR_DRAWS, DeviceCalibration
from .dopant_calibration import calibrate_dopant
from .measured_table import MeasuredTable
from .memristor_calibration import calibrate_memristor
from .p_bit_calibration import calibrate_p_bit
from .telegraph_calibration import calibrate_telegraph

DEVICE_KINDS = ("telegraph", "memristor", "pbit", "dopant")


@single_threaded_blas()
def calibrate_device(
    table: MeasuredTable,
    device: str,
    columns: Mapping[str, str] | None = None,
    *,
    sample_rate_hz: float | None = None,
    largest_s: float | None = None,
    draws: int = POSTERIOR_DRAWS,
    rng: RNG = None,
) -> DeviceCalibration:
    """Calibrate a device of a kind.

    Parameters
    ----------
    table : MeasuredTable
        Measured data.
    device : {"telegraph", "memristor", "pbit", "dopant"}
        Kind.
    columns : dict of str to str, optional
        Column by role (``assign_roles``).
    sample_rate_hz : float or None
        Samples a second of traces (telegraph, pbit), in place of a column of time.
    largest_s : float or None
        G_max of memory cells (memristor), S; None takes the largest target.
    draws : int
        Number of draws.
    rng : RNG
        Seed or generator.

    Returns
    -------
    DeviceCalibration
        Parameters.

    Raises
    ------
    ValueError
        If the kind is unknown, an option belongs to another one, or the data do not suffice.
    """
    if device not in DEVICE_KINDS:
        raise ValueError(f"device is {device[:20]!r}; give one of {', '.join(DEVICE_KINDS)}")
    if sample_rate_hz is not None and device not in ("telegraph", "pbit"):
        raise ValueError(f"a sample rate belongs to traces; leave it out for {device}")
    if largest_s is not None and device != "memristor":
        raise ValueError(f"a largest conductance belongs to memory cells; leave it out for {device}")
    if device == "memristor":
        return calibrate_memristor(table, columns, largest_s=largest_s, draws=draws, rng=rng)
    if device == "dopant":
        return calibrate_dopant(table, columns, draws=draws, rng=rng)
    fit = calibrate_telegraph if device == "telegraph" else calibrate_p_bit
    return fit(table, columns, sample_rate_hz=sample_rate_hz, draws=draws, rng=rng)
