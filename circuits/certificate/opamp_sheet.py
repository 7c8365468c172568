r"""An op-amp's macro-model in ngspice against the typical values of its data sheet.

Measured as a bench does:

- gain A_0 and gain-bandwidth product f |A(f)| in an open loop, which a choke of 10^12 H closes for the operating point,
  A_0 at 1 mHz and f |A(f)| at GBW / 100,
- phase margin where |A| = 1,
- slew rate of a follower between 20 % and 80 % of a step,
- noise e_n of a follower at 1 kHz, and of an amplifier of gain 11 of 1 and 10 kohm against

.. math:: S_{out} = 11^2 \Big(e_n^2 + 4kT\,(R_1 \parallel R_2)\Big) + (i_n R_2)^2

- current into a short at ground, driven to either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import log10, sqrt

import numpy as np

from ..netlist.circuit import GROUND, BehavioralVoltage, Circuit, Resistor, Transient
from ..netlist.expressions import Number, Time, call
from ..simulators import simulate_circuit
from ..simulators.small_signal import print_in_ngspice
from ..spice.dialects import NGSPICE
from ..spice.writer import element_line, subcircuit_lines
from ..synthesis.opamp import DATA, FOUR_KT, OPAMPS, OpAmp, rails

_SHORT_OHM = 0.1
_R1_OHM, _R2_OHM = 1e3, 1e4
GBW, SLEW, GAIN, NOISE = "gain-bandwidth product", "slew rate", "open-loop gain", "noise at 1 kHz"
SHORT_SOURCE, SHORT_SINK = "short-circuit current, source", "short-circuit current, sink"
_MARGIN = "phase margin"
# Quantities that a sheet prints, by the name of their value in amplifiers.toml.
_PRINTED = {
    GBW: "bandwidth", SLEW: "slew", GAIN: "gain", NOISE: "noise", _MARGIN: "margin",
    SHORT_SOURCE: "source", SHORT_SINK: "sink",
}  # fmt: skip


@dataclass(frozen=True)
class SheetRow:
    """One quantity of one part.

    Attributes
    ----------
    part, quantity, unit : str
        Names and unit.
    sheet : float
        Value of the data sheet, or of arithmetic with its values.
    measured : float
        Value in ngspice.
    """

    part: str
    quantity: str
    unit: str
    sheet: float
    measured: float

    @property
    def deviation(self) -> float:
        """Relative deviation; of decibels and degrees the difference."""
        difference = self.measured - self.sheet
        return difference if self.unit in ("dB", "deg") else difference / self.sheet

    @property
    def source(self) -> str:
        """Source of the sheet's value; empty where arithmetic made it, or the part is none of the presets."""
        name = _PRINTED.get(self.quantity)
        datum = DATA.get(f"{self.part}_{name}")
        return "" if datum is None else datum.source


def opamp_sheet(parts: Iterable[OpAmp] = tuple(OPAMPS.values())) -> list[SheetRow]:
    """Measure op-amps in ngspice.

    Parameters
    ----------
    parts : iterable of OpAmp, optional
        Op-amps; all presets by default.

    Returns
    -------
    list of SheetRow
        Rows by part.

    Raises
    ------
    EngineError
        If ngspice is absent or fails.
    """
    return [row for part in parts for row in (*_open_loop(part), *_follower(part), *_noise(part), *_driven(part))]


def _deck(part: OpAmp, *more: str) -> list[str]:
    supply = [element_line(element, NGSPICE) for element in rails(part.rail_v)]
    return [*subcircuit_lines(part.subcircuit, NGSPICE), *supply, *more]


