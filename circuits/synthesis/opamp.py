r"""An operational amplifier as a macro-model of one pole behind a differential stage that delivers +-I_max.

.. math:: C \dot v_p = I_{max} \tanh\frac{g_m (v_+ - v_- + o)}{I_{max}} - \frac{v_p}{R} - i_{limit}, \qquad
    i_{out} = \frac{v_p - v_{out}}{R_{out}}

with g_m R = A_0, g_m / C = 2 pi GBW, I_max / C the slew rate. i_limit holds v_p where the output can follow:

.. math:: -\min\Big(I_{sink}, \frac{(v_{out} + V_{reach})^+}{R_{sat}}\Big) \le i_{out} \le
    \min\Big(I_{source}, \frac{(V_{reach} - v_{out})^+}{R_{sat}}\Big)

where

- V_reach is a rail less the headroom without load,
- I_sink and I_source are the short-circuit currents,
- R_sat is the growth of the headroom with the load's current.

Noise is that of a resistor of e_n^2 / 4kT at an input that draws no current. Both inputs carry a capacitance; the
output's current comes out of the rail ``vdd`` or flows into ``vss``, the quiescent current goes from one to the other.
Of the two only one is written with a kink, the other as its difference from i_out, so that no simulator can find both
slopes to be 0 where i_out is 0.
Sources of the values: ``amplifiers.toml``; of the model: Boyle et al., IEEE J. Solid-State Circuits 9, 353 (1974), much
reduced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from math import inf, pi
from types import MappingProxyType

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
)
from ..netlist.expressions import Expression, Number, Operand, Reference, Voltage, call

DATA = read_data(files(__package__).joinpath("amplifiers.toml").read_text())

VDD, VSS = "vdd", "vss"
POLE_F = 10e-12  # capacitor of the pole; scales currents inside the model only
_CLAMP_V = 1e-3  # excess of v_p over its limit at the full slewing current
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
        White noise of the input, V in 1 Hz.
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
        for name in ("supply_a", "noise_v"):
            if not 0.0 <= getattr(self, name) < inf:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite and not negative")

    @property
    def reach_v(self) -> float:
        """Largest output without load, V; the smallest is its negative."""
        return self.rail_v - self.headroom_v

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
        p, quiet = f"p{label}", plus
        gm, most = 2.0 * pi * self.bandwidth_hz * POLE_F, self.slew_v_s * POLE_F
        across = Voltage(p) - Voltage(out)
        beyond = call("max", across - self._reach("source_a", self.reach_v - Voltage(out)), 0.0)
        below = call("min", across + self._reach("sink_a", self.reach_v + Voltage(out)), 0.0)
        ampere = across / self.output_ohm
        for node, end in ((plus, "a"), (minus, "b")):
            if node != GROUND:
                yield Capacitor(f"{end}{label}", node, GROUND, self.input_f)
        if self.noise_v:
            quiet = f"n{label}"
            yield Resistor(quiet, plus, quiet, self.noise_v**2 / FOUR_KT)
        drive = most * call("tanh", (gm / most) * (_volt(quiet) - _volt(minus) + offset_v))
        yield BehavioralCurrent(f"g{label}", GROUND, p, drive)
        yield BehavioralCurrent(f"l{label}", p, GROUND, (most / _CLAMP_V) * (beyond + below))
        yield Resistor(p, p, GROUND, self.gain / gm)
        yield Capacitor(p, p, GROUND, POLE_F)
        out_of_vdd = call("max", ampere, 0.0)
        yield BehavioralCurrent(f"h{label}", VDD, out, out_of_vdd)
        yield BehavioralCurrent(f"n{label}", out, VSS, out_of_vdd - ampere)
        yield CurrentSource(f"q{label}", VDD, VSS, self.supply_a)

    def _reach(self, short: str, room: Expression) -> Expression:
        """Return how far v_p may be beyond v_out, which has ``room`` before its rail."""
        far = (self.output_ohm / (self.saturation_ohm or self.output_ohm)) * call("max", room, 0.0)
        ampere: float = getattr(self, short)
        return far if ampere == inf else call("min", far, self.output_ohm * ampere)


_SHEET = (
    "gain", "bandwidth", "slew", "offset", "headroom", "output", "input", "supply", "rail", "source", "sink",
    "saturation", "noise",
)  # fmt: skip


def _preset(name: str) -> OpAmp:
    offset = DATA[f"{name}_offset"].high
    gain, bandwidth, slew, spread, *others = (DATA[f"{name}_{key}"].value for key in _SHEET)
    return OpAmp(name, gain, bandwidth, slew, spread, offset, *others)


OPAMPS: Mapping[str, OpAmp] = MappingProxyType({n: _preset(n) for n in ("opa192", "lmv824", "tl072", "mcp6001")})
"""Amplifiers that one can buy, by typical values of their data sheets (``amplifiers.toml``)."""


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


def _volt(node: str) -> Operand:
    return Number(0.0) if node == GROUND else Voltage(node)
