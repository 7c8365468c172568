r"""An operational amplifier as a macro-model of two poles behind a differential stage that delivers +-I_max.

.. math:: C \dot v_p = I_{max} \tanh\frac{g_m x}{I_{max}} - \frac{v_p}{R} - i_{limit}, \qquad
    \frac{\dot v_q}{2 \pi f_2} = v_p - v_q, \qquad i_{out} = \frac{v_q - v_{out}}{R_{out}}

.. math:: x = v_+ - v_- + o + e_n + \frac{v_+ + v_-}{2\,CMRR} + \frac{v_{dd} - v_{ss} - 2 V_{rail}}{PSRR}

with g_m R = A_0, g_m / C = 2 pi GBW, I_max / C the slew rate; f_2 gives the phase margin at a gain of 1, and without it
v_q = v_p. i_limit holds v_p where the output can follow:

.. math:: -\min\Big(I_{sink}, \frac{(v_{out} + V_{reach})^+}{R_{sat}}\Big) \le i_{out} \le
    \min\Big(I_{source}, \frac{(V_{reach} - v_{out})^+}{R_{sat}}\Big)

where

- V_reach is a rail less the headroom without load,
- I_sink and I_source are the short-circuit currents,
- R_sat is the growth of the headroom with the load's current.

Noise is that of resistors, which all simulators have: e_n of one of white noise in series with one R || C a decade,
which together fall as 1/f (``noise_resistors``); i_n of two more, copied into the inputs by transconductances. Both
inputs carry a capacitance and the bias current, which flows to ``vss``; the output's current comes out of the rail
``vdd`` or flows into ``vss``, the quiescent current goes from one to the other. Of the two only one is written with a
kink, the other as its difference from i_out, so that no simulator can find both slopes to be 0 where i_out is 0.
Sources of the values: ``amplifiers.toml``; of the model: Boyle et al., IEEE J. Solid-State Circuits 9, 353 (1974), much
reduced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from math import ceil, inf, log, log10, pi, radians, sqrt, tan
from types import MappingProxyType
from typing import Any

from neuromorph.datum import read_data

from ..netlist.circuit import (
    GROUND,
    BehavioralCurrent,
    BehavioralVoltage,
    Capacitor,
    CurrentSource,
    Element,
    Parameter,
    Resistor,
    Subcircuit,
    Transconductor,
)
from ..netlist.expressions import Expression, Number, Operand, Reference, Voltage, call

DATA = read_data(files(__package__).joinpath("amplifiers.toml").read_text())

VDD, VSS = "vdd", "vss"
DEFAULT_OPAMP = "lmv824"  # of netlists, of boards, and of what analog-circuit prices
POLE_F = 10e-12  # capacitor of the pole; scales currents inside the model only
_CLAMP_V = 1e-3  # excess of v_p over its limit at the full slewing current
RATIO = 2.0 * log(10.0) / pi
COPY_S = 1e-6  # transconductance that copies the noise of a resistor into an input
NOISE_HZ = 1e3  # frequency at which data sheets give the noise
LOWEST_HZ = 0.1  # least frequency of the 1/f noise
FOUR_KT = 4.0 * 1.380649e-23 * 300.15  # 4 k T at SPICE's 27 C, J


@dataclass(frozen=True)
class OpAmp:
    """An operational amplifier by the numbers of its data sheet.

    Attributes
    ----------
    name : str
        Name of the part.
    gain : float
        Open-loop gain A_0.
    bandwidth_hz : float
        Gain-bandwidth product GBW, Hz.
    slew_v_s : float
        Slew rate, V/s.
    offset_v : float
        Standard deviation of the input offset between parts, V.
    largest_offset_v : float
        Largest input offset of any part, V.
    headroom_v : float
        Distance of the unloaded output from a rail, V.
    output_ohm : float
        Open-loop output resistance, ohm.
    input_f : float
        Capacitance of each input to ground, F.
    supply_a : float
        Quiescent current, A.
    rail_v : float
        Supply +-rail_v, V.
    source_a, sink_a : float
        Short-circuit currents out of and into the output, A; infinite for no limit.
    saturation_ohm : float or None
        Growth of the headroom with the load's current, ohm; ``output_ohm`` by default.
    noise_v : float
        Noise of the input at 1 kHz, V in 1 Hz.
    margin_deg : float
        Phase margin at a gain of 1 with nothing at the output, degrees; 90 for one pole.
    corner_hz : float
        Frequency at which 1/f noise is as large as white noise, Hz; 0 for none.
    current_noise_a : float
        White noise of the current into each input, A in 1 Hz.
    bias_a : float
        Current into each input, A.
    cmrr_db, psrr_db : float
        Rejection of common mode and of supply, dB; infinite for perfect.
    drift_v_k : float
        Standard deviation of the offset's temperature coefficient, V/K.
    """

    name: str
    gain: float
    bandwidth_hz: float
    slew_v_s: float
    offset_v: float
    largest_offset_v: float
    headroom_v: float
    output_ohm: float
    input_f: float
    supply_a: float
    rail_v: float
    source_a: float = inf
    sink_a: float = inf
    saturation_ohm: float | None = None
    noise_v: float = 0.0
    margin_deg: float = 90.0
    corner_hz: float = 0.0
    current_noise_a: float = 0.0
    bias_a: float = 0.0
    cmrr_db: float = inf
    psrr_db: float = inf
    drift_v_k: float = 0.0

    def __post_init__(self) -> None:
        if self.saturation_ohm is None:
            object.__setattr__(self, "saturation_ohm", self.output_ohm)
        for name in ("gain", "bandwidth_hz", "slew_v_s", "output_ohm", "input_f", "rail_v", "saturation_ohm"):
            if not 0.0 < getattr(self, name) < inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and positive")
        for name in ("source_a", "sink_a"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive")
        if not 0.0 <= self.offset_v <= self.largest_offset_v < float("inf"):
            raise ValueError(f"offset_v is {self.offset_v}; need 0 <= offset_v <= largest_offset_v, finite")
        if not 0.0 <= self.headroom_v < self.rail_v:
            raise ValueError(f"headroom_v is {self.headroom_v}; it must lie between 0 and rail_v = {self.rail_v:g} V")
        if not 30.0 <= self.margin_deg <= 90.0:
            raise ValueError(f"margin_deg is {self.margin_deg}; it must lie between 30 and 90 degrees")
        for name in ("cmrr_db", "psrr_db"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be positive, in decibels")
        for name in ("supply_a", "noise_v", "corner_hz", "current_noise_a", "bias_a", "drift_v_k"):
            if not 0.0 <= getattr(self, name) < inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and not negative")

    @property
    def reach_v(self) -> float:
        """Largest output without load, V; the smallest is its negative."""
        return self.rail_v - self.headroom_v

    @property
    def second_pole_hz(self) -> float:
        r"""Second pole f_2 of the phase margin, Hz.

        .. math:: x = \cot \phi_m = f_1 / f_2, \qquad f_1 = GBW / \sqrt{1 + x^2}

        where f_1 is the frequency of unity gain.
        """
        x = tan(radians(90.0 - self.margin_deg))
        return self.bandwidth_hz / (x * sqrt(1.0 + x * x)) if self.margin_deg < 90.0 else inf

    @cached_property
    def subcircuit(self) -> Subcircuit:
        """Subcircuit of ``plus``, ``minus``, ``out`` and the rails, with the pole at node p."""
        elements = tuple(self.elements("", "plus", "minus", "out", Reference("offset")))
        return Subcircuit(
            self.name, ("plus", "minus", "out", VDD, VSS), elements, (Parameter("offset", 0.0, unit="V"),)
        )

    def elements(self, label: str, plus: str, minus: str, out: str, offset_v: Operand = 0.0) -> Iterator[Element]:
        """Return the elements of one amplifier; its pole is the node p<label>.

        Parameters
        ----------
        label : str
            Text behind the names of its elements.
        plus, minus : str
            Nodes of the inputs.
        out : str
            Node of the output.
        offset_v : Operand, default 0.0
            Input offset, V.

        Yields
        ------
        Element
            One element after the other.
        """
        p, q = f"p{label}", f"q{label}" if self.margin_deg < 90.0 else f"p{label}"
        gm, most = 2.0 * pi * self.bandwidth_hz * POLE_F, self.slew_v_s * POLE_F
        across = Voltage(p) - Voltage(out)
        beyond = call("max", across - self._reach("source_a", self.reach_v - Voltage(out)), 0.0)
        below = call("min", across + self._reach("sink_a", self.reach_v + Voltage(out)), 0.0)
        ampere = (Voltage(q) - Voltage(out)) / self.output_ohm
        for node, end in ((plus, "a"), (minus, "b")):
            if node != GROUND:
                yield Capacitor(f"{end}{label}", node, GROUND, self.input_f)
                if self.bias_a:
                    yield CurrentSource(f"{end}{label}", node, VSS, self.bias_a)
                if self.current_noise_a:
                    quiet = f"e{end}{label}"
                    yield Resistor(quiet, quiet, GROUND, self.current_noise_a**2 / (FOUR_KT * COPY_S**2))
                    yield Transconductor(quiet, GROUND, node, quiet, GROUND, COPY_S)
        x: Any = _volt(plus) - _volt(minus) + offset_v
        if self.noise_v:
            yield from self._noise(label)
            x = x + Voltage(f"n{label}")
        if self.cmrr_db < inf:
            x = x + (0.5 * 10.0 ** (-self.cmrr_db / 20.0)) * (_volt(plus) + _volt(minus))
        if self.psrr_db < inf:
            x = x + 10.0 ** (-self.psrr_db / 20.0) * (Voltage(VDD) - Voltage(VSS) - 2.0 * self.rail_v)
        yield BehavioralCurrent(f"g{label}", GROUND, p, most * call("tanh", (gm / most) * x))
        yield BehavioralCurrent(f"l{label}", p, GROUND, (most / _CLAMP_V) * (beyond + below))
        yield Resistor(p, p, GROUND, self.gain / gm)
        yield Capacitor(p, p, GROUND, POLE_F)
        if q != p:
            second = 2.0 * pi * self.second_pole_hz * POLE_F
            yield BehavioralCurrent(f"f{label}", GROUND, q, second * (Voltage(p) - Voltage(q)))
            yield Capacitor(q, q, GROUND, POLE_F)
        out_of_vdd = call("max", ampere, 0.0)
        yield BehavioralCurrent(f"h{label}", VDD, out, out_of_vdd)
        yield BehavioralCurrent(f"n{label}", out, VSS, out_of_vdd - ampere)
        yield CurrentSource(f"q{label}", VDD, VSS, self.supply_a)

    def _noise(self, label: str) -> Iterator[Element]:
        """Return the resistors of the voltage noise between ground and node n<label>."""
        white, sections = noise_resistors(self.noise_v, self.corner_hz)
        last = GROUND
        for k, (ohm, farad) in enumerate(sections):
            node = f"n{k}{label}"
            yield Resistor(node, node, last, ohm)
            yield Capacitor(node, node, last, farad)
            last = node
        yield Resistor(f"n{label}", last, f"n{label}", white)

    def _reach(self, short: str, room: Expression) -> Expression:
        """Return how far v_p may be beyond v_out, which has ``room`` before its rail."""
        far = (self.output_ohm / (self.saturation_ohm or self.output_ohm)) * call("max", room, 0.0)
        ampere: float = getattr(self, short)
        return far if ampere == inf else call("min", far, self.output_ohm * ampere)


_SHEET = (
    "gain", "bandwidth", "slew", "offset", "headroom", "output", "input", "supply", "rail", "source", "sink",
    "saturation", "noise", "margin", "corner", "current_noise", "bias", "cmrr", "psrr", "drift",
)  # fmt: skip


def _preset(name: str) -> OpAmp:
    offset = DATA[f"{name}_offset"].high
    gain, bandwidth, slew, spread, *others = (DATA[f"{name}_{key}"].value for key in _SHEET)
    return OpAmp(name, gain, bandwidth, slew, spread, offset, *others)


OPAMPS: Mapping[str, OpAmp] = MappingProxyType({n: _preset(n) for n in ("lmv824", "opa192", "tl072", "mcp6001")})
"""Amplifiers that one can buy, by typical values of their data sheets (``amplifiers.toml``)."""


def noise_resistors(noise_v: float, corner_hz: float) -> tuple[float, list[tuple[float, float]]]:
    r"""Return the resistor of white noise, and the R || C sections of 1/f noise.

    .. math:: S(f) = 4kT \Big(R + \sum_k \frac{R_k}{1 + (f / f_k)^2}\Big), \qquad
        R_k = \frac{2 \ln 10}{\pi} \frac{f_c}{f_k} R

    with f_k one a decade from 0.1 Hz to the corner f_c, which is R f_c / f to 6 % in between; S(1 kHz) is noise_v^2.

    Parameters
    ----------
    noise_v : float
        Noise at 1 kHz, V in 1 Hz.
    corner_hz : float
        Corner f_c, Hz; 0 for white noise.

    Returns
    -------
    float
        R, ohm.
    list of (float, float)
        (R_k, C_k) in ohm and F, from the lowest frequency up.
    """
    decades = ceil(log10(corner_hz / LOWEST_HZ)) + 1 if corner_hz > 0.0 else 0
    poles = [LOWEST_HZ * 10.0**k for k in range(max(decades, 1 if corner_hz else 0))]
    ratios = [RATIO * corner_hz / pole for pole in poles]
    share = sum(ratio / (1.0 + (NOISE_HZ / pole) ** 2) for ratio, pole in zip(ratios, poles, strict=True))
    white = noise_v**2 / FOUR_KT / (1.0 + share)
    return white, [(r * white, 1.0 / (2.0 * pi * pole * r * white)) for r, pole in zip(ratios, poles, strict=True)]


def rails(volt: float) -> Iterator[Element]:
    """Return the sources of the supply, +-volt against ground.

    Parameters
    ----------
    volt : float
        Voltage of the upper rail, V.

    Yields
    ------
    Element
        The upper and the lower rail.
    """
    yield BehavioralVoltage(VDD, VDD, GROUND, Number(volt))
    yield BehavioralVoltage(VSS, VSS, GROUND, Number(-volt))


def _volt(node: str) -> Any:
    return Number(0.0) if node == GROUND else Voltage(node)