def _open_loop(part: OpAmp) -> Iterator[SheetRow]:
    """Gain, bandwidth, phase margin; the choke passes the operating point only."""
    lines = _deck(part, "vin in 0 dc 0 ac 1", f"xa in m out vdd vss {part.name}", "lf out m 1e12", "cf m 0 1e3")
    at = part.bandwidth_hz / 100.0
    unity = part.bandwidth_hz * _unity(part)
    commands = ["ac lin 1 1e-3 1e-3", "print mag(v(out)/(v(in)-v(m)))"]
    commands += [f"ac lin 1 {at:g} {at:g}", "print mag(v(out))"]
    commands += [f"ac lin 1 {unity:.9g} {unity:.9g}", "print mag(v(out))", "print ph(v(out))"]
    gain, there, one, phase = print_in_ngspice(lines, commands)
    yield SheetRow(part.name, GAIN, "1", part.gain, gain)
    yield SheetRow(part.name, GBW, "Hz", part.bandwidth_hz, there * at)
    yield SheetRow(part.name, "gain where it should be 1", "dB", 0.0, 20.0 * log10(one))
    yield SheetRow(part.name, _MARGIN, "deg", part.margin_deg, 180.0 - abs(np.degrees(phase)))


def _unity(part: OpAmp) -> float:
    """Return the frequency of unity gain over GBW, sin of the phase margin."""
    return float(np.sin(np.radians(part.margin_deg)))


def _follower(part: OpAmp) -> Iterator[SheetRow]:
    lines = _deck(part, "vin in 0 dc 0 ac 1", f"xa in out out vdd vss {part.name}")
    commands = ["ac lin 1 100 100", "print mag(v(out))", "noise v(out) vin lin 1 1k 1k", "setplot noise1",
                "print onoise_spectrum"]  # fmt: skip
    gain, noise = print_in_ngspice(lines, commands)
    yield SheetRow(part.name, "gain of a follower at 0 V", "dB", 0.0, 20.0 * log10(gain))
    yield SheetRow(part.name, NOISE, "V/sqrt(Hz)", part.noise_v, noise)


def _noise(part: OpAmp) -> Iterator[SheetRow]:
    r1, r2 = _R1_OHM, _R2_OHM
    more = (f"xa in m out vdd vss {part.name}", f"rf out m {r2:g}", f"rg m 0 {r1:g}")
    commands = ["noise v(out) vin lin 1 1k 1k", "setplot noise1", "print onoise_spectrum"]
    (noise,) = print_in_ngspice(_deck(part, "vin in 0 dc 0 ac 1", *more), commands)
    k = 1.0 + r2 / r1
    expected = sqrt(k**2 * (part.noise_v**2 + FOUR_KT * r1 * r2 / (r1 + r2)) + (part.current_noise_a * r2) ** 2)
    yield SheetRow(part.name, "noise at 1 kHz and a gain of 11", "V/sqrt(Hz)", expected, noise)


def _driven(part: OpAmp) -> Iterator[SheetRow]:
    """Slew rate, and the currents into a short."""
    step = 0.4 * part.reach_v
    end = 10.0 * step / part.slew_v_s
    source = call("min", 1.0, (1e3 / end) * Time()) * (2.0 * step) - step
    parts = [*rails(part.rail_v), BehavioralVoltage("in", "in", GROUND, source)]
    at_rest = {f"{pole}x": -step for pole in ("pq" if part.margin_deg < 90.0 else "p")}
    elements = (*parts, *part.elements("x", "in", "out", "out"))
    circuit = Circuit("slew", elements, Transient(end / 2000, end, reltol=1e-5), ("out",), at_rest)
    waves = simulate_circuit(circuit, "ngspice")
    out = waves.voltages[:, 0]
    low, high = (int(np.flatnonzero(out < level)[-1]) for level in (-0.6 * step, 0.6 * step))
    slew = float((out[high] - out[low]) / (waves.times[high] - waves.times[low]))
    yield SheetRow(part.name, SLEW, "V/s", part.slew_v_s, slew)
    for what, drive, limit in ((SHORT_SOURCE, 0.5, part.source_a), (SHORT_SINK, -0.5, part.sink_a)):
        short = (
            *rails(part.rail_v),
            BehavioralVoltage("in", "in", GROUND, Number(drive)),
            Resistor("short", "out", GROUND, _SHORT_OHM),
            *part.elements("x", "in", GROUND, "out"),
        )
        end = 100.0 * part.rail_v / part.slew_v_s
        waves = simulate_circuit(Circuit("short", short, Transient(end / 200, end), ("out",), {"px": 0.0}), "ngspice")
        ampere = abs(float(waves.voltages[-1, 0])) / _SHORT_OHM
        yield SheetRow(part.name, what, "A", limit, ampere)
